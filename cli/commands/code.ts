/**
 * The subcommands that send code: `eval` an expression, `exec` a file.
 *
 * @module
 */

import { extname } from "node:path";
import { buildCommand } from "../usage.ts";
import { printable } from "../../protocol/printable.ts";
import type { CodeOptions } from "../../client/pyopticon_client.ts";
import { type ConnectionFlags, dashboardClient, dashboardFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { originalExpression, refuseOtherLanguages } from "../original_dashboard.ts";
import { painter, result, writeJson } from "../output.ts";

interface CodeFlags extends ConnectionFlags {
  readonly python: boolean;
  readonly showOutput: boolean;
}

const codeFlags = {
  ...dashboardFlags,
  python: { kind: "boolean", default: false, brief: "The code is Python, not JavaScript" },
  showOutput: { kind: "boolean", default: false, brief: "Show what the code prints, which goes to the server's log" },
} as const;

type Language = NonNullable<CodeOptions["language"]>;

/**
 * Shows what code prints as it comes, without letting it steer the terminal.
 *
 * @param show Whether to.
 * @param write Where.
 */
export function shower(show: boolean, write: (text: string) => void): CodeOptions {
  if (!show) return {};
  return { output: (text) => write(text.split(/(?<=[\n\t])/).map(shownPiece).join("")) };
}

function shownPiece(piece: string): string {
  const end = /[\n\t]$/.exec(piece)?.[0] ?? "";
  return printable(piece.slice(0, piece.length - end.length)) + end;
}

/** `heliograph eval EXPRESSION` */
export const evalCommand = buildCommand({
  docs: { brief: "Evaluate an expression on the server, JavaScript or --python" },
  parameters: {
    flags: codeFlags,
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "EXPRESSION", brief: "The expression, quoted as one word", parse: String }],
    },
  },
  async func(this: CliContext, flags: CodeFlags, expression: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    const language = flags.python ? "python" : "javascript";
    const original = await client.isOriginal();
    const value = await client.doEval(original ? originalExpression(expression, language) : expression, {
      language,
      asText: !flags.json,
      // The value alone is on standard output.
      ...shower(flags.showOutput, this.process.stderr.write),
    });
    if (flags.json) writeJson(this, value);
    else this.process.stdout.write(result(value, painter(this.colour)));
  },
});

/** `heliograph exec FILE` */
export const execCommand = buildCommand({
  docs: { brief: "Execute a file on the server: .js, .ts or .py, or - for standard input" },
  parameters: {
    flags: codeFlags,
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "FILE", brief: "A .js, .ts or .py file; - for standard input", parse: String }],
    },
  },
  async func(this: CliContext, flags: CodeFlags, file: string): Promise<void> {
    const { language, code } = await readCode(this, file, flags.python);
    await using client = dashboardClient(this, flags);
    if (await client.isOriginal()) refuseOtherLanguages(language);
    const done = await client.doExec(code, { language, ...shower(flags.showOutput, this.process.stdout.write) });
    if (flags.json) writeJson(this, done);
  },
});

async function readCode(
  context: CliContext,
  file: string,
  python: boolean,
): Promise<{ language: Language; code: string }> {
  if (file === "-") return { language: python ? "python" : "javascript", code: await context.readInput() };
  const extension = extname(file).toLowerCase();
  if (![".js", ".mjs", ".ts", ".mts", ".py"].includes(extension) && !python) {
    throw new UsageError(`Cannot tell what ${file} is written in: it must end in .js, .ts or .py (or give --python)`);
  }
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : (error as Error).message;
    throw new UsageError(`Cannot read ${file}: ${why}`);
  }
  if (python || extension === ".py") return { language: "python", code: text };
  return { language: "javascript", code: extension.endsWith("ts") ? await withoutTypes(file, text) : text };
}

/** TypeScript becomes JavaScript here, with every statement on its own line as before: errors tell the file's lines. */
async function withoutTypes(file: string, text: string): Promise<string> {
  const { transform } = await import("npm:sucrase@3.35.1");
  try {
    return transform(text, { transforms: ["typescript"], disableESTransforms: true }).code;
  } catch (error) {
    throw new UsageError(`Cannot read ${file} as TypeScript: ${(error as Error).message}`);
  }
}
