/**
 * An instrument of another PC as one of this PC's own: its fields follow what that PC tells, and what is asked of it is
 * asked there.
 *
 * @module
 */

import { defined } from "../../protocol/defined.ts";
import type { FieldDescription, FieldState, InstrumentDescription } from "../../protocol/description.ts";
import { type Caller, Command, command, type CommandContext } from "../bench/command.ts";
import type { Contact, ContactState } from "../bench/contact.ts";
import type { BenchField, FieldSpec } from "../bench/field.ts";
import { Instrument } from "../bench/instrument.ts";
import { standardCommands } from "../bench/standard_commands.ts";
import type { Value, ValueSpec } from "../bench/values.ts";

/** By so much longer than there an answer is waited for here, in seconds. */
const onTheWay = 2;

/** Asks the other PC. @param seconds For how long it may wait there. */
export type AskOther = (
  message: Readonly<Record<string, unknown>>,
  caller: Caller,
  seconds: number,
) => Promise<unknown>;

/** Whether the PC of an instrument is there. */
class PcContact implements Contact {
  readonly address: string;
  state: ContactState = "connected";
  reason = "";
  since = Date.now();

  constructor(pc: string) {
    this.address = pc;
  }

  start(): void {}

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** An instrument of another PC. */
export class Mirror {
  /** It, called `cold-lab/tempcon`. */
  readonly instrument: Instrument;
  /** What it is called there. */
  readonly name: string;
  readonly #shape: string;
  /** The number of the last message of its readings. */
  #number: number | undefined;
  readonly #contact: PcContact;
  readonly #fields = new Map<string, BenchField>();
  /** For how long what was told of a field is good, in seconds. */
  readonly #staleAfter = new Map<BenchField, number>();
  readonly #pc: string;

  /**
   * Makes it.
   *
   * @param pc The other PC's name.
   * @param description How that PC describes it.
   * @param ask Asks that PC.
   * @param now What that PC's clock shows, in milliseconds since 1970.
   */
  constructor(pc: string, description: InstrumentDescription, ask: AskOther, now: number) {
    this.#pc = pc;
    const { name } = description;
    this.name = name;
    this.#shape = shapeOf(description);
    this.#contact = new PcContact(pc);
    const words = (spec: ValueSpec) => {
      const { type, unit, minimum, maximum, choices, decimals, format, summary } = spec;
      return defined({ type, unit, minimum, maximum, choices, decimals, format, summary });
    };
    const asked = (message: Record<string, unknown>, { caller, signal: _ }: CommandContext, seconds: number) =>
      ask({ ...message, instrument: name }, caller as Caller, seconds);
    const fields = description.fields.map((field): [string, FieldSpec] => [
      field.title,
      {
        ...words(field),
        access: field.access,
        needsConfirm: field.needsConfirm,
        // What it was is in the records of its own PC.
        log: false,
        keep: false,
        ...readbackOf(field),
      } as FieldSpec,
    ]);
    const commands = description.commands.map((declared): [string, Command] => [
      declared.name,
      new Command({
        summary: declared.summary,
        takesMore: declared.takesMore,
        role: declared.role,
        immediate: declared.immediate,
        stop: declared.stop,
        deadline: Math.min(declared.deadline + onTheWay, 7 * 86_400),
        ...declared.confirm === undefined ? {} : { confirm: declared.confirm },
        arguments: Object.fromEntries(
          declared.arguments.map((
            each,
          ) => [each.name, { ...words(each), ...defined({ default: each.default }) } as ValueSpec]),
        ),
        run: (values, context) => {
          const kwargs = { ...values, ...Object.fromEntries(context.moreKeywords) };
          return asked(
            { cmd: "Call", command: declared.name, args: context.more, kwargs },
            context,
            declared.deadline,
          );
        },
      }),
    ]);
    this.instrument = new Instrument({
      title: `${pc}/${name}`,
      caption: `${pc}/${description.title}`,
      summary: description.summary,
      aside: true,
      fields: Object.fromEntries(fields),
      commands: Object.fromEntries(commands),
      contact: this.#contact,
    });
    this.instrument.remote = (message, caller, seconds) => ask({ ...message, instrument: name }, caller, seconds);
    const [field, value] = [{ type: "text", summary: "its title or name" }, { type: "text", asGiven: true }] as const;
    this.instrument.adopt(
      new Map([
        ...standardCommands(this.instrument),
        [
          "set",
          command({
            summary: "Set a field; a setting that needs it waits for confirm",
            arguments: { field, value },
            run: ({ field, value }, context) =>
              asked({ cmd: "Set", field: this.instrument.field(field).title, new_value: value }, context, 30),
          }),
        ],
        ...(["confirm", "revert"] as const).map((word): [string, Command] => [
          word,
          command({
            summary: word === "confirm" ? "Apply the settings that wait" : "Put the settings that wait back",
            run: (_, context) => asked({ cmd: word === "confirm" ? "Confirm" : "Revert" }, context, 30),
          }),
        ]),
      ]),
    );
    for (const holder of this.instrument.allFields) this.#fields.set(holder.name, holder);
    for (const { name, staleAfter } of description.fields) {
      const field = this.#fields.get(name);
      if (field !== undefined && staleAfter !== undefined) this.#staleAfter.set(field, staleAfter);
    }
    for (const described of description.fields) this.#take(described.name, described, now);
  }

  /**
   * It is described anew: its PC is there again, or a message was lost.
   *
   * @param now What that PC's clock shows, in milliseconds since 1970.
   * @returns Whether it is the same instrument; otherwise another has to take its place.
   */
  describe(description: InstrumentDescription, now: number): boolean {
    if (shapeOf(description) !== this.#shape) return false;
    this.#number = undefined;
    if (this.#contact.state !== "connected") this.#contact.since = Date.now();
    this.#contact.state = "connected";
    this.#contact.reason = "";
    for (const described of description.fields) this.#take(described.name, described, now);
    return true;
  }

  /** Looks which of its fields were told too long ago: its PC says each time that one was read. */
  age(): void {
    const now = performance.now();
    for (const [field, staleAfter] of this.#staleAfter) {
      if (field.quality !== "good" || field.staged || now - field.readAt <= (staleAfter + onTheWay) * 1000) continue;
      field.mirror(field.value, "stale", `${this.#pc} has not told it for more than ${staleAfter + onTheWay} s`, false);
    }
  }

  /**
   * Takes what was read there.
   *
   * @returns Whether none was lost before it; otherwise it has to be described anew.
   */
  take(number: number, changed: Readonly<Record<string, FieldState>>, same: readonly string[]): boolean {
    const follows = this.#number === undefined || number === this.#number + 1;
    this.#number = number;
    for (const [name, state] of Object.entries(changed)) this.#take(name, state);
    for (const name of same) {
      const field = this.#fields.get(name);
      if (field?.quality === "good") field.mirror(field.value, "good", "", field.staged);
    }
    return follows;
  }

  /** Its PC cannot be reached: what it told last is not to be trusted any more. @param why Why. */
  lose(why: string): void {
    this.#contact.state = "lost";
    this.#contact.reason = why;
    this.#contact.since = Date.now();
    for (const field of this.#fields.values()) {
      if (field.quality !== "error") field.mirror(field.value, "stale", why, false);
    }
  }

  #take(name: string, { value, quality, time, reason = "", staged = false }: FieldState, now?: number): void {
    // By that PC's clock, which may be wrong, but not by how much later.
    const ago = now === undefined || time === null ? 0 : Math.max(0, (now - Date.parse(time)) / 1000);
    this.#fields.get(name)?.mirror((value ?? undefined) as Value | undefined, quality, reason, staged, ago);
  }
}

/** A readback as it is declared: a tolerance has a meaning for numbers only. */
function readbackOf({ type, readback }: FieldDescription): Pick<FieldSpec, "readback"> {
  if (readback === undefined) return {};
  const { tolerance, ...others } = readback;
  return { readback: type === "float" || type === "int" ? { ...others, tolerance } : others };
}

/** What an instrument is, without what it holds. */
function shapeOf({ fields, contact: _c, holder: _h, fault: _f, ...rest }: InstrumentDescription): string {
  const declared = fields.map((
    { value: _v, text: _t, quality: _q, time: _m, staged: _s, applied: _a, reason: _r, beyond: _b, ...field },
  ) => field);
  return JSON.stringify([rest, declared]);
}
