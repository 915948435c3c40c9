/**
 * Takes line after line: in a terminal with line editing and history, in a pipe as they come.
 *
 * @module
 */

import { dirname } from "node:path";
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import type { CliContext } from "./context.ts";

/** How many lines a history keeps. */
const mostKept = 1000;

/** The options of taking lines. */
export interface LineEditing {
  /** What stands before the cursor. */
  readonly prompt: string;
  /** The file of the history; `undefined` keeps none. */
  readonly historyFile: string | undefined;
  /** Proposes how a line goes on. @default nothing is proposed */
  readonly complete?: (line: string) => Promise<[string[], string]>;
  /** Told before the first line. @param lines What takes them. @param interactive Whether a person types. */
  readonly begun?: (lines: Interface, interactive: boolean) => Promise<void> | void;
  /** Runs a line. @param signal Aborted by Ctrl-C. @returns Whether to go on. */
  readonly run: (line: string, signal: AbortSignal) => Promise<boolean>;
  /** Tells that a line failed. @param interactive Whether a person typed it. */
  readonly failed: (error: unknown, interactive: boolean) => void;
  /** Ends it from outside. */
  readonly signal?: AbortSignal;
}

/** Takes lines until they end, or one says so. */
export async function takeLines(context: CliContext, options: LineEditing): Promise<void> {
  const { prompt, historyFile, complete, begun, signal } = options;
  const interactive = context.terminal && Deno.stdin.isTerminal();
  const lines = createInterface({
    input: process.stdin,
    ...(interactive
      ? {
        output: process.stdout,
        terminal: true,
        history: await readHistory(historyFile),
        historySize: mostKept,
        removeHistoryDuplicates: true,
        ...(complete === undefined ? {} : {
          completer: (line: string, done: (error: null, proposals: [string[], string]) => void) =>
            void complete(line).then((proposals) => done(null, proposals)),
        }),
      }
      : {}),
    prompt,
  });
  let history: string[] = [];
  lines.on("history", (kept: string[]) => history = kept);
  const close = () => lines.close();
  signal?.addEventListener("abort", close);
  try {
    await begun?.(lines, interactive);
    await runLines(context, lines, interactive, options);
  } finally {
    signal?.removeEventListener("abort", close);
  }
  if (interactive && history.length > 0) await keepHistory(historyFile, history);
}

/** Runs line after line, each to its end; Ctrl-C ends the wait for the running one, or clears what was typed. */
async function runLines(
  context: CliContext,
  lines: Interface,
  interactive: boolean,
  { run, failed, signal }: LineEditing,
): Promise<void> {
  const { stdout } = context.process;
  let running: AbortController | undefined;
  lines.on("SIGINT", () => {
    if (running !== undefined) return running.abort();
    stdout.write("\n");
    lines.write(null, { ctrl: true, name: "u" });
    lines.prompt();
  });
  const waiting: string[] = [];
  let ended = signal?.aborted ?? false;
  let wake = () => {};
  lines.on("line", (line) => {
    waiting.push(line);
    wake();
  });
  lines.on("close", () => {
    ended = true;
    if (interactive) running?.abort();
    wake();
  });
  if (interactive && !ended) lines.prompt();
  for (;;) {
    const line = waiting.shift();
    if (ended && (interactive || line === undefined)) break;
    if (line === undefined) {
      await new Promise<void>((resolve) => wake = resolve);
      continue;
    }
    running = new AbortController();
    try {
      if (!await run(line, running.signal)) break;
    } catch (error) {
      failed(error, interactive);
    }
    running = undefined;
    if (interactive && !ended) lines.prompt();
  }
  if (interactive && ended) stdout.write("\n");
  lines.close();
}

/** The lines of earlier runs, newest first, as readline wants them. */
async function readHistory(file: string | undefined): Promise<string[]> {
  if (file === undefined) return [];
  try {
    return (await Deno.readTextFile(file)).split("\n").filter((line) => line !== "").slice(-mostKept).reverse();
  } catch {
    return [];
  }
}

/** Keeps lines for later runs; a history that cannot be written is no reason to stop working. */
async function keepHistory(file: string | undefined, lines: readonly string[]): Promise<void> {
  if (file === undefined) return;
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, `${[...lines].reverse().join("\n")}\n`);
  } catch {
    // Not allowed, or a full disk.
  }
}
