/**
 * Patterns of bench files: regular expressions as in JavaScript, matched in linear time.
 *
 * JavaScript's own engine tries one way after another: `^FM:((?:\d+[.,]?)+)$` keeps it busy for seconds on thirty digits,
 * and everybody with it. RE2's does not. What the two read differently is written out for RE2, so that a pattern means
 * here what it means there; what cannot be written out is refused, with what would be right.
 *
 * @module
 */

import { type AST, RegExpParser } from "npm:@eslint-community/regexpp@4.12.3";
import { RE2JS } from "npm:re2js@2.10.0";
import { didYouMean } from "../../bench/names.ts";

/** The largest program: a pattern that repeats so much is no pattern for a line. */
const largestProgram = 5000;

/** Steps that one match may take at most: some ten milliseconds. The larger its program, the shorter the line. */
const mostSteps = 1_000_000;

/** The highest count that the engine knows. */
const mostRepetitions = 1000;

/** The deepest nesting of groups. */
const deepest = 100;

/** The most patterns that are kept: instruments of one kind have the same. */
const mostKept = 1000;

/** White space as JavaScript's `\s` has it: RE2's is without the no-break space, among others. */
const space = "\\t-\\r\\x20\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
const notSpace =
  "\\x00-\\x08\\x0e-\\x1f\\x21-\\x9f\\xa1-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}" +
  "\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}";

/** The escapes for many characters, as they are written within brackets. */
const sets = {
  digit: ["0-9", "\\x00-/:-\\x{10ffff}"],
  word: ["0-9A-Z_a-z", "\\x00-/:-@\\[-\\^`{-\\x{10ffff}"],
  space: [space, notSpace],
} as const;

const parser = new RegExpParser({ ecmaVersion: 2025 });

/** A pattern of a bench file. */
export class Pattern {
  /** As it was written. */
  readonly source: string;
  readonly #program: RE2JS;
  readonly #names: ReadonlyMap<string, readonly number[]>;
  /** Groups that JavaScript and RE2 remember differently, by number, with the part that repeats them. */
  readonly #unclear: ReadonlyMap<number, string>;
  /** Groups that are left out, in JavaScript, rather than empty. */
  readonly #neverEmpty: ReadonlySet<number>;
  readonly #longest: number;

  /**
   * Reads a pattern; {@linkcode pattern} keeps those that were read before.
   *
   * @param source A regular expression as in JavaScript, without flags.
   * @throws {TypeError} Where it is none, or one that cannot be matched in linear time.
   */
  constructor(source: string) {
    this.source = source;
    const translation = new Translation(parsed(source));
    this.#names = translation.names;
    this.#unclear = translation.unclear;
    this.#neverEmpty = translation.neverEmpty;
    try {
      this.#program = RE2JS.compile(translation.text);
    } catch (error) {
      const message = (error as Error).message.replace(/^error parsing regexp: /, "");
      throw new TypeError(
        message.startsWith("invalid repeat count")
          ? `repeats too often what is repeated: ${mostRepetitions} times in all at most`
          : `cannot be matched in linear time: ${message}`,
      );
    }
    const size = this.#program.programSize();
    if (size > largestProgram) {
      throw new TypeError(
        `is too large: it comes to ${size} steps, and ${largestProgram} are the most; write + or * for a high count`,
      );
    }
    this.#longest = Math.floor(mostSteps / size);
  }

  /** Whether it has the groups mantissa and exponent. */
  get isInTwoParts(): boolean {
    return this.#names.has("mantissa") && this.#names.has("exponent");
  }

  /** Whether it has the groups number and unit. */
  get hasUnitApart(): boolean {
    return this.#names.has("number") && this.#names.has("unit");
  }

  /** How many groups it has. */
  get groupCount(): number {
    return this.#program.groupCount();
  }

  /** What its groups are called. */
  get names(): readonly string[] {
    return [...this.#names.keys()];
  }

  /** Whether it is found in a line; not in one that is far too long for it. */
  test(line: string): boolean {
    return line.length <= this.#longest && this.#program.test(line);
  }

  /**
   * A group of its first match in a line.
   *
   * @param line Where to look.
   * @param group Its number or name. @default the first group, or all of the match where there is none
   * @returns The text; `undefined` where the pattern or the group does not match, and for a line that is far too long.
   */
  value(line: string, group: number | string = Math.min(1, this.groupCount)): string | undefined {
    if (line.length > this.#longest) return undefined;
    const match = this.#program.exec(line);
    if (match === null) return undefined;
    // Groups of different alternatives may have the same name.
    const numbers = typeof group === "number" ? [group] : this.#names.get(group) ?? [];
    for (const number of numbers) {
      const text = match[number] as string | undefined;
      if (text !== undefined && !(text === "" && this.#neverEmpty.has(number))) return text;
    }
    return undefined;
  }

  /**
   * Checks that a group can be asked for.
   *
   * @param group Its number or name. @default as in {@linkcode value}
   * @throws {TypeError} With the groups that there are, or where JavaScript would not give the same.
   */
  checkGroup(group: number | string = Math.min(1, this.groupCount)): void {
    const { names, groupCount } = this;
    if (typeof group === "string" && !names.includes(group)) {
      const there = names.join(", ") || "none with a name";
      throw new TypeError(`the pattern has no group ${group}${didYouMean(group, names)}: it has ${there}`);
    }
    if (typeof group === "number" && group > groupCount) {
      throw new TypeError(`the pattern has no group ${group}: it has ${groupCount}`);
    }
    const numbers = typeof group === "number" ? [group] : this.#names.get(group)!;
    const repeated = numbers.map((number) => this.#unclear.get(number)).find((part) => part !== undefined);
    if (repeated === undefined) return;
    throw new TypeError(
      `the pattern's group ${group} may be left out of the last time that ${repeated} repeats, and what it is then is ` +
        "not the same in JavaScript: put a group around what is wanted that every repetition has, or around all of it",
    );
  }
}

const kept = new Map<string, Pattern>();

/**
 * A pattern of a bench file.
 *
 * @param source A regular expression as in JavaScript, without flags.
 * @returns It; the same for the same text, as long as there are not too many.
 * @throws {TypeError} Where it is none, or one that cannot be matched in linear time, with what would be right.
 */
export function pattern(source: string): Pattern {
  const known = kept.get(source);
  if (known !== undefined) return known;
  const made = new Pattern(source);
  if (kept.size >= mostKept) kept.clear();
  kept.set(source, made);
  return made;
}

/**
 * A pattern for the whole of a text.
 *
 * @param source What the text may be.
 * @throws {TypeError} As {@linkcode pattern}.
 */
export function wholePattern(source: string): Pattern {
  // Read by itself first: a bracket too many in it would end the group around it.
  parsed(source);
  return pattern(`^(?:${source})$`);
}

function parsed(source: string): AST.Pattern {
  let depth = 0;
  for (let at = 0; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === "(" && ++depth > deepest) {
      throw new TypeError(`is nested too deeply: ${deepest} groups in each other are the most`);
    } else if (source[at] === ")") depth--;
  }
  try {
    return parser.parsePattern(source, 0, source.length, { unicode: false });
  } catch (error) {
    const message = (error as Error).message.replace(/^Invalid regular expression: (?:\/[^]*\/: )?/, "");
    throw new TypeError(`is no regular expression: ${message}`);
  }
}

type Alternatives = readonly AST.Alternative[];

/** Writes a pattern for RE2 so that it means the same. */
class Translation {
  readonly text: string;
  readonly names = new Map<string, number[]>();
  readonly unclear = new Map<number, string>();
  readonly neverEmpty = new Set<number>();
  #groups = 0;
  /** The innermost part that may be run several times, and whether all of it is run each time. */
  #repeated: { readonly raw: string; readonly always: boolean } | undefined;
  #dotAll = false;

  constructor(source: AST.Pattern) {
    this.text = this.#alternatives(source.alternatives);
  }

  #alternatives(alternatives: Alternatives): string {
    const before = this.#repeated;
    if (alternatives.length > 1 && before !== undefined) this.#repeated = { ...before, always: false };
    const text = alternatives.map(({ elements }) => elements.map((each) => this.#element(each)).join("")).join("|");
    this.#repeated = before;
    return text;
  }

  /** Writes a part. @param inside What repeats what is in it, where that is not what repeats itself. */
  #element(element: AST.Element, inside = this.#repeated): string {
    switch (element.type) {
      case "Assertion":
        return assertion(element);
      case "Backreference":
        throw new TypeError(
          `has ${element.raw}, which stands for what a group has matched: that takes more than linear time; write out ` +
            "what may stand there",
        );
      case "Quantifier":
        return this.#quantifier(element);
      case "CapturingGroup": {
        const number = ++this.#groups;
        if (element.name !== null) this.names.set(element.name, [...this.names.get(element.name) ?? [], number]);
        if (this.#repeated?.always === false) this.unclear.set(number, this.#repeated.raw);
        const before = this.#repeated;
        this.#repeated = inside;
        const text = `(${this.#alternatives(element.alternatives)})`;
        this.#repeated = before;
        return text;
      }
      case "Group":
        return this.#group(element);
      case "Character":
        return character(element);
      case "CharacterSet":
        // A dot is everything but a line end, of which RE2 knows one.
        if (element.kind === "any") return this.#dotAll ? "(?s:.)" : "[^\\n\\r\\x{2028}\\x{2029}]";
        return `(?-i:[${set(element)}])`;
      case "CharacterClass":
        return characterClass(element);
      default:
        throw new TypeError(`has ${element.raw}, which is not known here`);
    }
  }

  #group({ alternatives, modifiers }: AST.Group): string {
    if (modifiers === null) return `(?:${this.#alternatives(alternatives)})`;
    const { add, remove } = modifiers;
    if (add?.multiline === true || remove?.multiline === true) {
      throw new TypeError(
        `has ${modifiers.raw}, by which ^ and $ match at line ends: an answer is one line; leave the m out`,
      );
    }
    const before = this.#dotAll;
    if (add?.dotAll === true) this.#dotAll = true;
    if (remove?.dotAll === true) this.#dotAll = false;
    const flags = add?.ignoreCase === true ? "i" : remove?.ignoreCase === true ? "-i" : "";
    const text = `(?${flags}:${this.#alternatives(alternatives)})`;
    this.#dotAll = before;
    return text;
  }

  #quantifier({ element, min, max, greedy, raw }: AST.Quantifier): string {
    const highest = max === Infinity ? min : max;
    if (highest > mostRepetitions) {
      throw new TypeError(
        `has ${raw.slice(element.raw.length)}, and ${mostRepetitions} is the highest count; write + or * for more`,
      );
    }
    // An empty repetition is none in JavaScript, and it goes on with the next way of matching.
    const empty = isNullable(element);
    if (empty && prefersEmpty(element)) {
      throw new TypeError(
        `repeats ${element.raw}, which may be empty before it is anything else, and is then something else in ` +
          "JavaScript: leave the empty case out of what is repeated",
      );
    }
    const before = this.#repeated;
    let inside = before;
    const always = !empty && (before === undefined || (before.always && min > 0));
    if (max > 1) inside = { raw: before?.raw ?? raw, always };
    else if (min === 0 && before !== undefined) inside = { ...before, always };
    else if (min === 0 && empty) inside = { raw, always: false };
    // Of one that is only optional it is known when JavaScript leaves it out.
    if (max === 1 && before === undefined && inside !== before && element.type === "CapturingGroup") {
      this.neverEmpty.add(this.#groups + 1);
    } else this.#repeated = inside;
    const text = this.#element(element, inside);
    this.#repeated = before;
    const count = max === Infinity
      ? ["*", "+"][min] ?? `{${min},}`
      : min === 0 && max === 1
      ? "?"
      : min === max
      ? `{${min}}`
      : `{${min},${max}}`;
    return `(?:${text})${count}${greedy ? "" : "?"}`;
  }
}

function assertion(element: AST.Assertion): string {
  switch (element.kind) {
    case "start":
      return "\\A";
    case "end":
      return "\\z";
    case "word":
      return element.negate ? "\\B" : "\\b";
    default:
      throw new TypeError(
        `has ${element.raw}, which looks ${element.kind === "lookahead" ? "ahead" : "behind"}: that takes more than ` +
          "linear time; match the whole line, and put a group around what is wanted",
      );
  }
}

function character({ value, raw }: AST.Character): string {
  if (value >= 0xd800 && value <= 0xdfff) {
    throw new TypeError(`has ${JSON.stringify(raw)}, a half of a character: no instrument sends it`);
  }
  const text = String.fromCharCode(value);
  return /[A-Za-z0-9 ]/.test(text) ? text : `\\x{${value.toString(16)}}`;
}

function set(element: AST.CharacterSet): string {
  // Without the flag u there are no properties: \p is a p.
  return element.kind === "any" || element.kind === "property" ? "" : sets[element.kind][element.negate ? 1 : 0];
}

function characterClass({ elements, negate }: AST.CharacterClass): string {
  if (elements.length === 0) return negate ? "(?s:.)" : "[^\\x00-\\x{10ffff}]";
  const parts = elements.map((element) => {
    switch (element.type) {
      case "Character":
        return character(element);
      case "CharacterClassRange":
        return `${character(element.min)}-${character(element.max)}`;
      case "CharacterSet":
        return set(element);
      default:
        throw new TypeError(`has ${element.raw}, which is not known here`);
    }
  });
  return `[${negate ? "^" : ""}${parts.join("")}]`;
}

function alternativesOf(element: AST.Element): Alternatives | undefined {
  return element.type === "Group" || element.type === "CapturingGroup" ? element.alternatives : undefined;
}

/** Whether a part can match nothing. */
function isNullable(element: AST.Element): boolean {
  if (element.type === "Quantifier") return element.min === 0 || isNullable(element.element);
  return element.type === "Assertion" || (alternativesOf(element)?.some(allNullable) ?? false);
}

function allNullable({ elements }: AST.Alternative): boolean {
  return elements.every(isNullable);
}

/** Whether a part that can match nothing may try that before something else. */
function prefersEmpty(element: AST.Element): boolean {
  if (element.type === "Quantifier") return !element.greedy || prefersEmpty(element.element);
  const alternatives = alternativesOf(element) ?? [];
  return alternatives.slice(0, -1).some(allNullable) ||
    alternatives.some(({ elements }) => elements.some((each) => isNullable(each) && prefersEmpty(each)));
}
