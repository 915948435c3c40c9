/**
 * Asks an instrument once, and tells what was sent, what came, and what was made of it.
 *
 * @module
 */

import type { TriedField } from "../../protocol/bench_edit.ts";
import type { TraceEntry } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import type { Value } from "../bench/values.ts";
import { PortContact } from "./transports/contact.ts";

/** How long all of them may take, in seconds: somebody waits for it. */
const patience = 30;

/** How the trace tells that nothing came. */
const silence = "no answer to ";

/** What came of asking once. */
export interface Tried {
  /** The field's title, or what else was asked. */
  readonly field: string;
  /** What was sent, with escapes; empty for what an instrument sends by itself. */
  readonly asked: string;
  /** What came, with escapes. */
  readonly answered: string;
  readonly understood: boolean;
  /** The value as people read it. */
  readonly value: string;
  readonly seconds: number;
  /** Why it was not understood. */
  readonly reason?: string;
}

/** How somebody asks once. */
export interface TryOptions {
  /** Tells why something failed. @default the error's message */
  readonly reasonOf?: (error: unknown) => string;
  /** Whether others speak on the line meanwhile: of several questions the last one is told then. @default false */
  readonly shared?: boolean;
}

/**
 * Tries an instrument out. Nothing is said on its line but the questions of its fields; nothing is set.
 *
 * @param instrument One that has not begun.
 * @param shared Whether others speak on its line meanwhile: of several questions the last one is told then.
 * @returns What came of each field that can be asked.
 * @throws {HeliographError} Where it has no port, or that cannot be opened.
 */
export async function triedFields(instrument: Instrument, shared: boolean): Promise<TriedField[]> {
  const { contact, title, allFields } = instrument;
  if (!(contact instanceof PortContact)) {
    throw new HeliographError("bad_argument", `Cannot try ${title}: it has no port`);
  }
  const asked = allFields.filter(({ spec }) => spec.read !== undefined);
  if (asked.length === 0) throw new HeliographError("bad_argument", `Cannot try ${title}: none of its fields is asked`);
  const signal = AbortSignal.timeout(patience * 1000);
  const reasonOf = (error: unknown) =>
    error === signal.reason ? `not asked: ${patience} s are over` : (error as Error).message;
  return await contact.tryOut(async () => {
    const all: TriedField[] = [];
    for (const field of asked) {
      const tried = await tryOnce(instrument, field.title, () => readOnce(field, signal), { reasonOf, shared });
      const { asked, answered, value, reason = "" } = tried;
      all.push({ field: field.title, asked, answered, value, reason });
    }
    return all;
  });
}

/** Reads a field. @returns Its value as people read it, with its unit. @throws {Error} Where there is none. */
export async function readOnce(field: BenchField, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const read = field.spec.read as (signal: AbortSignal, pass: object) => Value | Promise<Value>;
  const wrong = field.take(await read(signal, {}));
  if (wrong !== "") throw new HeliographError("command_failed", `its driver read ${wrong}`);
  return valueText(field);
}

/** A value as people read it, with its unit. */
export function valueText({ text, spec: { unit } }: BenchField): string {
  return unit === undefined ? text : `${text} ${unit}`;
}

/** Does one thing, and tells what went over the line. */
export async function tryOnce(
  { contact, title }: Instrument,
  field: string,
  ask: () => Promise<string>,
  { reasonOf = (error) => (error as Error).message, shared = false }: TryOptions = {},
): Promise<Tried> {
  const before = contact?.trace?.entries(0, title).at(-1)?.number ?? 0;
  const begun = performance.now();
  let [value, reason]: [string, string | undefined] = ["", undefined];
  try {
    value = await ask();
  } catch (error) {
    reason = reasonOf(error);
  }
  const elapsed = (performance.now() - begun) / 1000;
  const since = contact?.trace?.entries(before, title) ?? [];
  const entries = shared ? lastExchange(since, reason === undefined) : since;
  const exchange = firstExchange(entries);
  // Where nothing came, it was asked then whether the instrument is there at all: that is another question.
  if (reason !== undefined && exchange.answered === "") {
    reason = entries.find(({ text }) => text.startsWith(silence))?.text ?? reason;
  }
  return {
    field,
    ...exchange,
    understood: reason === undefined,
    value,
    seconds: reason === undefined ? secondsOnLine(entries) ?? elapsed : elapsed,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** From the first byte out to the last one in: not how long the line was left quiet before. */
function secondsOnLine(entries: readonly TraceEntry[]): number | undefined {
  const sent = entries.find(({ kind }) => kind === "sent");
  const received = entries.findLast(({ kind }) => kind === "received");
  return sent && received && (Date.parse(received.time) - Date.parse(sent.time)) / 1000;
}

/**
 * Of what several say on a line, the last question and what came.
 *
 * @param answered Whether it was answered: the next one may be asked already.
 */
function lastExchange(entries: readonly TraceEntry[], answered: boolean): readonly TraceEntry[] {
  const over = answered ? entries.slice(0, entries.findLastIndex(({ kind }) => kind === "received") + 1) : entries;
  return over.slice(Math.max(0, over.findLastIndex(({ kind }) => kind === "sent")));
}

/** What was sent and what came, until it was known that nothing comes. */
function firstExchange(entries: readonly TraceEntry[]): Pick<Tried, "asked" | "answered"> {
  const silent = entries.findIndex(({ text }) => text.startsWith(silence));
  const exchange = silent < 0 ? entries : entries.slice(0, silent);
  const texts = (wanted: TraceEntry["kind"]) => exchange.filter(({ kind }) => kind === wanted).map(({ text }) => text);
  return { asked: texts("sent").join(" "), answered: texts("received").join("") };
}
