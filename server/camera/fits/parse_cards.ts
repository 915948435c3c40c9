/**
 * Parses FITS header cards, as any program may have written them: nothing in a card is an error here.
 *
 * @module
 */

import { Float } from "../../bench/values.ts";
import { cardLength, type CardValue, type HeaderCard, isCommentary } from "../../bench/header_card.ts";

/** A card that has not been joined with its CONTINUE cards yet. */
interface SingleCard {
  readonly keyword: string;
  /** The value; `undefined` for the blank one, and `null` where there is none. */
  readonly value: CardValue | undefined | null;
  readonly comment: string;
  /** The number as it stands, where it has more digits than a number of ours holds. */
  readonly digits?: string | undefined;
}

const textField = /^ *'((?:[^']|'')*)' *(?:\/(.*))?$/;
const otherField = /^ *([^ '/]*) *(?:\/(.*))?$/;
const integer = /^[+-]?\d+$/;
const float = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[ED][+-]?\d+)?$/i;

function parseNumber(text: string): number | Float | null {
  if (integer.test(text)) return Number(text);
  if (!float.test(text)) return null;
  const value = Number(text.replace(/D/i, "E"));
  return Number.isSafeInteger(value) ? new Float(value) : value;
}

/** The value and the comment of columns 11 to 80; what is no value of FITS, or a complex one, is all comment. */
function parseField(field: string): Omit<SingleCard, "keyword"> {
  const text = textField.exec(field);
  if (text !== null) {
    return { value: text[1]!.replaceAll("''", "'").trimEnd(), comment: (text[2] ?? "").trim() };
  }
  const [, written, comment = ""] = otherField.exec(field) ?? [];
  if (written !== undefined) {
    const value = written === "" ? undefined : written === "T" ? true : written === "F" ? false : parseNumber(written);
    if (value !== null) return { value, comment: comment.trim(), ...digitsOf(written, value) };
  }
  return { value: null, comment: field.trim() };
}

function digitsOf(written: string, value: CardValue | undefined): Pick<SingleCard, "digits"> {
  return integer.test(written) && !Number.isSafeInteger(value) ? { digits: written.replace(/^\+/, "") } : {};
}

function parseCard(card: string): SingleCard {
  const keyword = card.slice(0, 8).trimEnd();
  if (keyword === "CONTINUE") return { keyword, ...parseField(card.slice(8)) };
  if (isCommentary(keyword) || !card.startsWith("= ", 8)) {
    return { keyword, value: null, comment: card.slice(8).trimEnd() };
  }
  return { keyword, ...parseField(card.slice(10)) };
}

function join(first: SingleCard, next: SingleCard): SingleCard {
  return {
    keyword: first.keyword,
    value: String(first.value).slice(0, -1) + String(next.value),
    comment: [first.comment, next.comment].filter((comment) => comment !== "").join(" "),
  };
}

function toHeaderCard({ keyword, value, comment: written, digits }: SingleCard): HeaderCard {
  if (value === null) return { keyword, ...(written === "" ? {} : { comment: written }) };
  const [, unit, comment = written] = /^\[([^\]]*)\] ?(.*)$/.exec(written) ?? [];
  return {
    keyword,
    value,
    ...(digits === undefined ? {} : { digits }),
    ...(comment === "" ? {} : { comment }),
    ...(unit === undefined ? {} : { unit }),
  };
}

/**
 * Reads cards.
 *
 * Text that goes on in CONTINUE cards is joined, and so are its comments. A comment that begins with `[unit]` gives the
 * unit. A number written as a float is a {@linkcode Float} if it is whole. Commentary, `HIERARCH` and whatever has no value
 * that FITS knows have their text as the `comment`, and no property `value`.
 *
 * @param text The cards' text, 80 characters each, without END.
 * @returns The cards in their order.
 */
export function parseCards(text: string): HeaderCard[] {
  const cards: SingleCard[] = [];
  for (let at = 0; at < text.length; at += cardLength) {
    const card = parseCard(text.slice(at, at + cardLength));
    const last = cards.at(-1);
    const continued = card.keyword === "CONTINUE" && typeof card.value === "string" &&
      typeof last?.value === "string" && last.value.endsWith("&");
    if (continued) cards[cards.length - 1] = join(last, card);
    else cards.push(card);
  }
  return cards.map(toHeaderCard);
}
