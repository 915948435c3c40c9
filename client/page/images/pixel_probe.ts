/**
 * Shows the pixel of an image under the pointer or a crosshair, and its value.
 *
 * @module
 */

import type { Point } from "./image_geometry.ts";
import { Live } from "../live/live.tsx";

/** A pixel, in FITS's coordinates, from 1. */
export interface ProbedPixel extends Point {
  /** Its value; `undefined` while it is not known, NaN where it has none. */
  readonly value: number | undefined;
  /** Whether it is marked, rather than pointed at. */
  readonly marked: boolean;
}

/** The least time between two questions to the server, in milliseconds. */
const interval = 60;

/** Finds out values: one question at a time, and the newest of those that wait. */
export class PixelProbe {
  /** The pixel that is pointed at; where none is, the marked one. */
  readonly pixel: Live<ProbedPixel | undefined> = new Live<ProbedPixel | undefined>(undefined);
  readonly #known: (pixel: Point) => number | undefined;
  readonly #ask: (pixel: Point, signal: AbortSignal) => Promise<number>;
  readonly #moved: () => void;
  #pointed: Point | undefined;
  #marked: Point | undefined;
  #asking: AbortController | undefined;

  /**
   * Points at nothing yet.
   *
   * @param known A value that need not be asked for.
   * @param ask Asks for one.
   * @param moved Told when the crosshair has moved.
   */
  constructor(
    known: (pixel: Point) => number | undefined,
    ask: (pixel: Point, signal: AbortSignal) => Promise<number>,
    moved: () => void,
  ) {
    this.#known = known;
    this.#ask = ask;
    this.#moved = moved;
  }

  /** The pixel that is marked. */
  get crosshair(): Point | undefined {
    return this.#marked;
  }

  /** Points at a pixel, or at none. */
  point(pixel: Point | undefined): void {
    this.#pointed = pixel;
    this.#tell();
  }

  /** Marks a pixel, or none. */
  mark(pixel: Point | undefined): void {
    this.#marked = pixel;
    this.#pointed = undefined;
    this.#moved();
    this.#tell();
  }

  /** Looks at the values anew: the image is another, or more of it is known. */
  renew(): void {
    this.#stop();
    this.#tell();
  }

  /** Neither points nor marks any more. */
  clear(): void {
    this.#stop();
    this.mark(undefined);
  }

  /** Asks nothing more, until it is pointed anew. */
  pause(): void {
    this.#stop();
  }

  #stop(): void {
    this.#asking?.abort();
    this.#asking = undefined;
  }

  #tell(): void {
    const at = this.#pointed ?? this.#marked;
    if (at === undefined) {
      this.pixel.value = undefined;
      return;
    }
    const value = this.#known(at);
    this.pixel.value = { ...at, value, marked: this.#pointed === undefined };
    if (value === undefined && this.#asking === undefined) void this.#find();
  }

  async #find(): Promise<void> {
    const { signal } = this.#asking = new AbortController();
    try {
      for (let at = this.pixel.value; at !== undefined && at.value === undefined; at = this.pixel.value) {
        const value = await this.#ask(at, signal);
        if (signal.aborted) return;
        const now = this.pixel.value;
        if (now?.x === at.x && now.y === at.y) this.pixel.value = { ...now, value };
        await new Promise((resolve) => setTimeout(resolve, interval));
        if (signal.aborted) return;
      }
      this.#asking = undefined;
    } catch {
      // The image has been replaced, which is told of, or nobody answers, which the page says.
      if (!signal.aborted) this.#asking = undefined;
    }
  }
}
