/**
 * Drags a tile with a mouse, a pen or a finger, and finds where it would be dropped.
 *
 * The tiles are found by `data-tile`, their groups by `data-group`: what the browser shows says where the pointer is.
 *
 * @module
 */

import { useRef, useState } from "npm:preact@11.2.0/hooks";

/** A pointer that moves less than this many pixels clicks. */
const slack = 5;
/** The distance from the edge of the window at which a pointer scrolls it, and the step of each frame, in pixels. */
const edge = 48;
const scrollStep = 10;

/** The place where a tile would be dropped. */
export interface Target {
  /** The group's `data-group`. */
  readonly group: string;
  /** The `data-tile` that it would stand before; `undefined` for the end. */
  readonly before: string | undefined;
  /** The tile beside which that is shown, and on which side; `undefined` in an empty group. */
  readonly mark: { readonly tile: string; readonly side: "before" | "after" } | undefined;
}

/** A tile that is being dragged. */
export interface Dragged {
  readonly tile: string;
  readonly target: Target | undefined;
}

/** The distance of a number from a range. */
function outside(value: number, from: number, to: number): number {
  return Math.max(from - value, value - to, 0);
}

function nearest<T>(things: readonly T[], distance: (thing: T) => number): T | undefined {
  let best: T | undefined;
  for (const thing of things) if (best === undefined || distance(thing) < distance(best)) best = thing;
  return best;
}

/** Finds the place where a tile would be dropped, from a point of the window. */
function targetAt(x: number, y: number): Target | undefined {
  const groups = [...document.querySelectorAll<HTMLElement>("[data-group]")]
    .map((element) => ({ element, box: element.getBoundingClientRect() }));
  const over = nearest(groups, ({ box }) => outside(y, box.top, box.bottom));
  if (over === undefined) return undefined;
  const group = over.element.dataset.group!;
  const tiles = [...over.element.querySelectorAll<HTMLElement>("[data-tile]")]
    .map((element) => ({ tile: element.dataset.tile!, box: element.getBoundingClientRect() }));
  const beside = nearest(tiles, ({ box }) => outside(x, box.left, box.right));
  if (beside === undefined) return { group, before: undefined, mark: undefined };
  const column = tiles.filter(({ box }) => Math.abs(box.left - beside.box.left) < 1);
  const below = column.find(({ box }) => y < (box.top + box.bottom) / 2);
  if (below !== undefined) return { group, before: below.tile, mark: { tile: below.tile, side: "before" } };
  const last = column.at(-1)!;
  return { group, before: tiles[tiles.indexOf(last) + 1]?.tile, mark: { tile: last.tile, side: "after" } };
}

/** The result of {@linkcode useDrag}. */
export interface Dragging {
  /** What is being dragged now. */
  readonly dragged: Dragged | undefined;
  /** Takes the press of a pointer on a tile; what is pressed on a control of the tile stays that control's. */
  readonly press: (event: PointerEvent, tile: string) => void;
  /** Takes the element that goes with the pointer. */
  readonly ghost: (element: HTMLElement | null) => void;
}

/**
 * Drags tiles. Escape lets one go where it was.
 *
 * @param drop Told where one was dropped.
 */
export function useDrag(drop: (tile: string, target: Target) => void): Dragging {
  const [dragged, setDragged] = useState<Dragged | undefined>(undefined);
  const ghost = useRef<HTMLElement | null>(null);
  const at = useRef({ x: 0, y: 0 });
  const place = () => {
    const { x, y } = at.current;
    if (ghost.current !== null) ghost.current.style.translate = `${x + 12}px ${y + 8}px`;
  };
  const press = (event: PointerEvent, tile: string) => {
    const pressed = event.target as Element;
    if (event.button !== 0 || pressed.closest("button, select") !== null) return;
    // A finger elsewhere scrolls the page.
    if (event.pointerType === "touch" && pressed.closest(".grip") === null) return;
    event.preventDefault();
    const { pointerId, clientX, clientY } = event;
    let [moving, target]: [boolean, Target | undefined] = [false, undefined];
    const ended = new AbortController();
    const end = () => {
      ended.abort();
      setDragged(undefined);
    };
    const look = () => {
      const { x, y } = at.current;
      const found = targetAt(x, y);
      place();
      if (JSON.stringify(found) === JSON.stringify(target) && found !== undefined) return;
      target = found;
      setDragged({ tile, target });
    };
    const scroll = () => {
      if (ended.signal.aborted) return;
      const { y } = at.current;
      const by = y < edge ? -scrollStep : y > innerHeight - edge ? scrollStep : 0;
      if (by !== 0) {
        scrollBy(0, by);
        look();
      }
      requestAnimationFrame(scroll);
    };
    const moved = (event: PointerEvent) => {
      if (event.pointerId !== pointerId) return;
      at.current = { x: event.clientX, y: event.clientY };
      if (!moving && Math.hypot(event.clientX - clientX, event.clientY - clientY) < slack) return;
      if (!moving) requestAnimationFrame(scroll);
      moving = true;
      look();
    };
    const released = (event: PointerEvent) => {
      if (event.pointerId !== pointerId) return;
      end();
      if (moving && target !== undefined) drop(tile, target);
    };
    // At the window: the tile may go elsewhere while it is dragged, where somebody else moves it.
    const { signal } = ended;
    addEventListener("pointermove", moved, { signal });
    addEventListener("pointerup", released, { signal });
    addEventListener("pointercancel", end, { signal });
    addEventListener("blur", end, { signal });
    addEventListener("keydown", ({ key }) => key === "Escape" && end(), { signal });
  };
  return {
    dragged,
    press,
    ghost: (element) => {
      ghost.current = element;
      place();
    },
  };
}
