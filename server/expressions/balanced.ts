/**
 * Finds the parentheses that belong to a part of an expression.
 *
 * @module
 */

import type { Part } from "./references.ts";

/** A part with the parentheses around what it begins and ends with, which CEL leaves out. */
export function balanced(text: string, part: Part): Part {
  let { start, end } = part;
  let [open, missing] = [0, 0];
  for (const [token] of text.slice(start, end).matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[()]/g)) {
    if (token === "(") open++;
    else if (token !== ")") continue;
    else if (open > 0) open--;
    else missing++;
  }
  for (; missing > 0 && start > 0; start--) if (text[start - 1] === "(") missing--;
  for (; open > 0 && end < text.length; end++) if (text[end] === ")") open--;
  return { start, end };
}
