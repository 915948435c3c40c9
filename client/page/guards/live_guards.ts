/**
 * The page's copy of the guards: interlocks, watchdogs, trips, and the safe state.
 *
 * @module
 */

import {
  type AlarmDetails,
  type ForbiddenDescription,
  type GuardedBench,
  type GuardKind,
  guardKinds,
  type InterlockDescription,
  type LimitDescription,
  type TripDescription,
  type WatchdogDescription,
} from "../../../protocol/guards.ts";
import { alarmsInOrder, stands } from "./alarm_words.ts";
import { Live } from "../live/live.tsx";

/** What an interlock forbids now on an instrument. */
export interface Forbids {
  readonly by: InterlockDescription;
  readonly what: ForbiddenDescription;
}

/** What the server tells of a guard. */
interface Told {
  readonly kind: GuardKind;
  readonly name: string;
  readonly guard: object | null;
}

const nothing: readonly Forbids[] = [];

/** Whether an interlock forbids something now. */
export function isForbidding({ refusal }: InterlockDescription): boolean {
  return refusal !== "";
}

/** The guards. */
export class LiveGuards {
  /** In the order of the bench file. */
  readonly interlocks: Live<readonly InterlockDescription[]> = new Live<readonly InterlockDescription[]>([]);
  readonly watchdogs: Live<readonly WatchdogDescription[]> = new Live<readonly WatchdogDescription[]>([]);
  readonly limits: Live<readonly LimitDescription[]> = new Live<readonly LimitDescription[]>([]);
  /** Those that are not normal, the worst first. */
  readonly alarms: Live<readonly AlarmDetails[]> = new Live<readonly AlarmDetails[]>([]);
  /** The newest first. */
  readonly trips: Live<readonly TripDescription[]> = new Live<readonly TripDescription[]>([]);
  /** `undefined` where the bench has no guards. */
  readonly bench: Live<GuardedBench | undefined> = new Live<GuardedBench | undefined>(undefined);
  readonly #told = new Map<string, Told>();
  /** What was told before the connection was opened anew, and not since. */
  #stale = new Set<string>();
  /** Whether all of them have been told. */
  #settled = false;
  readonly #alarmed = new Map<string, Live<AlarmDetails | undefined>>();
  readonly #limited = new Map<string, Live<LimitDescription | undefined>>();
  readonly #forbids = new Map<string, Live<readonly Forbids[]>>();

  /** They are asked for anew. */
  begin(): void {
    this.#stale = new Set(this.#told.keys());
    this.#settled = false;
  }

  /** The server has told all that there is. */
  settle(): void {
    for (const key of this.#stale) this.#told.delete(key);
    this.#stale.clear();
    this.#settled = true;
    for (const kind of guardKinds) this.#show(kind);
  }

  /** Takes what the server tells. */
  told({ kind, name, guard }: Told): void {
    const key = `${kind} ${name}`;
    this.#stale.delete(key);
    if (guard === null) this.#told.delete(key);
    else this.#told.set(key, { kind, name, guard });
    if (this.#settled) this.#show(kind);
  }

  /** What is forbidden now on an instrument. @param instrument Its name. */
  forbids(instrument: string): Live<readonly Forbids[]> {
    let live = this.#forbids.get(instrument);
    if (live === undefined) {
      live = new Live(this.#forbidden().get(instrument) ?? nothing);
      this.#forbids.set(instrument, live);
    }
    return live;
  }

  /** The worst alarm that stands of a field. @param label Its full name, as `oven.temperature`. */
  alarmed(label: string): Live<AlarmDetails | undefined> {
    let live = this.#alarmed.get(label);
    if (live === undefined) {
      live = new Live(this.#worstOf(label));
      this.#alarmed.set(label, live);
    }
    return live;
  }

  /** The limits of a setting or a command. @param label Its full name, as `oven.power`. */
  limit(label: string): Live<LimitDescription | undefined> {
    let live = this.#limited.get(label);
    if (live === undefined) {
      live = new Live(this.#limitOf(label));
      this.#limited.set(label, live);
    }
    return live;
  }

  /** Why `confirm` of an instrument would be refused for its limits now. @param instrument Its name. */
  unconfirmed(instrument: string): readonly string[] {
    return this.limits.value.flatMap((each) =>
      each.instrument === instrument && each.confirm !== "" ? [each.confirm] : []
    );
  }

  #limitOf(label: string): LimitDescription | undefined {
    return this.limits.value.find(({ instrument, field, command }) => `${instrument}.${field ?? command}` === label);
  }

  #worstOf(label: string): AlarmDetails | undefined {
    return this.alarms.value.find((each) => stands(each) && each.fields.includes(label));
  }

  #of<T>(kind: GuardKind): T[] {
    return [...this.#told.values()].filter((each) => each.kind === kind).map(({ guard }) => guard as T);
  }

  #show(kind: GuardKind): void {
    if (kind === "bench") this.bench.value = this.#of<GuardedBench>(kind)[0];
    else if (kind === "watchdog") this.watchdogs.value = this.#of(kind);
    else if (kind === "limit") {
      this.limits.value = this.#of(kind);
      for (const [label, live] of this.#limited) live.value = this.#limitOf(label);
    } else if (kind === "alarm") {
      this.alarms.value = alarmsInOrder(this.#of(kind));
      for (const [label, live] of this.#alarmed) live.value = this.#worstOf(label);
    } else if (kind === "trip") {
      this.trips.value = this.#of<TripDescription>(kind).sort((one, other) => Number(other.name) - Number(one.name));
    } else if (kind === "interlock") {
      this.interlocks.value = this.#of(kind);
      const forbidden = this.#forbidden();
      for (const [instrument, live] of this.#forbids) {
        const now = forbidden.get(instrument) ?? nothing;
        // Many controls listen, and values of a condition change each second.
        if (wordsOf(now) !== wordsOf(live.value)) live.value = now;
      }
    }
  }

  #forbidden(): Map<string, Forbids[]> {
    const found = this.interlocks.value.filter(isForbidding).flatMap((by) =>
      by.forbidden.map((what): Forbids => ({ by, what }))
    );
    return Map.groupBy(found, ({ what }) => what.instrument);
  }
}

function wordsOf(forbids: readonly Forbids[]): string {
  return JSON.stringify(forbids.map(({ by: { name, state, refusal }, what }) => [name, state, refusal, what]));
}
