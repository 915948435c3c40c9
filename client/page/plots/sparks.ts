/**
 * Draws all sparklines of the page: only those that are seen, in the same frames, at most once a second.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveField } from "../live/live_instrument.ts";
import { Recent, recentColumns, recentSeconds } from "./recent.ts";

/** How often they are drawn, in milliseconds. */
const drawInterval = 1000;
/** So long one frame draws, in milliseconds; what is left is drawn in the next. */
const frameTime = 4;
/** So many fields' values are asked for at a time: each reply may be 20 KB. */
const mostAsked = 3;

interface Spark {
  readonly field: LiveField;
  width: number;
  height: number;
  seen: boolean;
  /** What was drawn last; anything else is drawn anew. */
  drawn: string;
}

const ofBenches = new WeakMap<LiveBench, Sparks>();

/** The sparklines of a bench. */
export function sparksOf(bench: LiveBench): Sparks {
  let sparks = ofBenches.get(bench);
  if (sparks === undefined) ofBenches.set(bench, sparks = new Sparks(bench));
  return sparks;
}

/** The sparklines on the page, and what they show. */
export class Sparks {
  readonly #bench: LiveBench;
  readonly #sparks = new Map<Element, Spark>();
  /** Those fields whose values are to be asked for. */
  readonly #wanted = new Set<LiveField>();
  #asked = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #frame = 0;
  /** Up to when values are known while there is no connection. */
  #lostAt: number | undefined;
  readonly #seen: IntersectionObserver;
  readonly #sized: ResizeObserver;

  /** Draws nothing yet. */
  constructor(bench: LiveBench) {
    this.#bench = bench;
    this.#seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const spark = this.#sparks.get(target);
        if (spark === undefined) continue;
        spark.seen = isIntersecting;
        if (isIntersecting) this.#want(spark.field);
      }
      this.#run();
    }, { rootMargin: "100px" });
    this.#sized = new ResizeObserver((entries) => {
      for (const { target, contentRect } of entries) {
        const spark = this.#sparks.get(target);
        if (spark !== undefined) [spark.width, spark.height] = [contentRect.width, contentRect.height];
      }
      this.#schedule();
    });
    bench.connection.subscribe(() => {
      if (bench.connection.value.state !== "open") this.#lostAt ??= bench.now();
    });
    bench.begun.subscribe(() => {
      this.#lostAt = undefined;
      // What was missed is not known.
      for (const { field } of this.#sparks.values()) field.recent = undefined;
      for (const { field, seen } of this.#sparks.values()) if (seen) this.#want(field);
    });
    // What is hidden is not drawn.
    document.addEventListener("visibilitychange", () => this.#run());
  }

  /** Draws a field on a canvas, until the returned function is called. */
  add(canvas: HTMLCanvasElement, field: LiveField): () => void {
    this.#sparks.set(canvas, { field, width: 0, height: 0, seen: false, drawn: "" });
    this.#seen.observe(canvas);
    this.#sized.observe(canvas);
    return () => {
      this.#sparks.delete(canvas);
      this.#seen.unobserve(canvas);
      this.#sized.unobserve(canvas);
      if ([...this.#sparks.values()].some((each) => each.field === field)) return;
      this.#wanted.delete(field);
      field.recent = undefined;
    };
  }

  #run(): void {
    const seen = !document.hidden && [...this.#sparks.values()].some((spark) => spark.seen);
    if (seen && this.#timer === undefined) this.#timer = setInterval(() => this.#schedule(), drawInterval);
    if (!seen) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else this.#schedule();
  }

  #want(field: LiveField): void {
    if (field.recent !== undefined) return;
    this.#wanted.add(field);
    void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#asked >= mostAsked) return;
    this.#asked++;
    for (const field of this.#wanted) {
      this.#wanted.delete(field);
      if (![...this.#sparks.values()].some((spark) => spark.seen && spark.field === field)) continue;
      try {
        const { times, values } = await this.#bench.history(field, recentSeconds);
        // What came meanwhile is in the reply.
        const recent = new Recent();
        for (const [at, time] of times.entries()) recent.add(time * 1000, values[at] ?? NaN);
        if ([...this.#sparks.values()].some((spark) => spark.field === field)) field.recent = recent;
        this.#schedule();
      } catch (error) {
        // Without a connection it is asked for again after the next one.
        if (!(error instanceof HeliographError)) throw error;
      }
    }
    this.#asked--;
  }

  #schedule(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#frame = 0;
    const begun = performance.now();
    const until = this.#lostAt ?? this.#bench.now();
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--spark").trim();
    for (const [canvas, spark] of this.#sparks) {
      const { recent } = spark.field;
      if (!spark.seen || spark.width === 0) continue;
      recent?.advance(until);
      const state = `${recent?.version} ${spark.width} ${spark.height} ${devicePixelRatio} ${colour}`;
      if (state === spark.drawn) continue;
      spark.drawn = state;
      paint(canvas as HTMLCanvasElement, spark, recent, colour);
      if (performance.now() - begun > frameTime) return this.#schedule();
    }
  }
}

function paint(canvas: HTMLCanvasElement, { width, height }: Spark, recent: Recent | undefined, colour: string): void {
  const scale = devicePixelRatio;
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  const context = canvas.getContext("2d")!;
  context.clearRect(0, 0, wide, high);
  if (recent === undefined) return;
  let [min, max] = [Infinity, -Infinity];
  for (let column = 0; column < recentColumns; column++) {
    min = Math.min(min, or(recent.lowest(column), min));
    max = Math.max(max, or(recent.highest(column), max));
  }
  if (min > max) return;
  const edge = 2.5 * scale;
  // What differs by rounding only is flat.
  const flat = max - min <= 1e-9 * Math.max(Math.abs(min), Math.abs(max));
  const y = (value: number) => flat ? high / 2 : high - edge - (value - min) / (max - min) * (high - 2 * edge);
  const x = (column: number) => column / (recentColumns - 1) * (wide - 2 * edge) + edge;
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.25 * scale;
  context.lineJoin = "round";
  context.beginPath();
  let last = NaN;
  for (let column = 0; column < recentColumns; column++) {
    const [low, top] = [y(recent.lowest(column)), y(recent.highest(column))];
    if (Number.isNaN(low)) {
      last = NaN;
      continue;
    }
    const [one, other] = Math.abs(last - low) <= Math.abs(last - top) ? [low, top] : [top, low];
    // A value between two gaps is seen, too.
    if (Number.isNaN(last)) context.moveTo(x(column) - scale, one);
    context.lineTo(x(column), one);
    if (one !== other) context.lineTo(x(column), other);
    last = other;
  }
  context.stroke();
  if (Number.isNaN(last)) return;
  context.beginPath();
  context.arc(wide - edge, last, 2 * scale, 0, 2 * Math.PI);
  context.fill();
}

function or(value: number, otherwise: number): number {
  return Number.isNaN(value) ? otherwise : value;
}
