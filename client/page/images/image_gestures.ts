/**
 * Moves and zooms an image by mouse, touch and keyboard. Scrolling the page over it scrolls the page.
 *
 * @module
 */

import type { Point } from "./image_geometry.ts";
import type { ImageViewer } from "./image_viewer.ts";

/** The distance that a finger may move and still only tap, in pixels of the screen. */
const tapDistance = 5;

/** The factor of one step of the zoom. */
export const zoomStep = 2;

/** Drags, taps and pinches. */
class Pointers {
  readonly #viewer: ImageViewer;
  readonly #canvas: HTMLCanvasElement;
  readonly #down = new Map<number, Point>();
  #tap: Point | undefined;
  /** Where a region was begun that is being marked. */
  #corner: Point | undefined;

  constructor(viewer: ImageViewer, canvas: HTMLCanvasElement) {
    this.#viewer = viewer;
    this.#canvas = canvas;
  }

  press(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#canvas.setPointerCapture(event.pointerId);
    const at = placeOf(event, this.#canvas);
    this.#down.set(event.pointerId, at);
    this.#tap = this.#down.size === 1 ? at : undefined;
    this.#corner = this.#down.size === 1 && (event.shiftKey || this.#viewer.marking.value) ? at : undefined;
  }

  move(event: PointerEvent): void {
    const at = placeOf(event, this.#canvas);
    const before = this.#down.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType !== "touch") this.#viewer.probe.point(this.#viewer.pixelAt(at));
      return;
    }
    if (this.#tap !== undefined) {
      const reach = tapDistance * ratioOf(this.#canvas);
      if (Math.hypot(at.x - this.#tap.x, at.y - this.#tap.y) < reach) return;
      this.#tap = undefined;
    }
    const other = [...this.#down].find(([id]) => id !== event.pointerId)?.[1];
    this.#down.set(event.pointerId, at);
    if (this.#corner !== undefined) return this.#viewer.markBetween(this.#corner, at);
    if (other === undefined) return this.#viewer.pan({ x: at.x - before.x, y: at.y - before.y });
    const middle = between(at, other);
    const moved = between(before, other);
    this.#viewer.pan({ x: middle.x - moved.x, y: middle.y - moved.y });
    const apart = Math.hypot(before.x - other.x, before.y - other.y);
    this.#viewer.zoomBy(Math.hypot(at.x - other.x, at.y - other.y) / Math.max(1, apart), middle);
  }

  release(event: PointerEvent): void {
    const wasDown = this.#down.delete(event.pointerId);
    // One region for each press of the button: then a drag moves the image again.
    if (this.#corner !== undefined && this.#tap === undefined) this.#viewer.marking.value = false;
    this.#corner = undefined;
    if (!wasDown || this.#tap === undefined) return;
    this.#tap = undefined;
    const pixel = this.#viewer.pixelAt(placeOf(event, this.#canvas));
    if (pixel !== undefined) this.#viewer.probe.mark(pixel);
  }

  /** The browser has taken over: it scrolls. */
  cancel(event: PointerEvent): void {
    this.#down.delete(event.pointerId);
    this.#tap = this.#corner = undefined;
  }
}

function between(one: Point, other: Point): Point {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}

/** The pixels of a canvas for each pixel of the screen. */
function ratioOf(canvas: HTMLCanvasElement): number {
  return canvas.width / Math.max(1, canvas.clientWidth);
}

function placeOf({ clientX, clientY }: MouseEvent, canvas: HTMLCanvasElement): Point {
  const { left, top } = canvas.getBoundingClientRect();
  const ratio = ratioOf(canvas);
  return { x: (clientX - left) * ratio, y: (clientY - top) * ratio };
}

/** Handles the wheel: with Ctrl, which pinching on a touchpad gives too, it zooms; alone it scrolls the page. */
function turn(event: WheelEvent, viewer: ImageViewer, canvas: HTMLCanvasElement): void {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 30;
  viewer.zoomBy(Math.exp(-event.deltaY * lines / 300), placeOf(event, canvas));
}

const arrows: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: 1 },
  ArrowDown: { x: 0, y: -1 },
};

/** Handles the keys. @returns Whether it was one of them. */
function press({ key, shiftKey }: KeyboardEvent, viewer: ImageViewer): boolean {
  const arrow = arrows[key];
  if (arrow !== undefined) {
    const far = shiftKey ? 10 : 1;
    viewer.moveCrosshair({ x: far * arrow.x, y: far * arrow.y });
  } else if (key === "+" || key === "=") viewer.zoomBy(zoomStep);
  else if (key === "-" || key === "_") viewer.zoomBy(1 / zoomStep);
  else if (key === "0") viewer.fit();
  else if (key === "1") viewer.zoomTo(1);
  else if (key === "Escape") {
    viewer.probe.mark(undefined);
    viewer.mark(undefined);
    viewer.marking.value = false;
  } else return false;
  return true;
}

/**
 * Lets an image be moved and zoomed.
 *
 * @param viewer What shows it.
 * @param canvas What it is shown on.
 * @returns What ends that.
 */
export function listen(viewer: ImageViewer, canvas: HTMLCanvasElement): () => void {
  const pointers = new Pointers(viewer, canvas);
  const ended = new AbortController();
  const { signal } = ended;
  canvas.addEventListener("pointerdown", (event) => pointers.press(event), { signal });
  canvas.addEventListener("pointermove", (event) => pointers.move(event), { signal });
  canvas.addEventListener("pointerup", (event) => pointers.release(event), { signal });
  canvas.addEventListener("pointercancel", (event) => pointers.cancel(event), { signal });
  canvas.addEventListener("pointerleave", () => viewer.probe.point(undefined), { signal });
  canvas.addEventListener("wheel", (event) => turn(event, viewer, canvas), { signal, passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && press(event, viewer)) event.preventDefault();
  }, { signal });
  return () => ended.abort();
}
