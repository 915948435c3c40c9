/**
 * The guards of a bench: its interlocks, its watchdogs and its safe state. Whatever is asked of an instrument asks them.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { Severity } from "../../protocol/alarms.ts";
import type { AlarmSummary, GuardsDescription, TripDescription } from "../../protocol/guards.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { Principal } from "../access/principal.ts";
import type { Bench } from "../bench/bench.ts";
import type { BoundArguments, Command } from "../bench/command.ts";
import type { Expectations } from "../bench/elsewhere.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { identifierOf } from "../bench/names.ts";
import { Windows } from "../expressions/windows.ts";
import { Actions } from "./actions.ts";
import { Alarms, type OwnAlarm } from "./alarms.ts";
import { compileGuards } from "./compiled.ts";
import { type Forbidden, forbiddenBy } from "./forbidding.ts";
import { Limits } from "./limits.ts";
import { GuardStore } from "./guard_store.ts";
import { GuardsFeed } from "./guards_feed.ts";
import { unknownGuard } from "./guard_words.ts";
import type { GuardsWords } from "./guards_schema.ts";
import { Interlock } from "./interlock.ts";
import { type Act, type Step, stepsOf } from "./steps.ts";
import { tryReally, wouldDo } from "./trying.ts";
import type { StepWords } from "./steps_schema.ts";
import { Watchdogs } from "./watchdogs.ts";

const log = getLogger(["heliograph", "guards"]);

/** How often all of them are looked at, in milliseconds. */
const interval = 1000;
/** So much later is an alarm of its own, in milliseconds. */
const late = 2000;
/** How long whoever asks for the safe state waits for its steps at most, in seconds. */
export const safeDeadline = 120;
/** The longest that an interlock is bypassed, in seconds. */
const longestBypass = 86_400;

/** So many trips are told. */
const mostTrips = 50;

/** What guards are to be like. */
export interface GuardsOptions {
  /** Does a step. */
  readonly act: Act;
  /** Whether somebody may call a command of an instrument now. @throws {HeliographError} Where not. @default anybody may */
  readonly allow?: (instrument: Instrument, name: string, command: Command, asker: Principal) => void;
  /** The absolute path of the file that their state is kept in. @default it is not kept */
  readonly file?: string | undefined;
  /** A clock that nobody sets, in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** The guards of a bench. */
export class Guards {
  readonly #bench: Bench;
  readonly #words: GuardsWords;
  readonly #options: GuardsOptions;
  readonly #now: () => number;
  readonly #windows: Windows;
  readonly #store: GuardStore;
  readonly #interlocks = new Map<string, Interlock>();
  /** Its watchdogs. */
  readonly watchdogs: Watchdogs;
  readonly #safeActions: Actions;
  /** What watchers are told. */
  readonly feed: GuardsFeed = new GuardsFeed(() => this.describe());
  #trips: readonly TripDescription[] = [];
  /** The alarms, also those of whoever else has something to tell. */
  readonly alarms: Alarms;
  readonly #limits: Limits;
  readonly #late: OwnAlarm;
  #safeState: readonly Step[] | undefined;
  /** Which interlocks look at a field. */
  #watching = new Map<BenchField, Interlock[]>();
  /** What is forbidden now, by instrument. */
  #forbidden = new Map<Instrument, (Forbidden & { readonly by: Interlock })[]>();
  #unsubscribe: readonly (() => void)[] = [];
  /** What its conditions name of other PCs; `undefined` where none can be named. */
  readonly #elsewhere: Expectations | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #looked = 0;
  readonly #ended = new AbortController();
  /** The run of the safe state that somebody has asked for. */
  #saving: Promise<readonly Step[]> | undefined;

  /**
   * Makes them; what is not known yet forbids from now on.
   *
   * @param bench All of its instruments are on it.
   * @param words What its file says, checked by {@linkcode compileGuards}.
   */
  constructor(bench: Bench, words: GuardsWords, options: GuardsOptions) {
    this.#bench = bench;
    this.#words = words;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#windows = new Windows(this.#now);
    this.#store = new GuardStore(options.file);
    this.alarms = new Alarms(bench, words.alarms ?? {}, { now: this.#now, changed: () => this.#keep() });
    this.#late = this.alarms.own("late", {
      title: "Guards late",
      severity: "high",
      text: "See what else this PC does: for that time nothing was guarded",
    });
    this.alarms.tellOf({
      title: "Guards not kept",
      severity: "medium",
      text: "See to the disk of this PC: after a restart, what is latched would not be so",
      reason: () => this.#store.failed ? this.#store.hint : "",
    });
    this.#safeActions = new Actions("the safe state", options.act, this.#failing("the safe state", "critical"));
    const limited = () => {
      this.#keep();
      this.feed.changed();
    };
    this.#limits = new Limits(words.limits ?? {}, { ...this.#parts, changed: limited });
    this.watchdogs = new Watchdogs({
      ...this.#parts,
      safeState: () => this.#safeState,
      compile: (step) => this.#compileStep(step),
      allow: (steps, asker) => this.#allow(steps, asker, true),
    });
    const again = () => {
      this.#compile();
      this.look();
    };
    const { elsewhere } = bench;
    this.#elsewhere = elsewhere?.expecting(again);
    this.#compile();
    // Conditions speak of other PCs' fields too.
    this.#unsubscribe = [bench.hub, ...elsewhere === undefined ? [] : [elsewhere.hub]].flatMap((hub) => [
      hub.subscribe("reading", ({ field }) => {
        this.#windows.reading(field);
        this.#limits.read(field);
      }, { name: "the guards" }),
      hub.subscribe("change", ({ field }) => {
        this.#watching.get(field)?.forEach((each) => this.#look(each));
        this.alarms.changed(field);
        // What waits for a confirm may be too much.
        if (this.#limits.has(field)) this.feed.changed();
      }, { name: "the guards" }),
      hub.subscribe("contact", ({ instrument }) => this.alarms.contactChanged(instrument), { name: "the guards" }),
    ]).concat(
      bench.hub.subscribe("alarm", () => this.feed.changed(), { name: "the guards" }),
      bench.hub.subscribe("bench", again, { name: "the guards" }),
    );
    for (const each of this.#interlocks.values()) this.#look(each);
  }

  get #parts() {
    return {
      act: this.#options.act,
      now: this.#now,
      changed: () => this.#changed(),
      tripped: (trip: Omit<TripDescription, "name">) => this.#tripped(trip),
      alarms: this.alarms,
      failing: (of: string, severity: Severity) => this.#failing(of, severity),
    };
  }

  /** The alarm that a step has failed again and again. @param of Whose step. */
  #failing(of: string, severity: Severity): OwnAlarm {
    return this.alarms.own(`steps of ${of}`, {
      title: `Steps of ${of}`,
      severity,
      text: "Go there and do by hand what failed",
    });
  }

  #tripped(trip: Omit<TripDescription, "name">): void {
    const name = String(Number(this.#trips.at(-1)?.name ?? 0) + 1);
    this.#trips = [...this.#trips, { name, ...trip }].slice(-mostTrips);
    this.feed.changed();
  }

  #compile(): void {
    const compiled = compileGuards(this.#words, this.#bench.instruments, this.#windows, this.#elsewhere);
    const parts = this.#parts;
    this.#safeState = compiled.safeState;
    this.alarms.compile(compiled.alarms);
    this.#limits.compile(compiled.limits);
    for (const [title, words] of Object.entries(this.#words.interlocks ?? {})) {
      const now = compiled.interlocks.get(title)!;
      const there = this.#interlocks.get(identifierOf(title));
      if (there === undefined) this.#interlocks.set(identifierOf(title), new Interlock(title, words, now, parts));
      else there.compiled = now;
    }
    this.watchdogs.compile(this.#words.watchdogs ?? {}, compiled.watchdogs);
    this.#watching = new Map();
    for (const each of this.#interlocks.values()) {
      const { condition, until } = each.compiled;
      for (const field of new Set([...condition?.fields ?? [], ...until?.fields ?? []])) {
        const others = this.#watching.get(field);
        if (others === undefined) this.#watching.set(field, [each]);
        else others.push(each);
      }
    }
    this.#changed();
  }

  /** A fault in one of them harms no other. */
  #look(interlock: Interlock): void {
    try {
      interlock.look();
    } catch (error) {
      log.error("Interlock {name} cannot be looked at: {reason}", {
        name: interlock.title,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** What is forbidden, or is to be kept, may be another. */
  #changed(): void {
    this.#forbidden = new Map();
    for (const by of this.#interlocks.values()) {
      if (!by.forbids) continue;
      for (const each of by.compiled.forbids) {
        const others = this.#forbidden.get(each.instrument);
        if (others === undefined) this.#forbidden.set(each.instrument, [{ ...each, by }]);
        else others.push({ ...each, by });
      }
    }
    this.#keep();
    this.feed.changed();
  }

  #keep(): void {
    // Nothing of it is known before it was read.
    if (this.#timer === undefined) return;
    const kept = <T>(of: (interlock: Interlock) => T | undefined) =>
      Object.fromEntries(
        [...this.#interlocks].flatMap(([name, each]) => {
          const value = of(each);
          return value === undefined ? [] : [[name, value] as const];
        }),
      );
    this.#store.keep({
      interlocks: kept((each) => each.kept),
      bypasses: kept((each) => each.bypassed),
      watchdogs: this.watchdogs.kept,
      trips: this.#trips,
      alarms: this.alarms.kept,
      limits: this.#limits.kept,
    });
  }

  /** Reads what was kept, before the server gives up its permissions, and begins to look. */
  async open(): Promise<void> {
    const kept = await this.#store.open();
    if (this.#ended.signal.aborted) return;
    if (kept !== "lost") {
      // What has tripped since the start comes after what is kept.
      const since = this.#trips;
      this.#trips = kept?.trips ?? [];
      for (const { name: _, ...trip } of since) this.#tripped(trip);
      this.watchdogs.resume(kept?.watchdogs ?? {});
    }
    this.#timer ??= setInterval(() => this.#tick(), interval);
    this.#looked = this.#now();
    for (const [name, each] of this.#interlocks) {
      if (kept === "lost") each.resume("lost", undefined);
      else each.resume(kept?.interlocks[name], kept?.bypasses[name]);
    }
    this.#limits.resume(kept === "lost" ? "lost" : kept?.limits);
    this.alarms.resume(kept === "lost" ? "lost" : kept?.alarms);
    this.#changed();
  }

  #tick(): void {
    const now = this.#now();
    if (now - this.#looked > interval + late) {
      const seconds = Math.round((now - this.#looked) / 1000);
      log.error("The guards were not looked at for {seconds} s: this PC was asleep, or had too much to do", {
        seconds,
      });
      this.#late.raise(`nothing was looked at for ${seconds} s: this PC was asleep, or had too much to do`);
    } else this.#late.clear();
    this.#looked = now;
    this.look();
    // What could not be written is tried again.
    if (this.#store.hint !== "") this.#keep();
    this.feed.lookForListeners();
    this.alarms.lookAtServer();
  }

  /** Looks at all of them. */
  look(): void {
    for (const each of this.#interlocks.values()) this.#look(each);
    this.watchdogs.look();
    this.#limits.look();
    this.alarms.look();
  }

  /** Ends. */
  async stop(): Promise<void> {
    this.#ended.abort();
    clearInterval(this.#timer);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#elsewhere?.[Symbol.dispose]();
    this.alarms.stop();
    this.#limits.stop();
    for (const each of this.#interlocks.values()) each.stop();
    this.watchdogs.stop();
    this.#safeActions.stop();
    await this.#store.stop();
  }

  /**
   * Whether a command may be run now.
   *
   * @throws {HeliographError} `forbidden`, with the interlock or the limit, why, and what would help.
   */
  check(instrument: Instrument, name: string, command: Command, bound: BoundArguments): void {
    this.#limits.check(instrument, name, command, bound);
    this.#checkInterlocks(instrument, name, command, bound);
  }

  #checkInterlocks(instrument: Instrument, name: string, command: Command, bound: BoundArguments): void {
    const forbidden = this.#forbidden.get(instrument);
    if (forbidden === undefined) return;
    const found = forbiddenBy(forbidden, instrument, name, command, bound);
    if (found === undefined) return;
    const { by, text } = found;
    throw new HeliographError(
      "forbidden",
      `Cannot ${
        name === "set" || name === "confirm" ? `${name} ${instrument.name}` : `call ${instrument.name}.${name}`
      }: ` +
        `interlock ${by.title} forbids ${text}: ${by.why}`,
    );
  }

  /** A step as it was typed, checked against the bench. @throws {TypeError} With what is wrong. */
  #compileStep(words: StepWords): Step[] {
    const problems: string[] = [];
    const steps = stepsOf([words], [], this.#bench.instruments, this.#safeState, (_, wrong) => problems.push(wrong));
    if (problems.length > 0) throw new TypeError(problems.join("; "));
    return steps;
  }

  /**
   * Whether somebody may have these steps done by a guard, which nothing forbids then: only what they may do now.
   *
   * @param later Whether they are done some time: then also what an interlock forbids only now and then, by its value.
   */
  #allow(steps: readonly Step[], asker: Principal, later: boolean): void {
    for (const { instrument, command: name, args, otherwise } of steps) {
      const command = instrument.findCommand(name);
      // Where there are no runs, none is paused.
      if (command === undefined) continue;
      this.#options.allow?.(instrument, name, command, asker);
      const bound = command.bind(instrument.name, name, args, new Map());
      this.#checkInterlocks(instrument, name, command, bound);
      const byValue = [...this.#interlocks.values()].flatMap((by) =>
        by.compiled.forbids.filter((each) => each.instrument === instrument && (each.above ?? each.below) !== undefined)
          .map((each) => ({ ...each, by }))
      );
      const found = later ? forbiddenBy(byValue, instrument, name, command, bound) : undefined;
      if (found !== undefined) {
        throw new HeliographError(
          "forbidden",
          `interlock ${found.by.title} forbids ${found.text} while it is tripped, and this would be done all the same`,
        );
      }
      this.#allow(otherwise, asker, later);
    }
  }

  /** A command begins, which limits count. @param byGuard Whether a guard asks, which waits for no confirm. */
  begins(instrument: Instrument, name: string, bound: BoundArguments, byGuard: boolean): void {
    this.#limits.begins(instrument, name, bound, byGuard);
  }

  /** What they are, and what has become of them. */
  describe(): GuardsDescription {
    return {
      interlocks: [...this.#interlocks.values()].map((each) => each.describe()),
      watchdogs: this.watchdogs.describe(),
      limits: this.#limits.describe(),
      trips: this.#trips,
      alarms: this.alarms.list(),
      normalAlarms: this.alarms.normal,
      safeState: this.#safeActions.describe(this.#safeState ?? []),
      hint: this.#store.hint,
    };
  }

  /** What people should see of them at a glance: titles. */
  get summary(): {
    readonly tripped: string[];
    readonly bypassed: string[];
    readonly expired: string[];
    readonly alarms: AlarmSummary;
  } {
    const inState = (...states: string[]) =>
      [...this.#interlocks.values()].filter((each) => states.includes(each.describe().state)).map(({ title }) => title);
    return {
      tripped: inState("tripped", "latched", "pending"),
      bypassed: inState("bypassed"),
      expired: this.watchdogs.all.filter(({ expired }) => expired).map(({ title }) => title),
      alarms: this.alarms.summary,
    };
  }

  /** What a guard would do. @param name Of an interlock or a watchdog; `safe state` for that. */
  test(name: string): string[] {
    const { forbids, steps } = this.#guardCalled(name);
    return [...forbids.map(({ text }) => `would forbid ${text}`), ...wouldDo(steps)];
  }

  /**
   * Does what a guard does, once and for real; it is as it was afterwards.
   *
   * @param name Of an interlock or a watchdog; `safe state` for that.
   * @param asker Who may do all of it themselves.
   * @param ends Begins no further step.
   * @returns What has become of each step.
   */
  async testReally(name: string, asker: Principal, ends: AbortSignal): Promise<string[]> {
    const { what, steps } = this.#guardCalled(name);
    if (steps.length === 0) {
      throw new HeliographError("unavailable", `Cannot test ${what} on the real instruments: it does nothing there`);
    }
    try {
      this.#allow(steps, asker, false);
    } catch (error) {
      if (!(error instanceof HeliographError)) throw error;
      throw new HeliographError(error.code, `Cannot test ${what} on the real instruments: ${error.message}`);
    }
    const all = AbortSignal.any([ends, this.#ended.signal]);
    return await tryReally(what, steps, { by: asker.origin.label, act: this.#options.act, ends: all });
  }

  #guardCalled(name: string): {
    readonly what: string;
    readonly forbids: readonly Forbidden[];
    readonly steps: readonly Step[];
  } {
    const wanted = identifierOf(name);
    if (wanted === "safe_state" || wanted === "safe") {
      return { what: "the safe state", forbids: [], steps: this.#safeState ?? [] };
    }
    const interlock = this.#interlocks.get(wanted);
    if (interlock !== undefined) {
      const { forbids, trips } = interlock.compiled;
      return { what: `interlock ${interlock.title}`, forbids, steps: trips };
    }
    const watchdog = this.watchdogs.find(name);
    if (watchdog !== undefined) return { what: `watchdog ${watchdog.title}`, forbids: [], steps: watchdog.steps };
    throw unknownGuard(name, "guard", [...this.#interlocks.values(), ...this.watchdogs.all]);
  }

  /** Lets an interlock or an alarm go that has latched. */
  reset(name: string, by: string): void {
    if (!this.#interlocks.has(identifierOf(name)) && this.alarms.has(name)) return this.alarms.reset(name, by);
    this.#interlock(name).reset(by);
    this.alarms.look();
  }

  /** Leaves an interlock out of force for a while. @param seconds How long. */
  bypass(name: string, seconds: number, reason: string, by: string): void {
    const interlock = this.#interlock(name);
    if (!(seconds > 0 && seconds <= longestBypass)) {
      throw new HeliographError("bad_argument", `Cannot bypass ${interlock.title} for ${seconds} s: at most 24h`);
    }
    if (reason.trim() === "") {
      throw new HeliographError("bad_argument", `Cannot bypass ${interlock.title} without a reason: say why`);
    }
    const [since, until] = [0, seconds].map((later) => new Date(Date.now() + later * 1000).toISOString());
    interlock.bypass({ by, reason: reason.trim(), since: since!, until: until! }, seconds * 1000);
  }

  /** Puts an interlock into force again before the end of its bypass. */
  endBypass(name: string, by: string): void {
    this.#interlock(name).endBypass(`${by} has ended its bypass`);
    this.look();
  }

  /**
   * Makes the bench safe.
   *
   * @returns The steps that have failed so far; they are tried again.
   */
  async safe(by: string): Promise<readonly Step[]> {
    if (this.#safeState === undefined) {
      throw new HeliographError("unavailable", 'There is no safe state: say "safeState": [ … ] in the bench file');
    }
    log.warning("{by} asked for the safe state", { by });
    // Who asks a second time waits for the same.
    this.#saving ??= this.#safeActions.run(this.#safeState, () => true).finally(() => this.#saving = undefined);
    return await this.#saving;
  }

  #interlock(name: string): Interlock {
    const found = this.#interlocks.get(identifierOf(name));
    if (found === undefined) throw unknownGuard(name, "interlock", [...this.#interlocks.values()]);
    return found;
  }
}
