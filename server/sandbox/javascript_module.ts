/**
 * What a Worker runs of a piece of JavaScript: a module that stands alone.
 *
 * An executable loads modules from the disk without asking for the permission to read, so that code must not import.
 * The Worker for its part makes no code from text.
 *
 * @module
 */

import { type AnyNode, parse } from "npm:acorn@8.19.0";
import { Stop, withLine } from "./failure.ts";
import type { Code } from "./messages.ts";

const importing = ["ImportDeclaration", "ImportExpression", "ExportAllDeclaration"];

/**
 * @param code JavaScript: an expression or statements, either of which may await.
 * @returns The text of a module, whose default export is the value; every line stays on its own.
 * @throws {Stop} For what cannot be read, and for code that imports something.
 */
export function javascriptModule({ mode, source }: Pick<Code, "mode" | "source">): string {
  const text = mode === "eval" ? `export default await (${source}\n);` : source;
  let program: AnyNode;
  try {
    program = parse(text, { ecmaVersion: "latest", sourceType: "module", locations: true });
  } catch (error) {
    const { message, loc } = error as Error & { readonly loc?: { readonly line: number } };
    const what = error instanceof SyntaxError ? message.replace(/ \(\d+:\d+\)$/, "") : "it is nested too deep";
    throw failure(`SyntaxError: ${what}`, loc?.line, source);
  }
  if (mode === "eval" && (program as { readonly body: readonly unknown[] }).body.length !== 1) {
    throw failure("SyntaxError: this is more than one expression (exec takes statements)", undefined, source);
  }
  const found = findImport(program);
  if (found === undefined) return text;
  throw failure("SyntaxError: Cannot import: code that is sent stands alone", found.loc?.start.line, source);
}

function failure(message: string, line: number | undefined, source: string): Stop {
  return new Stop({ code: "code_failed", message: withLine(message, line, source) });
}

/** Looks at every node; as a loop, since code may be nested as deep as its parser takes. */
function findImport(program: AnyNode): AnyNode | undefined {
  const open: unknown[] = [program];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== "object" || next === null) continue;
    const node = next as AnyNode;
    if (importing.includes(node.type) || node.type === "ExportNamedDeclaration" && node.source) return node;
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) { for (const item of value) open.push(item); }
      else open.push(value);
    }
  }
  return undefined;
}
