/**
 * Patterns that say where an answer ends.
 *
 * @module
 */

import { type AST, RegExpParser, visitRegExpAST } from "npm:@eslint-community/regexpp@4.12.3";

const parser = new RegExpParser({ ecmaVersion: 2025 });

/**
 * A pattern that is found in all longer texts too once it was found: it is looked for while the bytes come, so that the
 * end of what has come says nothing.
 *
 * @param source A regular expression as in JavaScript.
 * @returns The same without `$`, which is meant by itself.
 * @throws {TypeError} Where it is no expression, or has what looks ahead.
 */
export function endPattern(source: string): string {
  let parsed: AST.Pattern;
  try {
    parsed = parser.parsePattern(source, 0, source.length, { unicode: false });
  } catch (error) {
    throw new TypeError(`is no pattern: ${(error as Error).message}`);
  }
  const ends: AST.Assertion[] = [];
  visitRegExpAST(parsed, {
    onAssertionEnter(node) {
      if (node.kind === "end") ends.push(node);
      else if (node.kind !== "start") {
        throw new TypeError(`has ${node.raw}, which looks at what comes next: nothing may have come yet; leave it out`);
      }
    },
  });
  let text = source;
  for (const { start, end } of ends.reverse()) text = `${text.slice(0, start)}(?:)${text.slice(end)}`;
  return text;
}
