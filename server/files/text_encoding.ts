/**
 * Reads the text of a file that people write: UTF-8, with or without a byte-order mark.
 *
 * @module
 */

/** A text in another encoding. Its message says which, and what would be right. */
export class EncodingError extends TypeError {
  /** The line of the first byte that is wrong, from 1. */
  readonly line: number;
  /** Which byte of its line that is, from 1. */
  readonly column: number;

  /** Makes it. @param bytes The file. @param at Which byte is wrong, from 0. @param message What is wrong with it. */
  constructor(bytes: Uint8Array, at: number, message: string) {
    super(`${message}; save it as UTF-8`);
    this.name = "EncodingError";
    const before = new TextDecoder("windows-1252").decode(bytes.subarray(0, at)).split(/\r\n?|\n/);
    this.line = before.length;
    this.column = before.at(-1)!.length + 1;
  }
}

/** Byte-order marks, the longer ones first. */
const marks: readonly (readonly [encoding: string, mark: readonly number[]])[] = [
  ["UTF-32 LE", [0xff, 0xfe, 0, 0]],
  ["UTF-32 BE", [0, 0, 0xfe, 0xff]],
  ["UTF-16 LE", [0xff, 0xfe]],
  ["UTF-16 BE", [0xfe, 0xff]],
];

/**
 * The text of a file.
 *
 * @param bytes What it holds.
 * @returns The text, without a byte-order mark.
 * @throws {EncodingError} Where it is not UTF-8.
 */
export function textOf(bytes: Uint8Array): string {
  const [marked] = marks.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte)) ?? [];
  if (marked !== undefined) throw new EncodingError(bytes, 0, `is ${marked}, as its byte-order mark says`);
  // No text holds a NUL; UTF-16 has one in every second byte of what is ASCII.
  const nul = bytes.indexOf(0);
  if (nul >= 0 && bytes.length > 1) {
    const [first, second] = [bytes[nul & ~1], bytes[nul | 1]];
    const encoding = second === 0 && first !== 0 ? "UTF-16 LE" : first === 0 && second !== 0 ? "UTF-16 BE" : undefined;
    if (encoding !== undefined && nul < 2) throw new EncodingError(bytes, 0, `is ${encoding}, without its mark`);
    throw new EncodingError(bytes, nul, `holds a NUL, byte ${nul} from 0, and is no text`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const at = firstInvalid(bytes);
    const byte = bytes[at]!;
    const hex = byte.toString(16).toUpperCase().padStart(2, "0");
    // What the two have in common is most of them: only Windows has letters from 80 to 9F.
    const windows = bytes.some((each) => each >= 0x80 && each < 0xa0);
    const letter = new TextDecoder("windows-1252").decode(bytes.subarray(at, at + 1));
    const meant = /\p{C}/u.test(letter) ? "" : `, which is ${letter} in ${windows ? "" : "Latin-1 and "}Windows-1252`;
    throw new EncodingError(bytes, at, `is not UTF-8: it has the byte ${hex} here, byte ${at} from 0${meant}`);
  }
}

/** Where bytes stop being UTF-8, from 0: the first byte of what is no character. */
function firstInvalid(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let start = 0;
  try {
    for (let at = 0; at < bytes.length; at++) {
      if (decoder.decode(bytes.subarray(at, at + 1), { stream: true }) !== "") start = at + 1;
    }
  } catch {
    // It begins at start.
  }
  return start;
}
