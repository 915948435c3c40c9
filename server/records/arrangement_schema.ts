/**
 * The schema of the page's arrangement, and the errors of one that is wrong.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { type Arrangement, sameTitle } from "../../protocol/arrangement.ts";
import { HeliographError } from "../../protocol/errors.ts";
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

/** The most plots that are kept. */
const mostPlots = 200;

/** What an address tells of a plot: at least one field. */
const plot = z.string().max(8000, "it is longer than 8000 characters").regex(plainLine, notOneLine)
  .refine((text) => new URLSearchParams(text).has("f"), "it names no field: f=INSTRUMENT.FIELD");

/** A plot that is kept, with its name. */
const keptPlotSchema = z.strictObject({ name: title, plot });

/** An arrangement as a client sends it. */
export const arrangementSchema = z.strictObject({
  groups: z.array(z.strictObject({ title, instruments: names })).max(100, "more groups than 100 help nobody"),
  others: names.default([]),
  hidden: names.default([]),
  shown: names.optional(),
  main: z.record(name, z.array(name).max(4, "more than 4 fields are not what matters most")).optional(),
  plots: z.record(title, plot).refine((all) => Object.keys(all).length <= mostPlots, `more than ${mostPlots} plots`)
    .optional(),
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
  const { groups, others, hidden, shown = [], main = {}, plots = {} } = schema.parse(source.value);
  const chosen = Object.entries(main).map(([instrument, fields]) => [nameOf(instrument), fields.map(identifierOf)]);
  const arrangement = {
    groups: groups.map(({ title, instruments }) => ({ title, instruments: instruments.map(nameOf) })),
    others: others.map(nameOf),
    hidden: hidden.map(nameOf),
    ...(shown.length === 0 ? {} : { shown: [...new Set(shown.map(nameOf))] }),
    ...(chosen.length === 0 ? {} : { main: Object.fromEntries(chosen) }),
    ...(Object.keys(plots).length === 0 ? {} : { plots }),
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

/**
 * The plots with one more, which somebody sent.
 *
 * @param plots Those that are kept.
 * @param name What it is called; names that people take for the same are the same.
 * @param given What its address tells; `null` forgets it.
 * @param over Whether it may take the place of another one of that name.
 * @throws {HeliographError} `bad_argument` with what is wrong.
 */
export function withPlot(
  plots: Readonly<Record<string, string>>,
  name: string,
  given: string | null,
  over: boolean,
): Readonly<Record<string, string>> {
  const wrong = (why: string) =>
    new HeliographError("bad_argument", `Cannot keep the plot${name.trim() && ` ${name.slice(0, 80)}`}: ${why}`);
  const before = Object.keys(plots).find((each) => sameTitle(each) === sameTitle(name.trim()));
  const others = Object.fromEntries(Object.entries(plots).filter(([each]) => each !== before));
  if (given === null) {
    if (before === undefined) throw new HeliographError("bad_argument", `No plot is called ${name.slice(0, 80)}`);
    return others;
  }
  const { data, error } = keptPlotSchema.safeParse({ name, plot: given });
  if (data === undefined) throw wrong(error.issues[0]!.message);
  if (before !== undefined && !over) throw wrong(`there is one called ${before} already`);
  if (Object.keys(others).length >= mostPlots) throw wrong(`there are ${mostPlots} already: forget one`);
  return { ...others, [data.name]: data.plot };
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
