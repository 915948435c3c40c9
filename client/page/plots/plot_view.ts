/**
 * Draws the plot of a window of time, and handles mouse, wheel and fingers.
 *
 * @module
 */

import uPlot from "npm:uplot@1.6.32";
import type { LiveField } from "../live/live_instrument.ts";
import { decadesOf, gridOf, rangeOf } from "./plot_data.ts";
import { optionsOf, plotHeight, scaleOf, scalesOf, unitOf } from "./plot_options.ts";
import type { PlotWindow } from "./plot_window.ts";

/** How often a plot that follows is drawn, in milliseconds. */
const drawInterval = 500;
/** The size of a saved picture's plot, in CSS pixels. */
const pictureSize = { width: 1000, height: 480 };
/** A drag over fewer pixels is a click. */
const leastDrag = 5;

/** A plot in the page. */
export class PlotView {
  readonly #place: HTMLElement;
  readonly #fields: readonly LiveField[];
  readonly #window: PlotWindow;
  readonly #logarithmic: readonly string[];
  readonly #plot: uPlot;
  readonly #ends: (() => void)[] = [];
  #scheduled = 0;

  /**
   * Draws it.
   *
   * @param place Where.
   * @param fields What, at least one.
   * @param window When.
   * @param logarithmic The units whose axes are logarithmic.
   */
  constructor(
    place: HTMLElement,
    fields: readonly LiveField[],
    window: PlotWindow,
    logarithmic: readonly string[],
  ) {
    this.#place = place;
    this.#logarithmic = logarithmic;
    this.#fields = fields;
    this.#window = window;
    const options = optionsOf(fields, place, logarithmic);
    this.#plot = new uPlot({ ...options, ...this.#handlers(options) }, this.#nothing, place);
    this.#draw();
    const timer = setInterval(() => window.paused.value === undefined && this.#schedule(), drawInterval);
    const resized = new ResizeObserver(() => {
      this.#plot.setSize({ width: Math.max(1, place.clientWidth), height: plotHeight });
      this.#schedule();
    });
    resized.observe(place);
    this.#ends.push(
      () => clearInterval(timer),
      () => resized.disconnect(),
      ...[window.followed, window.zoomed, window.paused].map((each) => each.subscribe(() => this.#schedule())),
      window.cursor.subscribe(() => {
        if (window.cursorStays) this.#schedule();
        else if (window.cursor.value === undefined) this.#hideCursor();
      }),
    );
    this.#listen();
  }

  /** Draws what is seen once more, in the size of a picture. @returns Its canvas. */
  async picture(): Promise<HTMLCanvasElement> {
    const looks = optionsOf(this.#fields, this.#place, this.#logarithmic);
    const options = { ...looks, ...pictureSize, cursor: { show: false } };
    const plot = new uPlot(options, this.#nothing, document.createElement("div"));
    this.#drawOn(plot, pictureSize.width);
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

  /** Draws at the next frame; a hidden page has none. */
  #schedule(): void {
    cancelAnimationFrame(this.#scheduled);
    this.#scheduled = requestAnimationFrame(() => this.#draw());
  }

  get #nothing(): uPlot.AlignedData {
    return [[], ...this.#fields.map(() => [])];
  }

  #draw(): void {
    const { cursor, cursorStays } = this.#window;
    const { clientWidth } = this.#plot.over;
    this.#drawOn(this.#plot, clientWidth);
    if (!cursorStays) return;
    const left = this.#plot.valToPos(cursor.value! / 1000, "x");
    if (left >= 0 && left <= clientWidth) this.#plot.setCursor({ left, top: plotHeight / 2 }, false);
    else this.#hideCursor();
  }

  #hideCursor(): void {
    this.#plot.setCursor({ left: -10, top: -10 }, false);
  }

  /** @param width In CSS pixels, or a little more. */
  #drawOn(plot: uPlot, width: number): void {
    const { span, until } = this.#window;
    const columns = Math.max(50, Math.round(width));
    const points = this.#fields.map((field) => this.#window.points(field));
    const { times, lines } = gridOf(points, span, until, columns);
    const isLogarithmic = (scale: string) => this.#logarithmic.includes(unitOf(scale));
    // Zero and less have no place on a logarithmic axis: there is a gap.
    const drawn = lines.map((line, at) =>
      isLogarithmic(scaleOf(this.#fields[at]!)) ? line.map((value) => value !== null && value > 0 ? value : null) : line
    );
    plot.batch(() => {
      plot.setData([times.map((time) => time / 1000), ...drawn], false);
      for (const scale of scalesOf(this.#fields)) {
        const ofScale = drawn.filter((_, line) => scaleOf(this.#fields[line]!) === scale);
        plot.setScale(scale, isLogarithmic(scale) ? decadesOf(ofScale) : rangeOf(ofScale));
      }
      plot.setScale("x", { min: span.from / 1000, max: span.to / 1000 });
    });
  }

  #timeAt(left: number): number {
    return this.#plot.posToVal(left, "x") * 1000;
  }

  #handlers({ cursor }: uPlot.Options): Partial<uPlot.Options> {
    const window = this.#window;
    return {
      cursor: {
        ...cursor,
        bind: {
          mousedown: (_, __, handler) => (event) => {
            if (event.shiftKey) this.#pan(event);
            else handler(event);
            return null;
          },
          mousemove: (_, __, handler) => (event) => {
            window.cursorStays = false;
            return handler(event);
          },
          dblclick: () => () => {
            window.follow();
            return null;
          },
        },
      },
      hooks: {
        setCursor: [({ cursor: { left = -1 } }) => {
          if (!window.cursorStays) window.cursor.value = left < 0 ? undefined : this.#timeAt(left);
        }],
        setSelect: [(plot) => {
          const { left, width } = plot.select;
          if (width === 0) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (width >= leastDrag) window.show({ from: this.#timeAt(left), to: this.#timeAt(left + width) });
        }],
      },
    };
  }

  /** Moves what is seen with the mouse, until its button is let go. */
  #pan({ clientX }: MouseEvent): void {
    const { from, to } = this.#window.span;
    const each = (to - from) / this.#plot.over.clientWidth;
    const move = (event: MouseEvent) => {
      const way = (clientX - event.clientX) * each;
      this.#window.show({ from: from + way, to: to + way });
    };
    const end = () => {
      document.removeEventListener("mousemove", move);
      document.removeEventListener("mouseup", end);
    };
    document.addEventListener("mousemove", move);
    document.addEventListener("mouseup", end);
    this.#ends.push(end);
  }

  #listen(): void {
    const { over } = this.#plot;
    const leftOf = ({ clientX }: MouseEvent) => clientX - over.getBoundingClientRect().left;
    over.addEventListener("wheel", (event) => {
      // Without it, the wheel scrolls the page.
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.#window.zoom(event.deltaY < 0 ? 1 / 1.25 : 1.25, this.#timeAt(leftOf(event)));
    }, { passive: false });
    const fingers = new Map<number, number>();
    /** The times that lie under the two fingers. */
    let held: readonly number[] = [];
    over.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "touch") return;
      fingers.set(event.pointerId, leftOf(event));
      held = [...fingers.values()].map((left) => this.#timeAt(left));
    });
    over.addEventListener("pointermove", (event) => {
      if (!fingers.has(event.pointerId)) return;
      fingers.set(event.pointerId, leftOf(event));
      const [one = 0, other = 0] = fingers.values();
      if (fingers.size === 1) {
        this.#window.cursorStays = false;
        this.#plot.setCursor({ left: Math.max(0, one), top: plotHeight / 2 });
      } else if (fingers.size === 2 && Math.abs(one - other) > 10) {
        const each = (held[1]! - held[0]!) / (other - one);
        const from = held[0]! - one * each;
        this.#window.show({ from, to: from + over.clientWidth * each });
      }
    });
    for (const ending of ["pointerup", "pointercancel"] as const) {
      over.addEventListener(ending, (event) => {
        fingers.delete(event.pointerId);
        held = [...fingers.values()].map((left) => this.#timeAt(left));
      });
    }
  }
}
