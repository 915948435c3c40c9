/**
 * The window of time of a plot: it follows now, is zoomed, or paused; and the place of the cursor.
 *
 * @module
 */

import { History, keptSeconds, type Points } from "../../../protocol/history.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveField } from "../live/live_instrument.ts";
import { Live } from "../live/live.tsx";
import { Past } from "./past.ts";
import { PlotMarks } from "./plot_marks.ts";
import type { Span } from "./plot_data.ts";
import type { Plotted } from "./plotted.ts";

/** The least that is shown, in milliseconds: while it follows, and at all. */
const shortestFollowed = 30_000;
const shortest = 2000;
/** The most: as long as records may be kept. */
const longest = 10 * 366 * 86_400_000;

const nothing: Points = new History();

/** A window on the time. All times are in milliseconds since 1970. */
export class PlotWindow {
  /** How much is shown while it follows, in seconds. */
  readonly followed: Live<number>;
  /** When it was paused; `undefined` while it is not. */
  readonly paused: Live<number | undefined> = new Live<number | undefined>(undefined);
  /** What is shown instead of the newest; `undefined` while it follows. */
  readonly zoomed: Live<Span | undefined>;
  /** What the records have. */
  readonly past: Past;
  /** What happened meanwhile. */
  readonly marks: PlotMarks;
  /** The time that the cursor is at. */
  readonly cursor: Live<number | undefined> = new Live<number | undefined>(undefined);
  /** The width of the numbers at the left of all strips, in CSS pixels, so that their times stand in line. */
  readonly gutter: Live<number> = new Live(48);
  /** Whether the cursor stays at its time, as one that is moved by keys does, rather than at its place. */
  cursorStays = false;
  /** Whether the mouse leaves it where a click has put it. */
  pinned = false;
  /** Its place otherwise, as a share of what is seen. */
  #cursorShare: number | undefined;
  readonly #bench: LiveBench;
  readonly #plotted: Plotted;
  /** What was there when it was paused. */
  readonly #frozen = new Map<LiveField, Points>();

  /** Makes one that follows. */
  constructor(bench: LiveBench, plotted: Plotted) {
    this.#bench = bench;
    this.#plotted = plotted;
    this.followed = plotted.span;
    this.zoomed = plotted.range;
    this.past = new Past(() => bench.now());
    this.marks = new PlotMarks(bench, plotted);
  }

  /** Up to when there is something to see. */
  get until(): number {
    return this.paused.value ?? this.#plotted.knownUntil;
  }

  /** The values of a field that are seen. */
  points(field: LiveField): Points {
    return this.past.joined(field, this.#own(field));
  }

  /** What the page itself knows of a field. */
  #own(field: LiveField): Points {
    // What is added later has no more than what was there then: what is seen ends with the pause.
    return this.#frozen.get(field) ?? field.history ?? nothing;
  }

  /** Asks for what the page itself does not know. @param columns In how many columns of pixels it is drawn. */
  look(columns: number): void {
    if (!this.#plotted.looksBack) return;
    const fields = this.#plotted.fields.value;
    const now = this.now;
    const { from, to } = this.zoomed.value ??
      { from: this.past.begin(fields, now - this.followed.value * 1000), to: now };
    const since = Math.max(...fields.map((field) => {
      const own = this.#own(field);
      return own.size === 0 ? to : own.time(0);
    }));
    if (from < since) this.past.want(fields, { from, to: Math.min(to, since) }, (to - from) / columns);
  }

  /** The visible span of time. */
  get span(): Span {
    if (this.zoomed.value !== undefined) return this.zoomed.value;
    const to = this.now;
    // As long as there is not so much yet, what there is fills the plot.
    const starts = this.#plotted.fields.value.map((field) => this.points(field)).filter(({ size }) => size > 0)
      .map((points) => points.time(0));
    return { from: Math.max(to - this.followed.value * 1000, Math.min(to - shortestFollowed, ...starts)), to };
  }

  /** Stops what is seen, while values are still kept; or catches up. */
  pause(on: boolean): void {
    this.#frozen.clear();
    if (on) { for (const field of this.#plotted.fields.value) this.#frozen.set(field, field.history!.copy()); }
    this.paused.value = on ? this.now : undefined;
  }

  /** Shows the newest again, and its values. */
  follow(): void {
    this.leave();
    this.zoomed.value = undefined;
    if (this.paused.value !== undefined) this.pause(false);
  }

  /** Shows a span of the past. */
  show({ from, to }: Span): void {
    const now = this.now;
    // Where no records are kept, there is nothing further back.
    const most = this.#plotted.looksBack ? longest : keptSeconds * 1000;
    const length = Math.min(Math.max(to - from, shortest), most);
    // The shortest one is around the middle of what was asked for.
    const end = Math.min(Math.max((from + to + length) / 2, now - most + length), now);
    this.zoomed.value = { from: end - length, to: end };
  }

  /** Shows more or less. @param factor How many times as long. @param around What stays at its place; @default the middle */
  zoom(factor: number, around?: number): void {
    const { from, to } = this.span;
    const middle = around ?? this.cursor.value ?? (from + to) / 2;
    this.show({ from: middle - (middle - from) * factor, to: middle + (to - middle) * factor });
  }

  /** Shows what was before or after. @param share By how much of what is seen; negative for before. */
  pan(share: number): void {
    const { from, to } = this.span;
    const way = (to - from) * share;
    this.show({ from: from + way, to: to + way });
  }

  /** Moves the cursor, which begins at the end. @param share By how much of what is seen. */
  moveCursor(share: number): void {
    const { from, to } = this.span;
    const time = (this.cursor.value ?? to) + (to - from) * share;
    this.cursorStays = true;
    this.cursor.value = Math.min(Math.max(time, from), to);
  }

  /** Puts the cursor at a place, where it stays. @param share Of what is seen, from 0 at its beginning. */
  pointAt(share: number): void {
    this.cursorStays = false;
    this.pinned = false;
    this.#cursorShare = Math.min(Math.max(0, share), 1);
    this.holdCursor();
  }

  /** Puts the cursor at a time, where it stays while the mouse goes elsewhere. */
  pin(time: number): void {
    this.cursorStays = true;
    this.pinned = true;
    this.cursor.value = time;
  }

  /** A cursor that stays at its place has another time whenever something else is seen. */
  holdCursor(): void {
    if (this.cursorStays || this.#cursorShare === undefined) return;
    const { from, to } = this.span;
    this.cursor.value = from + (to - from) * this.#cursorShare;
  }

  /** Takes the cursor away. */
  leave(): void {
    this.#cursorShare = undefined;
    this.cursorStays = false;
    this.pinned = false;
    this.cursor.value = undefined;
  }

  /** The newest time there is to see, in milliseconds since 1970. */
  get now(): number {
    return this.paused.value ?? this.#bench.now();
  }
}
