/**
 * Draws for a person at a terminal: its width, a line that is redrawn, a progress bar.
 *
 * @module
 */

import { printable } from "../protocol/printable.ts";
import type { CliContext } from "./context.ts";
import type { Paint } from "./output.ts";

/** The width of a terminal where it is unknown, in columns. */
const usualColumns = 80;

/** The width of the terminal, in columns. */
export function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || usualColumns;
  } catch {
    // Not one of the program's streams is a terminal.
    return usualColumns;
  }
}

/**
 * A context that says whether a person looks at standard error, which is another question than for standard output:
 * `files=$(heliograph expose 1)` shows progress.
 */
export interface ProgressContext extends CliContext {
  /** Whether standard error is a terminal. @default whether the program's own is */
  readonly errorTerminal?: boolean;
}

/** How long a line waits to be drawn, in milliseconds: what changes together is drawn once. */
const drawPause = 40;

/** One line on standard error that is redrawn. Where nobody looks, it is never drawn. */
export class ProgressLine implements Disposable {
  #shown: boolean;
  readonly #write: (text: string) => void;
  readonly #text: () => string;
  #drawn = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Draws nothing yet.
   *
   * @param context Where standard error is.
   * @param text What the line says now; it must be narrower than the terminal.
   */
  constructor(context: ProgressContext, text: () => string) {
    this.#shown = context.errorTerminal ?? Deno.stderr.isTerminal();
    this.#write = (text) => context.process.stderr.write(text);
    this.#text = text;
  }

  /** Draws the line again soon, since its text has changed. */
  changed(): void {
    if (this.#shown) this.#timer ??= setTimeout(() => this.#draw(), drawPause);
  }

  /** Takes the line away, so that others can write; the next change brings it back. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#drawn !== "") this.#write("\r\x1b[K");
    this.#drawn = "";
  }

  /** Writes a line to standard error that stays. @param text Without its end; it is made printable. */
  note(text: string): void {
    this.clear();
    this.#write(`${printable(text)}\n`);
  }

  /** Takes the line away for good. */
  [Symbol.dispose](): void {
    this.clear();
    this.#shown = false;
  }

  #draw(): void {
    this.#timer = undefined;
    const text = this.#text();
    if (text === "") return this.clear();
    if (text !== this.#drawn) this.#write(`\r${text}\x1b[K`);
    this.#drawn = text;
  }
}

/**
 * A bar: `━━━━━━━━────────────`.
 *
 * @param percent How much of it is full.
 * @param columns How long it is.
 * @param paint How the rest is dimmed.
 */
export function bar(percent: number, columns: number, paint: Paint): string {
  const full = Math.round(Math.min(Math.max(percent, 0), 100) / 100 * columns);
  return "━".repeat(full) + paint.dim("─".repeat(columns - full));
}
