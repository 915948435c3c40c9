/**
 * Asks each field of an instrument once, before it stands on a bench: what was sent, what came, what was made of it.
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
  return await contact.tryOut(async () => {
    const all: TriedField[] = [];
    for (const field of asked) all.push(await tried(field, contact, title, signal, shared));
    return all;
  });
}

async function tried(
  field: BenchField,
  { trace }: PortContact,
  title: string,
  signal: AbortSignal,
  shared: boolean,
): Promise<TriedField> {
  const before = trace.entries(0, title).at(-1)?.number ?? 0;
  let [value, reason] = ["", ""];
  try {
    signal.throwIfAborted();
    const read = field.spec.read as (signal: AbortSignal, pass: object) => Value | Promise<Value>;
    const wrong = field.take(await read(signal, {}));
    if (wrong === "") value = `${field.text}${field.spec.unit === undefined ? "" : ` ${field.spec.unit}`}`;
    else reason = `it is ${wrong}`;
  } catch (error) {
    reason = error === signal.reason ? `not asked: ${patience} s are over` : (error as Error).message;
  }
  const since = trace.entries(before, title);
  const entries = shared ? since.slice(Math.max(0, since.findLastIndex(({ kind }) => kind === "sent"))) : since;
  const texts = (wanted: TraceEntry["kind"]) => entries.filter(({ kind }) => kind === wanted).map(({ text }) => text);
  return { field: field.title, asked: texts("sent").join(" "), answered: texts("received").join(""), value, reason };
}
