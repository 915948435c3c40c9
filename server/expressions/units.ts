/**
 * Finds what is compared or added in different units: degrees with kelvins, a flow with a pressure.
 *
 * @module
 */

import type { ASTNode } from "npm:@marcbachmann/cel-js@8.0.0";
import { ExpressionError } from "./expression_error.ts";
import { isFunctionOfField, ofFields } from "./over_time.ts";

/** Functions whose value is in the unit of what they are given. */
const keeping: ReadonlySet<string> = new Set(["abs", "floor", "ceil", "round", "min", "max"]);

/** What needs both sides in one unit. */
const together: ReadonlySet<string> = new Set(["+", "-", "<", "<=", ">", ">=", "==", "!="]);

/**
 * Checks the units of an expression. What has none, or may have any (a product, a number), goes with all.
 *
 * @param ast It.
 * @param unitAt The unit of the field that stands at a place of the text, where it has one.
 * @param written The text of a part.
 * @throws {ExpressionError} Where two units meet that are not the same.
 */
export function checkUnits(
  ast: ASTNode,
  unitAt: (start: number) => string | undefined,
  written: (node: ASTNode) => string,
): void {
  const same = (node: ASTNode, nodes: readonly ASTNode[]): string | undefined => {
    let [unit, first]: [string | undefined, ASTNode | undefined] = [undefined, undefined];
    for (const each of nodes) {
      const other = unitOf(each);
      if (other === undefined) continue;
      if (unit !== undefined && other !== unit) {
        throw new ExpressionError(
          `${written(node)}: ${written(first!)} is in ${unit}, and ${written(each)} in ${other}: convert one of them`,
        );
      }
      [unit, first] = [other, each];
    }
    return unit;
  };
  const children = (node: ASTNode) =>
    (Array.isArray(node.args) ? node.args.flat(2) : [node.args]).filter((each): each is ASTNode =>
      typeof each === "object" && each !== null && "op" in each
    );
  const unitOf = (node: ASTNode): string | undefined => {
    const { op } = node;
    if (op === "id" || op === ".") return unitAt(node.start);
    if (op === "call") {
      const [name, given] = node.args;
      if (name === "field") return unitAt(node.start);
      if (isFunctionOfField(name)) {
        const { unit } = ofFields[name];
        return unit === "the field's" ? unitOf(given[0]!) : unit || undefined;
      }
      if (keeping.has(name)) return same(node, given);
    }
    if (together.has(op)) {
      const unit = same(node, children(node));
      return op === "+" || op === "-" ? unit : undefined;
    }
    if (op === "-_") return unitOf(children(node)[0]!);
    if (op === "?:") {
      const [condition, ...branches] = children(node);
      unitOf(condition!);
      return same(node, branches);
    }
    for (const each of children(node)) unitOf(each);
    return undefined;
  };
  unitOf(ast);
}
