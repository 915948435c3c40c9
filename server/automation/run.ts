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
import type { LoadedRun } from "./loaded_run.ts";
import { begin, isLeft, type Leaving, next, unsure, unsurePlaces } from "./places.ts";
import { RunLines } from "./run_lines.ts";
import type { KeptRun, Place } from "./run_store.ts";
import { BenchSteps, type RunRequest } from "./running/bench_steps.ts";
import { ExposeSteps, type Round } from "./running/expose_steps.ts";
import { PlaceWriter } from "./running/place_writer.ts";
import { QuestionSteps } from "./running/question_steps.ts";
import { Ended, RunEnd, type RunOutcome, Skipped } from "./running/run_end.ts";
import { RunTime } from "./running/run_time.ts";
import { ScriptSteps } from "./running/script_steps.ts";
import { StepsNow } from "./running/steps_now.ts";
import { WaitSteps } from "./running/wait_steps.ts";
import { Waits } from "./running/waits.ts";
import type { RunScript } from "./script_process.ts";
import { describeSteps, StepTimes } from "./step_times.ts";
import { roundOf, type RunStep, type Time } from "./steps.ts";
import { leftOf, leftOfStep, type UnderWay } from "./time_left.ts";

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
  /** Why it stands still, and whether that is until a person decides. */
  #paused: { readonly reason: string; readonly decides: boolean } | undefined;
  #skips = 0;
  /** Which round it is of the steps that are repeated, by where those stand. */
  readonly #round = new WeakMap<Place, Round>();
  /** What may have been done when the server ended before. */
  readonly #unsure: Set<Place>;
  readonly #lines: RunLines;
  readonly #time: RunTime;
  readonly #end: RunEnd;
  readonly #now = new StepsNow();
  readonly #writer: PlaceWriter;
  readonly #waits: Waits;
  readonly #bench: BenchSteps;
  readonly #waiting: WaitSteps;
  readonly #exposes: ExposeSteps;
  readonly #script: ScriptSteps;
  readonly #questions: QuestionSteps;
  readonly #underWay: UnderWay;

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
    const { bench, act, keep, script, awaitEvery } = parts;
    const lines = this.#lines = new RunLines(parts);
    script?.printTo((line) => lines.print(line));
    const time = this.#time = new RunTime(parts.clock);
    const end = this.#end = new RunEnd(() => time.wake());
    const now = this.#now;
    const writer = this.#writer = new PlaceWriter(this.#own, kept.place, { keep, time, end, now });
    const waits = this.#waits = new Waits({ bench, time, end, writer });
    const pause = (reason: string) => this.#halt(reason, false, "warning");
    this.#bench = new BenchSteps(loaded.isScript, { bench, act, end, writer, waits, lines });
    this.#waiting = new WaitSteps({ bench, time, end, now, writer, waits, lines });
    this.#exposes = new ExposeSteps({ bench, act, pause, time, end, now, writer, waits, lines });
    this.#script = new ScriptSteps({ script, awaitEvery, time, end, now, writer, waits, lines });
    this.#questions = new QuestionSteps({ time, writer, waits, lines });
    this.#underWay = {
      now: () => time.wall(),
      gone: (place) => waits.goneAt(place),
      exposure: (place, camera) => now.at(place) === undefined ? undefined : this.#exposes.exposure(camera),
      readout: (camera) => this.#exposes.readout(camera),
    };
  }

  /** What it is at. */
  get state(): "running" | "paused" | "finishing" {
    if (this.finishing) return "finishing";
    return this.#paused === undefined ? "running" : "paused";
  }

  /** Why it stands still; `undefined` where it does not. */
  get pausedBecause(): string | undefined {
    return this.#paused?.reason;
  }

  /** Whether it is at its `finally`. */
  get finishing(): boolean {
    return this.#end.isFinishing;
  }

  /** What it asks a person. */
  get asks(): string | null {
    return this.#questions.question;
  }

  /** What it does now. */
  get now(): string[] {
    return this.#now.progress;
  }

  /** The parts of the conditions that it waits for. */
  get waitingFor(): ConditionPart[] {
    return this.#now.waitingFor;
  }

  /** The fields that it waits for. */
  get watches(): BenchField[] {
    return this.#waits.watches;
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

  /** How long it still takes, as far as that is known. */
  get left(): Time {
    const { place, outcome } = this.#kept;
    return outcome === undefined ? leftOf(this.#own, place, this.#underWay) : { seconds: 0, atLeast: true };
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

  /** Stands still: at once inside waits, ramps and exposures, after what is under way otherwise. */
  pause(reason: string): void {
    if (this.finishing || this.#end.why !== undefined || this.#paused !== undefined) return;
    this.#halt(reason, false, "warning");
  }

  #halt(reason: string, decides: boolean, level: "warning" | "error"): void {
    this.#paused = { reason, decides };
    this.#time.stop();
    this.#writer.takeBack();
    this.#lines.tell(`paused: ${reason}`, level);
    void this.#writer.keep(true).catch(() => {});
    this.#time.wake();
  }

  /** Tells something that whoever decides should know. */
  remark(text: string): void {
    if (this.#paused !== undefined) this.#paused = { ...this.#paused, reason: `${this.#paused.reason}; ${text}` };
    this.#lines.tell(text, "warning");
  }

  /** Goes on; a step that has failed is tried again. */
  resume(by: string): void {
    if (this.#paused === undefined) return;
    this.#paused = undefined;
    this.#time.go();
    this.#lines.tell(`${by} resumed it`);
    void this.#writer.keep(true).catch(() => {});
    this.#time.wake();
  }

  /** Leaves the step that is under way, or the one that has failed. */
  skip(by: string): void {
    const decides = this.#paused?.decides ?? false;
    this.#writer.takeBack();
    const texts = this.#now.texts.map((text) => `“${text}”`).join(" and ");
    this.#lines.tell(`${by} skipped ${texts || "the next step"}`);
    this.#skips++;
    if (decides) this.resume(by);
    this.#time.wake();
  }

  /** Ends it: `finally` is done where it was not aborted. */
  end(outcome: RunOutcome): void {
    this.#end.end(outcome);
  }

  /** Does nothing any more, and stays where it is: the server stops. */
  freeze(): void {
    this.#end.freeze();
    if (this.#writer.takeBack() !== undefined) void this.#writer.keep(false).catch(() => {});
  }

  /** Told of something that people may want to read with what it tells itself. */
  tell(text: string, level: "warning" | "error"): void {
    this.#lines.tell(text, level);
  }

  /** Answers what it asks. @param said What somebody says. */
  answer(said: string, by: string): void {
    this.#questions.answer(said, by);
  }

  /**
   * Does it, from where it stands.
   *
   * @param halted Why it stands still first. @default it does not
   */
  async run(halted?: string): Promise<RunOutcome> {
    const kept = this.#kept;
    if (kept.outcome === undefined) {
      this.#script.begin();
      if (halted !== undefined) this.#halt(halted, true, "error");
      try {
        await this.#steps(this.#own, kept.place);
        kept.outcome = { state: "done", reason: "" };
      } catch (error) {
        if (this.#end.isFrozen) throw error;
        kept.outcome = error instanceof Ended ? error.outcome : { state: "failed", reason: messageOf(error) };
      }
    }
    if (kept.outcome.state !== "aborted" && this.loaded.finally.length > 0) await this.#finish();
    return kept.outcome;
  }

  async #finish(): Promise<void> {
    const kept = this.#kept;
    this.#end.finish();
    this.#paused = undefined;
    this.#time.go();
    this.#questions.clear();
    this.#lines.tell(`finally${kept.outcome!.reason === "" ? "" : `, since ${kept.outcome!.reason}`}`);
    await this.#writer.keep(true).catch(() => {});
    const failed: string[] = [];
    try {
      await this.#steps(this.loaded.finally, kept.last, failed);
    } catch (error) {
      if (this.#end.isFrozen) throw error;
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
        for (; this.#editing !== undefined; this.#writer.takeBack()) await this.#editing;
        if (place.at >= steps.length) return;
        this.#times.begin(place.at, this.#time.wall());
      }
      const step = steps[place.at]!;
      if (failed === undefined) await this.#step(step, place, leaving);
      else await this.#lastStep(step, place, failed);
      if (steps === this.#own) this.#times.end(place.at, this.#time.wall());
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
        this.#end.check();
        await this.#time.sleep();
      }
      this.#end.check();
      if (skipped()) return;
      // Somebody has decided.
      place.acting = undefined;
      if (!holds) this.#now.set(place, { step });
      try {
        return await this.#do(step, place, skipped, undefined, within);
      } catch (error) {
        if (error instanceof Skipped) return;
        if (error instanceof Ended || this.#end.isFrozen) throw error;
        const reason = messageOf(error);
        begin(place);
        if (step.otherwise.length > 0) {
          this.#lines.tell(`“${step.text}” failed: ${reason}; instead ${step.otherwise[0]!.text}`, "warning");
          place.instead = { at: 0 };
        } else if (leaving !== undefined) {
          leaving.left = true;
          this.#time.wake();
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
        if (error instanceof Ended || this.#end.isFrozen) throw error;
        const reason = `“${step.text}” failed: ${messageOf(error)}`;
        begin(place);
        this.#lines.tell(reason, wait === undefined ? "error" : "warning");
        if (wait !== undefined) {
          await this.#waits.until({ at: 0 }, () => false, (gone) => gone >= wait ? undefined : wait - gone);
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
    if (step.kind !== "rounds") this.#lines.tell(step.text);
    switch (step.kind) {
      case "set":
        return await this.#bench.set(step, place, skipped);
      case "call":
        return await this.#bench.call(step, place);
      case "ramp":
        return await this.#bench.ramp(step, place, skipped);
      case "expose":
        return await this.#exposes.take(step, place, skipped, this.#round.get(place));
      case "wait":
        // A script's delays add up to nothing.
        if (this.loaded.isScript) return await this.#script.delay(step, place, skipped);
        return await this.#waiting.time(step, place, skipped);
      case "time of day":
        return await this.#waiting.timeOfDay(step, place, skipped);
      case "sun":
        return await this.#waiting.sun(step, place, skipped);
      case "condition":
        return await this.#waiting.condition(step, place, skipped);
      case "script":
        if (step.waits) return await this.#script.condition(step, place, skipped);
        return await this.#script.call(step, place);
      case "ask":
        return await this.#questions.ask(step, place, skipped);
      case "note":
        await this.#writer.mark(place);
        return this.#parts.note(step.note);
      case "rounds":
        return await this.#rounds(step, place, failed, leaving);
      case "parallel":
        return await this.#branches(step, place, failed, leaving);
    }
  }

  async #rounds(
    step: Extract<RunStep, { kind: "rounds" }>,
    place: Place,
    failed: string[] | undefined,
    leaving: Leaving | undefined,
  ): Promise<void> {
    this.#lines.tell(step.text);
    place.began ??= this.#time.wall();
    let begins = this.#time.now() - (step.every * (place.round ?? 0));
    for (let round = place.round ?? 0; round < step.times; round++) {
      place.round = round;
      if (place.inner === undefined && step.every > 0 && round > 0) {
        // From the begin of the first: what the rounds take adds up to nothing.
        const left = () => begins + round * step.every - this.#time.now();
        await this.#waits.forTime({ at: 0 }, () => isLeft(leaving), left, place);
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

  async #branches(
    step: Extract<RunStep, { kind: "parallel" }>,
    place: Place,
    failed: string[] | undefined,
    leaving: Leaving | undefined,
  ): Promise<void> {
    const branches = place.branches ??= step.branches.map(() => ({ at: 0 }));
    const all = step.branches.map((branch, index) => this.#steps(branch, branches[index]!, failed, leaving));
    const wrong = (await Promise.allSettled(all)).flatMap((each) => each.status === "rejected" ? [each.reason] : []);
    // Those that were left say nothing of why.
    if (wrong.length > 0) throw wrong.find((each) => !(each instanceof Skipped)) ?? wrong[0];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
