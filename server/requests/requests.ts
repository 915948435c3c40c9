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
import type { Principal } from "../access/principal.ts";
import type { EvaluatorOptions } from "../code/evaluator.ts";
import { requestCategory } from "../records/journal.ts";
import { describeInstrument } from "../bench/describe.ts";
import type { Instrument } from "../bench/instrument.ts";
import { shown } from "../bench/values.ts";
import type { Evaluated } from "../code/messages.ts";
import { pyopticonSource } from "../code/pyopticon_source.ts";
import type { Services } from "../services.ts";
import type { Session } from "../access/sessions.ts";

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
  log.getChild(requestCategory)[level]("{client}: {request}", {
    client: session.principal.label,
    request: summary(request),
  });
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
   * @param principal Who asks.
   * @param options How code is run, where the request brings any.
   * @returns For `Get` the field's holder, for `Eval` and `Exec` what they came to, else the plain value; at once where
   * nothing had to be waited for, as a promise otherwise.
   * @throws {HeliographError} When it is refused or fails.
   */
  run(request: Request, principal: Principal, options: EvaluatorOptions = {}): unknown {
    const { dispatcher, bench } = this.#services;
    switch (request.cmd) {
      case "Get":
        return dispatcher.get(request.instrument, request.field, principal);
      case "Set": {
        const { instrument, field, value } = request;
        return dispatcher.run({ instrument, command: "set", args: [field, value], keywords: noKeywords }, principal);
      }
      case "Confirm":
        return dispatcher.run({ ...request, command: "confirm", args: [], keywords: noKeywords }, principal);
      case "Revert":
        return dispatcher.run({ ...request, command: "revert", args: [], keywords: noKeywords }, principal);
      case "Call":
        return dispatcher.run(request, principal);
      case "Eval":
      case "Exec":
        return this.#evaluate(request, principal, options);
      case "Describe": {
        dispatcher.check(principal, "observer", "Describe");
        const described = request.instrument === undefined
          ? bench.instruments.map((instrument) => this.#describe(instrument))
          : this.#describe(dispatcher.instrument(request.instrument));
        return described satisfies InstrumentDescription | InstrumentDescription[];
      }
      case "History": {
        const { instrument, field, seconds } = request;
        return this.#services.recent.of(dispatcher.get(instrument, field, principal), seconds);
      }
      case "Status":
        dispatcher.allow(principal, "observer", "Status");
        return this.#services.status();
      case "Ping":
        return dispatcher.allow(principal, "observer", "Ping");
      case "Take":
        this.#api("take", [request.instrument, request.seconds, request.force], principal);
        return this.#lease(dispatcher.instrument(request.instrument));
      case "Release":
        return this.#api("release", [request.instrument, request.force], principal);
      case "HandOver":
        this.#api("hand_over", [request.instrument, request.session, request.force], principal);
        return this.#lease(dispatcher.instrument(request.instrument));
      case "Disconnect":
        return this.#disconnect(request.session, principal);
      case "Arrange":
        dispatcher.check(principal, "operator", "Arrange");
        return this.#arrange(request.arrangement, principal);
    }
  }

  #describe(instrument: Instrument): InstrumentDescription {
    return { ...describeInstrument(instrument), holder: this.#services.control.holder(instrument.name) };
  }

  async #arrange(arrangement: unknown, principal: Principal): Promise<ArrangementState> {
    const state = await this.#services.arrangement.set(arrangement);
    log.info("{client} arranged the page", { client: principal.label });
    return state;
  }

  #api(command: string, args: readonly unknown[], principal: Principal): unknown {
    return this.#services.dispatcher.run({ instrument: "api", command, args, keywords: noKeywords }, principal);
  }

  #lease({ name }: Instrument): Lease {
    const holder = this.#services.control.holder(name)!;
    return { instrument: name, holder, until: holder.until };
  }

  #disconnect(id: number, principal: Principal): void {
    this.#services.dispatcher.check(principal, "operator", "Disconnect");
    const session = this.#services.sessions.find(id);
    if (session === undefined) {
      throw new HeliographError(
        "unknown_client",
        `Cannot disconnect client ${id}: none of that number is connected; "status" tells who is`,
      );
    }
    if (session.principal === principal.origin) {
      throw new HeliographError("bad_argument", `Cannot disconnect client ${id}: that is you; Close ends it`);
    }
    this.#services.control.checkDisconnect(principal, session.principal);
    session.connection.close(new Error(`${principal.label} disconnected it`));
  }

  #evaluate(
    { cmd, code, language }: DashboardRequest & { cmd: "Eval" | "Exec" },
    principal: Principal,
    options: EvaluatorOptions,
  ): Promise<Evaluated> {
    const ofPyOpticon = language === undefined && cmd === "Exec";
    const source = ofPyOpticon ? pyopticonSource(code) : code;
    const told = { mode: cmd === "Eval" ? "eval" : "exec", source, language: language ?? "python" } as const;
    return this.#services.evaluator.evaluate(told, principal, options);
  }
}
