/**
 * What the server and the process of a rehearsal tell each other: lines of JSON. The server tells it `CodeReply`s.
 *
 * @module
 */

import type { RehearsalAnswer, RehearsalOrder } from "../../protocol/rehearsal.ts";
import type { ProcessSettings } from "../processes/processes.ts";
import type { CodeRequest } from "./code_messages.ts";

/** What it is told when it starts. */
export interface RehearsalSettings extends ProcessSettings {
  readonly order: RehearsalOrder;
  /** Whether drivers that are code are started, to learn their fields. */
  readonly startsDrivers: boolean;
}

/** What it tells. */
export type FromRehearsal =
  | { readonly answer: RehearsalAnswer }
  /** It asks for something of code, which runs in the server's sandbox. */
  | { readonly code: CodeRequest };
