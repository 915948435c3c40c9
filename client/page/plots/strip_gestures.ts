/**
 * Moves and zooms a window of time with the mouse, the wheel and fingers.
 *
 * @module
 */

import type { PlotWindow } from "./plot_window.ts";

/** A drag over fewer pixels is a click. */
export const leastDrag = 5;

/** What is pointed at. */
export interface TimeAxis {
  /** Lies over what is drawn. */
  readonly over: HTMLElement;
  /** The time at a place. @param left From its left edge, in CSS pixels. */
  timeAt(left: number): number;
}

/** Listens to gestures, until the returned function is called. */
export function gesturesOn(axis: TimeAxis, window: PlotWindow): () => void {
  const { over } = axis;
  const leftOf = ({ clientX }: MouseEvent) => clientX - over.getBoundingClientRect().left;
  over.addEventListener("wheel", (event) => {
    // Without it, the wheel scrolls the page.
    if (!event.ctrlKey) return;
    event.preventDefault();
    window.zoom(event.deltaY < 0 ? 1 / 1.25 : 1.25, axis.timeAt(leftOf(event)));
  }, { passive: false });
  let endPan = () => {};
  let downAt = NaN;
  over.addEventListener("mousedown", (event) => {
    downAt = event.shiftKey ? NaN : leftOf(event);
    if (event.shiftKey) endPan = pan(event, over, window);
  });
  over.addEventListener("click", (event) => {
    const left = leftOf(event);
    if (!(Math.abs(left - downAt) < leastDrag)) return;
    window.pin(axis.timeAt(left));
    // Its keys are at hand then, too.
    over.closest<HTMLElement>("[role=application]")?.focus({ preventScroll: true });
  });
  listenToFingers(axis, window, leftOf);
  return () => endPan();
}

/** Moves what is seen with the mouse, until its button is let go. */
function pan({ clientX }: MouseEvent, over: HTMLElement, window: PlotWindow): () => void {
  const { from, to } = window.span;
  const each = (to - from) / over.clientWidth;
  const move = (event: MouseEvent) => {
    const way = (clientX - event.clientX) * each;
    window.show({ from: from + way, to: to + way });
  };
  const end = () => {
    document.removeEventListener("mousemove", move);
    document.removeEventListener("mouseup", end);
  };
  document.addEventListener("mousemove", move);
  document.addEventListener("mouseup", end);
  return end;
}

/** One finger reads the values below it, two zoom. */
function listenToFingers({ over, timeAt }: TimeAxis, window: PlotWindow, leftOf: (event: MouseEvent) => number): void {
  const fingers = new Map<number, number>();
  /** The times that lie under the fingers. */
  let held: readonly number[] = [];
  over.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    fingers.set(event.pointerId, leftOf(event));
    held = [...fingers.values()].map(timeAt);
  });
  over.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, leftOf(event));
    const [one = 0, other = 0] = fingers.values();
    if (fingers.size === 1) {
      window.pointAt(one / over.clientWidth);
    } else if (fingers.size === 2 && Math.abs(one - other) > 10) {
      const each = (held[1]! - held[0]!) / (other - one);
      const from = held[0]! - one * each;
      window.show({ from, to: from + over.clientWidth * each });
    }
  });
  for (const ending of ["pointerup", "pointercancel"] as const) {
    over.addEventListener(ending, (event) => {
      fingers.delete(event.pointerId);
      held = [...fingers.values()].map(timeAt);
    });
  }
}
