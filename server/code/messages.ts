/**
 * The messages between server, sandbox process and Worker. All of them are JSON, or plain data between host and Worker.
 *
 * @module
 */

import type { ErrorCode } from "../../protocol/errors.ts";
import type { ProcessSettings } from "../processes/processes.ts";
import type { CodePermissions, Language } from "./options.ts";

/** Code that a client sent. */
export interface Code {
  /** What it is written in. */
  readonly language: Language;
  /**
   * `eval`: an expression whose value is wanted. `exec`: statements. `script`: a PyOpticon script, which stays there and
   * does its steps as it is told; Python only.
   */
  readonly mode: "eval" | "exec" | "script";
  /** The source. */
  readonly source: string;
}

/** The value of an expression. */
export interface Evaluated {
  /** As text: text as it is, anything else as its language prints it. */
  readonly text: string;
  /** As JSON, where it is plain data; its text otherwise. */
  readonly value: unknown;
}

/** The value of an expression, as it crosses: only text does, which is bounded before it is read. */
export interface EvaluatedText {
  /** As text. */
  readonly text: string;
  /** Its JSON; left out where the value is the text itself. */
  readonly json?: string;
}

/** The failure of code. */
export interface Failure {
  /** The stable code. */
  readonly code: ErrorCode;
  /** Type, message and line, in the sender's own language. */
  readonly message: string;
}

/** A request of code to the server; it gets what its sender would get. */
export type Ask =
  | { readonly ask: "get"; readonly instrument: string; readonly field: string }
  | { readonly ask: "set"; readonly instrument: string; readonly field: string; readonly value: unknown }
  | { readonly ask: "confirm"; readonly instrument: string }
  | {
    readonly ask: "call";
    readonly instrument: string;
    readonly command: string;
    readonly args: readonly unknown[];
    readonly keywords: Readonly<Record<string, unknown>>;
  }
  | { readonly ask: "fields"; readonly instrument: string }
  | { readonly ask: "instruments"; readonly instrument: string | null }
  | { readonly ask: "dashboard" | "hold" }
  | { readonly ask: "step"; readonly step: ScriptStep }
  | { readonly ask: "turn"; readonly outcome: ScriptOutcome | null };

/** What becomes of the script where one of its steps fails; where it says nothing, a person decides. */
export type IfFails = "skip" | "stop";

/** A step of a script, as it schedules it. */
export type ScriptStep =
  /** In seconds. */
  | { readonly kind: "delay"; readonly seconds: number }
  | {
    readonly kind: "action";
    readonly instrument: string;
    readonly field: string;
    readonly value: string | boolean;
    readonly confirm: boolean;
    readonly ifFails?: IfFails | undefined;
  }
  /** Its name is empty where it has none, as a lambda. */
  | { readonly kind: "function"; readonly name: string; readonly ifFails?: IfFails | undefined }
  | { readonly kind: "await"; readonly name: string; readonly message: string };

/** What has come of a function or a condition of a script. */
export type ScriptOutcome = { readonly truth: boolean } | { readonly failed: Failure };

/** The answer to an {@linkcode Ask}. */
export type Answer = { readonly value: unknown } | { readonly error: Failure };

/** The settings of a sandbox's process, sent on its standard input when it starts. */
export interface HostSettings extends ProcessSettings, ResultLimits {
  /** What it keeps Workers ready for. */
  readonly languages: readonly Language[];
  /** What its Workers may touch. */
  readonly permissions: CodePermissions;
  /** Its memory in MiB. */
  readonly memory: number;
}

/** A message from the server to a sandbox's process. */
export type ToHost = { readonly run: Code } | { readonly answer: Answer };

/**
 * A message from a sandbox's process to the server, after its first line, which is the token; `hostile_messages.ts`
 * checks it.
 */
export type FromHost =
  | { readonly idle: true }
  | { readonly began: true }
  | { readonly ask: Ask }
  | { readonly output: string }
  | { readonly done: EvaluatedText }
  | { readonly failed: Failure };

/** A message from a sandbox's process to its Worker, which trusts it. */
export type ToWorker =
  | { readonly prepare: WorkerSettings }
  | { readonly run: Code }
  | { readonly end: true };

/** The settings of a Worker. */
export interface WorkerSettings extends ResultLimits {
  /** Where it finds the answers to what it asked: two numbers (state and length), then JSON. */
  readonly answers: SharedArrayBuffer;
  /** Whether it may connect to anything. */
  readonly net: boolean;
  /** MicroPython, for Python: where to import it from, its compiled WebAssembly, and its memory. */
  readonly python?: { readonly url: string; readonly module: WebAssembly.Module; readonly heap: number };
}

/**
 * A message from a Worker to its sandbox's process, as JSON. Whatever else comes is hostile; `hostile_messages.ts`
 * checks it.
 */
export type FromWorker =
  | { readonly ready: true }
  | { readonly ended: true }
  | { readonly ask: Ask }
  | { readonly output: string }
  | { readonly done: EvaluatedText }
  | { readonly failed: Failure };

/** Room for the longest answer in bytes, after the two numbers. */
export const answerBytes = 4_194_304;

/** Offset of the JSON in the shared memory. */
export const answerOffset = 8;

/** The longest request of code to the server, in characters: as much as a client may in a message. */
export const longestAsk = 65_536;

/** The code with which a sandbox's process ends when it used too much memory and could not say so. */
export const tooMuchMemory = 77;

/** The message to the sender of code that used too much memory. @param memory What a sandbox has, in MiB. */
export function memoryMessage(memory: number): string {
  return `The code was stopped: it used more than the ${memory} MiB of memory that a sandbox has`;
}

/** Limits on the results of code, in bytes. */
export interface ResultLimits {
  /** What it may print in all. */
  readonly outputBytes: number;
  /** The longest result. */
  readonly resultBytes: number;
}

/**
 * @param limits What code may come to.
 * @returns The longest message about it in characters. A value crosses as text and as JSON, both escaped once more: one
 * that needs more than this is too long.
 */
export function longestMessage({ outputBytes, resultBytes }: ResultLimits): number {
  return 6 * Math.max(outputBytes, resultBytes, longestAsk);
}
