/**
 * Finds patterns that can never match, since they ask for what ends an answer and is no part of it.
 *
 * @module
 */

import { type AST, RegExpParser } from "npm:@eslint-community/regexpp@4.12.3";
import { quoted } from "../../bench/answer_errors.ts";

const parser = new RegExpParser({ ecmaVersion: 2025 });

/** What every match has at a place: a character, its begin or end, or something that is not known. */
type Token = string | typeof begin | typeof finish | typeof other;
const begin = Symbol("begin");
const finish = Symbol("end");
const other = Symbol("other");

/**
 * Why a pattern can never match an answer.
 *
 * @param source A regular expression as in JavaScript.
 * @param end What ends an answer.
 * @returns The reason, and what would be right; `undefined` where it may match.
 */
export function whyItNeverMatches(source: string, end: string): string | undefined {
  const parsed = parser.parsePattern(source, 0, source.length, { unicode: false });
  if (mustHave(parsed.alternatives, [...end])) {
    return `never matches: it asks for ${quoted(end)}, which ends an answer and is no part of it; leave that out`;
  }
  // Half of a CR LF is dropped, whichever of them ends an answer.
  if (end === "\n" && mustHave(parsed.alternatives, ["\r", finish])) {
    return 'never matches: it asks for "\\r" at the end, which is dropped before a "\\n" that ends an answer; leave it out';
  }
  if (end === "\r" && mustHave(parsed.alternatives, [begin, "\n"])) {
    return 'never matches: it asks for "\\n" at the beginning, which is dropped after a "\\r" that ends an answer; leave it out';
  }
  return undefined;
}

/** Whether every match has these tokens in a row. */
function mustHave(alternatives: readonly AST.Alternative[], wanted: readonly Token[]): boolean {
  return alternatives.every(({ elements }) =>
    elements.some((each) => inside(each, wanted)) || holds(elements.flatMap(tokens), wanted)
  );
}

/** Whether every match of a part has them by itself. */
function inside(element: AST.Element, wanted: readonly Token[]): boolean {
  if (element.type === "Quantifier") return element.min > 0 && inside(element.element, wanted);
  if (element.type !== "Group" && element.type !== "CapturingGroup") return false;
  return !(element.type === "Group" && element.modifiers !== null) && mustHave(element.alternatives, wanted);
}

function holds(given: readonly Token[], wanted: readonly Token[]): boolean {
  return given.some((_, at) => wanted.every((token, offset) => given[at + offset] === token));
}

/** What every match of a part has, from its begin to its end. */
function tokens(element: AST.Element): Token[] {
  switch (element.type) {
    case "Character":
      return [String.fromCharCode(element.value)];
    case "Assertion":
      return element.kind === "start" ? [begin] : element.kind === "end" ? [finish] : [];
    case "CharacterClass": {
      const [only, ...others] = element.elements;
      return !element.negate && others.length === 0 && only?.type === "Character" ? tokens(only) : [other];
    }
    case "Quantifier": {
      const once = tokens(element.element);
      return element.min === 0 ? [other] : element.min === 1 && element.max === 1 ? once : [...once, other, ...once];
    }
    case "Group":
    case "CapturingGroup": {
      const [only, ...others] = element.alternatives;
      const plain = others.length === 0 && !(element.type === "Group" && element.modifiers !== null);
      return plain ? only!.elements.flatMap(tokens) : [other];
    }
    default:
      return [other];
  }
}
