/**
 * Takes a condition apart into what is joined by `&&`, `||` and `!`, for people to see which part it is.
 *
 * @module
 */

import type { ASTNode } from "npm:@marcbachmann/cel-js@8.0.0";
import { balanced } from "./balanced.ts";
import { newLanguage } from "./functions.ts";

/** A part of a condition, as it is written. */
export interface WrittenComparison {
  readonly text: string;
  /** What it compares, where it is a comparison. */
  readonly left?: string;
  readonly right?: string;
}

const comparing: ReadonlySet<string> = new Set(["<", "<=", ">", ">=", "==", "!="]);

let language: ReturnType<typeof newLanguage> | undefined;

/** The parts of a condition that can be understood. */
export function comparisonsIn(text: string): WrittenComparison[] {
  language ??= newLanguage();
  const written = (node: ASTNode) => {
    const { start, end } = balanced(text, node);
    return text.slice(start, end);
  };
  const visit = (node: ASTNode): WrittenComparison[] => {
    if (node.op === "&&" || node.op === "||") return node.args.flatMap(visit);
    if (node.op === "!_") return visit(node.args);
    if (!comparing.has(node.op)) return [{ text: written(node) }];
    const [left, right] = node.args as [ASTNode, ASTNode];
    return [{ text: written(node), left: written(left), right: written(right) }];
  };
  return visit(language.parse(text).ast);
}
