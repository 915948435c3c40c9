/**
 * Templates of commands: texts with places to be filled, such as `SOUR:VOLT {value:.3f}`. Places are written as in
 * Python.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { didYouMean } from "../../bench/names.ts";
import { quoted } from "../../bench/answer_errors.ts";
import { type Picture, picture, toSexagesimal } from "./sexagesimal.ts";
import { withBytes } from "../transports/line_codec.ts";

/**
 * What fills a place: a text or a number, also with what stands before its decimals, a number with how it is written
 * where the place has no format, a character for each byte, or a text of the bench file's own, which may hold bytes.
 */
export type Filling =
  | string
  | number
  | { readonly number: number; readonly decimal: string }
  | { readonly number: number; readonly written: string }
  | { readonly own: string };

interface Place {
  readonly name: string;
  readonly format: NumberFormat | Picture | undefined;
}

interface NumberFormat {
  readonly zeros: boolean;
  readonly width: number;
  readonly decimals: number | undefined;
  readonly type: "d" | "f" | "e" | "E" | "x" | "X" | "o" | "b" | "";
}

// deno-lint-ignore no-control-regex -- control characters, and halves of pairs, are what is looked for
const control = /[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]/u;

/** The pattern of a text from a client unless the bench file has another. */
export const defaultTextPattern = "[A-Za-z0-9 ._+/-]*";

/** A command text with places. */
export class Template {
  /** As it was written. */
  readonly source: string;
  /** Texts and places in turn; the first and the last are texts. */
  readonly #parts: readonly (string | Place)[];

  /**
   * Reads a template.
   *
   * @param source The text; `{name}` is a place, `{name:.2f}` one for a number, `{{` and `}}` are braces.
   * @param names What places may be called.
   * @throws {TypeError} With what is wrong with it.
   */
  constructor(source: string, names: readonly string[]) {
    this.source = source;
    const parts: (string | Place)[] = [""];
    for (const [piece] of source.matchAll(/\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g)) {
      if (piece === "{" || piece === "}") {
        throw new TypeError(`${quoted(source)} has a ${piece} without its partner; write ${piece}${piece} for a brace`);
      }
      if (piece.length > 2 && piece.startsWith("{") && piece.endsWith("}")) {
        parts.push(readPlace(piece.slice(1, -1), source, names), "");
      } else if (piece === "{}") {
        throw new TypeError(`${quoted(source)} has a place without a name; there is ${names.join(", ") || "none"}`);
      } else parts.push(parts.pop() + (piece === "{{" ? "{" : piece === "}}" ? "}" : piece));
    }
    this.#parts = parts;
  }

  /** The names of its places. */
  get names(): string[] {
    return this.#parts.flatMap((part) => typeof part === "string" ? [] : [part.name]);
  }

  /**
   * The text with its places filled.
   *
   * @param fillings What each place is filled with.
   * @param end What ends a command: no filling may hold it.
   * @param byte The character that stands for a byte. @default that of its number
   * @throws {HeliographError} `bad_argument` where a filling would end the command or hold a control character.
   */
  fill(fillings: Readonly<Record<string, Filling>>, end: string, byte = String.fromCharCode): string {
    return this.#parts.map((part) => {
      if (typeof part === "string") return part;
      const filling = fillings[part.name]!;
      // The bytes of a number are as many as the instrument takes, whichever they are.
      if (typeof filling === "object" && "written" in filling && part.format === undefined) {
        return Array.from(filling.written, (character) => byte(character.charCodeAt(0))).join("");
      }
      const own = typeof filling === "object" && "own" in filling;
      const text = own ? withBytes(filling.own, byte) : textOf(filling, part.format);
      if ((!own && control.test(text)) || (end !== "" && text.includes(end))) {
        throw new HeliographError(
          "bad_argument",
          `Cannot send ${quoted(text)} in ${
            quoted(this.source)
          }: it would end the command or holds a control character`,
        );
      }
      return text;
    }).join("");
  }
}

function textOf(filling: Exclude<Filling, { own: string }>, format: Place["format"]): string {
  if (typeof filling === "string") return filling;
  if (typeof filling === "number") return formatNumber(filling, format);
  const text = formatNumber(filling.number, format);
  return "decimal" in filling ? text.replace(".", filling.decimal) : text;
}

function readPlace(text: string, source: string, names: readonly string[]): Place {
  const [name = "", ...rest] = text.split(":");
  if (!names.includes(name)) {
    throw new TypeError(
      `${quoted(source)} has a place {${name}}, and there is ${
        names.map((known) => `{${known}}`).join(", ") || "none"
      }` +
        didYouMean(name, names),
    );
  }
  if (rest.length === 0) return { name, format: undefined };
  const sexagesimal = picture(rest.join(":"));
  if (sexagesimal !== undefined) return { name, format: sexagesimal };
  const format = /^(0?)([1-9]\d?)?(?:\.(\d\d?))?([dfeExXob]?)$/.exec(rest.join(":"));
  if (format === null || ("dxXob".includes(format[4] || "-") && format[3] !== undefined)) {
    throw new TypeError(
      `${
        quoted(source)
      } formats {${text}} in a way that is not known; give for example {${name}:.2f}, {${name}:.2e}, {${name}:03d}, {${name}:04X} or {${name}:HH:MM:SS}`,
    );
  }
  return {
    name,
    format: {
      zeros: format[1] === "0",
      width: Number(format[2] ?? 0),
      decimals: format[3] === undefined ? undefined : Number(format[3]),
      type: format[4] as NumberFormat["type"],
    },
  };
}

/** A number as Python formats it, or as degrees or hours. */
function formatNumber(value: number, format: Place["format"]): string {
  if (format === undefined) return plainNumber(value);
  if ("signed" in format) return toSexagesimal(value, format);
  const text = unpadded(value, format);
  if (!format.zeros || text.length >= format.width) return text.padStart(format.width, " ");
  const sign = text.startsWith("-") ? "-" : "";
  return sign + text.slice(sign.length).padStart(format.width - sign.length, "0");
}

function unpadded(value: number, { type, decimals }: NumberFormat): string {
  switch (type) {
    case "d":
      return String(Math.round(value));
    case "x":
      return Math.round(value).toString(16);
    case "X":
      return Math.round(value).toString(16).toUpperCase();
    case "o":
      return Math.round(value).toString(8);
    case "b":
      return Math.round(value).toString(2);
    case "f":
      return value.toFixed(decimals ?? 6);
    case "e":
    case "E": {
      const text = twoDigitExponent(value.toExponential(decimals ?? 6));
      return type === "E" ? text.toUpperCase() : text;
    }
    case "":
      return decimals === undefined
        ? plainNumber(value)
        : plainNumber(Number(value.toPrecision(Math.max(1, decimals))));
  }
}

/** Writes a number without an exponent where people would write none; instruments of the IEEE 488.2 kind take both. */
function plainNumber(value: number): string {
  return twoDigitExponent(String(value));
}

/** C's and Python's exponents have at least two digits, and some instruments insist on it. */
function twoDigitExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}
