/**
 * The plotted fields: which they are, for how long, and their values of the last hour.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { History, keptSeconds } from "../../../protocol/history.ts";
import { fieldCaption } from "../bench/fields.ts";
import { pcOf } from "../fleet/live_fleet.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { keep, readKept } from "../shell/kept.ts";
import { isNumeric, type LiveField } from "../live/live_instrument.ts";
import { Live } from "../live/live.tsx";
import type { Span } from "./plot_data.ts";

/** The spans to choose from, in seconds. */
export const spans: readonly [seconds: number, text: string][] = [
  [60, "1 min"],
  [600, "10 min"],
  [keptSeconds, "1 h"],
  [28_800, "8 h"],
  [86_400, "24 h"],
  [604_800, "7 d"],
];

/** The key under which the browser keeps the plotted fields. */
const storageKey = "heliograph.plot";

/** So many colours tell lines apart; with more they begin again. */
export const colours = 8;

/** A field's full name: `tempcon.camtemp`. */
export function labelOf({ instrument, spec }: LiveField): string {
  return `${instrument}.${spec.name}`;
}

/** The plotted fields of one unit, which share an axis. */
export interface Strip {
  /** Empty where its fields have none. */
  readonly unit: string;
  readonly fields: readonly LiveField[];
}

/** The strips of fields, in the order of the first field of each. */
export function stripsOf(fields: readonly LiveField[]): readonly Strip[] {
  const strips = Map.groupBy(fields, ({ spec }) => spec.unit ?? "");
  return [...strips].map(([unit, fields]) => ({ unit, fields }));
}

/** The plotted fields; the browser keeps their names. Only of these fields the page has more than the newest value. */
export class Plotted {
  /** The fields in the order in which they were chosen. */
  readonly fields: Live<readonly LiveField[]> = new Live<readonly LiveField[]>([]);
  /** The full names of what is wanted and is no number of this bench. */
  readonly missing: Live<readonly string[]> = new Live<readonly string[]>([]);
  /** How much is shown while it follows, in seconds. */
  readonly span: Live<number>;
  /** What is shown instead of the newest; `undefined` while it follows. */
  readonly range: Live<Span | undefined> = new Live<Span | undefined>(undefined);
  /** The units whose axes are logarithmic. */
  readonly logarithmic: Live<readonly string[]>;
  /** Whether the dock with the plot is open over the bench. */
  readonly open: Live<boolean>;
  /** Whether commands are marked on the axis of time. */
  readonly marks: Live<boolean>;
  /** The field that is being dragged. */
  readonly dragged: Live<LiveField | undefined> = new Live<LiveField | undefined>(undefined);
  readonly #bench: LiveBench;
  /** The full names of what is wanted, whether or not the bench is known already. */
  #names: readonly string[];
  /** Since when nothing is known, on the server's clock. */
  #lostAt: number | undefined;
  /** One is asked for after another: each reply may be 100 KB. */
  #asked: Promise<void> = Promise.resolve();
  /** The other PCs that are looked at, with what ends that. */
  readonly #pcs = new Map<string, () => void>();
  /** A number for each field's colour, which it keeps while others come and go. */
  readonly #colours = new Map<string, number>();

  /** Takes up what was plotted last. @param bench Where the fields are. */
  constructor(bench: LiveBench) {
    this.#bench = bench;
    const { names, colours, span, logarithmic, open, marks } = stored();
    this.#names = names;
    for (const [at, colour] of colours.entries()) this.#colours.set(names[at]!, colour);
    this.#colour();
    this.span = new Live(span);
    this.logarithmic = new Live(logarithmic);
    this.open = new Live(open);
    this.marks = new Live(marks);
    for (const each of [this.span, this.logarithmic, this.open, this.marks]) each.subscribe(() => this.#store());
    bench.connection.subscribe(() => {
      if (bench.connection.value.state !== "open") this.#lostAt ??= bench.now();
    });
    bench.begun.subscribe(() => this.#takeUp());
    bench.fleet.instruments.subscribe(() => this.#takeUp());
  }

  /** Up to when the values are known, in milliseconds since 1970. */
  get knownUntil(): number {
    return this.#lostAt ?? this.#bench.now();
  }

  /** Whether the server keeps readings for longer than the last hour. */
  get looksBack(): boolean {
    return (this.#bench.status.value?.records.folder ?? "") !== "";
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
    this.open.value = true;
  }

  /** What a field is called for people: `Picarro CH4`. */
  titleOf(field: LiveField): string {
    const title = this.#bench.instrument(field.instrument)?.caption;
    return `${title ?? field.instrument} ${fieldCaption(field.spec)}`;
  }

  /** The number of a field's colour. */
  colourOf(field: LiveField): number {
    return (this.#colours.get(labelOf(field)) ?? 0) % colours;
  }

  /** Moves a strip up or down. @param way -1 for up, 1 for down. */
  move(unit: string, way: -1 | 1): void {
    const strips = [...stripsOf(this.fields.value)];
    const at = strips.findIndex((strip) => strip.unit === unit);
    const other = at + way;
    if (strips[at] === undefined || strips[other] === undefined) return;
    [strips[at], strips[other]] = [strips[other], strips[at]];
    this.#choose(strips.flatMap(({ fields }) => fields));
  }

  /**
   * Plots what an address tells: `f=picarro.ch4&f=…&last=1h`, or `from=…&to=…` in the place of `last`; `log=mbar` for a
   * unit whose axis is logarithmic, and `colours=2.0` where the fields have not the first ones. One that names no field
   * changes none.
   */
  take(query: URLSearchParams): void {
    const names = query.getAll("f");
    const last = spans.find(([seconds]) => lastOf(seconds) === query.get("last"));
    if (last !== undefined) this.span.value = last[0];
    const [from, to] = ["from", "to"].map((name) => Date.parse(query.get(name) ?? "")) as [number, number];
    if (from < to) this.range.value = { from, to };
    else if (last !== undefined) this.range.value = undefined;
    if (names.length === 0) return;
    const units = query.getAll("log");
    if (units.join() !== this.logarithmic.value.join()) this.logarithmic.value = units;
    const [before, colours] = [this.#names.join(), this.#colourNumbers];
    this.#names = [...new Set(names)];
    const numbers = query.get("colours")?.split(".").map(Number) ?? [];
    this.#colours.clear();
    if (areColours(numbers, this.#names)) {
      for (const [at, name] of this.#names.entries()) this.#colours.set(name, numbers[at]!);
    }
    this.#colour();
    if (this.#names.join() === before && this.#colourNumbers === colours) return;
    this.#takeUp();
    // In other colours they are drawn again.
    this.fields.value = [...this.fields.value];
    this.#store();
  }

  /** The query of an address that shows the same. */
  get query(): URLSearchParams {
    const fields = this.#names.map((name): [string, string] => ["f", name]);
    for (const unit of this.#logarithmicUnits) fields.push(["log", unit]);
    const colours = this.#colourNumbers;
    if (colours !== this.#names.map((_, at) => at).join(".")) fields.push(["colours", colours]);
    const range = this.range.value;
    if (range === undefined) return new URLSearchParams([...fields, ["last", lastOf(this.span.value)]]);
    const time = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
    return new URLSearchParams([...fields, ["from", time(range.from)], ["to", time(range.to)]]);
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

  /** Makes the axis of a unit logarithmic, or not. */
  toggleLogarithmic(unit: string): void {
    const units = this.logarithmic.value;
    this.logarithmic.value = units.includes(unit) ? units.filter((each) => each !== unit) : [...units, unit];
  }

  #choose(fields: readonly LiveField[]): void {
    this.#names = fields.map(labelOf);
    this.missing.value = [];
    this.#lookAtPcs();
    this.#colour();
    this.fields.value = fields;
    this.#store();
  }

  /** The numbers of the colours of all fields, as an address tells them. */
  get #colourNumbers(): string {
    return this.#names.map((name) => this.#colours.get(name)).join(".");
  }

  /** The units of what is plotted whose axes are logarithmic; all of them while no field is known. */
  get #logarithmicUnits(): readonly string[] {
    const strips = stripsOf(this.fields.value);
    return strips.length === 0
      ? this.logarithmic.value
      : strips.map(({ unit }) => unit).filter((unit) => this.logarithmic.value.includes(unit));
  }

  /** Gives those that have no colour one that no other has, and takes back those of who is gone. */
  #colour(): void {
    for (const name of this.#colours.keys()) if (!this.#names.includes(name)) this.#colours.delete(name);
    for (const name of this.#names) {
      if (this.#colours.has(name)) continue;
      const used = new Set(this.#colours.values());
      let free = 0;
      while (used.has(free)) free++;
      this.#colours.set(name, free);
    }
  }

  #store(): void {
    const [span, logarithmic] = [this.span.value, this.logarithmic.value];
    const [open, marks] = [this.open.value, this.marks.value];
    const colours = this.#names.map((name) => this.#colours.get(name));
    keep(storageKey, JSON.stringify({ names: this.#names, colours, span, logarithmic, open, marks }));
  }

  /** After each connection: the fields are found again, and what was missed is asked for. */
  #takeUp(): void {
    const before = new Map(this.fields.value.map((field) => [labelOf(field), field]));
    const found: LiveField[] = [];
    const { instruments, fleet } = this.#bench;
    this.#lookAtPcs();
    for (const { fields } of [...instruments.value, ...fleet.instruments.value]) {
      for (const field of fields.values()) {
        if (this.#names.includes(labelOf(field)) && isNumeric(field.spec)) found.push(field);
      }
    }
    const missing = this.#names.filter((name) => {
      // Which instruments another PC has is told a little later.
      const pc = instruments.value.some(({ name }) => name === "fleet") ? pcOf(name) : undefined;
      return (pc === undefined || fleet.isKnown(pc)) && !found.some((field) => labelOf(field) === name);
    });
    // Before the bench is known, nothing of it is.
    this.missing.value = this.#bench.begun.value > 0 ? missing : [];
    found.sort((one, other) => this.#names.indexOf(labelOf(one)) - this.#names.indexOf(labelOf(other)));
    for (const field of found) {
      const known = before.get(labelOf(field));
      // On another bench it may be something else.
      this.#begin(field, known?.spec.unit === field.spec.unit ? known?.history : undefined);
    }
    if (found.length !== before.size || found.some((field) => before.get(labelOf(field)) !== field)) {
      for (const [name, field] of before) if (!found.some((each) => labelOf(each) === name)) field.history = undefined;
      this.fields.value = found;
    }
    void this.#asked.then(() => {
      if (this.#bench.connection.value.state === "open") this.#lostAt = undefined;
    });
  }

  /** While fields of other PCs are plotted, these are looked at. */
  #lookAtPcs(): void {
    const pcs = new Set(this.#names.flatMap((name) => pcOf(name) ?? []));
    for (const [pc, end] of this.#pcs) {
      if (pcs.has(pc)) continue;
      this.#pcs.delete(pc);
      end();
    }
    for (const pc of pcs) if (!this.#pcs.has(pc)) this.#pcs.set(pc, this.#bench.fleet.lookAt(pc));
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

/** A span as an address has it: `10min`. */
function lastOf(seconds: number): string {
  if (seconds > 86_400) return `${seconds / 86_400}d`;
  return seconds % 3600 === 0 ? `${seconds / 3600}h` : `${seconds / 60}min`;
}

/** What the browser keeps of a plot. */
interface Stored {
  readonly names: readonly string[];
  /** The number of each one's colour. */
  readonly colours: readonly number[];
  readonly span: number;
  readonly logarithmic: readonly string[];
  readonly open: boolean;
  readonly marks: boolean;
}

/** Reads what the browser has kept of the plot; anything else counts as nothing. */
function stored(): Stored {
  let kept: { readonly [key in keyof Stored]?: unknown } | null = null;
  try {
    kept = JSON.parse(readKept(storageKey) ?? "null");
  } catch {
    // Somebody else has written it.
  }
  const texts = (given: unknown) => Array.isArray(given) ? given.map(String) : [];
  const span = spans.find(([seconds]) => seconds === kept?.span)?.[0] ?? 600;
  const names = [...new Set(texts(kept?.names))];
  const colours = texts(kept?.colours).map(Number).slice(0, names.length);
  return {
    names,
    // Each is told from the others, whoever wrote it.
    colours: areColours(colours, names) ? colours : [],
    span,
    logarithmic: texts(kept?.logarithmic),
    open: kept?.open === true,
    marks: kept?.marks !== false,
  };
}

/** Whether these are the numbers of colours, another one for each field. */
function areColours(numbers: readonly number[], names: readonly string[]): boolean {
  return numbers.length === names.length && new Set(numbers).size === numbers.length &&
    numbers.every((each) => Number.isInteger(each) && each >= 0);
}
