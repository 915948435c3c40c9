/**
 * The watchdogs of a bench: those of its file, and those that somebody begins and ends.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { WatchdogDescription } from "../../protocol/guards.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { identifierOf } from "../bench/names.ts";
import type { Principal } from "../access/principal.ts";
import { unknownGuard } from "./guard_words.ts";
import type { KeptWatchdog } from "./guard_store.ts";
import type { WatchdogWords } from "./guards_schema.ts";
import type { InterlockParts } from "./interlock.ts";
import { readSteps, type TypedStep } from "./step_text.ts";
import type { Step } from "./steps.ts";
import type { StepWords } from "./steps_schema.ts";
import { Watchdog } from "./watchdog.ts";

const log = getLogger(["heliograph", "guards"]);

/** What watchdogs need of the others. */
export interface WatchdogsParts extends InterlockParts {
  /** What the safe state does now; `undefined` where there is none. */
  readonly safeState: () => readonly Step[] | undefined;
  /** Checks a step against the bench as it is now. @throws {TypeError} With what is wrong. */
  readonly compile: (words: StepWords) => readonly Step[];
  /** Whether somebody may have these steps done. @throws {HeliographError} Where they may not. */
  readonly allow: (steps: readonly Step[], asker: Principal) => void;
}

/** The watchdogs of a bench. */
export class Watchdogs {
  readonly #parts: WatchdogsParts;
  readonly #all = new Map<string, Watchdog>();
  /** What those do that somebody has begun, as it was typed; empty for the safe state. */
  readonly #typed = new Map<Watchdog, string>();

  /** Makes it, without any. */
  constructor(parts: WatchdogsParts) {
    this.#parts = parts;
  }

  /** All of them. */
  get all(): readonly Watchdog[] {
    return [...this.#all.values()];
  }

  /** The instruments are others, or those of the bench file are not there yet. @param steps What those of it do, by title. */
  compile(words: Readonly<Record<string, WatchdogWords>>, steps: ReadonlyMap<string, readonly Step[]>): void {
    for (const [title, { within, summary = "" }] of Object.entries(words)) {
      const there = this.#all.get(identifierOf(title));
      const does = steps.get(title)!;
      if (there !== undefined) there.steps = does;
      else this.#make(title, { summary, fixed: true, within, by: "the start of the server", steps: does });
    }
    for (const [watchdog, then] of this.#typed) this.#compileTyped(watchdog, then);
  }

  /** What cannot be done any more is an alarm; the safe state is done in its stead. */
  #compileTyped(watchdog: Watchdog, then: string): void {
    const safeState = this.#parts.safeState();
    const problems: string[] = [];
    const steps = then === "" ? safeState ?? [] : readSteps(then).flatMap(({ text, words }) => {
      try {
        return this.#parts.compile(words);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        problems.push(`${text}: ${error.message}`);
        return [];
      }
    });
    if (then === "" && safeState === undefined) problems.push("there is no safe state any more");
    watchdog.steps = problems.length === 0 || then === "" ? steps : [...steps, ...safeState ?? []];
    watchdog.problem = problems.join("; ");
  }

  #make(title: string, options: Omit<ConstructorParameters<typeof Watchdog>[1], "parts">): Watchdog {
    const watchdog = new Watchdog(title, { ...options, parts: this.#parts });
    this.#all.set(watchdog.name, watchdog);
    return watchdog;
  }

  /** What is to be known of them after a restart. */
  get kept(): Readonly<Record<string, KeptWatchdog>> {
    return Object.fromEntries(
      [...this.#all].map(([name, each]) => [name, { ...each.kept, then: this.#typed.get(each) ?? "" }]),
    );
  }

  /** Goes on with what was kept. */
  resume(kept: Readonly<Record<string, KeptWatchdog>>): void {
    for (const [name, each] of Object.entries(kept)) {
      let watchdog = this.#all.get(name);
      if (watchdog === undefined) {
        watchdog = this.#make(name, { summary: "", fixed: false, within: each.within, by: each.renewedBy, steps: [] });
        this.#typed.set(watchdog, each.then);
        this.#compileTyped(watchdog, each.then);
      }
      watchdog.resume(each);
    }
  }

  /**
   * Begins a watchdog, or renews one with another time.
   *
   * @param then What it does, as {@linkcode readSteps} takes it; empty for the safe state, or for what it did before.
   */
  begin(title: string, seconds: number, then: string, asker: Principal): void {
    const by = asker.origin.label;
    const there = this.#all.get(identifierOf(title));
    if (there?.fixed) {
      const what = then === "" ? "its time" : "its time and its steps";
      throw new HeliographError("unavailable", `Cannot change watchdog ${there.title}: the bench file says ${what}`);
    }
    if (identifierOf(title) === "") {
      throw new HeliographError("bad_argument", "A watchdog's name needs a letter or a digit");
    }
    const steps = then === "" ? this.#parts.safeState() : this.#check(title, readSteps(then), asker);
    if (there !== undefined && then === "") return there.renew(by, seconds);
    if (steps === undefined) {
      throw new HeliographError(
        "unavailable",
        `Cannot begin watchdog ${title}: there is no safe state; say "safeState": [ … ] in the bench file, or what ` +
          'else is done: --then "set oven.power 0"',
      );
    }
    const watchdog = there ?? this.#make(title, { summary: "", fixed: false, within: seconds, by, steps });
    if (there !== undefined) there.renew(by, seconds);
    watchdog.steps = steps;
    watchdog.problem = "";
    this.#typed.set(watchdog, then);
    log.info("{by} began watchdog {name}: {does}, unless it is renewed within {seconds} s", {
      by,
      name: watchdog.title,
      does: then === "" ? "the safe state" : steps.map(({ text }) => text).join(", then "),
      seconds,
    });
    this.#parts.changed();
  }

  /** What was typed, as steps that this one may have done. */
  #check(title: string, typed: readonly TypedStep[], asker: Principal): Step[] {
    return typed.flatMap(({ text, words }, index) => {
      const at = `Cannot begin watchdog ${title}: step ${index + 1}, "${text}"`;
      try {
        const steps = this.#parts.compile(words);
        // The safe state, and to stop a run, is for every operator.
        if (typeof words !== "string") this.#parts.allow(steps, asker);
        return steps;
      } catch (error) {
        if (error instanceof TypeError) throw new HeliographError("bad_argument", `${at}: ${error.message}`);
        if (error instanceof HeliographError) throw new HeliographError(error.code, `${at}: ${error.message}`);
        throw error;
      }
    });
  }

  /** A sign of life. */
  renew(name: string, by: string): void {
    this.#called(name).renew(by);
  }

  /** Ends a watchdog that somebody has begun. */
  end(name: string, by: string): void {
    const watchdog = this.#called(name);
    if (watchdog.fixed) {
      throw new HeliographError("unavailable", `Cannot end watchdog ${watchdog.title}: the bench file has it`);
    }
    watchdog.end();
    this.#all.delete(watchdog.name);
    this.#typed.delete(watchdog);
    log.info("{by} ended watchdog {name}", { by, name: watchdog.title });
    this.#parts.changed();
  }

  /** One by its name. */
  find(name: string): Watchdog | undefined {
    return this.#all.get(identifierOf(name));
  }

  #called(name: string): Watchdog {
    const found = this.find(name);
    if (found === undefined) throw unknownGuard(name, "watchdog", this.all);
    return found;
  }

  /** Looks whether the time of one is over. */
  look(): void {
    for (const each of this.#all.values()) each.look();
  }

  /** Tries nothing again any more. */
  stop(): void {
    for (const each of this.#all.values()) each.stop();
  }

  /** What they are, and what has become of them. */
  describe(): WatchdogDescription[] {
    return this.all.map((each) => each.describe());
  }
}
