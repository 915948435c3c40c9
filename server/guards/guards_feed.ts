/**
 * Tells watchers of guards: each as it is, and again whenever it is another.
 *
 * @module
 */

import type { GuardedBench, GuardKind, GuardsDescription } from "../../protocol/guards.ts";

/** What changes while nothing happens: only who asks for values is told. */
const values = new Set(["parts", "left", "now"]);

/** A guard as watchers know it: the same object for as long as there is one of its name. */
export class ToldGuard {
  readonly kind: GuardKind;
  readonly name: string;
  /** As it is now; `null` where there is none any more. */
  guard: object | null = null;
  #state = "";
  #whole = "";

  /** Knows nothing of it yet. */
  constructor(kind: GuardKind, name: string) {
    this.kind = kind;
    this.name = name;
  }

  /** Takes it as it is now. @returns What has changed of it. */
  take(guard: object): "state" | "values" | undefined {
    this.guard = guard;
    const whole = JSON.stringify(guard);
    if (whole === this.#whole) return undefined;
    this.#whole = whole;
    const state = JSON.stringify(guard, (key, value) => values.has(key) ? undefined : value);
    if (state === this.#state) return "values";
    this.#state = state;
    return "state";
  }
}

type Listener = (guard: ToldGuard) => void;

/** Compares guards with what they were, as long as somebody watches. */
export class GuardsFeed {
  readonly #describe: () => GuardsDescription;
  #told = new Map<string, ToldGuard>();
  /** With whether they are told of values, too. */
  readonly #listeners = new Map<Listener, boolean>();
  #due = false;

  /** Looks at nothing yet. @param describe All guards, as they are now. */
  constructor(describe: () => GuardsDescription) {
    this.#describe = describe;
  }

  /** All of them now. */
  get all(): readonly ToldGuard[] {
    this.look();
    return [...this.#told.values()];
  }

  /** Tells of changes, until the returned function is called. @param withValues Also where only a value has changed. */
  subscribe(listener: Listener, withValues: boolean): () => void {
    this.#listeners.set(listener, withValues);
    return () => void this.#listeners.delete(listener);
  }

  /** Something may be another than before: many things at once are looked at once. */
  changed(): void {
    if (this.#due || this.#listeners.size === 0) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.lookForListeners();
    });
  }

  /** Looks, where somebody listens. */
  lookForListeners(): void {
    if (this.#listeners.size > 0) this.look();
  }

  /** Looks at all of them, and tells of what has changed. */
  look(): void {
    const { interlocks, watchdogs, limits, alarms, normalAlarms, trips, safeState, hint } = this.#describe();
    const before = this.#told;
    this.#told = new Map();
    this.#take(before, "bench", "", { safeState, normalAlarms, hint } satisfies GuardedBench);
    for (const each of interlocks) this.#take(before, "interlock", each.name, each);
    for (const each of watchdogs) this.#take(before, "watchdog", each.name, each);
    for (const each of limits) {
      this.#take(before, "limit", `${each.instrument}.${each.field ?? each.command}`, each);
    }
    for (const each of alarms) this.#take(before, "alarm", each.name, each);
    for (const each of trips) this.#take(before, "trip", each.name, each);
    for (const [key, gone] of before) {
      if (this.#told.has(key)) continue;
      gone.guard = null;
      this.#tell(gone, true);
    }
  }

  #take(before: ReadonlyMap<string, ToldGuard>, kind: GuardKind, name: string, guard: object): void {
    const key = `${kind} ${name}`;
    const told = before.get(key) ?? new ToldGuard(kind, name);
    this.#told.set(key, told);
    const what = told.take(guard);
    if (what !== undefined) this.#tell(told, what === "state");
  }

  #tell(told: ToldGuard, always: boolean): void {
    for (const [listener, withValues] of [...this.#listeners]) if (always || withValues) listener(told);
  }
}
