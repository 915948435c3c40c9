/**
 * The context in which a language runs code, and the function that runs it.
 *
 * @module
 */

import type { Ask, Code, EvaluatedText } from "./messages.ts";

/** The context of running code: its way to the world beyond its Worker. */
export interface CodeContext {
  /** Asks the server and waits for the answer. @throws {AskError} What the server answered. */
  readonly ask: (ask: Ask) => unknown;
  /** The longest result in bytes. */
  readonly resultBytes: number;
  /** Takes what code prints. @throws {Stop} When it is more than is allowed. */
  readonly print: (text: string) => void;
}

/** Runs one piece of code. */
export type RunCode = (code: Code) => EvaluatedText | Promise<EvaluatedText>;
