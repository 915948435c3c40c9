/**
 * Draws a strip of a window of time, and reads and moves its cursor.
 *
 * @module
 */

import uPlot from "npm:uplot@1.6.32";
import type { TimeZoneChoice } from "../shell/preferences.ts";
import { limitsOf } from "./limit_lines.ts";
import { decadesOf, gridOf, rangeOf } from "./plot_data.ts";
import type { Mark } from "./plot_marks.ts";
import type { PlotWindow } from "./plot_window.ts";
import type { Plotted, Strip } from "./plotted.ts";
import { gesturesOn, leastDrag, type TimeAxis } from "./strip_gestures.ts";
import { colourOf, optionsOf, timesHeight } from "./strip_options.ts";

/** How often a plot that follows is drawn, in milliseconds. */
const drawInterval = 500;
/** And how seldom, however long a pixel is. */
const slowestDraw = 2000;
/** A mark is pointed at from so near, in CSS pixels. */
const nearMark = 6;

/** What of a strip may differ. */
export interface StripSettings {
  readonly logarithmic: boolean;
  readonly lowest: boolean;
  readonly zone: TimeZoneChoice;
  readonly marks: () => readonly Mark[];
  /** Told which mark is pointed at, and where. */
  readonly pointed: (mark: Mark | undefined, left: number) => void;
}

/** A strip in the page. */
export class StripView {
  readonly #place: HTMLElement;
  readonly #strip: Strip;
  readonly #plotted: Plotted;
  readonly #window: PlotWindow;
  readonly #settings: StripSettings;
  readonly #plot: uPlot;
  readonly #ends: (() => void)[] = [];
  #scheduled = 0;
  #drawnAt = 0;

  /** Draws it. @param place Where. @param strip What. @param window When. */
  constructor(place: HTMLElement, strip: Strip, plotted: Plotted, window: PlotWindow, settings: StripSettings) {
    this.#place = place;
    this.#strip = strip;
    this.#plotted = plotted;
    this.#window = window;
    this.#settings = settings;
    const options = this.#options(settings.lowest);
    this.#plot = new uPlot({ ...options, ...this.#handlers(options) }, this.#nothing, place);
    this.#draw();
    const timer = setInterval(() => {
      if (window.paused.value !== undefined) return;
      const { from, to } = window.span;
      // A long span moves by less than a pixel in the meantime.
      const pixelTime = (to - from) / Math.max(1, place.clientWidth);
      if (performance.now() - this.#drawnAt >= Math.min(pixelTime, slowestDraw)) this.#schedule();
    }, drawInterval);
    const resized = new ResizeObserver(() => {
      this.#plot.setSize({ width: Math.max(1, place.clientWidth), height: Math.max(1, place.clientHeight) });
      this.#schedule();
    });
    resized.observe(place);
    const axis: TimeAxis = { over: this.#plot.over, timeAt: (left) => this.#timeAt(left) };
    this.#ends.push(
      () => clearInterval(timer),
      () => resized.disconnect(),
      ...[window.followed, window.zoomed, window.paused].map((each) => each.subscribe(() => this.#schedule())),
      ...[window.gutter, window.past.state, window.marks.known].map((each) => each.subscribe(() => this.#schedule())),
      window.cursor.subscribe(() => this.#showCursor()),
      gesturesOn(axis, window),
    );
  }

  /** Draws what is seen once more. @param width In CSS pixels. @param height Without that of times. */
  async picture(width: number, height: number): Promise<HTMLCanvasElement> {
    const { lowest } = this.#settings;
    const options = { ...this.#options(lowest), width, height: height + (lowest ? timesHeight : 0) };
    const plot = new uPlot({ ...options, cursor: { show: false } }, this.#nothing, document.createElement("div"));
    this.#drawOn(plot, width);
    // It draws at the end of this turn.
    await new Promise((resolve) => setTimeout(resolve));
    plot.destroy();
    return plot.ctx.canvas;
  }

  /** Takes it away. */
  destroy(): void {
    cancelAnimationFrame(this.#scheduled);
    for (const end of this.#ends.splice(0)) end();
    this.#plot.destroy();
  }

  #options(lowest: boolean): uPlot.Options {
    const { gutter } = this.#window;
    return optionsOf(this.#strip, this.#plotted, this.#place, {
      logarithmic: this.#settings.logarithmic,
      lowest,
      zone: this.#settings.zone,
      gutter: (needed) => {
        if (needed > gutter.value) gutter.value = Math.ceil(needed);
        return gutter.value;
      },
    });
  }

  /** Draws at the next frame; a hidden page has none. */
  #schedule(): void {
    cancelAnimationFrame(this.#scheduled);
    this.#scheduled = requestAnimationFrame(() => this.#draw());
  }

  get #nothing(): uPlot.AlignedData {
    return [[], ...this.#strip.fields.map(() => [])];
  }

  #draw(): void {
    this.#drawnAt = performance.now();
    this.#window.look(Math.max(50, this.#plot.over.clientWidth));
    this.#drawOn(this.#plot, this.#plot.over.clientWidth);
    this.#window.holdCursor();
    this.#showCursor();
  }

  /** Puts the line at the cursor's time, whichever strip the mouse is on. */
  #showCursor(): void {
    const { value } = this.#window.cursor;
    const left = value === undefined ? -10 : this.#plot.valToPos(value / 1000, "x");
    const inside = left >= 0 && left <= this.#plot.over.clientWidth;
    this.#plot.setCursor({ left: inside ? left : -10, top: inside ? 0 : -10 }, false);
  }

  /** @param width In CSS pixels, or a little more. */
  #drawOn(plot: uPlot, width: number): void {
    const { span, until } = this.#window;
    const { logarithmic } = this.#settings;
    const columns = Math.max(50, Math.round(width));
    const points = this.#strip.fields.map((field) => this.#window.points(field));
    const { times, lines } = gridOf(points, span, until, columns);
    // Zero and less have no place on a logarithmic axis: there is a gap.
    const drawn = logarithmic
      ? lines.map((line) => line.map((value) => value !== null && value > 0 ? value : null))
      : lines;
    plot.batch(() => {
      plot.setData([times.map((time) => time / 1000), ...drawn], false);
      plot.setScale("y", logarithmic ? decadesOf(drawn) : rangeOf(drawn));
      plot.setScale("x", { min: span.from / 1000, max: span.to / 1000 });
    });
  }

  #timeAt(left: number): number {
    return this.#plot.posToVal(left, "x") * 1000;
  }

  /** The alarm limits of what is plotted, where they are within what is seen. */
  #drawLimits(plot: uPlot): void {
    const { ctx, bbox: { left, top, width, height } } = plot;
    const { min = NaN, max = NaN } = plot.scales.y ?? {};
    for (const { value, severe, text } of limitsOf(this.#strip.fields)) {
      if (!(value >= min! && value <= max!)) continue;
      const y = Math.round(plot.valToPos(value, "y", true));
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = colourOf(this.#place, severe ? "--bad" : "--warn");
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + width, y);
      ctx.stroke();
      ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
      ctx.textAlign = "right";
      // Above the line, or below it at the upper end.
      const below = y - top < 14 * devicePixelRatio && height > 0;
      ctx.fillText(text, left + width - 4 * devicePixelRatio, y + (below ? 11 : -3) * devicePixelRatio);
      ctx.restore();
    }
  }

  #drawMarks(plot: uPlot): void {
    const { ctx, bbox: { top, height } } = plot;
    for (const { time, failed } of this.#settings.marks()) {
      const x = Math.round(plot.valToPos(time / 1000, "x", true));
      ctx.save();
      ctx.strokeStyle = colourOf(this.#place, failed ? "--bad" : "--quiet");
      ctx.globalAlpha = 0.7;
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(x, top);
      ctx.lineTo(x, top + height);
      ctx.stroke();
      ctx.restore();
    }
  }

  #point(left: number): void {
    const place = (mark: Mark) => this.#plot.valToPos(mark.time / 1000, "x");
    const near = this.#settings.marks().findLast((mark) => Math.abs(place(mark) - left) <= nearMark);
    this.#settings.pointed(near, near === undefined ? 0 : place(near) + this.#plot.over.offsetLeft);
  }

  #handlers({ cursor }: uPlot.Options): Partial<uPlot.Options> {
    const window = this.#window;
    return {
      cursor: {
        ...cursor,
        bind: {
          // With Shift it moves what is seen: gesturesOn.
          mousedown: (_, __, handler) => (event) => event.shiftKey ? null : handler(event),
          mousemove: ({ over }, __, handler) => (event) => {
            const left = event.clientX - over.getBoundingClientRect().left;
            this.#point(left);
            // While a button is held it selects.
            if (window.pinned && event.buttons === 0) return null;
            window.pointAt(left / over.clientWidth);
            return handler(event);
          },
          mouseleave: (_, __, handler) => (event) => {
            if (!window.cursorStays) window.leave();
            this.#settings.pointed(undefined, 0);
            return handler(event);
          },
          dblclick: () => () => {
            window.follow();
            return null;
          },
        },
      },
      hooks: {
        draw: [(plot) => this.#drawLimits(plot), (plot) => this.#drawMarks(plot)],
        setSelect: [(plot) => {
          const { left, width } = plot.select;
          if (width === 0) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (width >= leastDrag) window.show({ from: this.#timeAt(left), to: this.#timeAt(left + width) });
        }],
      },
    };
  }
}
