/**
 * One run: does its steps in order, each written down before it is acted on; pauses, resumes, skips, stops and aborts
 * between steps and inside waits, ramps and exposures.
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
import { takeImage } from "./expose.ts";
import { begin, isLeft, type Leaving, next, nextTime, takeAhead, unsure, unsurePlaces } from "./places.ts";
import { RunLines } from "./run_lines.ts";
import type { LoadedRun } from "./loaded_run.ts";
import { timeText } from "./step_text.ts";
import type { KeptRun, Place } from "./run_store.ts";
import { sunAltitude, sunComesTo, sunIsSo, sunText } from "./sun.ts";
import { describeSteps, StepTimes } from "./step_times.ts";
import { type Late, roundOf, type RunStep, type Time } from "./steps.ts";
import { leftOf, leftOfStep, type UnderWay } from "./time_left.ts";
import { Raised, type RunScript } from "./script_process.ts";

/** What a step asks for, and whether the run is at its `finally`. */
export interface RunRequest {
  readonly instrument: string;
  readonly command: string;
  readonly args: readonly unknown[];
  readonly last: boolean;
}

/** What a run needs. */
export interface RunParts {
  readonly bench: Pick<Bench, "find" | "hub" | "instruments" | "elsewhere">;
  readonly clock: Clock;
  /** Does what a step asks for. */
  readonly act: (request: RunRequest) => unknown;
  /** Writes a line into the journal. */
  readonly note: (text: string) => void;
  /** Writes down where it stands; `all` also its state. @returns When that is on the disk. */
  readonly keep: (all: boolean) => Promise<void>;
  /** Told of what people may want to read. */
  readonly tell: (text: string, level: "info" | "warning" | "error") => void;
  /** Calls the functions of a PyOpticon script. @default it is none */
  readonly script?: Pick<RunScript, "call" | "printTo"> | undefined;
  /**
   * In how many seconds a script's condition is looked at again. @param gone For how long it has been awaited, in
   * seconds. @default 1
   */
  readonly awaitEvery?: ((gone: number) => number) | undefined;
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

/** Somebody skips the step, or what it is within is left. */
class Skipped extends Error {}

/** A step that is under way. */
interface Now {
  readonly step: RunStep;
  readonly condition?: Pick<Condition, "parts">;
  /** How far it is. */
  readonly progress?: () => string;
}

/** That what comes after a wait may be done, on the disk before the wait is over. */
interface Ahead {
  /** What comes. */
  readonly step: RunStep;
  /** Where what waits stands. */
  readonly wait: Place;
  readonly written: Promise<boolean>;
  /** How often it had been written where the run stands. */
  readonly keeps: number;
}

/** The longest that a run sleeps at once, in seconds: then it looks whether the PC's clock was set. */
const longestSleep = 30;
/** How long before it is due it is written down that a step may be done, in seconds: longer than a slow disk takes. */
const writesAhead = 0.5;
/** How often a condition is looked at where nothing changes, in seconds. */
const lookEvery = 1;
/** The waits between tries of a step of `finally`, in seconds. */
const lastWaits = [0.5, 1, 2, 4];

/** One run. */
export class Run {
  readonly loaded: LoadedRun;
  readonly #parts: RunParts;
  /** Where it stands is changed here, and written by who keeps it. */
  readonly #kept: Pick<KeptRun, "place" | "last" | "outcome">;
  /** Its own steps, and when they began and ended. */
  readonly #own: RunStep[];
  readonly #times: StepTimes;
  /** What is still to come is being changed: no step of its own begins meanwhile. */
  #editing: Promise<void> | undefined;
  #paused: { readonly reason: string; readonly decides: boolean; readonly since: number } | undefined;
  /** How long it has stood still before, in seconds. */
  #stood = 0;
  #skips = 0;
  #last = false;
  #ending: Ended | Frozen | undefined;
  #ends = ending();
  readonly #waiters = new Set<() => void>();
  readonly #now = new Map<Place, Now>();
  readonly #watched = new Set<readonly BenchField[]>();
  /** How long each wait has lasted, in seconds, by where it stands: without pauses, and the time that the PC slept. */
  readonly #gone = new Map<Place, () => number>();
  /** Which round it is of the steps that are repeated, by where those stand. */
  readonly #round = new WeakMap<Place, { readonly round: number; readonly of: number }>();
  /** How long each camera has taken for its last image besides the exposure time, in seconds. */
  readonly #readouts = new Map<string, number>();
  readonly #asked: { readonly question: string; readonly place: Place }[] = [];
  readonly #answered = new Map<Place, string>();
  /** What may have been done when the server ended before. */
  readonly #unsure: Set<Place>;
  /** How often it was written where it stands. */
  #keeps = 0;
  /** What may be done next, and is written down so. */
  #ahead: Ahead | undefined;
  readonly #lines: RunLines;
  /** When the step before the present one was due, by the run's own time: from there a script counts its delays. */
  #due = 0;

  /** Begins nothing yet. @param kept Where it stands. */
  constructor(
    loaded: LoadedRun,
    kept: Pick<KeptRun, "place" | "last" | "outcome" | "times">,
    parts: RunParts,
  ) {
    this.#own = [...loaded.steps];
    this.loaded = { ...loaded, steps: this.#own };
    this.#times = new StepTimes(kept.times);
    this.#kept = kept;
    this.#unsure = new Set(unsurePlaces(kept.place));
    this.#parts = parts;
    this.#lines = new RunLines(parts);
    parts.script?.printTo((line) => this.#lines.print(line));
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
    return [...this.#now.values()].map(({ step, progress }) =>
      progress === undefined ? step.text : `${step.text}: ${progress()}`
    );
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
    return this.#lines.after(after);
  }

  /** Its steps, as they stand. */
  describe(): RunStepDescription[] {
    const { place: { at }, outcome } = this.#kept;
    const { isScript } = this.loaded;
    return describeSteps(this.#own, at, outcome === undefined, { isScript, times: this.#times });
  }

  /** In how many seconds its next step is due; `null` where it waits for no time. */
  get nextIn(): number | null {
    const { place, outcome } = this.#kept;
    const step = this.#own[place.at];
    return outcome === undefined && step?.kind === "wait" ? leftOfStep(step, place, this.#underWay).seconds : null;
  }

  /** When its last steps began and ended. */
  get times(): NonNullable<KeptRun["times"]> {
    return this.#times.last;
  }

  /** The number of the last line that it has told; 0 where there is none. */
  get told(): number {
    return this.#lines.last;
  }

  /**
   * Puts others in the place of the steps after the one that it is at.
   *
   * @param steps All of its steps, those before them as they were. @param kept When they are on the disk: none begins before.
   */
  edit(steps: readonly RunStep[], kept: Promise<void>): void {
    const first = this.#kept.place.at + 1;
    this.#own.splice(first, this.#own.length, ...steps.slice(first));
    const editing = this.#editing = kept.catch(() => {}).finally(() => {
      if (this.#editing === editing) this.#editing = undefined;
    });
  }

  /** How long it still takes, as far as that is known. */
  get left(): Time {
    const { place, outcome } = this.#kept;
    return outcome === undefined ? leftOf(this.loaded.steps, place, this.#underWay) : { seconds: 0, atLeast: true };
  }

  readonly #underWay: UnderWay = {
    now: () => this.#parts.clock.date().getTime(),
    gone: (place) => this.#gone.get(place)?.(),
    exposure: (place, camera) => this.#now.has(place) ? this.#exposure(camera) : undefined,
    readout: (camera) => this.#readouts.get(camera),
  };

  /** What a camera does now, and how much of its exposure time is left, in seconds. */
  #exposure(camera: string): { readonly state: string; readonly left: number } {
    const { value } = this.#field(camera, "state");
    return { state: String(value), left: Number(this.#field(camera, "exposuretimeremaining").value) };
  }

  /** Stands still: at once inside waits, ramps and exposures, after what is under way otherwise. */
  pause(reason: string): void {
    if (this.#last || this.#ending !== undefined || this.#paused !== undefined) return;
    this.#halt(reason, false, "warning");
  }

  #halt(reason: string, decides: boolean, level: "warning" | "error"): void {
    this.#paused = { reason, decides, since: this.#parts.clock.now() };
    this.#takeBack();
    this.#tell(`paused: ${reason}`, level);
    void this.#keep(true).catch(() => {});
    this.#wake();
  }

  /** Tells something that whoever decides should know. */
  remark(text: string): void {
    if (this.#paused !== undefined) this.#paused = { ...this.#paused, reason: `${this.#paused.reason}; ${text}` };
    this.#tell(text, "warning");
  }

  /** Goes on; a step that has failed is tried again. */
  resume(by: string): void {
    if (this.#paused === undefined) return;
    this.#stood += this.#parts.clock.now() - this.#paused.since;
    this.#paused = undefined;
    this.#tell(`${by} resumed it`);
    void this.#keep(true).catch(() => {});
    this.#wake();
  }

  /** Leaves the step that is under way, or the one that has failed. */
  skip(by: string): void {
    const decides = this.#paused?.decides ?? false;
    const texts = [...this.#now.values()].map(({ step }) => step.text);
    this.#takeBack();
    this.#tell(`${by} skipped ${texts.map((text) => `“${text}”`).join(" and ") || "the next step"}`);
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
    if (this.#takeBack() !== undefined) void this.#keep(false).catch(() => {});
    this.#wake();
  }

  /** Told of something that people may want to read with what it tells itself. */
  tell(text: string, level: "warning" | "error"): void {
    this.#tell(text, level);
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
      this.#due = this.#time();
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
    await this.#keep(true).catch(() => {});
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

  /**
   * @param failed Takes what fails for good at the end of the run, where the rest is done all the same.
   * @param leaving Where they are within what is left when one of them fails.
   */
  async #steps(steps: readonly RunStep[], place: Place, failed?: string[], leaving?: Leaving): Promise<void> {
    for (; place.at < steps.length; next(place)) {
      if (isLeft(leaving)) throw new Skipped();
      if (steps === this.#own) {
        // What comes may have become another by then.
        for (; this.#editing !== undefined; this.#takeBack()) await this.#editing;
        if (place.at >= steps.length) return;
        this.#times.begin(place.at, this.#parts.clock.date().getTime());
      }
      const step = steps[place.at]!;
      if (failed === undefined) await this.#step(step, place, leaving);
      else await this.#lastStep(step, place, failed);
      if (steps === this.#own) this.#times.end(place.at, this.#parts.clock.date().getTime());
    }
  }

  /** A step: where it fails, what is to be done instead, or a person decides. */
  async #step(step: RunStep, place: Place, leaving: Leaving | undefined): Promise<void> {
    const skips = this.#skips;
    const holds = step.kind === "rounds" || step.kind === "parallel";
    const skipped = () => (!holds && this.#skips !== skips) || isLeft(leaving);
    const within = holds && (step.otherwise.length > 0 || leaving !== undefined)
      ? { left: false, outer: leaving }
      : undefined;
    if (this.#unsure.delete(place) && this.#paused === undefined) this.#halt(unsure(step), true, "error");
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
        return await this.#do(step, place, skipped, undefined, within);
      } catch (error) {
        if (error instanceof Skipped) return;
        if (error instanceof Ended || this.#frozen) throw error;
        const reason = messageOf(error);
        begin(place);
        if (step.otherwise.length > 0) {
          this.#tell(`“${step.text}” failed: ${reason}; instead ${step.otherwise[0]!.text}`, "warning");
          place.instead = { at: 0 };
        } else if (leaving !== undefined) {
          leaving.left = true;
          this.#wake();
          throw new Error(`“${step.text}” failed: ${reason}`);
        } else if ((step.ifFails ?? this.loaded.ifFails) === "stop") {
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
    await this.#steps(step.otherwise, place.instead, undefined, leaving);
  }

  /** A step of `finally`: it is tried again, then what is to be done instead, and then the next is done in any case. */
  async #lastStep(step: RunStep, place: Place, failed: string[]): Promise<void> {
    const before = failed.length;
    for (const wait of [...lastWaits, undefined]) {
      if (step.kind !== "rounds" && step.kind !== "parallel") this.#now.set(place, { step });
      try {
        await this.#do(step, place, () => false, failed);
        if (failed.length > before) break;
        return;
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

  async #do(
    step: RunStep,
    place: Place,
    skipped: () => boolean,
    failed?: string[],
    leaving?: Leaving,
  ): Promise<void> {
    const ends = this.#parts.begins?.(step);
    if (ends === undefined) return await this.#work(step, place, skipped, failed, leaving);
    try {
      await this.#work(step, place, skipped, failed, leaving);
      ends();
    } catch (error) {
      ends(error);
      throw error;
    }
  }

  async #work(
    step: RunStep,
    place: Place,
    skipped: () => boolean,
    failed?: string[],
    leaving?: Leaving,
  ): Promise<void> {
    if (step.kind !== "rounds") this.#tell(step.text);
    switch (step.kind) {
      case "set":
        return await this.#set(step, place, skipped);
      case "call":
        return await this.#act(place, step.instrument, [[step.command, ...step.arguments]]);
      case "expose":
        return await this.#expose(step, place, skipped);
      case "wait":
        return await this.#wait(step, place, skipped);
      case "time of day": {
        place.due ??= nextTime(this.#parts.clock.date(), step);
        this.#note(place);
        const { due } = place;
        return await this.#passTo(place, skipped, () => (due - this.#parts.clock.date().getTime()) / 1000);
      }
      case "sun":
        return await this.#sun(step, place, skipped);
      case "condition":
        return await this.#condition(step, place, skipped);
      case "ramp":
        return await this.#ramp(step, place, skipped);
      case "rounds":
        return await this.#rounds(step, place, failed, leaving);
      case "parallel": {
        const branches = place.branches ??= step.branches.map(() => ({ at: 0 }));
        const all = step.branches.map((branch, index) => this.#steps(branch, branches[index]!, failed, leaving));
        const wrong = (await Promise.allSettled(all)).flatMap((each) =>
          each.status === "rejected" ? [each.reason] : []
        );
        // Those that were left say nothing of why.
        if (wrong.length > 0) throw wrong.find((each) => !(each instanceof Skipped)) ?? wrong[0];
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
        return;
      }
      case "script":
        return step.waits ? await this.#await(step, place, skipped) : await this.#function(step, place);
    }
  }

  /** A script's delays count from when the one before was due: what its steps take adds up to nothing. */
  async #wait({ seconds }: Extract<RunStep, { kind: "wait" }>, place: Place, skipped: () => boolean): Promise<void> {
    const late = this.loaded.isScript ? this.#time() - this.#due : 0;
    place.began ??= this.#parts.clock.date().getTime() - 1000 * late;
    this.#note(place);
    let over = 0;
    try {
      await this.#passTo(place, skipped, (gone) => {
        over = gone - seconds;
        return -over;
      });
      this.#due = this.#time() - over;
    } catch (error) {
      this.#due = this.#time();
      throw error;
    }
  }

  async #function({ number }: Extract<RunStep, { kind: "script" }>, place: Place): Promise<void> {
    place.acting = true;
    await this.#mark(place);
    await this.#called(number);
    place.acting = undefined;
  }

  /** A script's condition, once a second; one that raises is not so, which is told once. */
  async #await(step: Extract<RunStep, { kind: "script" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { number, message: text } = step;
    let [due, now, wrong] = [0, 0, ""];
    const parts = () => [{ text, so: wrong === "" ? false : null, value: wrong === "" ? "not yet" : wrong }];
    this.#now.set(place, { step, condition: { parts } });
    this.#note(place);
    try {
      for (let so = false; !so; due = now + (this.#parts.awaitEvery?.(now) ?? lookEvery)) {
        await this.#pass(place, skipped, (gone) => {
          now = gone;
          return gone >= due ? undefined : due - gone;
        });
        try {
          so = await this.#called(number);
        } catch (error) {
          if (!(error instanceof Raised)) throw error;
          if (wrong === "") this.#tell(`“${step.text}” is not so, since it raises ${error.message}`, "warning");
          wrong = error.message;
        }
      }
    } finally {
      // All later times move on by what it took.
      this.#due = this.#time();
    }
  }

  async #called(number: number): Promise<boolean> {
    if (this.#ending !== undefined) throw this.#ending;
    const calling = this.#parts.script?.call(number) ?? Promise.reject(new Error("the script is not there"));
    // Whoever stops the run waits for nothing; the script's process ends with it.
    calling.catch(() => {});
    return await Promise.race([calling, this.#ends.promise]);
  }

  async #set(step: Extract<RunStep, { kind: "set" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { setting: { instrument, field }, value, confirm, reach } = step;
    if (place.reaching !== true) {
      const confirms = confirm ? [["confirm"]] : [];
      const before = this.#field(instrument, field).textAsSet;
      await this.#act(place, instrument, [["set", field, value], ...confirms]);
      if (this.loaded.isScript) this.#tellSwitched(step, before);
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

  async #expose(step: Extract<RunStep, { kind: "expose" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { camera: name, seconds } = step;
    const camera = this.#parts.bench.find(name);
    if (camera === undefined) throw new Error(`${name} is not on the bench any more`);
    const image = this.#round.get(place);
    const progress = () => {
      const { state, left } = this.#exposure(name);
      const what = state === "exposing" || state === "paused" ? `${state}, ${timeText(left)} left` : state;
      if (image === undefined) return what;
      return `image ${image.round + 1}${image.of === Infinity ? "" : ` of ${image.of}`}, ${what}`;
    };
    this.#now.set(place, { step, progress });
    // As long as nobody says otherwise, azcam's images are tests.
    const tests = camera.allFields.some((field) => field.name === "imagetest" && field.value === 1);
    if (tests && image?.round === 0 && image.of > 1) {
      const keep = `to keep them, set ${name}.imagetest to 0 before`;
      this.#tell(`these are test images, each of which overwrites the one before; ${keep}`, "warning");
    }
    place.acting = true;
    await this.#mark(place);
    if (this.#ending !== undefined) throw this.#ending;
    const began = this.#time();
    await this.#onChange([camera.field("state")], () =>
      takeImage(step.arguments, {
        camera,
        ask: async (command, args, safe) =>
          await this.#parts.act({ instrument: name, command, args, last: safe || this.#last }),
        paused: () => this.#paused !== undefined,
        left: () => this.#ending ?? (skipped() ? new Skipped() : undefined),
        frozen: () => this.#frozen,
        pause: (reason) => this.#halt(reason, false, "warning"),
        now: () => this.#parts.clock.now(),
        sleep: (seconds) => this.#sleep(seconds),
        wake: () => this.#wake(),
        tell: (text) => this.#tell(text, "warning"),
      }));
    this.#readouts.set(name, Math.max(0, this.#time() - began - seconds));
    place.acting = undefined;
  }

  async #condition(step: Extract<RunStep, { kind: "condition" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { clock, bench } = this.#parts;
    const windows = new Windows(() => clock.now() * 1000);
    let isOther = false;
    using named = bench.elsewhere?.expecting(() => {
      isOther = true;
      this.#wake();
    });
    const compiled = () =>
      new Condition(step.condition, new BenchEnvironment(bench.instruments, named).of(undefined, windows));
    let condition = compiled();
    const fields = [...condition.fields];
    this.#now.set(place, { step, condition });
    this.#note(place);
    const hubs = [bench.hub, ...bench.elsewhere === undefined ? [] : [bench.elsewhere.hub]];
    const unsubscribe = hubs.map((hub) =>
      hub.subscribe("reading", ({ field }) => windows.reading(field), { name: "a run" })
    );
    let since: number | undefined;
    try {
      await this.#onChange(fields, async () =>
        await this.#pass(place, skipped, (gone) => {
          if (isOther) {
            // Another PC has come, or its instrument is another: a name that it does not have ends the step.
            isOther = false;
            condition = compiled();
            fields.splice(0, fields.length, ...condition.fields);
            this.#now.set(place, { step, condition });
          }
          const look = condition.look();
          since = look.known && look.so ? since ?? gone : undefined;
          if (since !== undefined && gone - since >= step.held) return undefined;
          const { timeout = Infinity } = step;
          if (gone < timeout) {
            const soon = since === undefined ? lookEvery : step.held - (gone - since);
            return Math.min(lookEvery, soon, timeout - gone);
          }
          const why = `${step.condition} was not so within ${timeText(timeout)}: ${condition.values()}`;
          return this.#tooLate(step.then, why);
        }));
    } finally {
      unsubscribe.forEach((each) => each());
    }
  }

  /** What is done where a wait takes too long. @returns `undefined`: it is over. */
  #tooLate(then: Late, why: string): undefined {
    if (then === "fail") throw new Error(why);
    this.#tell(why, "warning");
    if (then === "go on") return undefined;
    this.end({ state: "stopped", reason: why });
    throw this.#ending ?? new Error(why);
  }

  async #sun(step: Extract<RunStep, { kind: "sun" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { clock } = this.#parts;
    const { timeout = Infinity, altitude, below } = step;
    const find = () => place.due = sunComesTo(step, clock.date());
    find();
    this.#now.set(place, { step, progress: () => sunText(step, clock.date(), place.due) });
    this.#note(place);
    const away = (place.due ?? Infinity) - clock.date().getTime();
    if (away > 86_400_000 && !sunIsSo(step, clock.date())) {
      const most = timeout === Infinity
        ? "it is waited for without end: give a timeout"
        : `${timeText(timeout)} at most`;
      const goes = `the sun does not go ${below ? "below" : "above"} ${altitude}° today`;
      this.#tell(`${goes} (${sunText(step, clock.date(), place.due)}); ${most}`, "warning");
    }
    await this.#pass(place, skipped, (gone) => {
      const now = clock.date();
      if (sunIsSo(step, now)) return undefined;
      if (gone < timeout) {
        // It has gone by while the PC slept, or the clock was set.
        if (place.due !== undefined && now.getTime() > place.due + 60_000) find();
        const left = ((place.due ?? Infinity) - now.getTime()) / 1000;
        return Math.min(Math.max(left, lookEvery), timeout - gone);
      }
      const is = `it is at ${sunAltitude(step.site, now).toFixed(1)}°`;
      const why = `the sun was not ${below ? "below" : "above"} ${altitude}° within ${timeText(timeout)}: ${is}`;
      return this.#tooLate(step.then, why);
    });
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

  async #rounds(
    step: Extract<RunStep, { kind: "rounds" }>,
    place: Place,
    failed: string[] | undefined,
    leaving: Leaving | undefined,
  ): Promise<void> {
    this.#tell(step.text);
    place.began ??= this.#parts.clock.date().getTime();
    let begins = this.#time() - (step.every * (place.round ?? 0));
    for (let round = place.round ?? 0; round < step.times; round++) {
      place.round = round;
      if (place.inner === undefined && step.every > 0 && round > 0) {
        // From the begin of the first: what the rounds take adds up to nothing.
        const left = () => begins + round * step.every - this.#time();
        await this.#passTo({ at: 0 }, () => isLeft(leaving), left, place);
        const late = -left();
        if (late > step.every) begins += late;
      }
      place.inner ??= { at: 0 };
      place.ahead = undefined;
      this.#round.set(place.inner, { round, of: step.times });
      await this.#steps(roundOf(step, round), place.inner, failed, leaving);
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
    const ahead = this.#takeBack();
    // Whatever was written since, it said no more that this may be done.
    const said = ahead?.step === this.#now.get(place)?.step && ahead?.keeps === this.#keeps;
    if (said && await ahead?.written) return;
    if (this.#last) await this.#keep(false).catch(() => {});
    else await this.#keep(false);
  }

  /** As `#mark`, for what waits: it may be done again, and waits for no disk. */
  #note(place: Place): void {
    place.began ??= this.#parts.clock.date().getTime();
    this.#keep(false).catch(() => {});
  }

  /** Writes down where it stands. */
  #keep(all: boolean): Promise<void> {
    this.#keeps++;
    return this.#parts.keep(all);
  }

  /** What was written ahead holds no more. @returns It. */
  #takeBack(): Ahead | undefined {
    const ahead = this.#ahead;
    if (ahead !== undefined) ahead.wait.ahead = undefined;
    this.#ahead = undefined;
    return ahead;
  }

  /**
   * Waits for a time, and writes shortly before it that what comes may be done: that waits for no disk then.
   *
   * @param left How much is left, in seconds. @param wait Where what waits stands. @default the place
   */
  async #passTo(place: Place, skipped: () => boolean, left: (gone: number) => number, wait = place): Promise<void> {
    let writes = !this.#last;
    await this.#pass(place, skipped, (gone) => {
      const rest = left(gone);
      if (rest <= 0) return undefined;
      if (!writes) return rest;
      if (rest > writesAhead) return rest - writesAhead;
      writes = false;
      this.#writeAhead(wait);
      return rest;
    });
  }

  #writeAhead(wait: Place): void {
    // Of several that wait beside each other, each writes for itself.
    if (this.#now.size > 1) return;
    wait.ahead = true;
    const [step] = takeAhead(this.loaded.steps, structuredClone(this.#kept.place));
    if (step === undefined) return void (wait.ahead = undefined);
    const written = this.#keep(false).then(() => true, () => false);
    this.#ahead = { step, wait, written, keeps: this.#keeps };
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
    this.#gone.set(place, () => this.#time() - start);
    try {
      await this.#waitUntil(place, skipped, start, look);
    } finally {
      this.#gone.delete(place);
    }
  }

  async #waitUntil(
    place: Place,
    skipped: () => boolean,
    start: number,
    look: (gone: number) => number | undefined,
  ): Promise<void> {
    const { clock } = this.#parts;
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
    const { hub, elsewhere } = this.#parts.bench;
    const listener = ({ field }: { readonly field: BenchField }) => void (fields.includes(field) && this.#wake());
    const unsubscribe = [hub, ...elsewhere === undefined ? [] : [elsewhere.hub]].map((each) =>
      each.subscribe("change", listener, { name: "a run" })
    );
    this.#watched.add(fields);
    try {
      return await work();
    } finally {
      this.#watched.delete(fields);
      unsubscribe.forEach((each) => each());
    }
  }

  #field(instrument: string, field: string): BenchField {
    const found = this.#parts.bench.find(instrument);
    if (found === undefined) throw new Error(`${instrument} is not on the bench any more`);
    return found.field(field);
  }

  /** As PyOpticon tells it. */
  #tellSwitched({ setting, value }: Extract<RunStep, { kind: "set" }>, before: string): void {
    const nickname = this.#parts.bench.find(setting.instrument)?.title ?? setting.instrument;
    const { title } = this.#field(setting.instrument, setting.field);
    this.#tell(`switched ${nickname} ${title} from "${before}" to "${value}"`);
  }

  #tell(text: string, level: "info" | "warning" | "error" = "info"): void {
    this.#lines.tell(text, level);
  }
}

/** Is rejected when the run ends, which nobody may wait for. */
function ending(): PromiseWithResolvers<never> {
  const ends = Promise.withResolvers<never>();
  ends.promise.catch(() => {});
  return ends;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
