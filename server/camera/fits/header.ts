/**
 * The header of an HDU that this program writes: an image of unsigned 16-bit pixels, in the primary HDU or in an IMAGE
 * extension, or a primary HDU without data in front of extensions.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import {
  cardLength,
  checkKeyword,
  checkText,
  encodeCards,
  type HeaderCard,
  isCommentary,
} from "../../bench/header_card.ts";
import { DataSum, encodeChecksum } from "./checksum.ts";

/** The length of a FITS block, in bytes: headers and data are filled up to whole ones. */
export const blockLength = 2880;

/** The column of the value in the CHECKSUM card, from 0. */
const checksumColumn = 11;

/** The options of an HDU's header. */
export interface ImageHeaderOptions {
  /** Whether it is the file's first HDU, or one after it. */
  readonly kind: "primary" | "extension";
  /** The image's columns (NAXIS1), at least 1; only a primary HDU may be without columns and rows, and has no data then. */
  readonly columns?: number;
  /** The image's rows (NAXIS2), at least 1. */
  readonly rows?: number;
  /** Its name (EXTNAME). @default none */
  readonly name?: string;
  /** What else the header says. Where a keyword comes twice the first wins; commentary may come as often as it likes. */
  readonly cards: readonly HeaderCard[];
  /** Whether extensions follow the primary HDU (EXTEND). @default false */
  readonly extensions?: boolean;
}

/**
 * A length filled up to whole FITS blocks.
 *
 * @param bytes Any number of bytes.
 * @returns The next multiple of 2880.
 */
export function paddedLength(bytes: number): number {
  return Math.ceil(bytes / blockLength) * blockLength;
}

function checkSize({ kind, columns, rows }: ImageHeaderOptions): void {
  if (kind === "primary" && columns === undefined && rows === undefined) return;
  for (const [what, size] of [["columns", columns], ["rows", rows]] as const) {
    if (size === undefined || !Number.isSafeInteger(size) || size < 1) {
      throw new HeliographError(
        "bad_argument",
        `a FITS image has ${size ?? "no number of"} ${what}; the number must be whole and at least 1`,
      );
    }
  }
}

function checkName(name: string): void {
  checkText(name, "the name of the FITS extension");
  if (name.trim() === "" || name.replaceAll("'", "''").length > 68) {
    throw new HeliographError(
      "bad_argument",
      `the name of the FITS extension "${name}" must have 1 to 68 characters, of which each ' counts twice`,
    );
  }
}

function structureCards({ kind, columns, rows, name, extensions }: ImageHeaderOptions): HeaderCard[] {
  const hasData = columns !== undefined;
  const cards: HeaderCard[] = [
    kind === "primary"
      ? { keyword: "SIMPLE", value: true, comment: "FITS standard 4.0" }
      : { keyword: "XTENSION", value: "IMAGE", comment: "image extension" },
    { keyword: "BITPIX", value: hasData ? 16 : 8, comment: hasData ? "bits per pixel" : "no data, so without meaning" },
    { keyword: "NAXIS", value: hasData ? 2 : 0, comment: "number of axes" },
  ];
  if (hasData) {
    cards.push({ keyword: "NAXIS1", value: columns, comment: "columns" });
    cards.push({ keyword: "NAXIS2", value: rows, comment: "rows" });
  }
  if (kind === "extension") {
    cards.push({ keyword: "PCOUNT", value: 0, comment: "no other data" });
    cards.push({ keyword: "GCOUNT", value: 1, comment: "one image" });
  } else if (extensions) {
    cards.push({ keyword: "EXTEND", value: true, comment: "extensions follow" });
  }
  if (name !== undefined) cards.push({ keyword: "EXTNAME", value: name });
  if (kind === "extension") {
    cards.push({ keyword: "INHERIT", value: true, comment: "the primary header holds here too" });
  }
  if (hasData) {
    cards.push({ keyword: "BZERO", value: 32768, comment: "pixels are unsigned: pixel = BZERO + stored" });
    cards.push({ keyword: "BSCALE", value: 1, comment: "no scaling" });
  }
  return cards;
}

function withoutDuplicates(cards: readonly HeaderCard[]): HeaderCard[] {
  const seen = new Set<string>();
  return cards.filter(({ keyword }) => {
    if (isCommentary(keyword)) return true;
    checkKeyword(keyword);
    return !seen.has(keyword) && seen.add(keyword);
  });
}

function hasLongText(cards: string): boolean {
  for (let at = 0; at < cards.length; at += cardLength) if (cards.startsWith("CONTINUE", at)) return true;
  return false;
}

/**
 * The cards of a header but for those that its sums are in: plain text, which a Worker can be sent.
 *
 * @param options What the HDU is and what its header says.
 * @returns The cards, 80 characters each, for {@linkcode ImageHeader}.
 * @throws {HeliographError} `bad_argument` for a size that is none, a keyword that the file's structure needs, and text
 * that is not printable ASCII.
 */
export function headerText(options: ImageHeaderOptions): string {
  checkSize(options);
  if (options.name !== undefined) checkName(options.name);
  const given = encodeCards(withoutDuplicates(options.cards));
  const convention: HeaderCard = { keyword: "LONGSTRN", value: "OGIP 1.0", comment: "text may go on in CONTINUE" };
  return encodeCards([...structureCards(options), ...(hasLongText(given) ? [convention] : [])]) + given;
}

/**
 * The header of one HDU. Its length is known before the data, so that a writer can leave room for it, write the data and
 * add it up, and write the header then:
 *
 * ```ts
 * import { headerText, ImageHeader } from "./header.ts";
 *
 * const cards = [{ keyword: "OBJECT", value: "M 31" }];
 * const header = new ImageHeader(headerText({ kind: "primary", columns: 100, rows: 50, cards }));
 * header.length; // 2880: the data begin here
 * header.bytes(0); // the header, with the sum of the data
 * ```
 */
export class ImageHeader {
  /** The header's length, in bytes: a multiple of 2880. */
  readonly length: number;
  readonly #cards: string;

  /**
   * Lays out a header.
   *
   * @param cards Its cards, from {@linkcode headerText}.
   */
  constructor(cards: string) {
    this.#cards = cards;
    // CHECKSUM, DATASUM and END.
    this.length = paddedLength(cards.length + 3 * cardLength);
  }

  /**
   * The header's bytes.
   *
   * @param dataSum The sum of the data, see {@linkcode DataSum}; 0 without data.
   * @returns `length` bytes, whose CHECKSUM makes the sum of the whole HDU all ones.
   */
  bytes(dataSum: number): Uint8Array<ArrayBuffer> {
    const sums = encodeCards([
      { keyword: "CHECKSUM", value: "0".repeat(16), comment: "makes the sum of this HDU all ones" },
      { keyword: "DATASUM", value: String(dataSum), comment: "sum of the data" },
    ]);
    const bytes = new Uint8Array(this.length);
    const encoder = new TextEncoder();
    encoder.encodeInto(`${this.#cards}${sums}END`.padEnd(this.length), bytes);
    const sum = new DataSum(dataSum);
    sum.add(bytes);
    encoder.encodeInto(encodeChecksum(sum.value, true), bytes.subarray(this.#cards.length + checksumColumn));
    return bytes;
  }
}
