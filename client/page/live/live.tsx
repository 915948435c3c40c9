/**
 * Values that change while the page shows them: only the parts that show one are drawn again.
 *
 * @module
 */

import { useLayoutEffect, useReducer } from "npm:preact@11.2.0/hooks";

/** A value that tells whoever shows it when it changes. */
export class Live<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  /** Makes one. @param value What it is at first. */
  constructor(value: T) {
    this.#value = value;
  }

  /** The current value. */
  get value(): T {
    return this.#value;
  }

  /** Changes it. */
  set value(value: T) {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls the listener after every change, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** Uses a live value in a component, which is drawn again whenever it changes. @returns What it is now. */
export function useLive<T>(live: Live<T>): T {
  const [, drawAgain] = useReducer((count: number) => count + 1, 0);
  const { value } = live;
  useLayoutEffect(() => {
    // It may have changed since it was drawn.
    if (!Object.is(value, live.value)) drawAgain(undefined);
    return live.subscribe(() => drawAgain(undefined));
  }, [live]);
  return value;
}

/** The newest values of many live ones, given to them once for each frame that the browser draws. */
export class Frame {
  readonly #newest = new Map<Live<unknown>, unknown>();
  #scheduled = false;

  /** Changes a live value at the next frame. A hidden page draws none: then only the newest value is kept. */
  set<T>(live: Live<T>, value: T): void {
    this.#newest.set(live as Live<unknown>, value);
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => this.flush());
  }

  /** What a live value will be. */
  newest<T>(live: Live<T>): T {
    return this.#newest.has(live as Live<unknown>) ? this.#newest.get(live as Live<unknown>) as T : live.value;
  }

  /** Changes all of them now. */
  flush(): void {
    this.#scheduled = false;
    const changes = [...this.#newest];
    this.#newest.clear();
    for (const [live, value] of changes) live.value = value;
  }
}
