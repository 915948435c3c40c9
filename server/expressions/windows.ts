/**
 * Keeps what conditions need of the past of fields: their means and rates over some time, and for how long something has
 * been so. Each window is bounded, however often its field is read.
 *
 * @module
 */

import type { BenchField } from "../bench/field.ts";
import type { Value } from "../bench/values.ts";
import type { FieldOperand } from "./bench_environment.ts";
import type { Outcome } from "./outcome.ts";
import type { FunctionOfField, OverTime } from "./over_time.ts";

/** The most pieces of which a window is made: readings that follow each other faster than that are put together. */
const mostPieces = 300;

/** Good readings that follow each other, put together. Times in milliseconds. */
interface Piece {
  readonly start: number;
  /** For how long they held; the last one of a window still holds. */
  time: number;
  /** Their sum, each weighted by how long it held. */
  sum: number;
}

/** The last readings of one field. */
class Window {
  readonly #length: number;
  readonly #pieces: Piece[] = [];
  /** What holds now, and since when it was not taken into the last piece. */
  #holds: { readonly value: number; since: number } | undefined;

  /** Is empty. @param seconds How far it looks back. */
  constructor(seconds: number) {
    this.#length = seconds * 1000;
  }

  /** Takes a reading; `undefined` where there is none that is good. */
  take(value: number | undefined, now: number): void {
    this.#settle(now);
    this.#holds = value === undefined ? undefined : { value, since: now };
    if (value === undefined) return;
    const last = this.#pieces.at(-1);
    if (last === undefined || now - last.start >= this.#length / mostPieces) {
      this.#pieces.push({ start: now, time: 0, sum: 0 });
    }
  }

  /** What held until now is a part of its last piece. */
  #settle(now: number): void {
    const [holds, last] = [this.#holds, this.#pieces.at(-1)];
    if (holds !== undefined && last !== undefined) {
      last.time += now - holds.since;
      last.sum += holds.value * (now - holds.since);
      holds.since = now;
    }
    const begin = now - this.#length;
    while (this.#pieces.length > 1 && this.#pieces[1]!.start <= begin) this.#pieces.shift();
  }

  /** The mean, each value weighted by how long it held; of what is older than the window, only the rest. */
  mean(now: number): number {
    this.#settle(now);
    const begin = now - this.#length;
    let [time, sum] = [0, 0];
    for (const piece of this.#pieces) {
      if (piece.time === 0) continue;
      const within = Math.min(piece.time, Math.max(0, piece.start + piece.time - begin));
      time += within;
      sum += piece.sum / piece.time * within;
    }
    return time === 0 ? this.#holds?.value ?? NaN : sum / time;
  }

  /** By how much it has changed: the slope of a straight line through the pieces, for as long as they reach. */
  rate(now: number): number {
    this.#settle(now);
    const points: { readonly at: number; readonly value: number }[] = this.#pieces
      .filter(({ start, time }) => time > 0 && start + time > now - this.#length)
      .map(({ start, time, sum }) => ({ at: start - now, value: sum / time }));
    // What was read just now has not held yet.
    if (this.#holds !== undefined) points.push({ at: 0, value: this.#holds.value });
    if (points.length < 2) return points.length === 0 ? NaN : 0;
    const mean = (of: (point: typeof points[number]) => number) =>
      points.reduce((sum, each) => sum + of(each), 0) / points.length;
    const [at, value] = [mean((each) => each.at), mean((each) => each.value)];
    const spread = mean((each) => (each.at - at) ** 2);
    if (spread === 0) return 0;
    const slope = mean((each) => (each.at - at) * (each.value - value)) / spread;
    return slope * Math.min(this.#length, -points[0]!.at);
  }
}

/** What is kept of one field. */
interface Followed {
  readonly windows: Map<number, Window>;
  /** What it held last, and since when. */
  value: Value | undefined;
  since: number;
}

/** What is kept of the fields of a bench; whoever has it hands it every reading. */
export class Windows implements OverTime<FieldOperand> {
  readonly #fields = new Map<BenchField, Followed>();
  readonly #held = new Map<string, { since: number | undefined }>();
  readonly #now: () => number;
  readonly #begun: number;

  /** Keeps nothing yet. @param now A clock that nobody sets, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#begun = now();
  }

  /** A field was read or set, or could not be. */
  readonly reading = (field: BenchField): void => {
    const followed = this.#fields.get(field);
    if (followed === undefined) return;
    const { value, quality } = field.inEffect;
    const [good, now] = [quality === "good" && value !== undefined, this.#now()];
    if (good && value !== followed.value) Object.assign(followed, { value, since: now });
    for (const window of followed.windows.values()) {
      window.take(good && typeof value === "number" ? value : undefined, now);
    }
  };

  /** A function of a field. */
  of(name: FunctionOfField, { field }: FieldOperand, seconds: number): () => number | string {
    switch (name) {
      case "quality":
        return () => field.inEffect.quality;
      // What was never read is as old as this run of the server.
      case "age":
        return () => (this.#now() - (field.readAt || this.#begun)) / 1000;
      case "changed": {
        const followed = this.#follow(field);
        return () => (this.#now() - followed.since) / 1000;
      }
      default: {
        const { windows } = this.#follow(field);
        let window = windows.get(seconds);
        if (window === undefined) {
          windows.set(seconds, window = new Window(seconds));
          this.reading(field);
        }
        return () => window[name](this.#now());
      }
    }
  }

  /** Whether a condition has been so for some time; it is looked at whenever this is asked. */
  held(text: string, condition: { evaluate(): Outcome }, seconds: number): () => Outcome {
    let state = this.#held.get(text);
    if (state === undefined) this.#held.set(text, state = { since: undefined });
    return () => {
      const outcome = condition.evaluate();
      if (outcome.quality !== "good" || outcome.value !== true) {
        state.since = undefined;
        return outcome;
      }
      const now = this.#now();
      state.since ??= now;
      return { quality: "good", value: now - state.since >= seconds * 1000 };
    };
  }

  #follow(field: BenchField): Followed {
    let followed = this.#fields.get(field);
    if (followed === undefined) {
      const { value } = field.inEffect;
      this.#fields.set(field, followed = { windows: new Map(), value, since: this.#now() });
    }
    return followed;
  }
}
