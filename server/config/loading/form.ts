/**
 * Checks the form of a bench file, and takes what is right of it.
 *
 * @module
 */

import { Instrument } from "../../bench/instrument.ts";
import { benchSchema } from "../schema.ts";
import { type SoundEntry, soundParts } from "../sound_parts.ts";
import { formProblems } from "../validate.ts";
import type { Problems } from "./problems.ts";

/** A bench file as far as its form is right. */
export interface BenchForm extends ReturnType<typeof soundParts> {
  /** The entries of its instruments as they stand there. */
  readonly given: readonly unknown[];
  /** The instruments that a module has made by code, by their places. */
  readonly made: ReadonlyMap<number, Instrument>;
}

/** Checks the form of a bench file. */
export function checkForm(problems: Problems): BenchForm {
  const { source } = problems;
  const instruments = (source.value as { instruments?: unknown } | undefined)?.instruments;
  const given = Array.isArray(instruments) ? instruments : [];
  // Instruments made by code are not described, and are checked where they were made.
  const made = new Map<number, Instrument>();
  for (const [index, entry] of given.entries()) if (entry instanceof Instrument) made.set(index, entry);
  const described = made.size === 0 ? source.value : {
    ...source.value as object,
    instruments: given.map((entry, index) => made.has(index) ? { title: made.get(index)!.title } : entry),
  };
  const wrong = instruments === undefined && isOneInstrument(described)
    ? [source.problem([], 'is one instrument: a bench has a list of them, { "instruments": [ {…} ] }')]
    : formProblems(benchSchema, described, source);
  problems.addAll(wrong);
  return { ...wrong.length > 0 ? soundParts(described) : wellFormed(described), given, made };
}

/** Whether somebody wrote one instrument where a bench should be. */
function isOneInstrument(value: unknown): boolean {
  return typeof value === "object" && value !== null && "title" in value && ("port" in value || "driver" in value);
}

/** A bench file whose form is right. */
function wellFormed(described: unknown): ReturnType<typeof soundParts> {
  const bench = benchSchema.parse(described);
  const { instruments } = described as { instruments: SoundEntry["raw"][] };
  return { bench, entries: bench.instruments.map((entry, index) => ({ entry, raw: instruments[index]! })) };
}
