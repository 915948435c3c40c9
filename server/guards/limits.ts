/**
 * The limits on what is done: how fast a setting is changed, for how long it is on, how often a command is called, and
 * whether a readback follows its setting.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { LimitDescription } from "../../protocol/guards.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { zonedTime } from "../../protocol/local_time.ts";
import type { BoundArguments, Command } from "../bench/command.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { formatValue, type Value } from "../bench/values.ts";
import { Actions } from "./actions.ts";
import type { Alarms, OwnAlarm } from "./alarms.ts";
import type { CompiledLimit } from "./compiled_limits.ts";
import { isAlwaysAllowed, settingsOf } from "./forbidding.ts";
import type { KeptLimit } from "./guard_store.ts";
import type { LimitWords } from "./limits_schema.ts";
import { DutyState, OftenState, type Rate, SlewState } from "./limits_state.ts";
import type { Act } from "./steps.ts";

const log = getLogger(["heliograph", "guards"]);

/** What limits need of the others. */
export interface LimitsParts {
  readonly act: Act;
  /** A clock that nobody sets, in milliseconds. */
  readonly now: () => number;
  /** Told when something is to be kept. */
  readonly changed: () => void;
  readonly alarms: Alarms;
  readonly failing: (of: string, severity: "high") => OwnAlarm;
}

/** A time in words: `10 min`, `90 s`. */
function timeText(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

function timesText(times: number): string {
  return times === 1 ? "once" : `${times} times`;
}

/** How much of a time has passed: `8 of 10 min`; in seconds where that is short. */
function partText(seconds: number, of: number): string {
  const [unit, word] = of < 600 ? [1, "s"] : of < 36_000 ? [60, "min"] : [3600, "h"];
  return `${Math.min(Math.floor(seconds / unit + 1e-6), Math.floor(of / unit))} of ${
    Number((of / unit).toFixed(1))
  } ${word}`;
}

function inMilliseconds(rate: Rate | undefined): Rate | undefined {
  return rate && { by: rate.by, per: rate.per * 1000 };
}

/** The limits of one setting or command. */
export class Limit {
  readonly #words: LimitWords;
  readonly #parts: LimitsParts;
  readonly #actions: Actions;
  readonly #duty: DutyState | undefined;
  readonly #slew: SlewState | undefined;
  readonly #often: OftenState | undefined;
  readonly #lost: OwnAlarm | undefined;
  #compiled: CompiledLimit;
  /** Since when its readback does not follow; `undefined` where it does, or nobody has set it. */
  #apart: number | undefined;
  #commanded = false;
  #acting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Makes it. @param words As the bench file has them. */
  constructor(words: LimitWords, compiled: CompiledLimit, parts: LimitsParts) {
    const { duty, slew, often, follow } = words;
    const { title } = compiled;
    this.#words = words;
    this.#compiled = compiled;
    this.#parts = parts;
    const by = `the limit of ${title}`;
    this.#actions = new Actions(by, parts.act, parts.failing(by, "high"));
    this.#duty = duty && new DutyState(duty.on * 1000, duty.in * 1000);
    this.#slew = slew && new SlewState(inMilliseconds(slew.up), inMilliseconds(slew.down));
    this.#often = often && new OftenState(often.times, often.in * 1000);
    const readback = compiled.follow && `${compiled.instrument.name}.${compiled.follow.field.name}`;
    this.#lost = follow && parts.alarms.own(`follow ${title}`, {
      title: `${title} does not follow`,
      severity: "high",
      text: "Commanded, no response: see to the instrument and its line",
      fields: [`${compiled.instrument.name}.${compiled.field!.name}`, ...readback === undefined ? [] : [readback]],
    });
    this.read();
  }

  /** The parts that speak of instruments, which may be others now. */
  set compiled(compiled: CompiledLimit) {
    this.#compiled = compiled;
  }

  /** The parts that speak of instruments. */
  get compiled(): CompiledLimit {
    return this.#compiled;
  }

  /** What is to be known of it after a restart, in milliseconds since 1970. */
  get kept(): KeptLimit {
    const wall = Date.now() - this.#parts.now();
    return {
      at: Date.now(),
      on: (this.#duty?.spans ?? []).map(({ from, to }) => ({
        from: from + wall,
        to: to === undefined ? null : to + wall,
      })),
      values: (this.#slew?.values ?? []).map(({ at, value }) => ({ at: at + wall, value })),
      done: (this.#often?.done ?? []).map((at) => at + wall),
    };
  }

  /** Begins with what was kept; `"lost"` where that is not known: then it counts as used up. */
  resume(kept: KeptLimit | "lost" | undefined): void {
    const now = this.#parts.now();
    if (kept === "lost") {
      const { duty, often } = this.#words;
      if (duty !== undefined) this.#duty!.resume([{ from: now - duty.on * 1000, to: now }]);
      if (often !== undefined) this.#often!.resume(Array.from({ length: often.times }, () => now));
    } else if (kept !== undefined) {
      // A clock that was set back makes what was done no later than now: nothing is forgotten by it.
      const wall = Math.max(Date.now(), kept.at) - now;
      const moment = (at: number) => Math.min(now, at - wall);
      // What was on when the server ended counts as on until it is known to be off.
      this.#duty?.resume(
        kept.on.map(({ from, to }) => ({ from: moment(from), to: to === null ? undefined : moment(to) })),
      );
      this.#slew?.resume(kept.values.map(({ at, value }) => ({ at: moment(at), value })));
      this.#often?.resume(kept.done.map(moment));
    }
    // What it is declared to be before anybody sets it is not what it was when the server ended.
    if ((this.#compiled.field?.readAt ?? 0) > 0) this.read();
    this.look();
  }

  /** Its setting was read or written. */
  read(): void {
    const { field, isOn } = this.#compiled;
    if (field === undefined) return;
    const { value } = field.inEffect;
    if (value !== undefined) this.#take(value, isOn(value));
    this.#follow();
  }

  #take(value: Value, on: boolean): void {
    const now = this.#parts.now();
    const changed = [
      this.#duty?.set(on, now) ?? false,
      typeof value === "number" && (this.#slew?.set(value, now) ?? false),
    ];
    if (!changed.includes(true)) return;
    if (this.#duty !== undefined) this.#wait();
    this.#parts.changed();
  }

  /** What it is told to do begins; whether it succeeds or not, it may have been done. @param value Of a setting. */
  begins(value: Value | undefined): void {
    const now = this.#parts.now();
    this.#often?.note(now);
    if (this.#often !== undefined) this.#parts.changed();
    if (value === undefined) return;
    this.#commanded = true;
    this.#apart = undefined;
    // What is set off is off once that is known.
    this.#take(value, this.#compiled.isOn(value) || (this.#duty?.isOn ?? false));
  }

  /** Looks sooner than with the others, where its time ends sooner. */
  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#duty!.isOn) return;
    const left = this.#words.duty!.on * 1000 - this.#duty!.used(this.#parts.now());
    this.#timer = setTimeout(() => this.look(), Math.max(0, left));
  }

  /** Whether it is on for longer than it may be. */
  get #isOver(): boolean {
    return this.#duty !== undefined && this.#duty.isOn && this.#duty.isOver(this.#parts.now());
  }

  /** Looks whether its time is over, and whether its readback follows. */
  look(): void {
    if (this.#isOver && !this.#acting) void this.#end();
    this.#follow();
  }

  async #end(): Promise<void> {
    this.#acting = true;
    const { title, then } = this.#compiled;
    const { on, in: within } = this.#words.duty!;
    log.warning("{title} was on for {on} of the last {within}, its limit: {steps}", {
      title,
      on: timeText(on),
      within: timeText(within),
      steps: then.map(({ text }) => text).join(", then "),
    });
    try {
      await this.#actions.run(then, () => this.#isOver);
    } finally {
      // What is still on after its steps is looked at again with the others.
      this.#acting = false;
    }
  }

  #follow(): void {
    const { field, follow } = this.#compiled;
    if (follow === undefined || field === undefined || !this.#commanded) return;
    const { value } = field.inEffect;
    const given = follow.field;
    const known = given.quality === "good" && given.value !== undefined;
    const same = known &&
      (typeof value === "number" && typeof given.value === "number"
        ? Math.abs(value - given.value) <= follow.within + 1e-9
        : value === given.value);
    if (same) {
      this.#apart = undefined;
      return this.#lost!.clear();
    }
    this.#apart ??= this.#parts.now();
    const why = this.#lostText;
    if (why !== "") this.#lost!.raise(`${this.#compiled.title} is ${field.text}, and ${why}`);
  }

  /** Why its readback is known not to follow; empty where it does, or may be about to. */
  get #lostText(): string {
    const { follow } = this.#compiled;
    if (follow === undefined || this.#apart === undefined) return "";
    if (this.#parts.now() - this.#apart < follow.time * 1000) return "";
    const { title, quality, value, text, reason } = follow.field;
    const known = quality === "good" && value !== undefined;
    return `${title} ${known ? `is ${text}` : `is not known (${reason})`} after ${timeText(follow.time)}`;
  }

  /** Why it may not be set to a value, or called, now, and when it may; empty where it may. */
  refusal(value: Value | undefined): string {
    const now = this.#parts.now();
    const at = (moment: number) => zonedTime(new Date(Date.now() + Math.ceil((moment - now) / 1000) * 1000));
    const { title, isOn, field } = this.#compiled;
    const { duty, often } = this.#words;
    if (often !== undefined) {
      const free = this.#often!.free(now);
      if (free <= now) return "";
      return `${title} may be called ${timesText(often.times)} in ${timeText(often.in)}; it may be again at ${
        at(free)
      }`;
    }
    if (value === undefined) return "";
    if (duty !== undefined && isOn(value) && this.#duty!.isOver(now)) {
      return `${title} may be on for ${timeText(duty.on)} in ${timeText(duty.in)}, and was; it may be on again at ${
        at(this.#duty!.free(now))
      }`;
    }
    if (this.#slew === undefined || typeof value !== "number") return "";
    const free = this.#slew.free(value, now);
    if (free <= now) return "";
    const wanted = formatValue(field!.spec, value);
    const until = free === Infinity ? "that takes several steps" : `${wanted} is allowed at ${at(free)}`;
    return `${title} may be changed by ${this.#slewText()}; now ${this.#rangeText(now)} is allowed, and ${until}`;
  }

  #slewText(unit = ""): string {
    const { up, down } = this.#words.slew!;
    const text = ({ by, per }: Rate) => `${by}${unit} in ${timeText(per)}`;
    if (up !== undefined && down !== undefined && up.by === down.by && up.per === down.per) return text(up);
    return [up && `${text(up)} up`, down && `${text(down)} down`].filter((each) => each !== undefined).join(" and ");
  }

  #rangeText(now: number, unit = ""): string {
    const { spec } = this.#compiled.field!;
    const [least, most] = this.#slew!.range(now);
    if (least > most) return "no other value";
    const ends = [least, most].map((each) => formatValue(spec, Number(each.toPrecision(12))));
    if (least === -Infinity) return `at most ${ends[1]}${unit}`;
    return most === Infinity ? `at least ${ends[0]}${unit}` : `${ends[0]} to ${ends[1]}${unit}`;
  }

  /** Tries nothing again any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#actions.stop();
  }

  /** What it is, and what has become of it. */
  describe(): LimitDescription {
    const now = this.#parts.now();
    const { title, instrument, field, command, follow, then } = this.#compiled;
    const { duty, slew, often } = this.#words;
    const limits = [
      ...duty === undefined ? [] : [`on for at most ${timeText(duty.on)} in ${timeText(duty.in)}`],
      ...slew === undefined ? [] : [`changed by at most ${this.#slewText()}`],
      ...often === undefined ? [] : [`called at most ${timesText(often.times)} in ${timeText(often.in)}`],
      ...follow === undefined ? [] : [`${follow.field.title} follows within ${timeText(follow.time)}`],
    ];
    const seen = [
      ...duty === undefined
        ? []
        : [`${this.#duty!.isOn ? "on" : "off"}, was on for ${Math.round(this.#duty!.used(now) / 1000)} s`],
      ...slew === undefined || this.#slew!.values.length === 0 ? [] : [`${this.#rangeText(now)} is allowed`],
      ...often === undefined ? [] : [`called ${timesText(this.#often!.count(now))}`],
      ...this.#apart === undefined ? [] : [`not followed for ${Math.round((now - this.#apart) / 1000)} s`],
    ];
    const unit = field?.spec.unit === undefined ? "" : ` ${field.spec.unit}`;
    const said = [
      ...slew === undefined ? [] : [
        `not faster than ${this.#slewText(unit)}${
          this.#slew!.values.length === 0 ? "" : `: now ${this.#rangeText(now, unit)}`
        }`,
      ],
      ...duty === undefined
        ? []
        : [`on for ${partText(this.#duty!.used(now) / 1000, duty.on)} in ${timeText(duty.in)}`],
      ...often === undefined ? [] : [
        `called ${this.#often!.count(now)} of ${often.times} ${often.times === 1 ? "time" : "times"} in ${
          timeText(often.in)
        }`,
      ],
    ];
    const free = duty === undefined ? often === undefined ? now : this.#often!.free(now) : this.#duty!.free(now);
    const [least = -Infinity, most = Infinity] = slew === undefined ? [] : this.#slew!.range(now);
    return {
      instrument: instrument.name,
      ...(field === undefined ? {} : { field: field.name }),
      ...(command === undefined ? {} : { command }),
      title,
      text: limits.join("; "),
      now: seen.join("; "),
      said: said.join("; "),
      confirm: field?.spec.needsConfirm === true ? this.refusal(field.value) : "",
      lost: this.#lostText,
      // Whole seconds: two clocks are never quite in step.
      free: free > now ? new Date(Math.ceil((Date.now() + free - now) / 1000) * 1000).toISOString() : null,
      least: Number.isFinite(least) ? least : null,
      most: Number.isFinite(most) ? most : null,
      then: this.#actions.describe(then),
    };
  }
}

/** The limits of a bench. */
export class Limits {
  readonly #words: Readonly<Record<string, LimitWords>>;
  readonly #parts: LimitsParts;
  readonly #limits = new Map<string, Limit>();
  #of = new Map<Instrument, Limit[]>();
  #watching = new Map<BenchField, Limit[]>();

  /** Makes none yet: {@linkcode Limits.compile} does. @param words As the bench file has them. */
  constructor(words: Readonly<Record<string, LimitWords>>, parts: LimitsParts) {
    this.#words = words;
    this.#parts = parts;
  }

  /** Takes the instruments of the bench as they are now; what has gone is limited again when it comes back. */
  compile(compiled: ReadonlyMap<string, CompiledLimit>): void {
    this.#of = new Map();
    this.#watching = new Map();
    for (const [place, each] of compiled) {
      const there = this.#limits.get(place);
      const limit = there ?? new Limit(this.#words[place]!, each, this.#parts);
      if (there !== undefined) there.compiled = each;
      this.#limits.set(place, limit);
      this.#of.set(each.instrument, [...this.#of.get(each.instrument) ?? [], limit]);
      for (const field of [each.field, each.follow?.field]) {
        if (field !== undefined) this.#watching.set(field, [...this.#watching.get(field) ?? [], limit]);
      }
    }
  }

  /** What is to be kept, by the name in the bench file. */
  get kept(): Record<string, KeptLimit> {
    return Object.fromEntries([...this.#limits].map(([place, each]) => [place, each.kept]));
  }

  /** Begins with what was kept. */
  resume(kept: Readonly<Record<string, KeptLimit>> | "lost" | undefined): void {
    for (const [place, each] of this.#limits) each.resume(kept === "lost" ? kept : kept?.[place]);
  }

  /** Whether a field has a limit. */
  has(field: BenchField): boolean {
    return this.#watching.has(field);
  }

  /** A field was read or written. */
  read(field: BenchField): void {
    this.#watching.get(field)?.forEach((each) => each.read());
  }

  /** Looks at all of them. */
  look(): void {
    for (const each of this.#limits.values()) each.look();
  }

  /** Ends. */
  stop(): void {
    for (const each of this.#limits.values()) each.stop();
  }

  /** What they are. */
  describe(): LimitDescription[] {
    return [...this.#limits.values()].map((each) => each.describe());
  }

  /** The limits that a command falls under, with the values that it sends. */
  #concerned(
    instrument: Instrument,
    name: string,
    bound: BoundArguments,
    atOnce: boolean,
  ): (readonly [Limit, Value | undefined])[] {
    const limits = this.#of.get(instrument);
    if (limits === undefined) return [];
    if (instrument.commands.has(name)) {
      return limits.flatMap((each) => each.compiled.command === name ? [[each, undefined] as const] : []);
    }
    return settingsOf(instrument, name, bound).flatMap(([field, value]) => {
      // What waits for confirm is not sent yet.
      const limit = name === "set" && field.spec.needsConfirm && !atOnce
        ? undefined
        : limits.find((each) => each.compiled.field === field);
      return limit === undefined ? [] : [[limit, value as Value | undefined] as const];
    });
  }

  /** Whether a command may be run now. @throws {HeliographError} `forbidden`, with what would be allowed, and when. */
  check(instrument: Instrument, name: string, command: Command, bound: BoundArguments): void {
    if (!this.#of.has(instrument) || isAlwaysAllowed(command)) return;
    for (const [limit, value] of this.#concerned(instrument, name, bound, false)) {
      const why = limit.refusal(value);
      if (why === "") continue;
      const what = instrument.commands.has(name) ? `call ${instrument.name}.${name}` : `${name} ${instrument.name}`;
      throw new HeliographError("forbidden", `Cannot ${what}: ${why}`);
    }
  }

  /** A command begins. @param atOnce Whether also what needs a confirm is sent. */
  begins(instrument: Instrument, name: string, bound: BoundArguments, atOnce: boolean): void {
    if (!this.#of.has(instrument)) return;
    for (const [limit, value] of this.#concerned(instrument, name, bound, atOnce)) limit.begins(value);
  }
}
