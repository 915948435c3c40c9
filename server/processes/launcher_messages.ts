/**
 * The messages between server and launcher: lines of JSON on the launcher's standard input and output.
 *
 * @module
 */

import type { Command, CommandValues, EndedProcess } from "./starter.ts";

/** A message from the server to its launcher. */
export type ToLauncher =
  /** The command may be started also after the seal. */
  | { readonly allow: Command }
  /** From now on only what was allowed is started; the server's main thread says that it turns. */
  | { readonly seal: true }
  /** Removed when the server has ended, however it did. */
  | { readonly remove: string }
  | { readonly start: number; readonly command: Command; readonly input: string; readonly values?: CommandValues }
  | { readonly kill: number }
  /** The server's main thread turns. */
  | { readonly turns: true };

/**
 * A message from the launcher to its server; `started` and `kill` mean the number that the server has given with
 * `start`.
 */
export type FromLauncher =
  | { readonly started: number; readonly pid: number }
  | { readonly failed: number; readonly reason: string }
  | { readonly ended: number } & EndedProcess;
