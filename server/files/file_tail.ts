/**
 * Follows a file that another program appends to, rewrites, truncates or replaces.
 *
 * It is looked at rather than watched: files on network shares tell nobody that they have changed.
 *
 * @module
 */

/** The most that is read of a file at a time, in bytes. */
const mostRead = 1 << 20;
/** How far from its end the last line of a file is looked for, in bytes. */
const lastLineWithin = 1 << 16;
/** How much of what was read is compared, to know a file that was written anew. */
const compared = 256;
const lineFeed = 10;

/** What a look at a file has found: the first line, where it is new, and the lines that have come. */
export type FileLook =
  | { readonly there: true; readonly first?: Uint8Array; readonly lines: Uint8Array }
  | { readonly there: false; readonly reason: string };

/** Looks at one file again and again; each look tells what has come since the one before. */
export class FileTail {
  readonly #path: string;
  #file: Deno.FsFile | undefined;
  #identity = "";
  /** Where what was told ends: behind a line feed. */
  #position = 0;
  /** What stands before the position. */
  #before: Uint8Array = new Uint8Array();

  /** Looks at nothing yet. @param path An absolute path. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Looks. Of a file that is new, or was written anew, the last line has come; of one that was appended to, each. */
  look(): FileLook {
    try {
      return this.#look();
    } catch (error) {
      const lines = this.#rest();
      this.close();
      // What was written before it was taken away still counts.
      if (lines.length > 0) return { there: true, lines };
      const missing = error instanceof Deno.errors.NotFound;
      return { there: false, reason: missing ? "it is not there" : (error as Error).message };
    }
  }

  /** Begins anew with the next look. */
  reset(): void {
    this.close();
    this.#position = 0;
    this.#before = new Uint8Array();
    this.#identity = "";
  }

  /** Lets go of the file. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #look(): FileLook {
    const { dev, ino, birthtime, isFile } = Deno.statSync(this.#path);
    if (!isFile) throw new Error("it is no file");
    const identity = `${dev} ${ino} ${birthtime?.getTime()}`;
    const left = this.#file !== undefined && identity !== this.#identity ? this.#rest() : new Uint8Array();
    if (left.length > 0) {
      // The file that took its place is for the next look.
      this.close();
      return { there: true, lines: left };
    }
    if (identity !== this.#identity) this.close();
    this.#identity = identity;
    this.#file ??= Deno.openSync(this.#path);
    try {
      return this.#continues() ? this.#appended() : this.#begin();
    } finally {
      // A file that is open cannot be replaced on Windows.
      if (Deno.build.os === "windows") this.close();
    }
  }

  /** Whether the file still holds what was read of it. */
  #continues(): boolean {
    if (this.#position === 0) return false;
    const before = this.#read(this.#position - this.#before.length, this.#before.length);
    return before.length === this.#before.length && before.every((byte, at) => byte === this.#before[at]);
  }

  #begin(): FileLook {
    const size = this.#file!.statSync().size;
    const head = this.#read(0, lastLineWithin);
    const first = head.subarray(0, head.indexOf(lineFeed) + 1);
    this.#position = 0;
    this.#before = new Uint8Array();
    // Until its first line is whole, nothing is known of it.
    if (first.length === 0) return { there: true, lines: new Uint8Array() };
    const from = Math.max(0, size - lastLineWithin);
    const tail = this.#read(from, lastLineWithin);
    const end = tail.lastIndexOf(lineFeed) + 1;
    const start = tail.subarray(0, Math.max(0, end - 1)).lastIndexOf(lineFeed) + 1;
    this.#moveTo(from + end);
    // Half of a line that is longer than that is none.
    const lines = start === 0 && from > 0 ? new Uint8Array() : tail.slice(start, end);
    return { there: true, first, lines };
  }

  #appended(): FileLook {
    const bytes = this.#read(this.#position, mostRead);
    const lines = bytes.slice(0, bytes.lastIndexOf(lineFeed) + 1);
    if (lines.length > 0) this.#moveTo(this.#position + lines.length);
    // What is longer than all that is read at a time is no line.
    else if (bytes.length === mostRead) this.#moveTo(this.#position + bytes.length);
    return { there: true, lines };
  }

  /** What was still written to a file that has gone. */
  #rest(): Uint8Array<ArrayBuffer> {
    if (this.#file === undefined || this.#position === 0) return new Uint8Array();
    try {
      if (!this.#continues()) return new Uint8Array();
      const { lines } = this.#appended() as { lines: Uint8Array<ArrayBuffer> };
      return lines;
    } catch {
      return new Uint8Array();
    }
  }

  #moveTo(position: number): void {
    const length = Math.min(compared, position);
    this.#before = this.#read(position - length, length);
    this.#position = position;
  }

  #read(from: number, most: number): Uint8Array<ArrayBuffer> {
    const file = this.#file!;
    file.seekSync(from, Deno.SeekMode.Start);
    const bytes = new Uint8Array(most);
    let length = 0;
    while (length < most) {
      const count = file.readSync(bytes.subarray(length));
      if (count === null) break;
      length += count;
    }
    return bytes.subarray(0, length);
  }
}
