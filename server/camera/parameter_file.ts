/**
 * azcam's parameter files: sections in brackets, each with lines of NAME = VALUE, as Python's configparser writes them.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";

/** Dictionaries by their names; each holds texts by the names of parameters. */
export type Dictionaries = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The section whose lines stand in every other one. */
const everywhere = "DEFAULT";

/** A line that is read: what it says. */
type Line =
  | { readonly section: string }
  | { readonly name: string; readonly value: string }
  | "more of the value"
  | "nothing";

function readLine(line: string, inValue: boolean): Line | undefined {
  const text = line.trim();
  if (text === "" || text.startsWith("#") || text.startsWith(";")) return "nothing";
  if (inValue && /^\s/.test(line)) return "more of the value";
  const section = /^\[([^\]]+)\]/.exec(text)?.[1];
  if (section !== undefined) return { section };
  const at = text.search(/[=:]/);
  if (at < 1) return undefined;
  return { name: text.slice(0, at).trimEnd().toLowerCase(), value: text.slice(at + 1).trim() };
}

/** A value as it was kept: in quotes where it would not have survived otherwise. */
function readValue(text: string): string {
  if (text.startsWith('"')) {
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === "string") return value;
    } catch {
      // A quote that means itself.
    }
  }
  return text.replaceAll("%%", "%");
}

function writeValue(value: string): string {
  if (value !== value.trim() || value.startsWith('"') || /[\r\n]/.test(value)) return JSON.stringify(value);
  return value.replaceAll("%", "%%");
}

/**
 * Reads a parameter file.
 *
 * @param text What the file holds.
 * @returns Its sections; names are in lower case, as azcam takes them.
 * @throws {HeliographError} `bad_argument` with the line that is none of such a file.
 */
export function parseParameters(text: string): Dictionaries {
  const sections = new Map<string, Map<string, string[]>>();
  let section: Map<string, string[]> | undefined;
  let value: string[] | undefined;
  for (const [index, line] of text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/).entries()) {
    const read = readLine(line, value !== undefined);
    const isName = typeof read === "object" && "name" in read;
    if (read === undefined || (isName && section === undefined)) {
      throw new HeliographError(
        "bad_argument",
        `line ${index + 1} is none of a parameter file, which has [SECTION] and below it NAME = VALUE`,
      );
    }
    if (read === "nothing") continue;
    if (read === "more of the value") value!.push(line.trim());
    else if ("section" in read) {
      value = undefined;
      section = sections.get(read.section);
      if (section === undefined) sections.set(read.section, section = new Map());
    } else section!.set(read.name, value = [read.value]);
  }
  const common = sections.get(everywhere) ?? new Map<string, string[]>();
  sections.delete(everywhere);
  return new Map([...sections].map(([name, own]) => {
    const values = [...common, ...own].map(([key, lines]) => [key, readValue(lines.join("\n"))] as const);
    return [name, new Map(values)];
  }));
}

/**
 * Writes a parameter file, which azcam reads too.
 *
 * @param dictionaries What it is to hold.
 */
export function formatParameters(dictionaries: Dictionaries): string {
  return [...dictionaries].map(([section, values]) =>
    `[${section}]\n${[...values].map(([name, value]) => `${name} = ${writeValue(value)}`.trimEnd() + "\n").join("")}\n`
  ).join("");
}
