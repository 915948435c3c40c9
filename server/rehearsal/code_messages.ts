/**
 * What the Worker of a rehearsal and whoever started it tell each other of code: that runs in a sandbox's process, which
 * the Worker can neither start nor, in a time of its own, end.
 *
 * @module
 */

import type { ErrorCode } from "../../protocol/errors.ts";
import type { Answer, Ask, ScriptStep } from "../code/messages.ts";

/** What the Worker asks for. `code` tells which script or expression it is about. */
export type CodeRequest =
  & { readonly code: number }
  & (
    | { readonly load: string }
    | { readonly evaluate: string }
    /** Calls the function or condition of a step of a script. */
    | { readonly call: number }
    | { readonly stop: true }
    /** Answers what it asked; `null` where the step that it told is well. */
    | { readonly answer: Answer | null }
  );

/** What the Worker is told. */
export type CodeReply =
  & { readonly code: number }
  & (
    /** It is loaded, was called, or has its value. */
    | { readonly done: unknown }
    | { readonly failed: FailedCode; readonly ended: boolean }
    | { readonly ask: Ask }
    /** A script schedules this. */
    | { readonly check: ScriptStep }
    | { readonly output: string }
  );

/** An error of code. */
export interface FailedCode {
  readonly code: ErrorCode;
  readonly message: string;
}
