/**
 * Writes and reads whole numbers in as few bytes as they need, and texts.
 *
 * @module
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Bytes that grow as they are written. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  /** Holds nothing yet. @param room For how many bytes there is room before it grows. */
  constructor(room = 1024) {
    this.#bytes = new Uint8Array(room);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  /** What was written: a view that the next writing changes. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0;
  }

  /** Writes a byte. */
  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** Writes a whole number from 0 to 2^53, seven bits a byte. */
  unsigned(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow(8);
    const bytes = this.#bytes;
    // Beyond 32 bits, operators on bits lose some.
    while (value >= 0x1000_0000) {
      bytes[this.#length++] = value % 128 | 128;
      value = Math.floor(value / 128);
    }
    while (value >= 128) {
      bytes[this.#length++] = value & 127 | 128;
      value >>>= 7;
    }
    bytes[this.#length++] = value;
  }

  /** Writes a whole number from -2^52 to 2^52: small ones of both signs take few bytes. */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** Writes a number as its eight bytes. */
  double(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Writes four bytes. @param value A whole number below 2^32. */
  four(value: number): void {
    if (this.#length + 4 > this.#bytes.length) this.#grow(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes a text and its length. */
  text(text: string): void {
    const bytes = encoder.encode(text);
    this.unsigned(bytes.length);
    this.raw(bytes);
  }

  #grow(by: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + by));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Reads what a {@linkcode ByteWriter} wrote. Past the end it reads zeros: what is cut short is found by a checksum. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  /** Where it reads next. */
  at = 0;

  /** Reads from the beginning. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether all was read. */
  get atEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** How many bytes are left; less than 0 where more were read than there are. */
  get left(): number {
    return this.#bytes.length - this.at;
  }

  /** Passes over whole numbers. @param count How many. */
  skip(count: number): void {
    const bytes = this.#bytes;
    let at = this.at;
    for (; count > 0 && at < bytes.length; at++) if (bytes[at]! < 128) count--;
    this.at = at + count;
  }

  /** Reads a byte. */
  byte(): number {
    return this.#bytes[this.at++] ?? 0;
  }

  /** Reads a whole number from 0 to 2^53. */
  unsigned(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++] ?? 0;
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let factor = 128; byte >= 128; factor *= 128) {
      byte = bytes[this.at++] ?? 0;
      value += (byte & 127) * factor;
    }
    return value;
  }

  /** Reads a whole number of either sign. */
  signed(): number {
    const value = this.unsigned();
    if (value < 0x8000_0000) return value & 1 ? -(value >>> 1) - 1 : value >>> 1;
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  /** Reads a number of eight bytes. */
  double(): number {
    const value = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.at, 8).getFloat64(0, true);
    this.at += 8;
    return value;
  }

  /** Reads bytes as they are. @param length How many. */
  raw(length: number): Uint8Array {
    return this.#bytes.subarray(this.at, this.at += length);
  }

  /** Reads a text. */
  text(): string {
    return decoder.decode(this.raw(this.unsigned()));
  }
}
