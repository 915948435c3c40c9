/**
 * One run: does its steps in order, each written down before it is acted on; pauses, resumes, skips, stops and aborts
 * between steps and inside waits and ramps.
 *
 * @module
 */

import type { ConditionPart } from "../../protocol/guards.ts";
import type { RunLine, RunStepDescription } from "../../protocol/runs.ts";
import type { Bench } from "../bench/bench.ts";
import type { BenchField } from "../bench/field.ts";
import type { Clock } from "../camera/clock.ts";
import { BenchEnvironment } from "../expressions/bench_environment.ts";
import { Condition } from "../expressions/condition.ts";
import { Windows } from "../expressions/windows.ts";
import type { LoadedRun } from "./run_file.ts";
import { timeText } from "./run_file.ts";
import type { KeptRun, Place } from "./run_store.ts";
import { roundOf, type RunStep, type Time, timeOf, timeOfAll } from "./steps.ts";

/** What a step asks for, and whether the run is at its `finally`. */
export interface RunRequest {
  readonly instrument: string;
  readonly command: string;
  readonly args: readonly unknown[];
  readonly last: boolean;
}

/** What a run needs. */
export interface RunParts {
  readonly bench: Pick<Bench, "find" | "hub" | "instruments">;
  readonly clock: Clock;
  /** Does what a step asks for. */
  readonly act: (request: RunRequest) => unknown;
  /** Writes a line into the journal. */
  readonly note: (text: string) => void;
  /** Writes down where it stands; `all` also its state. @returns When that is on the disk. */
  readonly keep: (all: boolean) => Promise<void>;
  /** Told of what people may want to read. */
  readonly tell: (text: string, level: "info" | "warning" | "error") => void;
  /**
   * Told of each step that begins, just before that is told in words.
   *
   * @returns What is told when it has ended, and of the error where it has failed. @default nobody is told
   */
  readonly begins?: (step: RunStep) => (failure?: unknown) => void;
}

/** Why a run goes no further. */
export type RunOutcome = NonNullable<KeptRun["outcome"]>;

/** The steps are left: the run was stopped or aborted, or has failed. */
class Ended extends Error {
  constructor(readonly outcome: RunOutcome) {
    super(outcome.reason);
  }
}

/** The server stops: the run stays where it is. */
class Frozen extends Error {}

/** A sleep is over: one reason for all of them, which costs nothing. */
const over = new Error("over");

/** Somebody skips the step. */
class Skipped extends Error {}

/** The longest that a run sleeps at once, in seconds: then it looks whether the PC's clock was set. */
const longestSleep = 30;
/** How often a condition is looked at where nothing changes, in seconds. */
const lookEvery = 1;
/** How many lines are kept. */
const mostLines = 1000;
/** The waits between tries of a step of `finally`, in seconds. */
const lastWaits = [0.5, 1, 2, 4];

/** One run. */
export class Run {
  readonly loaded: LoadedRun;
  readonly #parts: RunParts;
  /** Where it stands is changed here, and written by who keeps it. */
  readonly #kept: Pick<KeptRun, "place" | "last" | "outcome">;
  #paused: { readonly reason: string; readonly decides: boolean; readonly since: number } | undefined;
  /** How long it has stood still before, in seconds. */
  #stood = 0;
  #skips = 0;
  #last = false;
  #ending: Ended | Frozen | undefined;
  #ends = ending();
  readonly #waiters = new Set<() => void>();
  readonly #now = new Map<Place, { readonly step: RunStep; readonly condition?: Condition }>();
  readonly #watched = new Set<readonly BenchField[]>();
  readonly #asked: { readonly question: string; readonly place: Place }[] = [];
  readonly #answered = new Map<Place, string>();
  #lines: RunLine[] = [];
  #number = 0;

  /** Begins nothing yet. @param kept Where it stands. */
  constructor(loaded: LoadedRun, kept: Pick<KeptRun, "place" | "last" | "outcome">, parts: RunParts) {
    this.loaded = loaded;
    this.#kept = kept;
    this.#parts = parts;
  }

  /** Why it stands still; `undefined` where it does not. */
  get pausedBecause(): string | undefined {
    return this.#paused?.reason;
  }

  /** Whether it is at its `finally`. */
  get finishing(): boolean {
    return this.#last;
  }

  /** What it asks a person. */
  get asks(): string | null {
    return this.#asked[0]?.question ?? null;
  }

  /** What it does now. */
  get now(): string[] {
    return [...this.#now.values()].map(({ step }) => step.text);
  }

  /** The parts of the conditions that it waits for. */
  get waitingFor(): ConditionPart[] {
    return [...this.#now.values()].flatMap(({ condition }) => condition?.parts() ?? []);
  }

  /** The fields that it waits for. */
  get watches(): BenchField[] {
    return [...this.#watched].flat();
  }

  /** What it has told, after a line. @param after The number of the last line that is known already. */
  lines(after = 0): RunLine[] {
    return this.#lines.filter(({ number }) => number > after);
  }

  /** Its steps, as they stand. */
  describe(): RunStepDescription[] {
    const { place: { at }, outcome } = this.#kept;
    return this.loaded.steps.map(({ text }, index) => ({
      text,
      state: index < at ? "done" : index === at && outcome === undefined ? "now" : "to come",
    }));
  }

  /** How long it still takes, as far as that is known. */
  get left(): Time {
    const { place, outcome } = this.#kept;
    return outcome === undefined ? this.#leftOf(this.loaded.steps, place) : { seconds: 0, atLeast: true };
  }

  #leftOf(steps: readonly RunStep[], place: Place): Time {
    const rest = timeOfAll(steps.slice(place.at + 1));
    const step = steps[place.at];
    if (step === undefined) return rest;
    const now = this.#leftOfStep(step, place);
    return { seconds: rest.seconds + now.seconds, atLeast: rest.atLeast || now.atLeast };
  }

  #leftOfStep(step: RunStep, place: Place): Time {
    const whole = timeOf(step);
    if (step.kind === "rounds" && step.times !== Infinity && place.inner !== undefined) {
      const round = place.round ?? 0;
      const inner = this.#leftOf(roundOf(step, round), place.inner);
      const others = Math.max(0, step.times - round - 1);
      const each = step.rounds.length === 1
        ? whole.seconds / step.times * others
        : step.rounds.slice(round + 1).reduce((sum, next) => sum + Math.max(timeOfAll(next).seconds, step.every), 0);
      return { seconds: inner.seconds + each, atLeast: whole.atLeast };
    }
    if (step.kind === "parallel" && place.branches !== undefined) {
      const times = step.branches.map((branch, index) => this.#leftOf(branch, place.branches![index]!));
      return { seconds: Math.max(...times.map(({ seconds }) => seconds)), atLeast: whole.atLeast };
    }
    if (place.began === undefined) return whole;
    const gone = (this.#parts.clock.date().getTime() - place.began) / 1000;
    return { seconds: Math.max(0, whole.seconds - gone), atLeast: whole.atLeast };
  }

  /** Stands still: at once inside waits and ramps, after what is under way otherwise. */
  pause(reason: string): void {
    if (this.#last || this.#ending !== undefined || this.#paused !== undefined) return;
    this.#halt(reason, false, "warning");
  }

  #halt(reason: string, decides: boolean, level: "warning" | "error"): void {
    this.#paused = { reason, decides, since: this.#parts.clock.now() };
    this.#tell(`paused: ${reason}`, level);
    void this.#parts.keep(true).catch(() => {});
    this.#wake();
  }

  /** Goes on; a step that has failed is tried again. */
  resume(by: string): void {
    if (this.#paused === undefined) return;
    this.#stood += this.#parts.clock.now() - this.#paused.since;
    this.#paused = undefined;
    this.#tell(`${by} resumed it`);
    void this.#parts.keep(true).catch(() => {});
    this.#wake();
  }

  /** Leaves the step that is under way, or the one that has failed. */
  skip(by: string): void {
    const decides = this.#paused?.decides ?? false;
    this.#tell(`${by} skipped ${this.now.map((text) => `“${text}”`).join(" and ") || "the next step"}`);
    this.#skips++;
    if (decides) this.resume(by);
    this.#wake();
  }

  /** Ends it: `finally` is done where it was not aborted. */
  end(outcome: RunOutcome): void {
    if (this.#ending !== undefined || (this.#last && outcome.state !== "aborted")) return;
    this.#ending = new Ended(outcome);
    this.#ends.reject(this.#ending);
    this.#wake();
  }

  /** Does nothing any more, and stays where it is: the server stops. */
  freeze(): void {
    this.#ending = new Frozen("the server is stopping");
    this.#ends.reject(this.#ending);
    this.#wake();
  }

  /** Answers what it asks. @param said What somebody says. */
  answer(said: string, by: string): void {
    const asked = this.#asked.shift();
    if (asked === undefined) return;
    this.#answered.set(asked.place, `${by}: ${said}`);
    this.#wake();
  }

  /**
   * Does it, from where it stands.
   *
   * @param halted Why it stands still first. @default it does not
   */
  async run(halted?: string): Promise<RunOutcome> {
    const kept = this.#kept;
    if (kept.outcome === undefined) {
      if (halted !== undefined) this.#halt(halted, true, "error");
      try {
        await this.#steps(this.loaded.steps, kept.place);
        kept.outcome = { state: "done", reason: "" };
      } catch (error) {
        if (this.#frozen) throw error;
        kept.outcome = error instanceof Ended ? error.outcome : { state: "failed", reason: messageOf(error) };
      }
    }
    if (kept.outcome.state !== "aborted" && this.loaded.finally.length > 0) await this.#finish();
    return kept.outcome;
  }

  get #frozen(): boolean {
    return this.#ending instanceof Frozen;
  }

  async #finish(): Promise<void> {
    const kept = this.#kept;
    this.#last = true;
    this.#paused = undefined;
    this.#ending = undefined;
    this.#ends = ending();
    this.#asked.length = 0;
    this.#tell(`finally${kept.outcome!.reason === "" ? "" : `, since ${kept.outcome!.reason}`}`);
    await this.#parts.keep(true).catch(() => {});
    const failed: string[] = [];
    try {
      await this.#steps(this.loaded.finally, kept.last, failed);
    } catch (error) {
      if (this.#frozen) throw error;
      if (!(error instanceof Ended)) failed.push(messageOf(error));
      else kept.outcome = error.outcome;
    }
    if (failed.length === 0) return;
    const { state, reason } = kept.outcome!;
    const told = `finally is NOT done: ${failed.join("; ")}`;
    kept.outcome = { state: state === "done" ? "failed" : state, reason: reason === "" ? told : `${reason}; ${told}` };
  }

  /** @param failed Takes what fails for good at the end of the run, where the rest is done all the same. */
  async #steps(steps: readonly RunStep[], place: Place, failed?: string[]): Promise<void> {
    for (; place.at < steps.length; next(place)) {
      const step = steps[place.at]!;
      if (failed === undefined) await this.#step(step, place);
      else await this.#lastStep(step, place, failed);
    }
  }

  /** A step: where it fails, what is to be done instead, or a person decides. */
  async #step(step: RunStep, place: Place): Promise<void> {
    const skips = this.#skips;
    const holds = step.kind === "rounds" || step.kind === "parallel";
    const skipped = () => !holds && this.#skips !== skips;
    if (place.acting && this.#paused === undefined) {
      this.#halt(unsure(step), true, "error");
    }
    while (place.instead === undefined) {
      // What holds others and has begun stands still in those: there a person decides.
      const begun = place.inner !== undefined || place.branches !== undefined;
      while (this.#paused !== undefined && !skipped() && !begun) {
        if (this.#ending !== undefined) throw this.#ending;
        await this.#sleep();
      }
      if (this.#ending !== undefined) throw this.#ending;
      if (skipped()) return;
      // Somebody has decided.
      place.acting = undefined;
      if (!holds) this.#now.set(place, { step });
      try {
        return await this.#do(step, place, skipped);
      } catch (error) {
        if (error instanceof Skipped) return;
        if (error instanceof Ended || this.#frozen) throw error;
        const reason = messageOf(error);
        begin(place);
        if (step.otherwise.length > 0) {
          this.#tell(`“${step.text}” failed: ${reason}; instead ${step.otherwise[0]!.text}`, "warning");
          place.instead = { at: 0 };
        } else if (this.loaded.ifFails === "stop") {
          this.end({ state: "failed", reason: `“${step.text}” failed: ${reason}` });
        } else if (!skipped()) {
          const why =
            `“${step.text}” failed: ${reason}; resume tries it again, skip goes on after it, stop ends the run`;
          if (this.#paused === undefined) this.#halt(why, true, "error");
          else this.#paused = { ...this.#paused, reason: `${this.#paused.reason}; ${why}`, decides: true };
        }
      } finally {
        this.#now.delete(place);
      }
    }
    await this.#steps(step.otherwise, place.instead);
  }

  /** A step of `finally`: it is tried again, then what is to be done instead, and then the next is done in any case. */
  async #lastStep(step: RunStep, place: Place, failed: string[]): Promise<void> {
    for (const wait of [...lastWaits, undefined]) {
      if (step.kind !== "rounds" && step.kind !== "parallel") this.#now.set(place, { step });
      try {
        return await this.#do(step, place, () => false, failed);
      } catch (error) {
        if (error instanceof Ended || this.#frozen) throw error;
        const reason = `“${step.text}” failed: ${messageOf(error)}`;
        begin(place);
        this.#tell(reason, wait === undefined ? "error" : "warning");
        if (wait !== undefined) {
          await this.#pass({ at: 0 }, () => false, (gone) => gone >= wait ? undefined : wait - gone);
          continue;
        }
        failed.push(reason);
      } finally {
        this.#now.delete(place);
      }
    }
    await this.#steps(step.otherwise, { at: 0 }, failed);
  }

  async #do(step: RunStep, place: Place, skipped: () => boolean, failed?: string[]): Promise<void> {
    const ends = this.#parts.begins?.(step);
    if (ends === undefined) return await this.#work(step, place, skipped, failed);
    try {
      await this.#work(step, place, skipped, failed);
      ends();
    } catch (error) {
      ends(error);
      throw error;
    }
  }

  async #work(step: RunStep, place: Place, skipped: () => boolean, failed?: string[]): Promise<void> {
    if (step.kind !== "rounds") this.#tell(step.text);
    switch (step.kind) {
      case "set":
        return await this.#set(step, place, skipped);
      case "call":
        return await this.#act(place, step.instrument, [[step.command, ...step.arguments]]);
      case "wait":
        this.#note(place);
        return await this.#pass(place, skipped, (gone) => gone >= step.seconds ? undefined : step.seconds - gone);
      case "time of day": {
        place.due ??= nextTime(this.#parts.clock.date(), step);
        this.#note(place);
        const { due } = place;
        return await this.#pass(place, skipped, () => {
          const left = (due - this.#parts.clock.date().getTime()) / 1000;
          return left <= 0 ? undefined : left;
        });
      }
      case "condition":
        return await this.#condition(step, place, skipped);
      case "ramp":
        return await this.#ramp(step, place, skipped);
      case "rounds":
        return await this.#rounds(step, place, failed);
      case "parallel": {
        const branches = place.branches ??= step.branches.map(() => ({ at: 0 }));
        const all = step.branches.map((branch, index) => this.#steps(branch, branches[index]!, failed));
        const wrong = (await Promise.allSettled(all)).find(({ status }) => status === "rejected");
        if (wrong?.status === "rejected") throw wrong.reason;
        return;
      }
      case "note":
        await this.#mark(place);
        return this.#parts.note(step.note);
      case "ask": {
        await this.#mark(place);
        const asked = { question: step.question, place };
        this.#asked.push(asked);
        this.#tell(`asks: ${step.question}`, "warning");
        try {
          await this.#pass(place, skipped, () => this.#answered.has(place) ? undefined : Infinity);
        } finally {
          const left = this.#asked.indexOf(asked);
          if (left >= 0) this.#asked.splice(left, 1);
        }
        this.#tell(`“${step.question}” was answered by ${this.#answered.get(place)}`);
        this.#answered.delete(place);
      }
    }
  }

  async #set(step: Extract<RunStep, { kind: "set" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { setting: { instrument, field }, value, confirm, reach } = step;
    if (place.reaching !== true) {
      const confirms = confirm ? [["confirm"]] : [];
      await this.#act(place, instrument, [["set", field, value], ...confirms]);
    }
    if (reach === undefined) return;
    place.reaching = true;
    this.#note(place);
    const { readback, tolerance, timeout } = reach;
    const held = () => this.#field(readback.instrument, readback.field);
    await this.#onChange([held()], async () =>
      await this.#pass(place, skipped, (gone) => {
        const found = held();
        const close = typeof found.value === "number" && found.quality === "good" &&
          Math.abs(found.value - Number(value)) <= tolerance;
        if (close) return undefined;
        if (gone < timeout) return Math.min(lookEvery, timeout - gone);
        const is = found.quality === "good" ? found.text : `not known: ${found.reason}`;
        throw new Error(`after ${timeText(timeout)}, ${found.title} is ${is}, and not within ${tolerance} of ${value}`);
      }));
  }

  async #condition(step: Extract<RunStep, { kind: "condition" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { clock, bench } = this.#parts;
    const windows = new Windows(() => clock.now() * 1000);
    const condition = new Condition(step.condition, new BenchEnvironment(bench.instruments).of(undefined, windows));
    this.#now.set(place, { step, condition });
    this.#note(place);
    const unsubscribe = bench.hub.subscribe("reading", ({ field }) => windows.reading(field), { name: "a run" });
    let since: number | undefined;
    try {
      await this.#onChange(condition.fields, async () =>
        await this.#pass(place, skipped, (gone) => {
          const look = condition.look();
          since = look.known && look.so ? since ?? gone : undefined;
          if (since !== undefined && gone - since >= step.held) return undefined;
          const { timeout = Infinity } = step;
          if (gone < timeout) {
            const soon = since === undefined ? lookEvery : step.held - (gone - since);
            return Math.min(lookEvery, soon, timeout - gone);
          }
          const why = `${step.condition} was not so within ${timeText(timeout)}: ${condition.values()}`;
          if (step.then === "fail") throw new Error(why);
          this.#tell(why, "warning");
          if (step.then === "go on") return undefined;
          this.end({ state: "stopped", reason: why });
          throw this.#ending ?? new Error(why);
        }));
    } finally {
      unsubscribe();
    }
  }

  /** A ramp that a restart has cut off may have set anything: it is not begun anew by itself. */
  async #ramp(step: Extract<RunStep, { kind: "ramp" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { setting: { instrument, field }, to, over, every, confirm } = step;
    const present = this.#field(instrument, field).value;
    const from = step.from ?? (typeof present === "number" ? present : undefined);
    if (from === undefined) throw new Error(`it is not known where it begins: give "from"`);
    place.began = undefined;
    place.acting = true;
    await this.#mark(place);
    const confirms = confirm ? [["confirm"]] : [];
    let due = 0;
    for (let done = false; !done;) {
      let part = 0;
      await this.#pass(place, skipped, (gone) => {
        if (gone < due) return due - gone;
        // It begins where it is to begin, however late that is.
        part = over === 0 ? 1 : due === 0 ? 0 : Math.min(1, gone / over);
        return undefined;
      });
      done = part >= 1;
      const value = done ? to : Number((from + (to - from) * part).toPrecision(12));
      await this.#ask(instrument, [["set", field, value], ...confirms]);
      due = Math.min(over, due + every);
    }
    place.acting = undefined;
  }

  async #rounds(step: Extract<RunStep, { kind: "rounds" }>, place: Place, failed?: string[]): Promise<void> {
    this.#tell(step.text);
    place.began ??= this.#parts.clock.date().getTime();
    let begins = this.#time() - (step.every * (place.round ?? 0));
    for (let round = place.round ?? 0; round < step.times; round++) {
      place.round = round;
      if (place.inner === undefined && step.every > 0 && round > 0) {
        // From the begin of the first: what the rounds take adds up to nothing.
        await this.#pass({ at: 0 }, () => false, () => {
          const left = begins + round * step.every - this.#time();
          return left <= 0 ? undefined : left;
        });
        const late = this.#time() - begins - round * step.every;
        if (late > step.every) begins += late;
      }
      place.inner ??= { at: 0 };
      await this.#steps(roundOf(step, round), place.inner, failed);
      place.inner = undefined;
    }
  }

  /** Writes down that something may have been done, and does it. */
  async #act(place: Place, instrument: string, commands: readonly (readonly unknown[])[]): Promise<void> {
    place.acting = true;
    await this.#mark(place);
    await this.#ask(instrument, commands);
    place.acting = undefined;
  }

  async #ask(instrument: string, commands: readonly (readonly unknown[])[]): Promise<void> {
    for (const [command, ...args] of commands) {
      if (this.#ending !== undefined) throw this.#ending;
      const doing = Promise.resolve(this.#parts.act({ instrument, command: String(command), args, last: this.#last }));
      // Whoever stops the run waits for nothing; what is under way goes on to its end.
      doing.catch(() => {});
      await Promise.race([doing, this.#ends.promise]);
    }
  }

  /** Writes down where it stands; at its end it acts also where that cannot be written. */
  async #mark(place: Place): Promise<void> {
    place.began ??= this.#parts.clock.date().getTime();
    if (this.#last) await this.#parts.keep(false).catch(() => {});
    else await this.#parts.keep(false);
  }

  /** As `#mark`, for what waits: it may be done again, and waits for no disk. */
  #note(place: Place): void {
    place.began ??= this.#parts.clock.date().getTime();
    this.#parts.keep(false).catch(() => {});
  }

  /** The run's own time, in seconds: it stands still while the run is paused. */
  #time(): number {
    const now = this.#parts.clock.now();
    return now - this.#stood - (this.#paused === undefined ? 0 : now - this.#paused.since);
  }

  /**
   * Waits.
   *
   * @param look Told for how long, in seconds: how long it may sleep until it is to be asked again; `undefined` for over.
   */
  async #pass(place: Place, skipped: () => boolean, look: (gone: number) => number | undefined): Promise<void> {
    const { clock } = this.#parts;
    const wall = clock.date().getTime();
    place.began ??= wall;
    // After a restart it goes on from when it began.
    const start = this.#time() - Math.max(0, (wall - place.began) / 1000);
    for (;;) {
      if (this.#ending !== undefined) throw this.#ending;
      if (skipped()) throw new Skipped();
      if (this.#paused !== undefined) {
        await this.#sleep();
        place.began = clock.date().getTime() - (this.#time() - start) * 1000;
        continue;
      }
      const left = look(this.#time() - start);
      if (left === undefined) return;
      await this.#sleep(Math.min(left, longestSleep));
    }
  }

  async #sleep(seconds?: number): Promise<void> {
    const woken = Promise.withResolvers<void>();
    const ends = new AbortController();
    this.#waiters.add(woken.resolve);
    try {
      if (seconds === undefined) await woken.promise;
      else await Promise.race([woken.promise, this.#parts.clock.wait(seconds, ends.signal).catch(() => {})]);
    } finally {
      this.#waiters.delete(woken.resolve);
      ends.abort(over);
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  /** Looks again whenever one of the fields changes. */
  async #onChange<T>(fields: readonly BenchField[], work: () => Promise<T>): Promise<T> {
    const of = new Set(fields);
    const listener = ({ field }: { readonly field: BenchField }) => void (of.has(field) && this.#wake());
    const unsubscribe = this.#parts.bench.hub.subscribe("change", listener, { name: "a run" });
    this.#watched.add(fields);
    try {
      return await work();
    } finally {
      this.#watched.delete(fields);
      unsubscribe();
    }
  }

  #field(instrument: string, field: string): BenchField {
    const found = this.#parts.bench.find(instrument);
    if (found === undefined) throw new Error(`${instrument} is not on the bench any more`);
    return found.field(field);
  }

  #tell(text: string, level: "info" | "warning" | "error" = "info"): void {
    this.#lines.push({ number: ++this.#number, time: this.#parts.clock.date().toISOString(), text });
    if (this.#lines.length > 2 * mostLines) this.#lines = this.#lines.slice(-mostLines);
    this.#parts.tell(text, level);
  }
}

/** Is rejected when the run ends, which nobody may wait for. */
function ending(): PromiseWithResolvers<never> {
  const ends = Promise.withResolvers<never>();
  ends.promise.catch(() => {});
  return ends;
}

/** The next step. */
function next(place: Place): void {
  place.at++;
  begin(place);
  place.instead = undefined;
}

/** The step from its begin. */
function begin(place: Place): void {
  place.began =
    place.due =
    place.acting =
    place.reaching =
    place.round =
    place.inner =
    place.branches =
      undefined;
}

/** The first step of a run that may have been done when the server ended. */
export function unsureStep(steps: readonly RunStep[], place: Place): RunStep | undefined {
  const step = steps[place.at];
  if (step === undefined) return undefined;
  if (place.acting) return step;
  if (place.instead !== undefined) return unsureStep(step.otherwise, place.instead);
  if (step.kind === "rounds" && place.inner !== undefined) {
    return unsureStep(roundOf(step, place.round ?? 0), place.inner);
  }
  if (step.kind !== "parallel" || place.branches === undefined) return undefined;
  const branches = place.branches;
  return step.branches.map((branch, index) => unsureStep(branch, branches[index]!)).find((each) => each !== undefined);
}

/** What a person is told who is to decide. */
export function unsure({ text }: RunStep): string {
  return `it is not known whether “${text}” was done before the server ended: look at the readbacks; ` +
    "resume does it again, skip goes on after it, stop ends the run";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** When a time of day is next, in milliseconds since 1970. */
function nextTime(now: Date, { hour, minute, second }: { hour: number; minute: number; second: number }): number {
  const then = new Date(now);
  then.setHours(hour, minute, second, 0);
  if (then <= now) then.setDate(then.getDate() + 1);
  return then.getTime();
}
