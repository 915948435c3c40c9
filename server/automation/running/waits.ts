/**
 * Waits within the steps of a run: they stand still with it, and end when the run does or somebody skips the step.
 *
 * @module
 */

import type { Bench } from "../../bench/bench.ts";
import type { BenchField } from "../../bench/field.ts";
import type { Place } from "../run_store.ts";
import type { PlaceWriter } from "./place_writer.ts";
import { type RunEnd, Skipped } from "./run_end.ts";
import type { RunTime } from "./run_time.ts";

/** How often something is looked at where nothing changes, in seconds. */
export const lookEvery = 1;
/** The longest that a run sleeps at once, in seconds: then it looks whether the PC's clock was set. */
const longestSleep = 30;
/** How long before it is due it is written down that a step may be done, in seconds: longer than a slow disk takes. */
const writesAhead = 0.5;

/** Told for how long it was waited, in seconds: how long it may sleep until it is asked again; `undefined` for over. */
export type Look = (gone: number) => number | undefined;

/** What waits are made with. */
interface Parts {
  readonly bench: Pick<Bench, "hub" | "elsewhere">;
  readonly time: RunTime;
  readonly end: RunEnd;
  readonly writer: PlaceWriter;
}

/** The waits of a run. */
export class Waits {
  readonly #parts: Parts;
  /** How long each has lasted, in seconds, by where it stands: without pauses, and the time that the PC slept. */
  readonly #gone = new Map<Place, () => number>();
  readonly #watched = new Set<readonly BenchField[]>();

  /** Waits for nothing yet. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The fields that are waited for. */
  get watches(): BenchField[] {
    return [...this.#watched].flat();
  }

  /** For how long the wait at a place has lasted, in seconds; `undefined` where there is none. */
  goneAt(place: Place): number | undefined {
    return this.#gone.get(place)?.();
  }

  /** Waits, and looks again whenever the run wakes. */
  async until(place: Place, skipped: () => boolean, look: Look): Promise<void> {
    const { time } = this.#parts;
    const wall = time.wall();
    place.began ??= wall;
    // After a restart it goes on from when it began.
    const start = time.now() - Math.max(0, (wall - place.began) / 1000);
    this.#gone.set(place, () => time.now() - start);
    try {
      await this.#until(place, skipped, start, look);
    } finally {
      this.#gone.delete(place);
    }
  }

  async #until(place: Place, skipped: () => boolean, start: number, look: Look): Promise<void> {
    const { time, end } = this.#parts;
    for (;;) {
      end.check();
      if (skipped()) throw new Skipped();
      if (time.isStopped) {
        await time.sleep();
        place.began = time.wall() - (time.now() - start) * 1000;
        continue;
      }
      const left = look(time.now() - start);
      if (left === undefined) return;
      await time.sleep(Math.min(left, longestSleep));
    }
  }

  /**
   * Waits for a time, and writes shortly before it that what comes may be done: that waits for no disk then.
   *
   * @param left How much is left, in seconds. @param wait Where what waits stands. @default the place
   */
  async forTime(place: Place, skipped: () => boolean, left: (gone: number) => number, wait = place): Promise<void> {
    const { end, writer } = this.#parts;
    let writes = !end.isFinishing;
    await this.until(place, skipped, (gone) => {
      const rest = left(gone);
      if (rest <= 0) return undefined;
      if (!writes) return rest;
      if (rest > writesAhead) return rest - writesAhead;
      writes = false;
      writer.ahead(wait);
      return rest;
    });
  }

  /** Does something that waits, and looks again whenever one of the fields changes. */
  async watching<T>(fields: readonly BenchField[], work: () => Promise<T>): Promise<T> {
    const { bench: { hub, elsewhere }, time } = this.#parts;
    const listener = ({ field }: { readonly field: BenchField }) => void (fields.includes(field) && time.wake());
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
}
