/**
 * The plotted fields: which they are, for how long, and their values of the last hour.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { History, keptSeconds } from "../../../protocol/history.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { keep, readKept } from "../shell/kept.ts";
import { isNumeric, type LiveField } from "../live/live_instrument.ts";
import { Live } from "../live/live.tsx";

/** The spans to choose from, in seconds. */
export const spans: readonly [seconds: number, text: string][] = [
  [60, "1 min"],
  [600, "10 min"],
  [keptSeconds, "1 h"],
];

/** The key under which the browser keeps the plotted fields. */
const storageKey = "heliograph.plot";

/** A field's full name: `tempcon.camtemp`. */
export function labelOf({ instrument, spec }: LiveField): string {
  return `${instrument}.${spec.name}`;
}

/** The plotted fields; the browser keeps their names. Only of these fields the page has more than the newest value. */
export class Plotted {
  /** The fields in the order in which they were chosen. */
  readonly fields: Live<readonly LiveField[]> = new Live<readonly LiveField[]>([]);
  /** How much is shown while it follows, in seconds. */
  readonly span: Live<number>;
  /** The units whose axes are logarithmic. */
  readonly logarithmic: Live<readonly string[]>;
  /** The field that is being dragged. */
  readonly dragged: Live<LiveField | undefined> = new Live<LiveField | undefined>(undefined);
  readonly #bench: LiveBench;
  /** The full names of what is wanted, whether or not the bench is known already. */
  #names: readonly string[];
  /** Since when nothing is known, on the server's clock. */
  #lostAt: number | undefined;
  /** One is asked for after another: each reply may be 100 KB. */
  #asked: Promise<void> = Promise.resolve();
  #added: () => void = () => {};

  /** Takes up what was plotted last. @param bench Where the fields are. */
  constructor(bench: LiveBench) {
    this.#bench = bench;
    const { names, span, logarithmic } = stored();
    this.#names = names;
    this.span = new Live(span);
    this.logarithmic = new Live(logarithmic);
    this.span.subscribe(() => this.#store());
    this.logarithmic.subscribe(() => this.#store());
    bench.connection.subscribe(() => {
      if (bench.connection.value.state !== "open") this.#lostAt ??= bench.now();
    });
    bench.begun.subscribe(() => this.#takeUp());
  }

  /** Up to when the values are known, in milliseconds since 1970. */
  get knownUntil(): number {
    return this.#lostAt ?? this.#bench.now();
  }

  /** Adds a field, or takes it away where it is there. */
  toggle(field: LiveField): void {
    if (this.fields.value.includes(field)) this.remove(field);
    else this.add(field);
  }

  /** Adds a field, unless it is there. */
  add(field: LiveField): void {
    if (this.fields.value.includes(field)) return;
    this.#begin(field);
    this.#choose([...this.fields.value, field]);
    this.#added();
  }

  /** Takes a field away. */
  remove(field: LiveField): void {
    field.history = undefined;
    this.#choose(this.fields.value.filter((each) => each !== field));
  }

  /** Takes all of them away. */
  clear(): void {
    for (const field of this.fields.value) field.history = undefined;
    this.#choose([]);
  }

  /** Calls the listener when a field is added, until the returned function is called. */
  onAdd(listener: () => void): () => void {
    this.#added = listener;
    return () => this.#added = () => {};
  }

  /** Makes the axis of a unit logarithmic, or not. */
  toggleLogarithmic(unit: string): void {
    const units = this.logarithmic.value;
    this.logarithmic.value = units.includes(unit) ? units.filter((each) => each !== unit) : [...units, unit];
  }

  #choose(fields: readonly LiveField[]): void {
    this.fields.value = fields;
    this.#names = fields.map(labelOf);
    this.#store();
  }

  #store(): void {
    const [span, logarithmic] = [this.span.value, this.logarithmic.value];
    keep(storageKey, JSON.stringify({ names: this.#names, span, logarithmic }));
  }

  /** After each connection: the fields are found again, and what was missed is asked for. */
  #takeUp(): void {
    const before = new Map(this.fields.value.map((field) => [labelOf(field), field]));
    const found: LiveField[] = [];
    for (const { fields } of this.#bench.instruments.value) {
      for (const field of fields.values()) {
        if (this.#names.includes(labelOf(field)) && isNumeric(field.spec)) found.push(field);
      }
    }
    found.sort((one, other) => this.#names.indexOf(labelOf(one)) - this.#names.indexOf(labelOf(other)));
    for (const field of found) {
      const known = before.get(labelOf(field));
      // On another bench it may be something else.
      this.#begin(field, known?.spec.unit === field.spec.unit ? known?.history : undefined);
    }
    if (found.length !== before.size || found.some((field) => before.get(labelOf(field)) !== field)) {
      this.fields.value = found;
      if (before.size === 0 && found.length > 0) this.#added();
    }
    void this.#asked.then(() => {
      if (this.#bench.connection.value.state === "open") this.#lostAt = undefined;
    });
  }

  /** Begins to keep a field's values: what this page has of them, and what the server has. */
  #begin(field: LiveField, history = new History()): void {
    field.history = history;
    const { value, quality, time, staged } = field.reading.value;
    if (quality === "good" && !staged && typeof value === "number" && time !== null) {
      history.add(Date.parse(time), value);
    }
    this.#asked = this.#asked.then(() => this.#ask(field));
  }

  async #ask(field: LiveField): Promise<void> {
    if (field.history === undefined) return;
    try {
      const { times, values } = await this.#bench.history(field);
      // What came meanwhile is in the reply.
      const known = field.history;
      if (known === undefined) return;
      const whole = new History();
      const first = Math.round((times[0] ?? Infinity) * 1000);
      // A server that was started anew knows less than this page.
      for (let at = 0; at < known.size && known.time(at) < first; at++) whole.add(known.time(at), known.value(at));
      if (this.#lostAt !== undefined && this.#lostAt < first) whole.add(this.#lostAt, NaN);
      for (const [at, time] of times.entries()) whole.add(Math.round(time * 1000), values[at] ?? NaN);
      field.history = whole;
    } catch (error) {
      // Without a connection it is asked for again after the next one; until then there is what this page has seen.
      if (!(error instanceof HeliographError)) throw error;
    }
  }
}

/** Reads what the browser has kept of the plot; anything but lists of names counts as nothing. */
function stored(): { names: readonly string[]; span: number; logarithmic: readonly string[] } {
  let kept: { names?: unknown; span?: unknown; logarithmic?: unknown } | null = null;
  try {
    kept = JSON.parse(readKept(storageKey) ?? "null");
  } catch {
    // Somebody else has written it.
  }
  const texts = (given: unknown) => Array.isArray(given) ? given.map(String) : [];
  const span = spans.find(([seconds]) => seconds === kept?.span)?.[0] ?? 600;
  return { names: texts(kept?.names), span, logarithmic: texts(kept?.logarithmic) };
}
