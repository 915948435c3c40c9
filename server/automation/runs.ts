/**
 * The queue of runs: one is under way at a time, with control of the instruments that it drives. What is to survive a
 * restart is written down before it is acted on.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import type { AfterFailed, RunDescription, RunDetails, RunsDescription } from "../../protocol/runs.ts";
import type { AccessStore } from "../access/access_store.ts";
import type { Control } from "../access/control.ts";
import type { Principal } from "../access/principal.ts";
import type { Bench } from "../bench/bench.ts";
import { type Clock, systemClock } from "../camera/clock.ts";
import type { Site } from "../config/site.ts";
import { BenchFileError } from "../files/source.ts";
import { afterRestart } from "./after_restart.ts";
import { Asleep } from "./asleep.ts";
import { editedText } from "./edit_steps.ts";
import { wordsOf } from "./error_words.ts";
import type { LoadedRun } from "./loaded_run.ts";
import type { Given } from "./parameters.ts";
import type { Rehearser } from "./rehearser.ts";
import { Run } from "./run.ts";
import { checkMayDrive, RunActor } from "./run_actor.ts";
import { RunDescriber } from "./run_describer.ts";
import { loadedEntry, RunIntake } from "./run_intake.ts";
import { type FirstLoaded, mayRunCode, RunLoader } from "./run_loader.ts";
import { RunQueue } from "./run_queue.ts";
import { type KeptRun, type RunFiles, RunStore } from "./run_store.ts";
import { RunUnderWay } from "./run_under_way.ts";
import type { RunOutcome } from "./running/run_end.ts";
import { RunsFeed } from "./runs_feed.ts";
import { RunScript, type ScriptParts, Scripts } from "./script_process.ts";
import { differenceOf, isScript } from "./script_run.ts";

const log = getLogger(["heliograph", "automation"]);

/** How often the queue is looked at, in milliseconds. */
const interval = 1000;
/** For how long a run that goes on after a restart waits for its instruments, in seconds. */
const longestReach = 30;

/** What the server gives to runs. */
export interface RunsParts {
  readonly bench: Bench;
  readonly control: Control;
  /** Who may do what. */
  readonly people: Pick<AccessStore, "standingOf">;
  /** The one way in. */
  readonly call: (instrument: string, command: string, args: readonly unknown[], principal: Principal) => unknown;
  /** Writes a line into the journal. */
  readonly note: (text: string, principal: Principal) => void;
  /** Runs PyOpticon's scripts. */
  readonly scripts: Omit<ScriptParts, "bench">;
  /** Where they are kept. */
  readonly files: RunFiles;
  /** Where on Earth the bench stands. @default it is not known */
  readonly site?: Site | undefined;
  /** @default the PC's */
  readonly clock?: Clock;
}

/** How a run begins. */
interface Begin {
  /** Who lets it begin, where that is known: what they hold, it may have. */
  readonly starter?: Principal | undefined;
  /** Why it stands still first. */
  readonly halted?: string | undefined;
  /** Whether it was under way before a restart. */
  readonly again?: boolean;
  readonly script?: RunScript | undefined;
  /** @default one is made */
  readonly actor?: RunActor;
}

/** The runs of a bench. */
export class Runs {
  /** The run that is under way. */
  readonly underWay: RunUnderWay = new RunUnderWay(() => this.changed());
  /** Takes runs in, and checks what is not to be run yet. */
  readonly intake: RunIntake;
  /** Tells watchers of the queue. */
  readonly feed: RunsFeed = new RunsFeed(() => this.describe());
  /** Rehearses runs. @default nothing does */
  rehearser: Rehearser | undefined;
  /** Told whenever what `automation` shows may be another. */
  changed: () => void = () => {};
  readonly #parts: RunsParts;
  readonly #clock: Clock;
  readonly #store: RunStore;
  readonly #scripts: Scripts;
  readonly #loader: RunLoader;
  readonly #queue = new RunQueue(() => this.underWay.active?.kept);
  readonly #describer: RunDescriber;
  readonly #asleep: Asleep;
  /** The run whose script is being loaded, so that it can begin. */
  #beginning: KeptRun | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #unsubscribe = () => {};
  #opened = false;
  #stopping = false;

  /** Makes it, with an empty queue. */
  constructor(parts: RunsParts) {
    const { bench, clock = systemClock, site } = parts;
    this.#parts = parts;
    this.#clock = clock;
    this.#store = new RunStore(parts.files);
    this.#scripts = new Scripts({ bench, ...parts.scripts });
    this.#loader = new RunLoader(bench, this.#store, this.#scripts, () => clock.date(), site);
    this.#describer = new RunDescriber(bench, this.#loader);
    this.#asleep = new Asleep(clock);
    this.intake = new RunIntake(
      this.#loader,
      this.#queue,
      (instruments, principal) => this.#mayDrive(instruments, principal),
    );
  }

  /** Reads what was kept, before the server gives up its permissions. */
  async open(): Promise<void> {
    const kept = await this.#store.open();
    if (kept !== undefined) this.#queue.take(kept);
    this.#opened = true;
  }

  /** Goes on with what was under way when the server ended, and begins what waits. To be called when the bench is ready. */
  begin(): void {
    if (this.#timer !== undefined || this.#stopping) return;
    this.#timer = setInterval(() => this.#tick(), interval);
    this.#unsubscribe = this.#parts.control.onChange((instrument) => this.underWay.lookAtControl(instrument));
    const { cutOff } = this.#queue;
    if (cutOff !== undefined) this.#recover(cutOff);
    this.#tick();
  }

  /** A run that was under way when the server ended. */
  #recover(kept: KeptRun): void {
    let loaded: LoadedRun;
    try {
      loaded = this.#loader.again(kept);
    } catch (error) {
      const reason = `it cannot go on after the restart: ${wordsOf(error)}`;
      log.error("Run {id} {title}: {reason}. Its finally is NOT done: look at the instruments", {
        id: kept.id,
        title: kept.title,
        reason,
      });
      return this.#retire(kept, { state: "failed", reason });
    }
    const halted = afterRestart(kept, loaded);
    if (!loaded.isScript) return this.#start(kept, loaded, { halted, again: true });
    const actor = this.#actorOf(kept);
    const script = this.#scriptOf(kept, actor);
    const calls = loaded.steps.slice(kept.place.at).some(({ kind }) => kind === "script");
    const fresh = calls ? "; it is loaded again for that, and has its variables as at its begin" : "";
    this.#start(kept, loaded, { halted: halted && `${halted}${fresh}`, again: true, script, actor });
    // Whoever decides should know whether its functions are still there.
    if (calls) {
      script.present().catch((error) => this.underWay.runOf(kept)?.remark(wordsOf(error)));
    }
  }

  /** The names of the run files in the bench's folder. */
  async files(): Promise<readonly string[]> {
    return await this.#store.list();
  }

  #mayDrive(instruments: readonly string[], principal: Principal): void {
    checkMayDrive(instruments, principal, this.#parts.control, this.underWay.active?.kept);
  }

  /**
   * Adds a run to the end of the queue.
   *
   * @param at The number of the step to begin at, from 1.
   * @param principal For whom it acts.
   * @param again The number of a run whose file is taken, as it was then. @default the file is
   * @throws {HeliographError} With all that is wrong.
   */
  async load(
    file: string,
    text: string,
    given: Given,
    at: number,
    principal: Principal,
    again = 0,
  ): Promise<number> {
    if (!this.#opened) throw new HeliographError("unavailable", "Runs are not read yet: the server is starting");
    let first: FirstLoaded;
    try {
      first = await this.intake.load({ file, text, again }, given, principal);
    } catch (error) {
      if (!(error instanceof BenchFileError)) throw error;
      throw new HeliographError("bad_argument", `Cannot load the run: ${wordsOf(error)}`);
    }
    this.#queue.checkRoom();
    this.#mayDrive(first.loaded.instruments, principal);
    const kept = this.#queue.add(loadedEntry(file, first, at, principal));
    await this.#keep();
    log.info("{who} added run {id} {title}", { who: kept.who.label, id: kept.id, title: kept.title });
    return kept.id;
  }

  /**
   * Lets a run begin: in its turn, or at a time.
   *
   * @param startAt When, in milliseconds since 1970. @default as soon as it is its turn
   */
  async start(id: number, startAt: number | undefined, principal: Principal): Promise<void> {
    const kept = this.#queue.find(id);
    if (kept.state !== "loaded" && kept.state !== "waiting") {
      throw new HeliographError("command_failed", `Cannot start run ${kept.id}: it is ${kept.state}`);
    }
    this.#mayDrive(kept.instruments, principal);
    if (isScript(kept.file)) mayRunCode(principal);
    kept.state = "waiting";
    kept.reason = "";
    kept.startAt = startAt === undefined ? null : new Date(startAt).toISOString();
    await this.#keep();
    this.#beginNext(principal);
  }

  /** Begins the next that waits. @param principal Who asks for it now, if anybody: what they hold, it may have. */
  #beginNext(principal?: Principal): void {
    if (this.underWay.active !== undefined || this.#beginning !== undefined || this.#stopping) return;
    const kept = this.#queue.nextToBegin(this.#clock.date().getTime());
    if (kept === undefined) return;
    if (kept.script !== undefined) return void this.#beginScript(kept, principal);
    try {
      this.#start(kept, this.#loader.again(kept), { starter: principal });
    } catch (error) {
      this.#couldNotBegin(kept, error);
    }
  }

  #couldNotBegin(kept: KeptRun, error: unknown): void {
    const reason = `it could not begin: ${wordsOf(error)}`;
    log.error("Run {id} {title}: {reason}", { id: kept.id, title: kept.title, reason });
    this.#retire(kept, { state: "failed", reason });
  }

  /** Loads a script again, and begins it: with the steps that it schedules now. */
  async #beginScript(kept: KeptRun, starter: Principal | undefined): Promise<void> {
    this.#beginning = kept;
    const stillWaits = () => !this.#stopping && kept.state === "waiting" && this.#queue.queue.includes(kept);
    const actor = this.#actorOf(kept);
    const script = this.#scriptOf(kept, actor);
    let begun = false;
    try {
      const steps = await script.begin();
      if (!stillWaits()) return;
      const difference = differenceOf(kept.script!, steps, false);
      if (difference !== undefined && kept.place.at > 0) {
        throw new Error(`it schedules other steps than when it was loaded: ${difference}; load it again`);
      }
      kept.script = [...steps];
      const loaded = this.#loader.again(kept);
      kept.instruments = [...loaded.instruments];
      this.#start(kept, loaded, { starter, script, actor });
      begun = true;
      if (difference === undefined) return;
      this.underWay.active?.run.remark(
        `it schedules other steps than when it was loaded: ${difference}; it does those of now`,
      );
    } catch (error) {
      if (stillWaits()) this.#couldNotBegin(kept, error);
    } finally {
      this.#beginning = undefined;
      if (!begun) void script.stop();
      this.#beginNext();
    }
  }

  /** The script of a run: what its functions drive, the run takes control of. */
  #scriptOf(kept: KeptRun, actor: RunActor): RunScript {
    return new RunScript(this.#scripts, {
      file: kept.file,
      source: kept.text,
      principal: actor.principal,
      steps: () => kept.script ?? [],
      use: (instrument) => {
        if (kept.instruments.includes(instrument)) return;
        actor.take(instrument);
        kept.instruments.push(instrument);
        void this.#keep().catch(() => {});
      },
    });
  }

  #actorOf(kept: KeptRun): RunActor {
    return new RunActor(kept, this.#parts.control, this.#parts.people);
  }

  #start(kept: KeptRun, loaded: LoadedRun, begin: Begin): void {
    const { starter, halted, again = false, script, actor = this.#actorOf(kept) } = begin;
    actor.takeAll(starter);
    const told = { id: kept.id, title: kept.title };
    const run = new Run(loaded, kept, {
      bench: this.#parts.bench,
      clock: this.#clock,
      act: ({ instrument, command, args, last }) =>
        this.#parts.call(instrument, command, args, actor.asking(instrument, last)),
      note: (text) => this.#parts.note(text, actor.principal),
      keep: (all) => {
        kept.serial++;
        return all ? this.#keep() : this.#store.mark(kept);
      },
      tell: (text, level) => {
        log[level]("Run {id} {title}: {text}", { ...told, text });
        this.changed();
      },
      script,
    });
    this.underWay.begin({ kept, run, actor, ends: actor.work(), script });
    kept.state = "running";
    kept.began ??= this.#clock.date().toISOString();
    void this.#go(kept, run, halted, again);
  }

  async #go(kept: KeptRun, run: Run, halted: string | undefined, again: boolean): Promise<void> {
    try {
      await this.#keep();
    } catch {
      // The first step tells it.
    }
    if (again && halted === undefined) await this.#reached(kept.instruments);
    if (this.#stopping) return;
    let outcome: RunOutcome;
    try {
      outcome = await run.run(halted);
    } catch (error) {
      // The server stops, and the run stays where it is.
      if (this.#stopping) return;
      outcome = { state: "failed", reason: wordsOf(error) };
    }
    kept.times = run.times;
    this.underWay.end();
    this.#describer.ended(kept, run.lines());
    const { state, reason } = outcome;
    const level = state === "done" ? "info" : state === "failed" ? "error" : "warning";
    log[level]("Run {id} {title} {state}{reason}", {
      id: kept.id,
      title: kept.title,
      state: state === "done" ? "is done" : `was ${state}`.replace("was failed", "has FAILED"),
      reason: reason === "" ? "" : `: ${reason}`,
    });
    this.#retire(kept, outcome);
    this.#beginNext();
  }

  /** After a restart instruments are reached one after the other. */
  async #reached(instruments: readonly string[]): Promise<void> {
    const end = this.#clock.now() + longestReach;
    const away = () => instruments.some((name) => this.#parts.bench.find(name)?.contact?.state === "connecting");
    while (away() && this.#clock.now() < end && !this.#stopping) await this.#clock.wait(0.1);
  }

  #retire(kept: KeptRun, { state, reason }: { readonly state: KeptRun["state"]; readonly reason: string }): void {
    this.#queue.retire(kept, state, reason, this.#clock.date().toISOString());
    void this.#keep().catch(() => {});
    this.changed();
  }

  #tick(): void {
    const seconds = this.#asleep.since();
    if (seconds !== undefined) {
      const text = `this PC was asleep, or its clock was set, by ${seconds} s; waits go on by the time it was awake`;
      this.underWay.active?.run.tell(text, "error");
    }
    this.underWay.lookAtRights();
    this.#beginNext();
    this.changed();
  }

  /** Moves a run that waits to a place of the queue. @param to From 1. */
  async move(id: number, to: number): Promise<void> {
    this.#queue.move(id, to);
    await this.#keep();
  }

  /** Takes a run that waits from the queue. */
  async remove(id: number, by: string): Promise<void> {
    const kept = this.#queue.remove(id);
    log.info("{by} removed run {id} {title}", { by, id: kept.id, title: kept.title });
    await this.#keep();
  }

  /** Adds a run anew that is in the queue or has ended, as it was given. */
  async repeat(id: number, principal: Principal): Promise<number> {
    const kept = this.#queue.known(id);
    return await this.load(kept.file, "", kept.given, 1, principal, id);
  }

  /**
   * Puts others in the place of the steps that are still to come.
   *
   * @param steps As a file has them, as a JSON list.
   * @throws {HeliographError} With all that is wrong, and nothing is changed.
   */
  async edit(id: number, steps: string, principal: Principal): Promise<void> {
    const kept = this.#queue.find(id);
    const active = this.underWay.active?.kept === kept ? this.underWay.active : undefined;
    if (kept.script !== undefined) {
      throw new HeliographError("bad_argument", "Cannot change its steps: they are those that its script schedules");
    }
    if (active?.run.finishing) {
      throw new HeliographError("command_failed", "Cannot change its steps: it is at its finally");
    }
    const first = kept.place.at + (active === undefined ? 0 : 1);
    let text: string, loaded: LoadedRun;
    try {
      text = editedText(kept.file, kept.text, first, steps);
      loaded = this.#loader.again({ ...kept, text });
    } catch (error) {
      if (!(error instanceof BenchFileError)) throw error;
      throw new HeliographError("bad_argument", `Cannot change the steps: ${wordsOf(error)}`);
    }
    this.#mayDrive([...kept.instruments, ...loaded.instruments], principal);
    const more = loaded.instruments.filter((name) => !kept.instruments.includes(name));
    active?.actor.takeFrom(principal, more);
    kept.text = text;
    kept.edits = (kept.edits ?? 0) + 1;
    kept.instruments.push(...more);
    kept.serial++;
    const written = this.#keep();
    active?.run.edit(loaded.steps, written);
    await written;
    log.info("{by} changed what is still to come of run {id} {title}", {
      by: principal.origin.label,
      id: kept.id,
      title: kept.title,
    });
  }

  /** Says what becomes of those that wait when one has not got to its end. */
  async setAfterFailed(what: AfterFailed): Promise<void> {
    this.#queue.afterFailed = what;
    await this.#keep();
  }

  /** The queue. */
  describe(): RunsDescription {
    const { queue, history, afterFailed } = this.#queue;
    return {
      runs: queue.map((each) => this.#describer.describe(each, this.underWay.runOf(each))),
      afterFailed,
      lastEnded: history[0]?.id ?? 0,
      hint: this.#store.hint,
      noRehearsal: this.rehearser === undefined ? "its bench has no file" : this.rehearser.whyNot,
    };
  }

  /** Those that have ended, the last first. */
  history(): RunDescription[] {
    return this.#queue.history.map((each) => this.#describer.describe(each, undefined));
  }

  /**
   * One of them.
   *
   * @param id 0 for the one under way, or the first of the queue.
   * @param after The number of the last of its lines that is known already.
   * @param withSteps Whether its steps are told.
   */
  show(id: number, after: number, withSteps: boolean): RunDetails {
    const kept = this.#queue.lookUp(id) ?? this.#queue.find(id);
    return this.#describer.show(kept, this.underWay.runOf(kept), after, withSteps);
  }

  /** What `automation` shows of the run under way. */
  get summary(): RunDescription | undefined {
    const { active } = this.underWay;
    return active && this.#describer.describe(active.kept, active.run);
  }

  #keep(): Promise<void> {
    this.changed();
    return this.#store.keep(() => {
      if (this.underWay.active !== undefined) {
        const { kept, run } = this.underWay.active;
        kept.state = run.state;
        kept.reason = run.pausedBecause ?? "";
        kept.times = run.times;
      }
      return this.#queue.all;
    });
  }

  /** Does nothing any more: a run that is under way stays where it is, and is known after the next start. */
  freeze(): void {
    this.#stopping = true;
    clearInterval(this.#timer);
    this.feed.stop();
    this.#unsubscribe();
    this.underWay.active?.run.freeze();
  }

  /** Waits until what is known is written, and ends. */
  async close(): Promise<void> {
    this.freeze();
    await this.#store.stop();
  }
}
