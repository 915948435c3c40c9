/**
 * The schema of the page's arrangement, and the errors of one that is wrong.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { type Arrangement, sameTitle } from "../../protocol/arrangement.ts";
import { BenchFileError, type Problem, Source } from "../files/source.ts";
import { identifierOf } from "../bench/names.ts";
import { plainLine } from "../../protocol/printable.ts";
import { formProblems } from "../config/validate.ts";

/** The version of the file that this program writes. */
const fileVersion = 1;

const notOneLine = "it is one line without control characters";

const name = z.string().min(1).max(200, "a name has at most 200 characters").regex(plainLine, notOneLine);
const names = z.array(name).max(2000, "that many instruments are no bench");
const title = z.string().trim().max(80, "a title has at most 80 characters").regex(plainLine, notOneLine)
  .regex(/\S/, "a title needs something to read");

/** An arrangement as a client sends it. */
export const arrangementSchema = z.strictObject({
  groups: z.array(z.strictObject({ title, instruments: names })).max(100, "more groups than 100 help nobody"),
  others: names.default([]),
  hidden: names.default([]),
  shown: names.optional(),
  main: z.record(name, z.array(name).max(4, "more than 4 fields are not what matters most")).optional(),
});

const fileSchema = arrangementSchema.extend({ version: z.literal(fileVersion) });

/** Finds the name of an instrument from its name or title: a name, or the same text where nothing is called that. */
export type NameOf = (given: string) => string;

/** The repetitions in an arrangement. */
function repetitions({ groups, others, hidden }: Arrangement, source: Source): Problem[] {
  const problems: Problem[] = [];
  const titles = new Set<string>();
  const placed = new Set<string>();
  const once = (seen: Set<string>, key: string, path: (string | number)[], message: string) => {
    if (seen.has(key)) problems.push(source.problem(path, message));
    seen.add(key);
  };
  for (const [index, group] of groups.entries()) {
    const at = ["groups", index];
    once(titles, sameTitle(group.title), [...at, "title"], `there is a group called ${group.title} already`);
    for (const [place, each] of group.instruments.entries()) {
      once(placed, each, [...at, "instruments", place], `${each} has a place already`);
    }
  }
  for (const [place, each] of others.entries()) once(placed, each, ["others", place], `${each} has a place already`);
  const hiding = new Set<string>();
  for (const [place, each] of hidden.entries()) once(hiding, each, ["hidden", place], `${each} stands here twice`);
  return problems;
}

function checked(schema: typeof arrangementSchema, source: Source, nameOf: NameOf): Arrangement {
  const problems = formProblems(schema, source.value, source);
  if (problems.length > 0) throw new BenchFileError(problems.slice(0, 5));
  const { groups, others, hidden, shown = [], main = {} } = schema.parse(source.value);
  const chosen = Object.entries(main).map(([instrument, fields]) => [nameOf(instrument), fields.map(identifierOf)]);
  const arrangement = {
    groups: groups.map(({ title, instruments }) => ({ title, instruments: instruments.map(nameOf) })),
    others: others.map(nameOf),
    hidden: hidden.map(nameOf),
    ...(shown.length === 0 ? {} : { shown: [...new Set(shown.map(nameOf))] }),
    ...(chosen.length === 0 ? {} : { main: Object.fromEntries(chosen) }),
  };
  const twice = repetitions(arrangement, source);
  if (twice.length > 0) throw new BenchFileError(twice.slice(0, 5));
  return arrangement;
}

/**
 * Checks an arrangement that somebody sent.
 *
 * @param value What they sent.
 * @param nameOf Turns titles into names.
 * @returns The arrangement, by names.
 * @throws {BenchFileError} With what is wrong, and where.
 */
export function checkedArrangement(value: unknown, nameOf: NameOf): Arrangement {
  return checked(arrangementSchema, Source.ofValue("", value), nameOf);
}

/** The mistakes in an arrangement, on one line. @param error As {@linkcode checkedArrangement} throws it. */
export function arrangementProblems({ problems }: BenchFileError): string {
  return problems.map(({ where, message }) => where === "" ? message : `${where}: ${message}`).join("; ");
}

/**
 * Reads a file that an arrangement was kept in; people may have edited it.
 *
 * @param file The name of the file, for errors.
 * @param text What it holds.
 * @param nameOf Turns titles into names.
 * @throws {BenchFileError} With what is wrong, and on which line.
 */
export function readArrangement(file: string, text: string, nameOf: NameOf): Arrangement {
  const source = Source.parse(file, text);
  const version = (source.value as { version?: unknown } | null)?.version;
  if (typeof version === "number" && version > fileVersion) {
    const message = `a newer heliograph wrote this: it is ${version}, and this one knows ${fileVersion}`;
    throw new BenchFileError([source.problem(["version"], message, ["version"])]);
  }
  return checked(fileSchema, source, nameOf);
}

/** The content of an arrangement's file: JSON for people to read. */
export function arrangementText(arrangement: Arrangement): string {
  return `${JSON.stringify({ version: fileVersion, ...arrangement }, null, 2)}\n`;
}
