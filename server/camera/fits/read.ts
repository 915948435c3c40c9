/**
 * Reads FITS files: their headers, the pixels of their images in blocks of rows, and whether their sums are right.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { shown } from "../../bench/values.ts";
import { cardLength, type CardValue, type HeaderCard } from "../../bench/header_card.ts";
import { DataSum } from "./checksum.ts";
import { blockLength, paddedLength } from "./header.ts";
import { parseCards } from "./parse_cards.ts";
import { type BitsPerPixel, decodePixels, isBitsPerPixel, type PixelFormat } from "./pixels.ts";

/** A file that somebody has opened. */
export interface FitsSource {
  /** Its length, in bytes. */
  readonly size: number;
  /**
   * Reads a part of it.
   *
   * @param offset Where the part begins, in bytes from 0.
   * @param length How long it is, in bytes; it lies within `size`.
   * @returns All of it.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** An image's geometry, and how its bytes are pixels. */
export interface FitsImage extends PixelFormat {
  /** Its axes' lengths (NAXIS1, NAXIS2, …). */
  readonly axes: readonly number[];
  /** The length of its first axis. */
  readonly columns: number;
  /** How many rows there are, in all planes of an image of more than two axes. */
  readonly rows: number;
}

/** One header and data unit of a FITS file. */
export interface FitsHdu {
  /** Its number in the file, from 1. */
  readonly number: number;
  /** `primary`, or what kind of extension it is (XTENSION), for example `IMAGE` or `BINTABLE`. */
  readonly kind: string;
  /** Its name (EXTNAME), empty if it has none. */
  readonly name: string;
  /** Its header, without END. */
  readonly cards: readonly HeaderCard[];
  /** Its image; none in a table, which a compressed image is too, and in an HDU without data. */
  readonly image?: FitsImage;
  /** Where its header begins, in bytes. */
  readonly headerOffset: number;
  /** Where its data begin. */
  readonly dataOffset: number;
  /** The length of its data, without the fill behind them. */
  readonly dataLength: number;
  /** Where it ends, with the fill. */
  readonly end: number;
  /** Whether the file ends before the fill does, as some programs leave it. */
  readonly unfilled: boolean;
}

/** Some rows of an image. */
export interface PixelBlock {
  /** The first row, from 0; FITS counts from 1. */
  readonly firstRow: number;
  /** How many rows. */
  readonly rows: number;
  /** The pixels row by row, scaled, NaN where there is no value; `rows` × the image's `columns`. */
  readonly values: Float64Array<ArrayBuffer>;
}

/** The range of rows to read. */
export interface RowRange {
  /** The first row, from 0. @default 0 */
  readonly firstRow?: number;
  /** How many rows. @default all from `firstRow` on */
  readonly rows?: number;
  /** Whether each block takes the place of the one before in memory, for whoever keeps none. @default false */
  readonly reuse?: boolean;
}

/** The result of checking a sum in a header. */
export type SumState = "right" | "wrong" | "absent";

/** How many bytes are read at once, of data; a row that is longer is read as a whole. */
const readLength = 2 ** 20;

/** How many bytes of a header are read at once. */
const headerReadLength = 8 * blockLength;

/** The longest header that is read, in bytes: 36,000 cards. A file that is no FITS file may never say END. */
const longestHeader = 1000 * blockLength;

const count = (bytes: number) => `${bytes.toLocaleString("en")} bytes`;

async function readExactly(source: FitsSource, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await source.read(offset, length);
  if (bytes.length === length) return bytes;
  throw new HeliographError(
    "command_failed",
    `the FITS file is cut off: ${count(bytes.length)} came from ${offset} on, and there should be ${count(length)}`,
  );
}

const latin1 = new TextDecoder("latin1");

function endOfCards(text: string, from: number): number | undefined {
  for (let at = from; at + cardLength <= text.length; at += cardLength) {
    if (text.startsWith("END", at) && text.slice(at, at + cardLength).trimEnd() === "END") return at;
  }
  return undefined;
}

/** The text of a header's cards, and where its data begin. */
async function readHeader(source: FitsSource, headerOffset: number, number: number): Promise<[string, number]> {
  const longest = Math.min(longestHeader, source.size - headerOffset);
  let text = "";
  while (text.length < longest) {
    const length = Math.min(headerReadLength, longest - text.length);
    const more = latin1.decode(await readExactly(source, headerOffset + text.length, length));
    if (number === 1 && text === "" && !more.startsWith("SIMPLE  =")) throw notFits(more);
    const end = endOfCards(text + more, text.length);
    text += more;
    if (end !== undefined) return [text.slice(0, end), headerOffset + paddedLength(end + cardLength)];
  }
  throw new HeliographError(
    "command_failed",
    longest < longestHeader
      ? `the FITS file is cut off: it has ${count(source.size)}, and the header of HDU ${number}, which begins at ` +
        `${headerOffset}, has no END card yet`
      : `the header of HDU ${number} has no END card in ${count(longestHeader)}, which is as far as it is read`,
  );
}

/** How compressed files begin, and what unpacks them. */
const compressed: readonly (readonly [signature: string, unpack: string])[] = [
  [latin1.decode(Uint8Array.of(0x1f, 0x8b)), "gunzip"],
  [latin1.decode(Uint8Array.of(0x1f, 0x9d)), "uncompress"],
  [latin1.decode(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a)), "unxz"],
  [latin1.decode(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)), "unzstd"],
  ["BZh", "bunzip2"],
];

function notFits(start: string): HeliographError {
  const [, unpack] = compressed.find(([signature]) => start.startsWith(signature)) ?? [];
  if (unpack !== undefined) {
    return new HeliographError(
      "command_failed",
      `not a FITS file, but a compressed one: unpack it first, by ${unpack}`,
    );
  }
  const begins = JSON.stringify(start.slice(0, 20));
  return new HeliographError(
    "command_failed",
    `not a FITS file: it begins with ${begins}, and a FITS file with "SIMPLE  ="`,
  );
}

/** The structure of an HDU's data, from its header. */
class Structure {
  readonly #values = new Map<string, CardValue | undefined>();
  readonly #number: number;

  constructor(cards: readonly HeaderCard[], number: number) {
    for (const { keyword, value } of cards) if (!this.#values.has(keyword)) this.#values.set(keyword, value);
    this.#number = number;
  }

  /** A text, or nothing where there is none. */
  text(keyword: string): string {
    const value = this.#values.get(keyword);
    return typeof value === "string" ? value : "";
  }

  /** A whole number of at least 0. */
  count(keyword: string, otherwise?: number): number {
    const value = this.#values.get(keyword) ?? otherwise;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.#wrong(keyword, "a whole number of at least 0");
  }

  /** Any number. */
  number(keyword: string, otherwise: number): number {
    const value = Number(this.#values.get(keyword) ?? otherwise);
    if (Number.isFinite(value)) return value;
    throw this.#wrong(keyword, "a number");
  }

  get bitsPerPixel(): BitsPerPixel {
    const value = this.#values.get("BITPIX");
    if (isBitsPerPixel(value)) return value;
    throw this.#wrong("BITPIX", "8, 16, 32, 64, -32 or -64");
  }

  get axes(): number[] {
    const number = this.count("NAXIS");
    if (number > 999) throw this.#wrong("NAXIS", "at most 999");
    return Array.from({ length: number }, (_, index) => this.count(`NAXIS${index + 1}`));
  }

  /** Whether the data are random groups, whose first axis is no axis. */
  get isGroups(): boolean {
    return this.#values.get("GROUPS") === true && this.axes[0] === 0;
  }

  get dataLength(): number {
    const axes = this.isGroups ? this.axes.slice(1) : this.axes;
    if (axes.length === 0) return 0;
    const values = this.count("GCOUNT", 1) * (this.count("PCOUNT", 0) + product(axes));
    return values * Math.abs(this.bitsPerPixel) / 8;
  }

  get image(): FitsImage | undefined {
    const { axes, bitsPerPixel } = this;
    if (axes.length === 0 || product(axes) === 0) return undefined;
    const blank = bitsPerPixel > 0 ? this.#values.get("BLANK") : undefined;
    return {
      axes,
      columns: axes[0]!,
      rows: product(axes.slice(1)),
      bitsPerPixel,
      zero: this.number("BZERO", 0),
      scale: this.number("BSCALE", 1),
      ...(typeof blank === "number" ? { blank } : {}),
    };
  }

  #wrong(keyword: string, expected: string): HeliographError {
    const value = this.#values.get(keyword);
    return new HeliographError(
      "command_failed",
      `HDU ${this.#number} of the FITS file: ${keyword} is ${
        value === undefined ? "missing" : shown(value.valueOf())
      }; ` +
        `it must be ${expected}`,
    );
  }
}

function product(axes: readonly number[]): number {
  return axes.reduce((all, axis) => all * axis, 1);
}

async function readHdu(source: FitsSource, headerOffset: number, number: number): Promise<FitsHdu> {
  const [text, dataOffset] = await readHeader(source, headerOffset, number);
  const cards = parseCards(text);
  const structure = new Structure(cards, number);
  const kind = number === 1 ? "primary" : structure.text("XTENSION");
  const image = number === 1 || kind === "IMAGE" ? structure.image : undefined;
  const { dataLength } = structure;
  const filled = dataOffset + paddedLength(dataLength);
  // Also for axes so long that the end is no number.
  if (!(dataOffset + dataLength <= source.size)) {
    throw new HeliographError(
      "command_failed",
      `the FITS file is cut off: it has ${count(source.size)}, and with HDU ${number} there should be ${count(filled)}`,
    );
  }
  const end = Math.min(filled, source.size);
  const name = structure.text("EXTNAME");
  return {
    number,
    kind,
    name,
    cards,
    headerOffset,
    dataOffset,
    dataLength,
    end,
    unfilled: end < filled,
    ...(image === undefined ? {} : { image }),
  };
}

/** Whether another extension begins here; what else there is behind the last one is no part of the file's data. */
async function extensionFollows(source: FitsSource, offset: number): Promise<boolean> {
  const length = Math.min(8, source.size - offset);
  if (length === 0) return false;
  return "XTENSION".startsWith(latin1.decode(await readExactly(source, offset, length)));
}

/**
 * Reads the cards of a header as they stand in the file.
 *
 * @param hdu The HDU.
 * @param source The file it is from.
 * @returns The cards, without END and without the blanks at their ends.
 */
export async function readCards(hdu: FitsHdu, source: FitsSource): Promise<string[]> {
  const [text] = await readHeader(source, hdu.headerOffset, hdu.number);
  return Array.from(
    { length: text.length / cardLength },
    (_, at) => text.slice(at * cardLength, (at + 1) * cardLength).trimEnd(),
  );
}

/**
 * Reads the headers of a FITS file; the data are skipped.
 *
 * @param source The file.
 * @returns Its HDUs, at least one.
 * @throws {HeliographError} `command_failed` for what is no FITS file, is cut off, has a header without END, or says
 * nothing usable about the size of its data.
 */
export async function readFits(source: FitsSource): Promise<FitsHdu[]> {
  if (source.size === 0) throw new HeliographError("command_failed", "not a FITS file: it is empty");
  const hdus: FitsHdu[] = [];
  let offset = 0;
  do {
    const hdu = await readHdu(source, offset, hdus.length + 1);
    hdus.push(hdu);
    offset = hdu.end;
  } while (await extensionFollows(source, offset));
  return hdus;
}

/**
 * Reads an image's pixels, about a mebibyte of the file at a time.
 *
 * @param hdu The HDU.
 * @param source The file it is from.
 * @param range Which rows.
 * @returns Blocks of rows, in order; each has its own memory unless that is to be reused.
 * @throws {HeliographError} `bad_argument` for an HDU without an image and for rows that are not there, `command_failed`
 * when the file has become shorter.
 */
export async function* readPixels(
  hdu: FitsHdu,
  source: FitsSource,
  range: RowRange = {},
): AsyncGenerator<PixelBlock, void, undefined> {
  const { image } = hdu;
  if (image === undefined) {
    throw new HeliographError("bad_argument", `HDU ${hdu.number} of the FITS file (${hdu.kind}) has no image`);
  }
  const { firstRow = 0, rows = image.rows - firstRow, reuse = false } = range;
  const end = firstRow + rows;
  if (![firstRow, rows].every((row) => Number.isSafeInteger(row) && row >= 0) || end > image.rows) {
    throw new HeliographError(
      "bad_argument",
      `there are no ${rows} rows from ${firstRow} on: the image has rows 0 to ${image.rows - 1}`,
    );
  }
  const rowLength = image.columns * Math.abs(image.bitsPerPixel) / 8;
  const rowsAtOnce = Math.max(1, Math.floor(readLength / rowLength));
  let memory: Float64Array<ArrayBuffer> | undefined;
  for (let row = firstRow; row < end; row += rowsAtOnce) {
    const blockRows = Math.min(rowsAtOnce, end - row);
    const bytes = await readExactly(source, hdu.dataOffset + row * rowLength, blockRows * rowLength);
    const values = decodePixels(bytes, image, memory);
    if (reuse) memory ??= values;
    yield { firstRow: row, rows: blockRows, values };
  }
}

async function sumOf(source: FitsSource, from: number, to: number): Promise<number> {
  const sum = new DataSum();
  for (let offset = from; offset < to; offset += readLength) {
    sum.add(await readExactly(source, offset, Math.min(readLength, to - offset)));
  }
  return sum.value;
}

/** The sum that a card states; a card with a blank value states none. */
function statedSum(hdu: FitsHdu, keyword: string): string {
  const value = hdu.cards.find((card) => card.keyword === keyword)?.value;
  return value === undefined ? "" : String(value).trim();
}

/**
 * Adds up an HDU's bytes and compares the sums with those that its header states.
 *
 * @param hdu The HDU.
 * @param source The file it is from.
 * @returns `checksum` is about the header and the data (CHECKSUM), `datasum` about the data (DATASUM).
 * @throws {HeliographError} `command_failed` when the file has become shorter.
 */
export async function verifySums(
  hdu: FitsHdu,
  source: FitsSource,
): Promise<{ checksum: SumState; datasum: SumState }> {
  const data = await sumOf(source, hdu.dataOffset, hdu.end);
  const all = new DataSum(data);
  all.add(await readExactly(source, hdu.headerOffset, hdu.dataOffset - hdu.headerOffset));
  const state = (keyword: string, right: (stated: string) => boolean): SumState => {
    const stated = statedSum(hdu, keyword);
    return stated === "" ? "absent" : right(stated) ? "right" : "wrong";
  };
  return {
    // All ones is the other zero of ones' complement.
    checksum: state("CHECKSUM", () => all.value === 2 ** 32 - 1 || all.value === 0),
    datasum: state("DATASUM", (stated) => Number(stated) === data),
  };
}
