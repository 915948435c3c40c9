/** Runs the command line in this process, with streams of its own. */
import { runCli } from "../cli/app.ts";
import type { CliContext } from "../cli/context.ts";

/** What a script sees: no terminal, no colours, no history. */
export function contextOf(): CliContext {
  const silent = { write: () => {} };
  return {
    process: { stdout: silent, stderr: silent },
    program: "heliograph",
    terminal: false,
    colour: false,
    historyFile: undefined,
    clientName: undefined,
    readInput: () => Promise.resolve(""),
    typed: { words: [] },
  };
}

/** Runs the program with streams of its own. */
export async function run(
  words: readonly string[],
  options: Partial<CliContext> = {},
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const context: CliContext = {
    ...contextOf(),
    process: { stdout: { write: (text) => void (out += text) }, stderr: { write: (text) => void (err += text) } },
    ...options,
  };
  const code = await runCli(words, context);
  return { code, out, err };
}
