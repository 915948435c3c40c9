/**
 * Turns patterns round: makes an answer that a pattern matches, with given texts in its groups.
 *
 * @module
 */

import { type AST, RegExpParser } from "npm:@eslint-community/regexpp@4.12.3";

const parser = new RegExpParser({ ecmaVersion: 2025 });

/** Characters that a class may hold that says only which it does not. */
const usual = "0aA_-. ,:;=x/\"'()[]!?+*%\t\r\x01";

/**
 * The shortest text of a pattern's first alternatives.
 *
 * @param source The pattern, which is one.
 * @param texts What stands in its groups, by number or name; the others are made up.
 * @returns The text. Whether the pattern matches it is to be tried: an assertion inside it may not hold.
 */
export function exampleAnswer(source: string, texts: ReadonlyMap<string | number, string>): string {
  const groups: AST.CapturingGroup[] = [];
  const given = (group: AST.CapturingGroup): string | undefined => {
    const number = groups.indexOf(group) + 1;
    return texts.get(number) ?? (group.name === null ? undefined : texts.get(group.name));
  };
  const holdsOne = (node: AST.Node): boolean => {
    if (node.type === "CapturingGroup" && given(node) !== undefined) return true;
    if (node.type === "Quantifier") return holdsOne(node.element);
    if (node.type === "Alternative") return node.elements.some(holdsOne);
    if (node.type === "Group" || node.type === "CapturingGroup") return node.alternatives.some(holdsOne);
    return false;
  };
  const make = (node: AST.Node): string => {
    switch (node.type) {
      case "Character":
        return String.fromCodePoint(node.value);
      case "CharacterSet":
        return ofSet(node);
      case "CharacterClass":
        return ofClass(node);
      case "Quantifier":
        return make(node.element).repeat(node.min === 0 && holdsOne(node.element) ? 1 : node.min);
      case "CapturingGroup":
        return given(node) ?? oneOf(node.alternatives);
      case "Group":
        return oneOf(node.alternatives);
      case "Alternative":
        return node.elements.map(make).join("");
      default:
        return "";
    }
  };
  const oneOf = (alternatives: readonly AST.Alternative[]) => make(alternatives.find(holdsOne) ?? alternatives[0]!);
  const parsed = parser.parsePattern(source, 0, source.length, { unicode: false });
  collectGroups(parsed, groups);
  return oneOf(parsed.alternatives);
}

/** The capturing groups in the order of their numbers. */
function collectGroups(node: AST.Node, groups: AST.CapturingGroup[]): void {
  if (node.type === "CapturingGroup") groups.push(node);
  if (node.type === "Quantifier") collectGroups(node.element, groups);
  if (node.type === "Alternative") { for (const element of node.elements) collectGroups(element, groups); }
  if (node.type === "Pattern" || node.type === "Group" || node.type === "CapturingGroup") {
    for (const alternative of node.alternatives) collectGroups(alternative, groups);
  }
}

function ofSet(set: AST.CharacterSet): string {
  if (set.kind === "digit") return set.negate ? "a" : "0";
  if (set.kind === "word") return set.negate ? " " : "a";
  if (set.kind === "space") return set.negate ? "0" : " ";
  return "x";
}

function ofClass(set: AST.CharacterClass): string {
  if (set.negate) {
    const inside = new RegExp(set.raw);
    return [...usual].find((character) => inside.test(character)) ?? "";
  }
  const [first] = set.elements;
  if (first === undefined) return "";
  if (first.type === "CharacterClassRange") return String.fromCodePoint(first.min.value);
  return first.type === "Character" ? String.fromCodePoint(first.value) : ofSet(first as AST.CharacterSet);
}
