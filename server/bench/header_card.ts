/**
 * Formats FITS header cards: 80 columns of printable ASCII each, as sections 4.1 and 4.2 of the FITS standard 4.0 have
 * them.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { type Float, shown } from "./values.ts";

/**
 * The value of a card: text, a number or yes and no. A {@linkcode Float} is written with a point even if it is whole.
 */
export type CardValue = string | number | boolean | Float;

/** One entry of a FITS header; it takes several cards where its text is long. */
export interface HeaderCard {
  /** 1 to 8 of `A-Z 0-9 - _`. `COMMENT`, `HISTORY` and the empty keyword have a `comment` and nothing else. */
  readonly keyword: string;
  /** The value. Without one, or where it is not a finite number, it is undefined, for which FITS has the blank value. */
  readonly value?: CardValue | undefined;
  /**
   * The whole number as it stands in a file that was read, where `value` cannot hold all its digits.
   *
   * @internal
   */
  readonly digits?: string;
  /** What the value is, or the text of a commentary card. */
  readonly comment?: string;
  /** The value's unit, which comes first in the comment: `[mm] comment`. `°C` is written as `deg C`. */
  readonly unit?: string;
}

/** The length of one card, in characters, which are bytes. */
export const cardLength = 80;

/** The longest text between the quotes of one card. */
const longestText = 68;

/** The column before which a number ends, and after which a comment begins. */
const valueEnd = 30;

/** The longest comment, which is what a card with a number has room for. */
const longestComment = cardLength - valueEnd - " / ".length;

const commentaryKeywords = new Set(["COMMENT", "HISTORY", ""]);

/**
 * Keywords that describe the file's structure, in the standard and in the conventions for compressed images and long
 * strings.
 */
const structure = new RegExp(
  "^(?:" + [
    "SIMPLE|XTENSION|BITPIX|NAXIS\\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|BZERO|BSCALE|BLANK|BLOCKED|END|CONTINUE|HIERARCH",
    "CHECKSUM|DATASUM|INHERIT|EXTNAME|EXTVER|EXTLEVEL|LONGSTRN|TFIELDS|THEAP|(?:PTYPE|PSCAL|PZERO)\\d+",
    "T(?:TYPE|FORM|BCOL|NULL|SCAL|ZERO|DIM|DISP|UNIT|LMIN|LMAX|DMIN|DMAX|CTYP|CUNI|CRPX|CRVL|CDLT|CROT)\\d+",
    "Z(?:IMAGE|TABLE|SIMPLE|TENSION|EXTEND|BITPIX|NAXIS\\d*|PCOUNT|GCOUNT|BLOCKED|HECKSUM|DATASUM|CMPTYPE|QUANTIZ)",
    "Z(?:DITHER0|BLANK|SCALE|ZERO|THEAP|TILELEN|(?:TILE|NAME|VAL|FORM|CTYP)\\d+)",
  ].join("|") + ")$",
);

/** ASCII spellings of characters in units, after Unicode's compatible form (NFKC). */
const unitCharacters: Readonly<Record<string, string>> = {
  "\u00b0": "deg ", // °
  "\u03bc": "u", // μ
  "\u03a9": "Ohm", // Ω
  "\u00c5": "Angstrom", // Å
  "\u00b7": ".", // ·
  "\u22c5": ".", // ⋅
  "\u2212": "-", // −
};

/**
 * Whether a keyword's cards have a text and no value.
 *
 * @param keyword Any keyword.
 * @returns True for `COMMENT`, `HISTORY` and the empty one.
 */
export function isCommentary(keyword: string): boolean {
  return commentaryKeywords.has(keyword);
}

/**
 * Checks that a keyword may be given a value: its form, and that the file's structure does not need it.
 *
 * @param keyword The keyword.
 * @throws {HeliographError} `bad_argument`, with what would be right.
 */
export function checkKeyword(keyword: string): void {
  const refuse = (reason: string) => {
    throw new HeliographError("bad_argument", `the FITS keyword "${shown(keyword)}" ${reason}`);
  };
  if (/[a-z]/.test(keyword) && /^[A-Za-z0-9_-]{1,8}$/.test(keyword)) {
    refuse(`has lower-case letters; write ${keyword.toUpperCase()}`);
  }
  if (isCommentary(keyword.trim())) refuse("has no value, only text; give a keyword of 1 to 8 of A-Z 0-9 - _");
  if (!/^[A-Z0-9_-]{1,8}$/.test(keyword)) refuse("is not made of 1 to 8 of A-Z 0-9 - _");
  if (structure.test(keyword)) refuse("describes the structure of the file, which its writer knows; use another name");
}

function characterName(character: string): string {
  const code = character.codePointAt(0)!;
  const number = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return /[\p{C}\p{Z}]/u.test(character) ? number : `${character} (${number})`;
}

/**
 * Checks that a text can be written in a FITS header, which holds printable ASCII and nothing else.
 *
 * @param text The text.
 * @param what What it is, for the error.
 * @throws {HeliographError} `bad_argument`, with the first character that cannot be written and its position, from 1.
 */
export function checkText(text: string, what: string): void {
  if (/^[ -~]*$/.test(text)) return;
  const characters = [...text];
  const position = characters.findIndex((character) => !/[ -~]/.test(character));
  throw new HeliographError(
    "bad_argument",
    `${what} ${JSON.stringify(shown(text))}: the character ${characterName(characters[position]!)} at position ` +
      `${position + 1} cannot be written in a FITS header, which holds only the ASCII characters from the space to ~`,
  );
}

function commentWithUnit({ keyword, comment = "", unit = "" }: HeaderCard): string {
  const characters = [...unit.normalize("NFKC")];
  const writtenUnit = characters.map((character) => unitCharacters[character] ?? character).join("").trim();
  checkText(comment, `the comment of ${keyword}`);
  checkText(writtenUnit, `the unit of ${keyword}`);
  return (writtenUnit === "" ? comment : `[${writtenUnit}] ${comment}`).slice(0, longestComment).trimEnd();
}

/** Writes a number with a point even if it is whole: some readers take a mantissa without one for an integer. */
function withPoint(number: string): string {
  const [mantissa, exponent] = number.split("e");
  return `${mantissa}${mantissa!.includes(".") ? "" : ".0"}${exponent === undefined ? "" : `E${exponent}`}`;
}

function floatText(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  const plain = withPoint(String(value));
  return plain.length <= valueEnd - 10 ? plain : withPoint(value.toExponential());
}

/** A value that is no text, right-justified to column 30; at most 24 characters, so that it always fits. */
function valueText(value: number | boolean | Float | undefined): string {
  if (typeof value === "boolean") return value ? "T" : "F";
  if (value === undefined || !Number.isFinite(Number(value))) return "";
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : floatText(Number(value));
}

function oneCard(start: string, value: string, comment: string): string {
  const text = `${start}${value}`;
  return (comment === "" ? text : `${text.padEnd(valueEnd)} / ${comment}`).slice(0, cardLength).padEnd(cardLength);
}

const withQuotesDoubled = (text: string) => text.replaceAll("'", "''");

/** Text in pieces that leave room for `&`, with its quotes doubled; a pair of quotes stays together. */
function pieces(text: string): string[] {
  const found = [""];
  for (const character of text) {
    const written = withQuotesDoubled(character);
    if (found.at(-1)!.length + written.length >= longestText) found.push("");
    found[found.length - 1] += written;
  }
  return found;
}

/** Whether a comment fits behind a text with its quotes doubled; the text itself must fit in any case. */
function hasRoom(text: string, comment: string): boolean {
  if (comment === "") return text.length <= longestText;
  return Math.max(10 + text.length + 2, valueEnd) + 3 + comment.length <= cardLength;
}

/**
 * A card for text, and as many CONTINUE cards as the text and its comment need; the comment is on the last one. None of
 * them is empty: CFITSIO takes the `&` before an empty one for a part of the text.
 */
function textCards(start: string, text: string, comment: string): string {
  const whole = withQuotesDoubled(text);
  if (hasRoom(whole, comment)) return oneCard(start, whole === "" ? "''" : `'${whole.padEnd(8)}'`, comment);
  const parts = pieces(text);
  if (parts.length === 1 || !hasRoom(parts.at(-1)!, comment)) {
    // Eight characters are at most sixteen with their quotes doubled, beside which every comment has room.
    parts.splice(0, parts.length, ...pieces(text.slice(0, -8)), withQuotesDoubled(text.slice(-8)));
  }
  return parts.map((part, index) => {
    const isLast = index === parts.length - 1;
    return oneCard(index === 0 ? start : "CONTINUE  ", `'${part}${isLast ? "" : "&"}'`, isLast ? comment : "");
  }).join("");
}

function commentaryCards(keyword: string, text: string): string {
  checkText(text, keyword === "" ? "the text without a keyword" : `the text of ${keyword}`);
  const width = cardLength - 8;
  let cards = "";
  for (let at = 0; at === 0 || at < text.length; at += width) {
    cards += `${keyword.padEnd(8)}${text.slice(at, at + width).padEnd(width)}`;
  }
  return cards;
}

function encodeCard(card: HeaderCard): string {
  const { keyword, value } = card;
  if (isCommentary(keyword)) return commentaryCards(keyword, card.comment ?? "");
  if (!/^[A-Z0-9_-]{1,8}$/.test(keyword)) {
    throw new HeliographError(
      "bad_argument",
      `the FITS keyword "${shown(keyword)}" is not made of 1 to 8 of A-Z 0-9 - _`,
    );
  }
  const start = `${keyword.padEnd(8)}= `;
  const comment = commentWithUnit(card);
  if (typeof value !== "string") return oneCard(start, valueText(value).padStart(valueEnd - 10), comment);
  checkText(value, `the value of ${keyword}`);
  return textCards(start, value.trimEnd(), comment);
}

/**
 * Writes cards.
 *
 * Values are written in full: text that one card cannot hold, or not together with its comment, goes on in CONTINUE
 * cards. A comment is cut after 47 characters with its unit, and earlier beside a number of more than 20. Blanks at the
 * end of a text do not count. A number without a fraction is written as an integer as far as JavaScript has it exactly
 * (2^53 - 1), every other one as a float, with the fewest digits that read back as the same number. The text of COMMENT,
 * HISTORY and the empty keyword is wrapped after 72 characters.
 *
 * @param cards The cards; keywords that the file's structure needs are allowed here, see {@linkcode checkKeyword}.
 * @returns Their text, 80 characters for each card; without END.
 * @throws {HeliographError} `bad_argument` for a keyword with other characters than `A-Z 0-9 - _`, and for text that is
 * not printable ASCII.
 */
export function encodeCards(cards: readonly HeaderCard[]): string {
  return cards.map(encodeCard).join("");
}
