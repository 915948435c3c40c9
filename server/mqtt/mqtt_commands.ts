/**
 * What may be driven by MQTT: nothing but what the bench file names, by the one way in.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { plainLine } from "../../protocol/printable.ts";
import type { Right } from "../../protocol/vocabulary.ts";
import { Principal } from "../access/principal.ts";
import { nobody, type Roles } from "../access/rights.ts";
import type { Command } from "../bench/command.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { didYouMean, identifierOf, listed, ownInstruments } from "../bench/names.ts";
import { wireError } from "../bench/wire_error.ts";
import type { MqttWords } from "./mqtt_schema.ts";
import type { Topics } from "./topics.ts";

const log = getLogger(["heliograph", "mqtt"]);

/** So many commands are worked on at once. */
const mostAsked = 32;
/** The longest that is asked for, in bytes. */
const longest = 4096;
/** What MQTT may do at most, whatever its role allows: nobody evaluates code or administers by it. */
const mostRights: ReadonlySet<Right> = new Set(["read", "drive"]);

/** Something that may be driven. */
export type Driven =
  | { readonly kind: "set"; readonly instrument: Instrument; readonly field: BenchField }
  | { readonly kind: "call"; readonly instrument: Instrument; readonly name: string; readonly command: Command };

/**
 * Finds what a bench file lets MQTT drive.
 *
 * @param entry `tempcon.setpoint`, `lamp.flash`, or `lamp` for all of its settings; names or titles.
 * @returns What that is, or what is wrong with it.
 */
export function drivenBy(instruments: readonly Instrument[], entry: string): readonly Driven[] | string {
  const given = entry.trim();
  const called = (name: string) =>
    instruments.find((each) => each.name === name || each.title === name) ??
      instruments.find((each) => each.name === identifierOf(name));
  const whole = called(given);
  if (whole !== undefined && !ownInstruments.has(whole.name)) {
    const settings = whole.allFields.filter(({ access }) => access === "setting");
    if (settings.length === 0) {
      return `${whole.title} has no settings; name one of its commands, as in ${whole.name}.NAME`;
    }
    return settings.map((field) => ({ kind: "set", instrument: whole, field }));
  }
  // A title may have full stops, too.
  for (let dot = given.indexOf("."); dot >= 0; dot = given.indexOf(".", dot + 1)) {
    const instrument = called(given.slice(0, dot));
    if (instrument !== undefined && !ownInstruments.has(instrument.name)) {
      return ofInstrument(instrument, given.slice(dot + 1));
    }
  }
  const first = given.split(".")[0]!;
  if (ownInstruments.has(identifierOf(first))) return `${first} is heliograph's own: it is not driven by MQTT`;
  return `no instrument is called ${first}${didYouMean(first, instruments.map(({ name }) => name))}`;
}

function ofInstrument(instrument: Instrument, rest: string): readonly Driven[] | string {
  const field = instrument.allFields.find(({ name, title }) => name === rest || title === rest);
  if (field !== undefined) {
    if (field.access === "readout") return `${field.title} of ${instrument.title} is a readout, which nobody sets`;
    return [{ kind: "set", instrument, field }];
  }
  const own = [...instrument.commands.keys(), "confirm", "revert"];
  const command = own.includes(rest) ? instrument.findCommand(rest) : undefined;
  if (command !== undefined) return [{ kind: "call", instrument, name: rest, command }];
  const settings = instrument.allFields.filter(({ access }) => access === "setting").map(({ name }) => name);
  const there = [...settings, ...own];
  return `${instrument.title} has no setting or command ${rest.slice(0, 100)}${didYouMean(rest, there)}; it has ${
    listed(there)
  }`;
}

/** Finds what is wrong with what a bench file lets MQTT drive. @param wrong Takes each: its index, and why. */
export function checkDriven(
  entries: readonly string[],
  instruments: readonly Instrument[],
  wrong: (index: number, message: string) => void,
): void {
  for (const [index, entry] of entries.entries()) {
    const found = drivenBy(instruments, entry);
    if (typeof found === "string") wrong(index, found);
  }
}

/** What commands need of the server. */
export interface CommandParts {
  /** Does it, by the one way in. */
  readonly drive: (driven: Driven, args: readonly unknown[], principal: Principal) => Promise<unknown>;
  readonly roles: Pick<Roles, "find">;
  /** Tells what came of it. */
  readonly tell: (topic: string, payload: string) => void;
}

/** Does what comes by MQTT. */
export class MqttCommands {
  readonly #topics: Topics;
  readonly #parts: CommandParts;
  readonly #principal: Principal;
  readonly #entries: readonly string[];
  #driven = new Map<string, Driven>();
  #asked = 0;

  /** Makes it; {@linkcode MqttCommands.look} is to follow. */
  constructor({ commands = [], role = "operator" }: MqttWords, topics: Topics, parts: CommandParts) {
    this.#entries = commands;
    this.#topics = topics;
    this.#parts = parts;
    const standing = parts.roles.find(role) ?? nobody;
    this.#principal = new Principal({ by: "program", name: "mqtt" }, {
      ...standing,
      rights: new Set([...standing.rights].filter((right) => mostRights.has(right))),
    });
  }

  /** The topics that it listens to. */
  get topics(): string[] {
    return [...this.#driven.keys()];
  }

  /** What may be driven now. */
  get driven(): readonly Driven[] {
    return [...this.#driven.values()];
  }

  /** Whether a setting may be set. */
  sets(field: BenchField): boolean {
    return this.driven.some((each) => each.kind === "set" && each.field === field);
  }

  /** Looks anew at what there is: the bench is another. */
  look(instruments: readonly Instrument[]): void {
    this.#driven = new Map();
    for (const entry of this.#entries) {
      const found = drivenBy(instruments, entry);
      if (typeof found === "string") {
        log.warning("Not driven by MQTT: {reason}", { reason: found });
        continue;
      }
      for (const driven of found) {
        const name = driven.kind === "set" ? driven.field.name : driven.name;
        this.#driven.set(this.#topics.ask(driven.kind, driven.instrument.name, name), driven);
      }
    }
  }

  /** Does what a message asks for, where it asks for something. */
  async take(topic: string, payload: Uint8Array, retain: boolean): Promise<void> {
    const driven = this.#driven.get(topic);
    // Somebody took it back.
    if (driven === undefined || (retain && payload.length === 0)) return;
    if (retain) {
      log.warning(
        "{topic} is retained by the broker, and left aside: an old command drives nothing. Publish it without retain, and clear it",
        { topic },
      );
      return;
    }
    const name = driven.kind === "set" ? driven.field.name : driven.name;
    const tell = (outcome: Readonly<Record<string, unknown>>) => {
      const told = { asked: driven.kind, ...outcome, time: new Date().toISOString() };
      this.#parts.tell(this.#topics.result(driven.instrument.name, name), JSON.stringify(told));
    };
    const fail = (error: unknown) => {
      const { code, message } = wireError(error);
      tell({ ok: false, error: { code, message } });
    };
    if (this.#asked >= mostAsked) {
      return fail(new HeliographError("too_many_requests", `${mostAsked} commands by MQTT are under way already`));
    }
    this.#asked++;
    try {
      const value = await this.#parts.drive(driven, argumentsOf(driven, payload), this.#principal);
      tell({ ok: true, value: value ?? null });
    } catch (error) {
      fail(error);
    } finally {
      this.#asked--;
    }
  }
}

/** What a message says: the value of a setting; nothing, a JSON list or one text for a command. */
function argumentsOf({ kind }: Driven, payload: Uint8Array): readonly unknown[] {
  const bad = (why: string) => new HeliographError("bad_argument", `Cannot take what was published: ${why}`);
  if (payload.length > longest) throw bad(`it has more than ${longest} bytes`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(payload).trim();
  } catch {
    throw bad("it is no UTF-8");
  }
  if (text !== "" && !plainLine.test(text)) throw bad("it has characters that cannot be printed");
  if (kind === "set") return [text];
  if (text === "") return [];
  if (!text.startsWith("[")) return [text];
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw bad(`its JSON is wrong: ${(error as Error).message}`);
  }
  if ((list as unknown[]).some((each) => !["string", "number", "boolean"].includes(typeof each))) {
    throw bad("a command's arguments are texts, numbers and booleans");
  }
  return list as unknown[];
}
