/**
 * Reads Prometheus' selectors: `heliograph_field_value{instrument="tempcon", field=~"cam.*"}`. Functions and operators are
 * refused, with what would be right.
 *
 * @module
 */

import { RE2JS } from "npm:re2js@2.10.0";
import { HeliographError } from "../../../protocol/errors.ts";

/** The labels of a series. */
export type Labels = Readonly<Record<string, string>>;

/** A selector as it was read. */
export interface Selector {
  /** Whether a series is meant. */
  readonly matches: (labels: Labels) => boolean;
  /** Of which time single readings are wanted, in milliseconds; `undefined` for one value at a time. */
  readonly range: number | undefined;
}

/** The longest selector, in characters. */
const longest = 10_000;
/** The largest regular expression, as a program. */
const largestProgram = 2000;
/** The longest label that is compared with a regular expression, in characters. */
const longestLabel = 500;

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "'": "'" };

function bad(message: string): HeliographError {
  return new HeliographError("bad_argument", message);
}

/**
 * Reads a duration as Prometheus writes it: `5m`, `1h30m`; or seconds.
 *
 * @returns Milliseconds; `undefined` where it is none.
 */
export function durationOf(text: string): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  const [whole] = /^(?:\d+(?:ms|[smhdwy]))+$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  let sum = 0;
  for (const [, number, unit] of whole.matchAll(/(\d+)(ms|[smhdwy])/g)) sum += Number(number) * units[unit!]!;
  return sum;
}

function comparison(operator: string, wanted: string): (value: string) => boolean {
  if (operator === "=") return (value) => value === wanted;
  if (operator === "!=") return (value) => value !== wanted;
  let program: RE2JS;
  try {
    // RE2's own syntax, which Prometheus has: it takes no longer than the text is long.
    program = RE2JS.compile(wanted);
  } catch (error) {
    throw bad(`Cannot read the regular expression "${wanted.slice(0, 100)}": ${(error as Error).message}`);
  }
  if (program.programSize() > largestProgram) {
    throw bad(`Cannot take the regular expression "${wanted.slice(0, 100)}": it repeats too much`);
  }
  const fits = (value: string) => value.length <= longestLabel && program.matches(value);
  return operator === "=~" ? fits : (value) => !fits(value);
}

/** Reads a text word for word. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** What stands at this place, where it fits; blanks before it are left out. */
  take(pattern: RegExp): string | undefined {
    this.#at += /^\s*/.exec(this.#text.slice(this.#at))![0].length;
    const found = new RegExp(pattern.source, "y");
    found.lastIndex = this.#at;
    const [word] = found.exec(this.#text) ?? [];
    if (word !== undefined) this.#at += word.length;
    return word;
  }

  get rest(): string {
    return this.#text.slice(this.#at).trim();
  }
}

function unquoted(text: string): string {
  if (text.startsWith("`")) return text.slice(1, -1);
  return text.slice(1, -1).replace(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? `\\${letter}`);
}

/**
 * Reads a selector.
 *
 * @throws {HeliographError} `bad_argument`, with what is not offered and what would be right.
 */
export function parseSelector(text: string): Selector {
  if (text.length > longest) throw bad(`Cannot read the query: it is over ${longest} characters`);
  const only = 'only selectors are offered, such as heliograph_field_value{instrument="tempcon"}; ' +
    "functions, operators, offset and @ are not";
  const scanner = new Scanner(text);
  const compare: [label: string, fits: (value: string) => boolean][] = [];
  const name = scanner.take(/[a-zA-Z_:][\w:]*/);
  if (name !== undefined) compare.push(["__name__", (value) => value === name]);
  let narrow = name !== undefined;
  if (scanner.take(/\{/) !== undefined) {
    while (scanner.take(/\}/) === undefined) {
      const label = scanner.take(/[a-zA-Z_]\w*/);
      const operator = scanner.take(/=~|!~|!=|=/);
      const value = scanner.take(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/);
      if (label === undefined || operator === undefined || value === undefined) {
        throw bad(
          `Cannot read the query at "${scanner.rest.slice(0, 50)}": a label, one of = != =~ !~, and a text in quotes ` +
            "are expected there",
        );
      }
      const fits = comparison(operator, unquoted(value));
      compare.push([label, fits]);
      narrow ||= !fits("");
      if (scanner.take(/,/) !== undefined) continue;
      if (scanner.take(/\}/) !== undefined) break;
      throw bad(`Cannot read the query at "${scanner.rest.slice(0, 50)}": a comma or } is expected there`);
    }
  } else if (name === undefined) {
    throw bad(`Cannot read the query "${text.slice(0, 100)}": ${only}`);
  }
  let range: number | undefined;
  const brackets = scanner.take(/\[[^\]]*\]/);
  if (brackets !== undefined) {
    range = durationOf(brackets.slice(1, -1).trim());
    if (range === undefined || range === 0) {
      throw bad(`Cannot read the range ${brackets.slice(0, 50)}: write [5m], [1h30m]`);
    }
  }
  if (scanner.rest !== "") throw bad(`Cannot run the query at "${scanner.rest.slice(0, 50)}": ${only}`);
  if (!narrow) throw bad("Cannot run the query: name a metric, or a label that may not be empty");
  return { matches: (labels) => compare.every(([label, fits]) => fits(labels[label] ?? "")), range };
}
