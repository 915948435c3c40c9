/**
 * Stores the page's choices in the browser, where it keeps anything at all.
 *
 * @module
 */

/** Reads a stored text; `undefined` where there is none, or the browser keeps nothing. @param key Under which name. */
export function readKept(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a text for the next time. A browser that keeps nothing, or is full, has it next time as it was. */
export function keep(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // The page works without.
  }
}
