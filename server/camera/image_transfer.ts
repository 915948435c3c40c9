/**
 * azcam's format for sending images: a header of 256 characters, then the file's bytes; statuses of 16 characters back.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { checkFileName } from "./file_names.ts";

/** How long a header is, in bytes. */
export const headerBytes = 256;

/** How long a status is, in bytes. */
export const statusBytes = 16;

/** The statuses of a receiver, after the header and after the last byte. */
export const transferStatus = {
  /** It takes the image; after the last byte: the image is on the disk. */
  taken: 0,
  /** It does not understand the header, or takes no image now. */
  notUnderstood: -1,
  /** It cannot write the image: the file exists, say; after the last byte: the image is not on the disk. */
  notWritten: -2,
  /** The folder does not exist. */
  noFolder: -3,
} as const;

/** azcam's file types, each at the place of its number. */
const kinds = ["fits", "mef", "binary"] as const;

/** The kind of an image file: FITS with one image, FITS with extensions (MEF), or pixels alone. */
export type ImageKind = typeof kinds[number];

/** The header before an image. */
export interface ImageTransferHeader {
  /** The size of the file in bytes, at least 1. */
  readonly bytes: number;
  /** The file's name at the receiver; there may be folders in front. */
  readonly name: string;
  /** Whether it may take the place of another file. */
  readonly overwrite: boolean;
  /** What the file is. */
  readonly kind: ImageKind;
  /** How many columns it has; 0 where that is not known. */
  readonly columns: number;
  /** How many rows it has; 0 where that is not known. */
  readonly rows: number;
  /** Whether the receiver is asked to display it. */
  readonly display: boolean;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Returns why a name cannot be sent; `undefined` where it can. */
function nameFault(name: string): string | undefined {
  if (name === "") return "its name is empty";
  if (/[^\x20-\x7e]/.test(name)) return "its name must consist of printable ASCII characters";
  // The original takes what is before the first blank for the name, and would write, or overwrite, another file.
  if (/[ "']/.test(name)) return `its name may hold neither blanks nor quotes: ${name}`;
  if (name.startsWith("!")) return `its name may not begin with !, which means overwriting: ${name}`;
}

/**
 * Encodes a header as azcam's senders do.
 *
 * @param header What it says; a name of at most 231 characters fits, fewer where the numbers are long.
 * @returns 256 bytes of ASCII.
 * @throws {HeliographError} `bad_argument` when it cannot be said in a header.
 */
export function encodeHeader(header: ImageTransferHeader): Uint8Array {
  const { bytes, name, overwrite, kind, columns, rows, display } = header;
  const fault = nameFault(name) ??
    (isCount(bytes) && bytes > 0 ? undefined : `its size must be at least 1 byte, and is ${bytes}`) ??
    (isCount(columns) && isCount(rows) ? undefined : `it cannot have ${columns} columns and ${rows} rows`);
  if (fault !== undefined) throw unsendable(fault);
  const before = `${String(bytes).padStart(16)} ${overwrite ? "!" : ""}`;
  const after = ` ${kinds.indexOf(kind)} ${columns} ${rows} ${display ? 1 : 0}`;
  const room = headerBytes - before.length - after.length;
  if (name.length > room) throw unsendable(`its name has ${name.length} characters, and ${room} fit: ${name}`);
  return new TextEncoder().encode((before + name + after).padEnd(headerBytes));
}

function unsendable(fault: string): HeliographError {
  return new HeliographError("bad_argument", `Cannot send the image: ${fault}`);
}

function unreadable(fault: string): HeliographError {
  return new HeliographError("bad_argument", `Cannot read the image's header: ${fault}`);
}

/** A header's text. Some senders pad it with NUL characters. */
function headerText(bytes: Uint8Array): string {
  if (bytes.length !== headerBytes) throw unreadable(`it has ${bytes.length} bytes instead of ${headerBytes}`);
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const wrong = bytes.findIndex((byte, at) => at < end && (byte < 0x20 || byte > 0x7e));
  if (wrong >= 0) throw unreadable(`byte ${wrong + 1} is ${bytes[wrong]}, which is not a printable ASCII character`);
  return new TextDecoder().decode(bytes.subarray(0, end));
}

function decodeSize(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw unreadable(`it begins with "${text}" instead of a size in bytes`);
  const bytes = Number(text);
  if (!isCount(bytes) || bytes === 0) throw unreadable(`no image has ${text} bytes`);
  return bytes;
}

function decodeKind(number: number): ImageKind {
  // The original's 3 is binary too, without a lock file.
  const kind = number === 3 ? "binary" : kinds[number];
  if (kind === undefined) throw unreadable(`file type ${number} is none of 0 (FITS), 1 (MEF), 2 (binary)`);
  return kind;
}

/**
 * Decodes a header.
 *
 * @param bytes 256 bytes, as they came.
 * @returns What it says. The name is without quotes and without the `!` for overwriting; it is not a safe path.
 * @throws {HeliographError} `bad_argument`, with what is wrong.
 */
export function decodeHeader(bytes: Uint8Array): ImageTransferHeader {
  const text = headerText(bytes);
  const size = decodeSize(text.slice(0, 16).trim());
  const fields = /^ +(\S.*?) +(-?\d+) +(-?\d+) +(-?\d+) +(-?\d+) *$/.exec(text.slice(16));
  if (fields === null) {
    throw unreadable("the size must be followed by a file name, file type, columns, rows, and display flag");
  }
  const [kind, columns, rows, display] = fields.slice(2).map(Number) as [number, number, number, number];
  if (!isCount(columns) || !isCount(rows)) throw unreadable(`no image has ${columns} columns and ${rows} rows`);
  // Quotes may be around the name alone, or around the ! too.
  const [, mark, name] = /^(!*)\s*(.*)$/.exec(unquoted(fields[1]!))!;
  const bare = unquoted(name!);
  if (bare === "") throw unreadable("the file name is empty");
  return {
    bytes: size,
    name: bare,
    overwrite: mark !== "",
    kind: decodeKind(kind),
    columns,
    rows,
    display: display !== 0,
  };
}

function unquoted(text: string): string {
  return (/^(["'])(.*)\1$/.exec(text)?.[2] ?? text).trim();
}

/**
 * The name under which a received image may be written: what the header says, without folders.
 *
 * @param name The name from the header, with forward or backward slashes.
 * @returns A plain name that means the same file on every system.
 * @throws {HeliographError} `bad_argument` when it is not a plain one.
 */
export function plainImageName(name: string): string {
  const plain = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  checkFileName(plain, "an image");
  if (/\.part$/i.test(plain)) {
    throw new HeliographError(
      "bad_argument",
      `Cannot name an image "${plain}": .part is for files that are being written`,
    );
  }
  return plain;
}

/** A status as it is sent: 16 characters. @param status The number. */
export function encodeStatus(status: number): string {
  return String(status).padEnd(statusBytes);
}

/**
 * Reads a status.
 *
 * @param text Up to 16 characters.
 * @returns The number; `undefined` when it is none.
 */
export function decodeStatus(text: string): number | undefined {
  const number = /^\s*([+-]?\d+)[\s\0]*$/.exec(text)?.[1];
  return number === undefined ? undefined : Number(number);
}
