/**
 * The queue of runs: one is under way at a time, with control of the instruments that it drives. What is to survive a
 * restart is written down before it is acted on.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import type {
  AfterFailed,
  RunCheck,
  RunDescription,
  RunDetails,
  RunLine,
  RunsDescription,
} from "../../protocol/runs.ts";
import type { AccessStore } from "../access/access_store.ts";
import type { Control } from "../access/control.ts";
import { Principal } from "../access/principal.ts";
import type { Standing } from "../access/rights.ts";
import type { Bench } from "../bench/bench.ts";
import { type Clock, systemClock } from "../camera/clock.ts";
import type { Site } from "../config/site.ts";
import { BenchFileError } from "../files/source.ts";
import type { Given } from "./parameters.ts";
import { editedText } from "./edit_steps.ts";
import { takeAhead, unsure, unsureStep } from "./places.ts";
import { Run } from "./run.ts";
import type { RunOutcome } from "./running/run_end.ts";
import { checkLoaded, checkRun, unknownRun } from "./run_check.ts";
import { fieldsOf } from "./run_fields.ts";
import type { LoadedRun } from "./loaded_run.ts";
import { readRun } from "./run_file.ts";
import { type FirstLoaded, mayRunCode, RunLoader } from "./run_loader.ts";
import type { FileToRehearse, Rehearser } from "./rehearser.ts";
import { type KeptRun, type RunFiles, RunStore } from "./run_store.ts";
import { RunsFeed } from "./runs_feed.ts";
import { isProgram } from "./program_run.ts";
import { RunScript, type ScriptParts, Scripts } from "./script_process.ts";
import { counted, differenceOf, isScript, placeOfStep } from "./script_run.ts";
import { describeSteps, StepTimes } from "./step_times.ts";

const log = getLogger(["heliograph", "automation"]);

/** How often the queue is looked at, in milliseconds. */
const interval = 1000;
/** By so much the PC's clock may go on while its steady one does not, in seconds: more, and it was asleep. */
const mostAsleep = 5;
/** How many runs the queue has at most: a script could add others without end. */
const mostQueued = 100;
/** How many runs that have ended are kept. */
const mostHistory = 50;
/** Of how many of them it is known what they have told. */
const mostTold = 10;
/** For how long control is, in seconds; what a run works on keeps it. */
const longControl = 86_400;
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

/** The run that is under way. */
interface Active {
  readonly kept: KeptRun;
  readonly run: Run;
  readonly principal: Principal;
  readonly ends: () => void;
  readonly script: RunScript | undefined;
  /** Who has let it go on last, where that is known: what they hold, it may have. */
  starter: Principal | undefined;
}

/** How a run begins. */
interface Begin {
  readonly starter?: Principal | undefined;
  /** Why it stands still first. */
  readonly halted?: string | undefined;
  /** Whether it was under way before a restart. */
  readonly again?: boolean;
  readonly script?: RunScript | undefined;
  /** @default one is made */
  readonly principal?: Principal;
}

/** The runs of a bench. */
export class Runs {
  readonly #parts: RunsParts;
  readonly #clock: Clock;
  readonly #store: RunStore;
  readonly #scripts: Scripts;
  readonly #loader: RunLoader;
  #next = 1;
  #afterFailed: AfterFailed = "stop";
  #queue: KeptRun[] = [];
  #history: KeptRun[] = [];
  #active: Active | undefined;
  /** The run whose script is being loaded, so that it can begin. */
  #beginning: KeptRun | undefined;
  /** What the last runs that have ended have told, by their numbers. */
  readonly #told = new Map<number, RunLine[]>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #seen: { readonly steady: number; readonly wall: number } | undefined;
  #unsubscribe = () => {};
  #opened = false;
  #stopping = false;
  /** Tells watchers of the queue. */
  readonly feed: RunsFeed = new RunsFeed(() => this.describe());
  /** How many steps the files of runs have. */
  readonly #counts = new WeakMap<KeptRun, { readonly text: string; readonly count: number }>();
  /** Rehearses runs. @default nothing does */
  rehearser: Rehearser | undefined;
  /** Told whenever what `automation` shows may be another. */
  changed: () => void = () => {};

  /** Makes it, with an empty queue. */
  constructor(parts: RunsParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
    this.#store = new RunStore(parts.files);
    this.#scripts = new Scripts({ bench: parts.bench, ...parts.scripts });
    this.#loader = new RunLoader(parts.bench, this.#store, this.#scripts, () => this.#clock.date(), parts.site);
  }

  /** Reads what was kept, before the server gives up its permissions. */
  async open(): Promise<void> {
    const kept = await this.#store.open();
    if (kept !== undefined) {
      this.#next = kept.next;
      this.#afterFailed = kept.afterFailed;
      this.#queue = kept.queue;
      this.#history = kept.history;
    }
    this.#opened = true;
  }

  /** Goes on with what was under way when the server ended, and begins what waits. To be called when the bench is ready. */
  begin(): void {
    if (this.#timer !== undefined || this.#stopping) return;
    this.#timer = setInterval(() => this.#tick(), interval);
    this.#unsubscribe = this.#parts.control.onChange((instrument) => this.#lookAtControl(instrument));
    const cut = this.#queue.find(({ state }) => ["running", "paused", "finishing"].includes(state));
    if (cut !== undefined) this.#recover(cut);
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
    takeAhead(loaded.steps, kept.place);
    const step = unsureStep(loaded.steps, kept.place);
    const ended = kept.outcome !== undefined;
    if (!ended && loaded.afterRestart === "finally") {
      kept.outcome = { state: "stopped", reason: "the server was restarted" };
    }
    const stood = kept.state === "paused" && loaded.afterRestart === "continue" ? kept.reason : undefined;
    const asks = ended || loaded.afterRestart === "finally"
      ? undefined
      : step !== undefined
      ? unsure(step)
      : stood ?? (loaded.afterRestart === "ask"
        ? `the server was restarted while it was at “${loaded.steps[kept.place.at]?.text ?? "its end"}”; ` +
          "resume goes on with that, skip goes on after it, stop ends the run"
        : undefined);
    if (!loaded.isScript) return this.#start(kept, loaded, { halted: asks, again: true });
    const principal = this.#principalOf(kept);
    const script = this.#scriptOf(kept, principal);
    const calls = loaded.steps.slice(kept.place.at).some(({ kind }) => kind === "script");
    const fresh = calls ? "; it is loaded again for that, and has its variables as at its begin" : "";
    const halted = asks === undefined ? asks : `${asks}${fresh}`;
    this.#start(kept, loaded, { halted, again: true, script, principal });
    // Whoever decides should know whether its functions are still there.
    if (calls) {
      script.present().catch((error) => this.#active?.script === script && this.#active.run.remark(wordsOf(error)));
    }
  }

  /** @param again The number of a run whose file is taken, as it was then; 0 for none. */
  async #loadFirst(
    file: string,
    text: string,
    given: Given,
    principal: Principal,
    again = 0,
  ): Promise<FirstLoaded> {
    const kept = again > 0 ? this.#known(again) : undefined;
    // Of a program that is what it has yielded, and not the program.
    if (kept !== undefined && kept.script === undefined) {
      const { text, files } = this.#asItWas(again);
      return this.#loader.fromSteps(kept.file, text, given, files);
    }
    const mayDrive = (instrument: string) => this.#mayDrive([instrument], principal);
    return await this.#loader.first(kept?.file ?? file, kept?.text ?? text, given, principal, mayDrive);
  }

  #asItWas(id: number): Pick<FirstLoaded, "text" | "files"> {
    const { text, files } = this.#known(id);
    return { text, files: new Map(Object.entries(files)) };
  }

  /** What a run's file says, and what is wrong with it or keeps somebody from running it. */
  async check(file: string, text: string, given: Given, principal: Principal, again = 0): Promise<RunCheck> {
    try {
      if (isScript(file) || (isProgram(file) && again === 0)) {
        const { loaded } = await this.#loadFirst(file, text, given, principal, again);
        return checkLoaded(file, loaded, (instruments) => this.#mayDrive(instruments, principal));
      }
      const read = again > 0 ? this.#asItWas(again) : await this.#loader.read(file, text);
      const surroundings = this.#loader.surroundings(given, read.files);
      return checkRun(file, read.text, surroundings, (instruments) => this.#mayDrive(instruments, principal));
    } catch (error) {
      if (error instanceof BenchFileError) return unknownRun(error.problems);
      if (error instanceof HeliographError) return unknownRun([{ file, where: "", message: error.message }]);
      throw error;
    }
  }

  /**
   * What of a file is rehearsed.
   *
   * @param again The number of a run whose file is taken, as it was then; 0 for none.
   * @throws {BenchFileError} Where there is no such file. @throws {HeliographError} Where they may not evaluate code.
   */
  async toRehearse(file: string, text: string, again: number, principal: Principal): Promise<FileToRehearse> {
    const kept = again > 0 ? this.#known(again) : undefined;
    if (kept !== undefined && kept.script === undefined) {
      // Of a program that is what it has yielded.
      return { file: kept.file.replace(/\.[jt]s$/i, ".json"), text: kept.text, files: kept.files };
    }
    const name = kept?.file ?? file;
    if (isScript(name) || isProgram(name)) mayRunCode(principal);
    return { file: name, text: await this.#loader.textOf(name, kept?.text ?? text) };
  }

  /** The names of the run files in the bench's folder. */
  async files(): Promise<readonly string[]> {
    return await this.#store.list();
  }

  /** Whether somebody may drive all of them, and nobody else has control of one. */
  #mayDrive(instruments: readonly string[], principal: Principal): void {
    for (const name of instruments) {
      if (!principal.may("drive", name)) {
        throw new HeliographError("not_allowed", `The run drives ${name}, and you may not`);
      }
      // What another run has is free when that has ended.
      if (this.#active?.kept.instruments.includes(name)) continue;
      this.#parts.control.check(name, principal, "run");
    }
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
    this.#mustBeOpen();
    let first;
    try {
      first = await this.#loadFirst(file, text, given, principal, again);
    } catch (error) {
      if (!(error instanceof BenchFileError)) throw error;
      throw new HeliographError("bad_argument", `Cannot load the run: ${wordsOf(error)}`);
    }
    return await this.#add(file, first, at, principal);
  }

  /** Adds what was loaded. */
  async #add(
    file: string,
    { loaded, text, files, script }: FirstLoaded,
    at: number,
    principal: Principal,
  ): Promise<number> {
    if (this.#queue.length >= mostQueued) {
      throw new HeliographError("limit_exceeded", `The queue has ${mostQueued} runs already: remove some`);
    }
    this.#mayDrive(loaded.instruments, principal);
    const begins = placeOfStep(loaded, at);
    if (begins === undefined) {
      throw new HeliographError(
        "bad_argument",
        `Cannot begin at step ${at}: ${loaded.title} has ${counted(loaded)}, counted from 1`,
      );
    }
    const { origin } = principal;
    const { standing } = origin;
    const kept: KeptRun = {
      id: this.#next++,
      title: loaded.title,
      file,
      text,
      files: Object.fromEntries([...files].flatMap(([name, text]) => text === undefined ? [] : [[name, text]])),
      given: { ...loaded.given },
      ...script === undefined ? {} : { script },
      instruments: [...loaded.instruments],
      who: {
        label: origin.name === "" ? origin.label : origin.name,
        person: origin.person,
        roleName: standing.roleName,
        rights: [...standing.rights],
        instruments: standing.instruments === undefined ? null : [...standing.instruments],
      },
      state: "loaded",
      reason: "",
      startAt: null,
      began: null,
      ended: null,
      serial: 0,
      place: { at: begins },
      last: { at: 0 },
    };
    this.#queue.push(kept);
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
    const kept = this.#find(id);
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
    if (this.#active !== undefined || this.#beginning !== undefined || this.#stopping) return;
    const now = this.#clock.date().getTime();
    const kept = this.#queue.find(({ state, startAt }) =>
      state === "waiting" && (startAt === null || Date.parse(startAt) <= now)
    );
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
    const stillWaits = () => !this.#stopping && kept.state === "waiting" && this.#queue.includes(kept);
    const principal = this.#principalOf(kept);
    const script = this.#scriptOf(kept, principal);
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
      this.#start(kept, loaded, { starter, script, principal });
      begun = true;
      if (difference === undefined) return;
      this.#active?.run.remark(`it schedules other steps than when it was loaded: ${difference}; it does those of now`);
    } catch (error) {
      if (stillWaits()) this.#couldNotBegin(kept, error);
    } finally {
      this.#beginning = undefined;
      if (!begun) void script.stop();
      this.#beginNext();
    }
  }

  /** The script of a run: what its functions drive, the run takes control of. */
  #scriptOf(kept: KeptRun, principal: Principal): RunScript {
    return new RunScript(this.#scripts, {
      file: kept.file,
      source: kept.text,
      principal,
      steps: () => kept.script ?? [],
      use: (instrument) => {
        if (kept.instruments.includes(instrument)) return;
        const active = this.#active?.kept === kept ? this.#active : undefined;
        this.#take(instrument, active?.principal ?? principal, active?.starter);
        kept.instruments.push(instrument);
        void this.#keep().catch(() => {});
      },
    });
  }

  /** The principal of a run: it acts for whoever started it, for as long as they may. */
  #principalOf(kept: KeptRun): Principal {
    const { who } = kept;
    const atStart: Standing = {
      roleName: who.roleName,
      rights: new Set(who.rights),
      instruments: who.instruments === null ? undefined : new Set(who.instruments),
    };
    const { people } = this.#parts;
    const live = () => kept.who.person === "" ? atStart : people.standingOf(kept.who.person);
    const standing: Standing = {
      get roleName() {
        return live().roleName;
      },
      get rights() {
        return live().rights;
      },
      get instruments() {
        return live().instruments;
      },
    };
    return new Principal({ by: "program", name: `run ${kept.title} for ${who.label}`, yields: true }, standing);
  }

  #start(kept: KeptRun, loaded: LoadedRun, begin: Begin): void {
    const { starter, halted, again = false, script, principal = this.#principalOf(kept) } = begin;
    const { bench, control } = this.#parts;
    this.#takeAll(kept, principal, starter);
    // What is done at the end is done with the rights that there were at the begin.
    const last = new Principal({ by: "program", name: principal.name, yields: true }, {
      roleName: kept.who.roleName,
      rights: new Set(kept.who.rights),
      instruments: kept.who.instruments === null ? undefined : new Set(kept.who.instruments),
    });
    const told = { id: kept.id, title: kept.title };
    const run = new Run(loaded, kept, {
      bench,
      clock: this.#clock,
      act: ({ instrument, command, args, last: atEnd }) =>
        this.#parts.call(instrument, command, args, atEnd && !principal.may("drive", instrument) ? last : principal),
      note: (text) => this.#parts.note(text, principal),
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
    const working = control.work(principal);
    this.#active = { kept, run, principal, ends: working, script, starter };
    kept.state = "running";
    kept.began ??= this.#clock.date().toISOString();
    void this.#go(this.#active, halted, again);
  }

  async #go(active: Active, halted: string | undefined, again: boolean): Promise<void> {
    const { kept, run } = active;
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
    this.#active = undefined;
    active.ends();
    void active.script?.stop();
    this.#told.set(kept.id, run.lines());
    for (const id of [...this.#told.keys()].slice(0, -mostTold)) this.#told.delete(id);
    for (const name of kept.instruments) {
      if (this.#parts.control.holder(name)?.name === active.principal.name) {
        this.#parts.control.release(name, active.principal);
      }
    }
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

  /** Control of all instruments, or of none. @throws {HeliographError} `held` where somebody has one. */
  #takeAll(kept: KeptRun, principal: Principal, starter: Principal | undefined): void {
    const { control } = this.#parts;
    for (const name of kept.instruments) control.check(name, starter ?? principal, "run");
    for (const name of kept.instruments) this.#take(name, principal, starter);
  }

  /** Control of an instrument; whoever starts the run may hold it. @throws {HeliographError} `held`. */
  #take(name: string, principal: Principal, starter: Principal | undefined): void {
    const { control } = this.#parts;
    if (starter === undefined) control.take(name, principal, longControl);
    else control.handOver(name, starter, principal, longControl);
  }

  /** A person has taken an instrument that the run needs. */
  #lookAtControl(instrument: string): void {
    const active = this.#active;
    if (active === undefined || !active.kept.instruments.includes(instrument)) return;
    const holder = this.#parts.control.holder(instrument);
    if (holder === null || holder.name === active.principal.name) return;
    const who = holder.name === "" ? `client ${holder.session}` : holder.name;
    active.run.pause(`${who} has taken ${instrument} from it`);
    this.changed();
  }

  /** Whoever it acts for may not drive any more. */
  #lookAtRights(): void {
    const active = this.#active;
    if (active === undefined) return;
    const lost = lackedBy(active.principal, active.kept);
    if (lost === undefined) return;
    active.run.pause(`${active.kept.who.label} may not ${lost} any more; somebody who may can resume it`);
    this.changed();
  }

  #retire(kept: KeptRun, { state, reason }: { readonly state: KeptRun["state"]; readonly reason: string }): void {
    kept.state = state;
    kept.reason = reason;
    kept.ended = this.#clock.date().toISOString();
    this.#queue = this.#queue.filter((other) => other !== kept);
    this.#history = [kept, ...this.#history].slice(0, mostHistory);
    if (state !== "done") this.#othersAfter(kept);
    void this.#keep().catch(() => {});
    this.changed();
  }

  /** What becomes of those that wait when one has not got to its end. */
  #othersAfter({ id, state }: KeptRun): void {
    if (this.#afterFailed === "go on") return;
    const waiting = this.#queue.filter((each) => each.state === "waiting");
    const reason = `run ${id} was not done: it is ${state}`;
    for (const each of waiting) {
      each.reason = reason;
      if (this.#afterFailed === "stop") each.state = "loaded";
      else each.state = "stopped";
    }
    if (this.#afterFailed === "stop") return;
    this.#history = [...waiting, ...this.#history].slice(0, mostHistory);
    this.#queue = this.#queue.filter((each) => !waiting.includes(each));
  }

  #tick(): void {
    const [steady, wall] = [this.#clock.now(), this.#clock.date().getTime() / 1000];
    const asleep = this.#seen === undefined ? 0 : (wall - this.#seen.wall) - (steady - this.#seen.steady);
    if (asleep > mostAsleep) {
      const seconds = Math.round(asleep);
      const text = `this PC was asleep, or its clock was set, by ${seconds} s; waits go on by the time it was awake`;
      this.#active?.run.tell(text, "error");
    }
    this.#seen = { steady, wall };
    this.#lookAtRights();
    this.#beginNext();
    this.changed();
  }

  /** A run of the queue. @param id 0 for the one under way, or the first. */
  #find(id: number): KeptRun {
    const found = id === 0 ? this.#active?.kept ?? this.#queue[0] : this.#queue.find((each) => each.id === id);
    if (found !== undefined) return found;
    if (id === 0) throw new HeliographError("command_failed", "There is no run: automation.load adds one");
    const there = this.#queue.map((each) => `${each.id} (${each.title})`).join(", ") || "none";
    throw new HeliographError("bad_argument", `There is no run ${id} in the queue: there is ${there}`);
  }

  #activeOf(id: number, what: string): Active {
    const active = this.#active;
    if (active !== undefined && (id === 0 || active.kept.id === id)) return active;
    if (active === undefined) throw new HeliographError("command_failed", `Cannot ${what}: no run is under way`);
    throw new HeliographError("bad_argument", `Cannot ${what} run ${id}: run ${active.kept.id} is under way`);
  }

  /** Lets the run stand still. */
  pause(id: number, by: string): void {
    const { run } = this.#activeOf(id, "pause");
    if (run.finishing) throw new HeliographError("command_failed", "Cannot pause: it is at its finally, which is done");
    run.pause(`${by} paused it`);
    this.changed();
  }

  /** Goes on; what somebody else has taken meanwhile must be free again. From now on it acts for whoever resumes it. */
  resume(id: number, principal: Principal): void {
    const active = this.#activeOf(id, "resume");
    const { run, kept } = active;
    if (run.pausedBecause === undefined) {
      throw new HeliographError("command_failed", `Cannot resume run ${kept.id}: it is not paused`);
    }
    this.#decide(active, principal);
    run.resume(principal.origin.label);
    this.changed();
  }

  /** Leaves the step that is under way. */
  skip(id: number, principal: Principal): void {
    const active = this.#activeOf(id, "skip a step of");
    const { run } = active;
    if (run.finishing) throw new HeliographError("command_failed", "Cannot skip: it is at its finally, which is done");
    if (run.pausedBecause !== undefined) this.#decide(active, principal);
    run.skip(principal.origin.label);
    this.changed();
  }

  /** Somebody lets a run go on. */
  #decide(active: Active, principal: Principal): void {
    const { kept, principal: own } = active;
    const lacked = lackedBy(principal, kept);
    if (lacked !== undefined) {
      throw new HeliographError("not_allowed", `Cannot resume run ${kept.id}: for that, you would have to ${lacked}`);
    }
    active.starter = principal;
    if (lackedBy(own, kept) !== undefined) {
      const { origin } = principal;
      const { standing } = origin;
      kept.who.label = origin.name === "" ? origin.label : origin.name;
      kept.who.person = origin.person;
      kept.who.roleName = standing.roleName;
      kept.who.rights = [...standing.rights];
      kept.who.instruments = standing.instruments === undefined ? null : [...standing.instruments];
    }
    for (const name of kept.instruments) {
      if (this.#parts.control.holder(name)?.name === own.name) continue;
      this.#parts.control.handOver(name, principal, own, longControl);
    }
  }

  /** Ends the run, with its `finally`. */
  stop(id: number, by: string): void {
    this.#activeOf(id, "stop").run.end({ state: "stopped", reason: `${by} stopped it` });
    this.changed();
  }

  /** Ends the run at once, without its `finally`. */
  abort(id: number, by: string): void {
    this.#activeOf(id, "abort").run.end({ state: "aborted", reason: `${by} aborted it` });
    this.changed();
  }

  /** Pauses or stops what is under way, if anything: a guard asks. */
  forGuard(what: "pause" | "stop", by: string): void {
    if (this.#active === undefined || this.#active.run.finishing) return;
    if (what === "pause") this.pause(0, by);
    else this.stop(0, by);
  }

  /** Answers what the run asks. */
  answer(id: number, said: string, by: string): void {
    const { run, kept } = this.#activeOf(id, "answer");
    if (run.asks === null) throw new HeliographError("command_failed", `Run ${kept.id} asks nothing`);
    run.answer(said, by);
    this.changed();
  }

  /** Moves a run that waits to a place of the queue. @param to From 1. */
  async move(id: number, to: number): Promise<void> {
    const kept = this.#find(id);
    if (kept === this.#active?.kept) {
      throw new HeliographError("command_failed", `Cannot move run ${kept.id}: it is under way`);
    }
    const first = this.#active === undefined ? 0 : 1;
    const others = this.#queue.filter((each) => each !== kept);
    if (!(to >= 1 && to <= this.#queue.length)) {
      throw new HeliographError("bad_argument", `There is no place ${to}: the queue has ${this.#queue.length}`);
    }
    others.splice(Math.max(first, to - 1), 0, kept);
    this.#queue = others;
    await this.#keep();
  }

  /** Takes a run that waits from the queue. */
  async remove(id: number, by: string): Promise<void> {
    const kept = this.#find(id);
    if (kept === this.#active?.kept) {
      throw new HeliographError("command_failed", `Cannot remove run ${kept.id}: it is under way; stop ends it`);
    }
    this.#queue = this.#queue.filter((each) => each !== kept);
    log.info("{by} removed run {id} {title}", { by, id: kept.id, title: kept.title });
    await this.#keep();
  }

  /** Adds a run anew that is in the queue or has ended, as it was given. */
  async repeat(id: number, principal: Principal): Promise<number> {
    const kept = this.#known(id);
    return await this.load(kept.file, "", kept.given, 1, principal, id);
  }

  /** A run of the queue or of those that have ended. */
  #known(id: number): KeptRun {
    const kept = [...this.#queue, ...this.#history].find((each) => each.id === id);
    if (kept === undefined) throw new HeliographError("bad_argument", `There was no run ${id}, or it is long ago`);
    return kept;
  }

  /**
   * Puts others in the place of the steps that are still to come.
   *
   * @param steps As a file has them, as a JSON list.
   * @throws {HeliographError} With all that is wrong, and nothing is changed.
   */
  async edit(id: number, steps: string, principal: Principal): Promise<void> {
    const kept = this.#find(id);
    const run = this.#active?.kept === kept ? this.#active.run : undefined;
    if (kept.script !== undefined) {
      throw new HeliographError("bad_argument", "Cannot change its steps: they are those that its script schedules");
    }
    if (run?.finishing) throw new HeliographError("command_failed", "Cannot change its steps: it is at its finally");
    const first = kept.place.at + (run === undefined ? 0 : 1);
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
    if (run !== undefined) {
      for (const name of more) this.#parts.control.handOver(name, principal, this.#active!.principal, longControl);
    }
    kept.text = text;
    kept.edits = (kept.edits ?? 0) + 1;
    kept.instruments.push(...more);
    kept.serial++;
    const written = this.#keep();
    run?.edit(loaded.steps, written);
    await written;
    log.info("{by} changed what is still to come of run {id} {title}", {
      by: principal.origin.label,
      id: kept.id,
      title: kept.title,
    });
  }

  /** Says what becomes of those that wait when one has not got to its end. */
  async setAfterFailed(what: AfterFailed): Promise<void> {
    this.#afterFailed = what;
    await this.#keep();
  }

  /** The queue. */
  describe(): RunsDescription {
    return {
      runs: this.#queue.map((each) => this.#describe(each)),
      afterFailed: this.#afterFailed,
      lastEnded: this.#history[0]?.id ?? 0,
      hint: this.#store.hint,
      noRehearsal: this.rehearser === undefined ? "its bench has no file" : this.rehearser.whyNot,
    };
  }

  /** Those that have ended, the last first. */
  history(): RunDescription[] {
    return this.#history.map((each) => this.#describe(each));
  }

  /**
   * One of them.
   *
   * @param after The number of the last of its lines that is known already.
   * @param withSteps Whether its steps are told.
   */
  show(id: number, after: number, withSteps: boolean): RunDetails {
    const active = this.#active;
    const kept = id === 0
      ? active?.kept ?? this.#find(0)
      : [...this.#queue, ...this.#history].find((each) => each.id === id) ?? this.#find(id);
    const run = active?.kept === kept ? active.run : undefined;
    const loaded = run?.loaded ?? this.#tryLoad(kept);
    const under = kept.ended === null && kept.began !== null;
    const steps = run?.describe() ??
      describeSteps(loaded?.steps ?? [], kept.place.at, false, {
        isScript: loaded?.isScript,
        times: new StepTimes(kept.times),
      });
    // A script's steps are its own: nobody changes them.
    const canBeChanged = kept.script === undefined && (under || kept.began === null);
    const words = canBeChanged ? readRun(kept.file, kept.text).words.steps : [];
    return {
      ...this.#describe(kept),
      steps: !withSteps
        ? []
        : steps.map((step, at) =>
          step.state === "to come" && words[at] !== undefined ? { ...step, words: words[at] } : step
        ),
      finally: describeSteps(loaded?.finally ?? [], kept.last.at, run?.finishing === true),
      lines: run?.lines(after) ?? this.#told.get(kept.id)?.filter(({ number }) => number > after) ?? [],
      fields: loaded === undefined ? [] : fieldsOf(loaded, this.#parts.bench),
    };
  }

  /** A run that is not under way; `undefined` where its file does not fit the bench any more. */
  #tryLoad(kept: KeptRun): LoadedRun | undefined {
    try {
      return this.#loader.again(kept);
    } catch {
      return undefined;
    }
  }

  /** What `automation` shows of the run under way. */
  get summary(): RunDescription | undefined {
    return this.#active && this.#describe(this.#active.kept);
  }

  #describe(kept: KeptRun): RunDescription {
    const run = this.#active?.kept === kept ? this.#active.run : undefined;
    const state = run === undefined
      ? kept.state
      : run.finishing
      ? "finishing"
      : run.pausedBecause !== undefined
      ? "paused"
      : "running";
    return {
      id: kept.id,
      title: kept.title,
      file: kept.file,
      state,
      reason: run?.pausedBecause ?? kept.reason,
      who: kept.who.label,
      parameters: kept.given,
      instruments: kept.instruments,
      ...this.#progressOf(kept, run),
      now: run?.now ?? [],
      left: run?.left ?? { seconds: 0, atLeast: true },
      nextIn: run?.nextIn ?? null,
      waitingFor: run?.waitingFor ?? [],
      asks: run?.asks ?? null,
      told: run?.told ?? this.#told.get(kept.id)?.at(-1)?.number ?? 0,
      edits: kept.edits ?? 0,
      startAt: kept.startAt,
      began: kept.began,
      ended: kept.ended,
    };
  }

  /** How many steps are done, and how many there are. */
  #progressOf(kept: KeptRun, run: Run | undefined): { done: number; of: number } {
    const { place: { at }, script } = kept;
    if (run === undefined && script === undefined) return { done: at, of: this.#stepsOf(kept) };
    try {
      const loaded = run?.loaded ?? this.#loader.again(kept);
      return { done: counted(loaded, at), of: counted(loaded) };
    } catch {
      // The bench has changed.
      return { done: 0, of: 0 };
    }
  }

  #stepsOf(kept: KeptRun): number {
    const { file, text } = kept;
    const known = this.#counts.get(kept);
    // The queue is told often.
    if (known?.text === text) return known.count;
    const count = readRun(file, text).words.steps.length;
    this.#counts.set(kept, { text, count });
    return count;
  }

  #keep(): Promise<void> {
    this.changed();
    return this.#store.keep(() => {
      const active = this.#active;
      if (active !== undefined) {
        const { kept, run } = active;
        kept.state = run.finishing ? "finishing" : run.pausedBecause !== undefined ? "paused" : "running";
        kept.reason = run.pausedBecause ?? "";
        kept.times = run.times;
      }
      return { next: this.#next, afterFailed: this.#afterFailed, queue: this.#queue, history: this.#history };
    });
  }

  #mustBeOpen(): void {
    if (!this.#opened) throw new HeliographError("unavailable", "Runs are not read yet: the server is starting");
  }

  /** Does nothing any more: a run that is under way stays where it is, and is known after the next start. */
  freeze(): void {
    this.#stopping = true;
    clearInterval(this.#timer);
    this.feed.stop();
    this.#unsubscribe();
    this.#active?.run.freeze();
  }

  /** Waits until what is known is written, and ends. */
  async close(): Promise<void> {
    this.freeze();
    await this.#store.stop();
  }
}

/** What somebody may not do and a run does; `undefined` where they may do all of it. */
function lackedBy(principal: Principal, { instruments, script }: KeptRun): string | undefined {
  if (script !== undefined && !principal.may("evaluate")) return "evaluate code";
  const lacked = instruments.find((name) => !principal.may("drive", name));
  return lacked === undefined ? undefined : `drive ${lacked}`;
}

/** What is wrong, on one line. */
export function wordsOf(error: unknown): string {
  if (error instanceof BenchFileError) return error.message.split("\n").join("; ");
  return error instanceof Error ? error.message : String(error);
}
