/**
 * The requests to the server, whichever way in they came by, and their replies.
 *
 * @module
 */

import type { ArrangementState } from "../../protocol/arrangement.ts";
import type { DashboardRequest } from "../../protocol/dashboard_message.ts";
import type { FieldHistory, InstrumentDescription, Lease, ServerStatus } from "../../protocol/description.ts";
import type { Principal } from "../access/principal.ts";
import type { FieldHolder } from "../bench/field.ts";
import type { Evaluated } from "../code/messages.ts";
import type { EvaluationOptions } from "../code/sandbox.ts";
import type { CommandRequest } from "./dispatcher.ts";

/** A request that belongs to a connection, and takes an id. */
export type ConnectionRequest = DashboardRequest & {
  readonly cmd: "Hello" | "Watch" | "Follow" | "Unwatch" | "Close";
};

/** A request of anybody who was let in; a command may be one of the default instrument's. */
export type Request =
  | Exclude<DashboardRequest, { readonly cmd: ConnectionRequest["cmd"] | "Call" }>
  | CommandRequest & { readonly cmd: "Call" };

/** The replies to requests, by kind; `unknown` is whatever an instrument's command returns. */
export interface Replies {
  readonly Get: FieldHolder;
  readonly Describe: InstrumentDescription | InstrumentDescription[];
  readonly History: FieldHistory;
  readonly Status: ServerStatus;
  readonly Ping: undefined;
  readonly Take: Lease;
  readonly Release: unknown;
  readonly HandOver: Lease;
  readonly Disconnect: undefined;
  readonly Set: unknown;
  readonly Confirm: unknown;
  readonly Revert: unknown;
  readonly Call: unknown;
  readonly Eval: Evaluated;
  readonly Exec: Evaluated;
  readonly Arrange: ArrangementState;
}

/** The words that requests begin with. */
export type RequestKind = keyof Replies;

/** The kinds of requests that are answered at once, since nothing has to be waited for. */
export type ImmediateKind = "Get" | "Describe" | "History" | "Status" | "Ping" | "Take" | "HandOver" | "Disconnect";

/** A request of one kind. */
export type RequestOf<K extends RequestKind> = Request & { readonly cmd: K };

/** The reply to a request of one kind. */
export type Reply<K extends RequestKind> = Replies[K];

/** The options of running code for one client. */
export interface EvaluatorOptions extends EvaluationOptions {
  /** Takes what the code prints, besides the log. */
  readonly output?: (text: string) => void;
}

/** Runs requests: ways in, and code, hand theirs to it. */
export interface RequestRunner {
  /**
   * Runs a request.
   *
   * @param request What to do.
   * @param principal Who asks.
   * @param options How code is run, where the request brings any.
   * @returns The reply: at once where nothing had to be waited for, as a promise otherwise.
   * @throws {HeliographError} When it is refused or fails.
   */
  run<K extends ImmediateKind>(request: RequestOf<K>, principal: Principal): Reply<K>;
  run<K extends RequestKind>(
    request: RequestOf<K>,
    principal: Principal,
    options?: EvaluatorOptions,
  ): Reply<K> | Promise<Reply<K>>;
}

/** Whether a request takes a connection of one's own. */
export function needsConnection(request: DashboardRequest): request is ConnectionRequest {
  return ["Hello", "Watch", "Follow", "Unwatch", "Close"].includes(request.cmd);
}
