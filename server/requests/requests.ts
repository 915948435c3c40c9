/**
 * What the requests of the dashboard's two dialects, and of the HTTP API, come to: one way for all of them.
 *
 * @module
 */

import { getLogger, type Logger } from "npm:@logtape/logtape@2.4.2";
import type { ArrangementState } from "../../protocol/arrangement.ts";
import type { DashboardRequest } from "../../protocol/dashboard_message.ts";
import type { InstrumentDescription, Lease } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { Client } from "../access/control.ts";
import type { CodeClient, EvaluatorOptions } from "../code/evaluator.ts";
import { requestCategory } from "../records/journal.ts";
import { describeInstrument } from "../bench/describe.ts";
import type { Instrument } from "../bench/instrument.ts";
import { shown } from "../bench/values.ts";
import type { Evaluated } from "../code/messages.ts";
import { pyopticonSource } from "../code/pyopticon_source.ts";
import type { Services } from "../services.ts";
import type { Session } from "../access/sessions.ts";

/** Whoever asks: a session, or an HTTP request. */
export interface Requester extends Client, CodeClient {
  /** How the log calls them. */
  readonly label: string;
}

/** What takes no connection of one's own. */
export type Request = Exclude<
  DashboardRequest,
  { readonly cmd: "Hello" | "Watch" | "Follow" | "Unwatch" | "Close" }
>;

const log = getLogger(["heliograph", "arrangement"]);

const noKeywords: ReadonlyMap<string, unknown> = new Map();

/**
 * What a request is about, for `status` and the log.
 *
 * @param request It.
 * @returns PyOpticon's words: `Get Actual Status in UV Light`.
 */
export function summary(request: DashboardRequest): string {
  const { cmd } = request;
  switch (cmd) {
    case "Get":
    case "History":
      return `${cmd} ${request.field} in ${request.instrument}`;
    case "Set":
      return `Set ${request.field} in ${request.instrument} to ${shown(request.value)}`;
    case "Confirm":
    case "Revert":
      return `${cmd} in ${request.instrument}`;
    case "Call":
      return `Call ${request.instrument}.${request.command}`;
    case "Take":
    case "Release":
      return `${cmd} ${request.instrument}`;
    case "Describe":
    case "Watch":
      return `${cmd} ${request.instrument ?? "everything"}`;
    case "HandOver":
      return `Hand over ${request.instrument} to client ${request.session}`;
    case "Disconnect":
      return `Disconnect client ${request.session}`;
    default:
      return cmd;
  }
}

/**
 * Tells `status` and the log what a client asks.
 *
 * @param request What.
 * @param session Who.
 * @param log The log.
 * @param level How loud.
 */
export function tellAsked(request: DashboardRequest, session: Session, log: Logger, level: "info" | "debug"): void {
  // Who only looks on, again and again, does nothing that others want to know.
  if (request.cmd === "Status" || request.cmd === "Ping") return;
  session.asked(() => summary(request), Date.now());
  if (!log.isEnabledFor(level)) return;
  log.getChild(requestCategory)[level]("{client}: {request}", { client: session.label, request: summary(request) });
}

/** Runs requests, whichever wire they came over. */
export class Requests {
  readonly #services: Services;

  /** Makes it. @param services Bench, dispatcher, sessions. */
  constructor(services: Services) {
    this.#services = services;
  }

  /**
   * Runs a request.
   *
   * @param request What to do.
   * @param requester Who asks.
   * @param options How code is run, where the request brings any.
   * @returns For `Get` the field's holder, for `Eval` and `Exec` what they came to, else the plain value; at once where
   * nothing had to be waited for, as a promise otherwise.
   * @throws {HeliographError} When it is refused or fails.
   */
  run(request: Request, requester: Requester, options: EvaluatorOptions = {}): unknown {
    const { dispatcher, bench } = this.#services;
    switch (request.cmd) {
      case "Get":
        return dispatcher.get(request.instrument, request.field, requester);
      case "Set": {
        const { instrument, field, value } = request;
        return dispatcher.run({ instrument, command: "set", args: [field, value], keywords: noKeywords }, requester);
      }
      case "Confirm":
        return dispatcher.run({ ...request, command: "confirm", args: [], keywords: noKeywords }, requester);
      case "Revert":
        return dispatcher.run({ ...request, command: "revert", args: [], keywords: noKeywords }, requester);
      case "Call":
        return dispatcher.run(request, requester);
      case "Eval":
      case "Exec":
        return this.#evaluate(request, requester, options);
      case "Describe": {
        dispatcher.check(requester, "observer", "Describe");
        const described = request.instrument === undefined
          ? bench.instruments.map((instrument) => this.#describe(instrument))
          : this.#describe(dispatcher.instrument(request.instrument));
        return described satisfies InstrumentDescription | InstrumentDescription[];
      }
      case "History": {
        const { instrument, field, seconds } = request;
        return this.#services.recent.of(dispatcher.get(instrument, field, requester), seconds);
      }
      case "Status":
        dispatcher.allow(requester, "observer", "Status");
        return this.#services.status();
      case "Ping":
        return dispatcher.allow(requester, "observer", "Ping");
      case "Take":
        this.#api("take", [request.instrument, request.seconds, request.force], requester);
        return this.#lease(dispatcher.instrument(request.instrument));
      case "Release":
        return this.#api("release", [request.instrument, request.force], requester);
      case "HandOver":
        this.#api("hand_over", [request.instrument, request.session, request.force], requester);
        return this.#lease(dispatcher.instrument(request.instrument));
      case "Disconnect":
        return this.#disconnect(request.session, requester);
      case "Arrange":
        dispatcher.check(requester, "operator", "Arrange");
        return this.#arrange(request.arrangement, requester);
    }
  }

  #describe(instrument: Instrument): InstrumentDescription {
    return { ...describeInstrument(instrument), holder: this.#services.control.holder(instrument.name) };
  }

  async #arrange(arrangement: unknown, requester: Requester): Promise<ArrangementState> {
    const state = await this.#services.arrangement.set(arrangement);
    log.info("{client} arranged the page", { client: requester.label });
    return state;
  }

  #api(command: string, args: readonly unknown[], requester: Requester): unknown {
    return this.#services.dispatcher.run({ instrument: "api", command, args, keywords: noKeywords }, requester);
  }

  #lease({ name }: Instrument): Lease {
    const holder = this.#services.control.holder(name)!;
    return { instrument: name, holder, until: holder.until };
  }

  #disconnect(id: number, requester: Requester): void {
    this.#services.dispatcher.check(requester, "operator", "Disconnect");
    const session = this.#services.sessions.find(id);
    if (session === undefined) {
      throw new HeliographError(
        "unknown_client",
        `Cannot disconnect client ${id}: none of that number is connected; "status" tells who is`,
      );
    }
    if (session === requester) {
      throw new HeliographError("bad_argument", `Cannot disconnect client ${id}: that is you; Close ends it`);
    }
    this.#services.control.checkDisconnect(requester, session);
    session.connection.close(new Error(`${requester.label} disconnected it`));
  }

  #evaluate(
    { cmd, code, language }: DashboardRequest & { cmd: "Eval" | "Exec" },
    requester: Requester,
    options: EvaluatorOptions,
  ): Promise<Evaluated> {
    const ofPyOpticon = language === undefined && cmd === "Exec";
    const source = ofPyOpticon ? pyopticonSource(code) : code;
    const told = { mode: cmd === "Eval" ? "eval" : "exec", source, language: language ?? "python" } as const;
    return this.#services.evaluator.evaluate(told, requester, options);
  }
}
