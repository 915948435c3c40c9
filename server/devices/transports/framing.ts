/**
 * Framings: how one answer is cut out of the bytes that an instrument sends.
 *
 * Bytes are texts here with a character for each byte. A framing keeps nothing, so that it does not matter in which
 * pieces bytes come.
 *
 * @module
 */

import { type Pattern, pattern } from "../described/pattern.ts";
import { endPattern } from "./end_pattern.ts";
import { byteText, textBytes } from "./line_codec.ts";

/**
 * How an answer ends. At most one of `length`, `block` and `answerEnds`; where a question says nothing of it, its answer
 * ends as the others on the line.
 *
 * @example
 * ```ts
 * import type { Shape, Turn } from "@heliograph/heliograph";
 *
 * // The third byte of an answer says how many there are, besides five more.
 * const counted: Shape = { length: { at: 2, plus: 5 } };
 * const registers = (turn: Turn, text: Uint8Array): Promise<Uint8Array> =>
 *   turn.askBytes({ text, timeout: 0.5, shape: counted });
 * console.log(registers.length); // 2
 * ```
 */
export interface Shape {
  /** What ends it, and is no part of it; empty where nothing does. */
  readonly receiveEnd?: string | undefined;
  /** How many bytes it has, or where it says how many. */
  readonly length?: number | {
    /** Where the number is, counted in bytes from 0. */
    readonly at: number;
    /** How many bytes, digits or not, the number has. @default 1 */
    readonly bytes?: number | undefined;
    /** How it is written. @default binary */
    readonly as?: "binary" | "decimal" | "hexadecimal" | undefined;
    /** Which byte of a binary number comes first: `big` is the one that counts most. @default big */
    readonly order?: "big" | "little" | undefined;
    /** How many bytes the whole answer has more than the number says. @default 0 */
    readonly plus?: number | undefined;
  } | undefined;
  /** Whether it may be a block as SCPI has them: `#42048`, 2048 bytes and the line's end. */
  readonly block?: boolean | undefined;
  /** A pattern that is found as soon as the answer is whole; what it finds is part of the answer. */
  readonly answerEnds?: string | undefined;
  /** How many answers, one after another, are one. @default 1 */
  readonly lines?: number | undefined;
  /** After how many seconds without another byte what has come is the answer. @default never */
  readonly quiet?: number | undefined;
}

/** A length that an answer says itself. */
type CountedLength = Exclude<Shape["length"], number | undefined>;

/** One answer, cut off. */
export interface Cut {
  /** The answer, without its end. */
  readonly answer: string;
  /** How many bytes it took, its end included. */
  readonly taken: number;
  /** Whether it came instead of the echo that should stand before an answer. */
  readonly unechoed?: boolean;
}

/** A way to cut. */
export interface Framing {
  /**
   * Cuts the first answer off.
   *
   * @param bytes All that has come.
   * @returns It, or how many bytes there must at least be before it can be whole.
   */
  cut(bytes: string): Cut | number;
  /** What of the bytes of an unfinished answer belongs to it. @default all of them */
  rest?(bytes: string): string;
  /** An answer ends when nothing came for so long, in seconds; `undefined` where a pause means nothing. */
  readonly quiet: number | undefined;
  /** What is no answer because it has not ended within so many bytes. */
  readonly longest: number;
  /** What ends an answer, for errors; empty where that is no text. */
  readonly end: string;
}

/** An answer that does not end within so many bytes is none: the instrument babbles. */
const longestAnswer = 65_536;

/** The longest answer that says its length, in bytes. */
const longestCounted = 16 * 1_048_576;

const ways = ["length", "block", "answerEnds"] as const;

/** The words of a shape. */
const words = [...ways, "receiveEnd", "lines", "quiet"] as const;

/** The shape that a question says for its answer; `undefined` where that ends as the others on its line. */
export function shapeIn(said: Shape): Shape | undefined {
  const shape = Object.fromEntries(words.map((word) => [word, said[word]]).filter(([, value]) => value !== undefined));
  return Object.keys(shape).length === 0 ? undefined : shape;
}

/** A shape with what is meant where only a pause ends an answer: then nothing else does. */
export function completed<T extends Shape>(shape: T, receiveEnd: string): T & { readonly receiveEnd: string } {
  const onlyQuiet = shape.quiet !== undefined && ways.every((way) => shape[way] === undefined);
  return { ...shape, receiveEnd: shape.receiveEnd ?? (onlyQuiet ? "" : receiveEnd) };
}

/**
 * What is wrong with a shape.
 *
 * @returns The word that is wrong, and why; `undefined` where all is well.
 */
export function shapeProblem(shape: Shape): { readonly word: keyof Shape; readonly message: string } | undefined {
  const [first, second] = ways.filter((way) => shape[way] !== undefined && shape[way] !== false);
  if (second !== undefined) {
    return { word: second, message: `does not go with "${first}": either of them says where an answer ends` };
  }
  const { length, lines = 1, answerEnds, quiet, receiveEnd } = shape;
  if (lines > 1 && first !== undefined) {
    return { word: "lines", message: `does not go with "${first}": it counts what "receiveEnd" ends` };
  }
  if (typeof length === "object" && (length.as ?? "binary") === "binary" && (length.bytes ?? 1) > 4) {
    return { word: "length", message: "has more than 4 bytes: no answer is so long" };
  }
  if (answerEnds !== undefined) {
    try {
      endPattern(answerEnds);
    } catch (error) {
      return { word: "answerEnds", message: (error as Error).message };
    }
  }
  if (receiveEnd === "" && lines > 1) {
    return { word: "lines", message: 'counts what "receiveEnd" ends, and that is empty' };
  }
  if (receiveEnd === "" && first === undefined && quiet === undefined) {
    return { word: "receiveEnd", message: 'is empty: say "length", "answerEnds" or "quiet" for where an answer ends' };
  }
  return undefined;
}

/**
 * The framing for answers of a shape.
 *
 * @param shape How they end; `receiveEnd` as bytes.
 * @throws {TypeError} Where that is contradictory.
 */
export function framingOf(shape: Shape & { readonly receiveEnd: string }): Framing {
  const problem = shapeProblem(shape);
  if (problem !== undefined) throw new TypeError(`"${problem.word}" ${problem.message}`);
  const { receiveEnd: end, length, block = false, answerEnds, lines = 1, quiet } = shape;
  const rest = { quiet, end };
  if (typeof length === "number") {
    return {
      ...rest,
      end: "",
      longest: longestCounted,
      cut: (bytes) => cutAt(bytes, length),
    };
  }
  if (length !== undefined) {
    return { ...rest, end: "", longest: longestCounted, cut: (bytes) => cutCounted(bytes, length) };
  }
  if (answerEnds !== undefined) {
    const ends = pattern(endPattern(answerEnds));
    return { ...rest, end: "", longest: longestAnswer, cut: (bytes) => cutWhereFound(bytes, ends) };
  }
  if (block) return { ...rest, longest: longestCounted, cut: (bytes) => cutBlock(bytes, end) };
  if (lines === 1) return { ...rest, longest: longestAnswer, cut: (bytes) => cutAtEnd(bytes, end) };
  return { ...rest, longest: longestCounted, cut: (bytes) => cutLines(bytes, end, lines) };
}

/**
 * The first answer in bytes.
 *
 * @param shape How it ends; `receiveEnd` is a line feed unless it says otherwise.
 * @returns The answer without its end, and the bytes after it; `undefined` where it is not whole.
 */
export function answerIn(bytes: Uint8Array, shape: Shape): { answer: Uint8Array; rest: Uint8Array } | undefined {
  const cut = framingOf(completed(shape, "\n")).cut(byteText(bytes));
  if (typeof cut === "number") return undefined;
  return { answer: textBytes(cut.answer), rest: bytes.slice(cut.taken) };
}

/**
 * A framing behind whose answers a prompt comes.
 *
 * @param framing That of the answers; `undefined` where they are all that comes before the prompt.
 * @param prompt What comes behind each answer.
 * @param end What ends the lines before it.
 */
export function prompted(framing: Framing | undefined, prompt: string, end: string): Framing {
  if (framing === undefined) {
    return { quiet: undefined, longest: longestAnswer, end: prompt, cut: (bytes) => cutAtPrompt(bytes, prompt, end) };
  }
  return {
    ...framing,
    cut(bytes) {
      const cut = framing.cut(bytes);
      if (typeof cut === "number") return cut;
      const rest = bytes.slice(cut.taken);
      const begin = end !== "" && rest.startsWith(end) ? end.length : 0;
      if (rest.startsWith(prompt, begin)) return { ...cut, taken: cut.taken + begin + prompt.length };
      return prompt.startsWith(rest.slice(begin)) || (end + prompt).startsWith(rest) ? bytes.length + 1 : cut;
    },
  };
}

/**
 * A framing before whose answers stands what was sent.
 *
 * @param framing That of the answers; `undefined` where nothing else comes.
 * @param sent What was sent, without its end.
 */
export function echoed(framing: Framing | undefined, sent: string): Framing {
  const inner: Framing = framing ?? { quiet: undefined, longest: longestAnswer, end: "", cut: () => empty };
  return {
    ...inner,
    rest: (bytes) => bytes.startsWith(sent) ? bytes.slice(sent.length).replace(/^[\r\n]{1,2}/, "") : bytes,
    cut(bytes) {
      if (sent.startsWith(bytes)) return sent.length + 1;
      if (!bytes.startsWith(sent)) {
        const cut = inner === framing ? inner.cut(bytes) : { answer: bytes, taken: bytes.length };
        return typeof cut === "number" ? cut : { ...cut, unechoed: true };
      }
      const from = sent.length;
      const ends = /^(?:\r\n|\n\r|[\r\n])?/.exec(bytes.slice(from, from + 2))![0].length;
      // Half of a CR LF may be on its way.
      if (bytes.length === from + ends && ends < 2 && framing !== undefined) return bytes.length + 1;
      const cut = inner.cut(bytes.slice(from + ends));
      return typeof cut === "number" ? from + ends + cut : { ...cut, taken: from + ends + cut.taken };
    },
  };
}

const empty: Cut = { answer: "", taken: 0 };

function cutAt(bytes: string, length: number): Cut | number {
  return bytes.length < length ? length : { answer: bytes.slice(0, length), taken: length };
}

function cutAtEnd(bytes: string, end: string, from = 0): Cut | number {
  const at = end === "" ? -1 : bytes.indexOf(end, from);
  if (at < 0) return bytes.length + 1;
  // Half of a CR LF is no part of an answer, whichever of them ends it.
  const first = end === "\r" && bytes[from] === "\n" ? from + 1 : from;
  const last = end === "\n" && at > first && bytes[at - 1] === "\r" ? at - 1 : at;
  return { answer: bytes.slice(first, last), taken: at + end.length };
}

function cutLines(bytes: string, end: string, lines: number): Cut | number {
  const answers: string[] = [];
  let taken = 0;
  while (answers.length < lines) {
    const cut = cutAtEnd(bytes, end, taken);
    if (typeof cut === "number") return cut;
    answers.push(cut.answer);
    taken = cut.taken;
  }
  return { answer: answers.join("\n"), taken };
}

/** Where a header is none, it is the whole answer, which nobody understands. */
function cutCounted(
  bytes: string,
  { at, bytes: size = 1, as = "binary", order = "big", plus = 0 }: CountedLength,
): Cut | number {
  const head = at + size;
  if (bytes.length < head) return head;
  const said = bytes.slice(at, head);
  const length = plus + (as === "binary" ? binary(said, order) : written(said, as));
  return length >= head && length <= longestCounted ? cutAt(bytes, length) : cutAt(bytes, head);
}

function binary(said: string, order: "big" | "little"): number {
  const digits = [...said].map((character) => character.charCodeAt(0));
  return (order === "big" ? digits : digits.reverse()).reduce((sum, digit) => sum * 256 + digit, 0);
}

function written(said: string, as: "decimal" | "hexadecimal"): number {
  if (as === "decimal") return /^ *\d+$/.test(said) ? Number(said) : NaN;
  return /^[0-9a-f]+$/i.test(said) ? parseInt(said, 16) : NaN;
}

/** Up to the first byte at which the pattern is found: with more bytes it still is. */
function cutWhereFound(bytes: string, ends: Pattern): Cut | number {
  if (!ends.test(bytes)) return bytes.length + 1;
  let [without, found] = [0, bytes.length];
  while (found - without > 1) {
    const middle = (without + found) >> 1;
    if (ends.test(bytes.slice(0, middle))) found = middle;
    else without = middle;
  }
  return cutAt(bytes, found);
}

function cutBlock(bytes: string, end: string): Cut | number {
  const digits = /^#[1-9]/.test(bytes) ? Number(bytes[1]) : 0;
  if (bytes.length < 2 && "#".startsWith(bytes)) return 2;
  if (digits === 0) return cutAtEnd(bytes, end);
  const head = 2 + digits;
  if (bytes.length < head) return head;
  const said = bytes.slice(2, head);
  const length = head + Number(said);
  if (!/^\d+$/.test(said) || length > longestCounted) return cutAtEnd(bytes, end);
  const ends = end === "\n" ? ["\n", "\r\n"] : [end];
  if (bytes.length < length) return length;
  const rest = bytes.slice(length, length + end.length + 1);
  const found = ends.find((each) => rest.startsWith(each));
  if (found === undefined && ends.some((each) => each.startsWith(rest))) return bytes.length + 1;
  return { answer: bytes.slice(0, length), taken: length + (found ?? "").length };
}

/** A prompt stands at the begin of a line. */
function cutAtPrompt(bytes: string, prompt: string, end: string): Cut | number {
  for (let at = bytes.indexOf(prompt); at >= 0; at = bytes.indexOf(prompt, at + 1)) {
    const before = bytes.slice(0, at);
    if (before !== "" && !before.endsWith(end) && !before.endsWith(end + "\n")) continue;
    const lines = end === "" ? [before] : before.split(end).map((line) => line.replace(/^\n|\r$/g, ""));
    if (lines.length > 1 && lines.at(-1) === "") lines.pop();
    return { answer: lines.join("\n"), taken: at + prompt.length };
  }
  return bytes.length + 1;
}
