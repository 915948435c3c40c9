/**
 * Says when the instruments of a rehearsal are read, and lets their time pass: often what something waits for now or
 * guards look at, seldom what is only to be plotted, and nothing else.
 *
 * @module
 */

import type { Bench } from "../bench/bench.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { compileFields } from "../expressions/computed_fields.ts";

/** While something is under way, time passes in steps of this to begin with, in seconds. */
const shortestTick = 0.1;
/** The longest step in which simulated time passes, in seconds. */
const longestStep = 1;
/** What is only plotted is read at least so often, in seconds. */
const longestTick = 60;
/** Right after something was begun, more happens: from then on it is read so many times until as much time has passed again. */
const perTime = 20;

/** What a pace goes by. */
export interface PaceParts {
  readonly bench: Bench;
  /** The fields that something looks at now. */
  readonly watched: () => Iterable<BenchField>;
  /** Since when a command is under way, on the clock of `performance.now()`; `undefined` where none is. */
  readonly acting: () => number | undefined;
}

/** The pace of a rehearsal. */
export class Pace {
  readonly #parts: PaceParts;
  /** What is read for a field: itself, or where it is computed, what it is computed from. */
  readonly #sources = new Map<BenchField, readonly BenchField[]>();
  readonly #instruments: readonly { readonly instrument: Instrument; readonly fields: ReadonlySet<BenchField> }[];
  readonly #plotted = new Set<BenchField>();
  /** When each field was asked for last, on the clock of `performance.now()`. */
  readonly #asked = new Map<BenchField, number>();
  #stepped = performance.now();
  /** When something was begun last. */
  #begun = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Infinity;

  /** Reads nothing yet. */
  constructor(parts: PaceParts) {
    this.#parts = parts;
    const { instruments } = parts.bench;
    this.#instruments = instruments.map((instrument) => ({ instrument, fields: new Set(instrument.allFields) }));
    for (const { field, expression } of compileFields(instruments).fields) {
      const from = expression.dependencies.flatMap(({ field: each }) => this.#sources.get(each) ?? [each]);
      this.#sources.set(field, from);
    }
  }

  /** From now on a field is read as often as a plot of it needs. */
  plot(field: BenchField): void {
    for (const source of this.#read([field])) this.#plotted.add(source);
  }

  /** What has to be read for some fields. */
  *#read(fields: Iterable<BenchField>): Generator<BenchField> {
    for (const field of fields) {
      for (const source of this.#sources.get(field) ?? [field]) if (source.spec.read !== undefined) yield source;
    }
  }

  /** An instrument was reached, or driven: what matters of it is read at once. */
  readonly refresh = (instrument: Instrument): void => {
    const wanted = new Set([...this.#plotted, ...this.#read(this.#parts.watched())]);
    this.#poll(instrument, (field) => wanted.has(field) || !this.#asked.has(field));
  };

  /** Something begins: from now on more is looked at for a while. */
  begins(): void {
    this.#begun = performance.now();
    this.look();
  }

  /** Lets time pass until now, and reads what is due. */
  look(): void {
    const now = performance.now();
    this.#passTime(now);
    const acting = this.#parts.acting();
    // A timer may go off a little early.
    const isDue = (field: BenchField, every: number) => (this.#asked.get(field) ?? -Infinity) + every * 1000 <= now + 1;
    const seldom = Math.min(longestTick, Math.max(1, (now - this.#begun) / 1000 / perTime));
    const due = new Set<BenchField>();
    let next = seldom;
    if (acting !== undefined) next = Math.min(next, Math.max(shortestTick, (now - acting) / 1000 / perTime), 1);
    for (const { instrument, fields } of this.#instruments) {
      const often = (field: BenchField) => Math.max(field.spec.pollInterval ?? instrument.pollInterval, shortestTick);
      for (const field of this.#read(this.#parts.watched())) {
        if (!fields.has(field)) continue;
        next = Math.min(next, often(field));
        if (isDue(field, often(field))) due.add(field);
      }
      for (const field of this.#plotted) if (fields.has(field) && isDue(field, seldom)) due.add(field);
      if (due.size > 0) this.#poll(instrument, (field) => due.has(field));
      due.clear();
    }
    this.#lookIn(next);
  }

  /** A command is under way: the next look is soon. */
  soon(): void {
    if (this.#due - performance.now() > shortestTick * 1000) this.#lookIn(shortestTick);
  }

  #lookIn(seconds: number): void {
    clearTimeout(this.#timer);
    this.#due = performance.now() + seconds * 1000;
    this.#timer = setTimeout(() => this.look(), seconds * 1000);
  }

  /** Reads fields at once. @returns Those that are read for them. */
  readNow(fields: ReadonlySet<BenchField>): BenchField[] {
    this.#passTime(performance.now());
    const reads = new Set(this.#read(fields));
    for (const { instrument, fields: own } of this.#instruments) {
      if (!own.isDisjointFrom(reads)) this.#poll(instrument, (field) => reads.has(field));
    }
    return [...reads];
  }

  /** Reads nothing any more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #poll(instrument: Instrument, wanted: (field: BenchField) => boolean): void {
    const now = performance.now();
    for (const field of instrument.allFields) {
      field.due = Infinity;
      if (!wanted(field)) continue;
      field.due = 0;
      this.#asked.set(field, now);
    }
    this.#parts.bench.poll(instrument, false);
  }

  #passTime(now: number): void {
    const { bench } = this.#parts;
    for (let left = (now - this.#stepped) / 1000; left > 0; left -= longestStep) {
      bench.step(Math.min(left, longestStep));
    }
    this.#stepped = now;
  }
}
