/**
 * Converts pixels between the host's numbers and the bytes of FITS data, which are big-endian and signed.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";

/** The kinds of pixels of FITS (BITPIX): unsigned bytes, signed integers, and IEEE floats where it is negative. */
export type BitsPerPixel = 8 | 16 | 32 | 64 | -32 | -64;

/** The format of pixels: pixel = zero + scale × stored. */
export interface PixelFormat {
  /** The kind of number that is stored (BITPIX). */
  readonly bitsPerPixel: BitsPerPixel;
  /** What is added (BZERO), 0 if nothing. */
  readonly zero: number;
  /** What the stored number is multiplied by (BSCALE), 1 if nothing. */
  readonly scale: number;
  /** The stored integer that means that there is no value (BLANK). */
  readonly blank?: number;
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Two pixels at a time: their bytes are swapped, and 32768 is subtracted by inverting the first bit. */
function encodePairs(from: Uint32Array, into: Uint32Array): void {
  for (let index = 0; index < from.length; index++) {
    const pair = from[index]!;
    into[index] = (((pair & 0x00ff00ff) << 8) | ((pair >>> 8) & 0x00ff00ff)) ^ 0x00800080;
  }
}

/**
 * Writes unsigned 16-bit pixels as FITS stores them: big-endian, 32768 less (BZERO 32768).
 *
 * @param pixels The pixels.
 * @param into Where they go, two bytes each; what is behind them is left as it is.
 * @throws {HeliographError} `bad_argument` when there is not enough room.
 */
export function encodePixels(pixels: Uint16Array, into: Uint8Array): void {
  if (into.length < pixels.byteLength) {
    throw new HeliographError(
      "bad_argument",
      `${pixels.length} pixels need ${pixels.byteLength} bytes, not ${into.length}`,
    );
  }
  const pairs = littleEndian && pixels.byteOffset % 4 === 0 && into.byteOffset % 4 === 0 ? pixels.length >> 1 : 0;
  encodePairs(
    new Uint32Array(pixels.buffer, pairs && pixels.byteOffset, pairs),
    new Uint32Array(into.buffer, pairs && into.byteOffset, pairs),
  );
  for (let index = 2 * pairs; index < pixels.length; index++) {
    const stored = pixels[index]! ^ 0x8000;
    into[2 * index] = stored >>> 8;
    into[2 * index + 1] = stored;
  }
}

const storedNumber: Readonly<Record<BitsPerPixel, (view: DataView, index: number) => number>> = {
  8: (view, index) => view.getUint8(index),
  16: (view, index) => view.getInt16(2 * index),
  32: (view, index) => view.getInt32(4 * index),
  64: (view, index) => Number(view.getBigInt64(8 * index)),
  [-32]: (view, index) => view.getFloat32(4 * index),
  [-64]: (view, index) => view.getFloat64(8 * index),
};

/**
 * Whether a number is a kind of pixels.
 *
 * @param bits A BITPIX.
 * @returns True for 8, 16, 32, 64, -32 and -64.
 */
export function isBitsPerPixel(bits: unknown): bits is BitsPerPixel {
  return typeof bits === "number" && Object.hasOwn(storedNumber, bits);
}

/**
 * Reads pixels from the bytes of FITS data.
 *
 * @param bytes Whole pixels, as they are stored.
 * @param format What they are.
 * @param memory Where they go, if it is long enough. @default new memory
 * @returns The pixels, scaled; NaN where there is no value. Stored integers of 64 bits are exact up to 2^53.
 */
export function decodePixels(
  bytes: Uint8Array,
  format: PixelFormat,
  memory?: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> {
  const { bitsPerPixel, zero, scale } = format;
  const blank = bitsPerPixel > 0 ? format.blank : undefined;
  const stored = storedNumber[bitsPerPixel];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = 8 * bytes.length / Math.abs(bitsPerPixel);
  const pixels = memory !== undefined && memory.length >= length
    ? memory.subarray(0, length)
    : new Float64Array(length);
  for (let index = 0; index < pixels.length; index++) {
    const number = stored(view, index);
    pixels[index] = number === blank ? NaN : zero + scale * number;
  }
  return pixels;
}
