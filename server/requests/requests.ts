/**
 * The one way in for work: takes a request by a principal, whichever way in it came by, and returns its reply.
 *
 * @module
 */

import { getLogger, type Logger } from "npm:@logtape/logtape@2.4.2";
import type { ArrangementState } from "../../protocol/arrangement.ts";
import type { DashboardRequest } from "../../protocol/dashboard_message.ts";
import type { InstrumentDescription, Lease, ServerStatus } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { Principal } from "../access/principal.ts";
import type { Bench } from "../bench/bench.ts";
import type { ArrangementStore } from "../records/arrangement.ts";
import type { RecentReadings } from "../records/recent_readings.ts";
import { requestCategory } from "../records/journal.ts";
import { describeInstrument } from "../bench/describe.ts";
import type { Instrument } from "../bench/instrument.ts";
import { shown } from "../bench/values.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Evaluator } from "./evaluator.ts";
import type { EvaluatorOptions, ImmediateKind, Reply, RequestKind, RequestOf, RequestRunner } from "./request.ts";
import type { Evaluated } from "../code/messages.ts";
import { pyopticonSource } from "../code/pyopticon_source.ts";
import type { Session, Sessions } from "../access/sessions.ts";

const log = getLogger(["heliograph", "arrangement"]);

const noKeywords: ReadonlyMap<string, unknown> = new Map();

/**
 * The subject of a request, for `status` and the log.
 *
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

/** The parts of the server that requests act on. */
export interface RequestParts {
  readonly bench: Bench;
  readonly dispatcher: Dispatcher;
  readonly evaluator: Evaluator;
  readonly sessions: Pick<Sessions, "find">;
  readonly arrangement: Pick<ArrangementStore, "set">;
  readonly recent: Pick<RecentReadings, "of">;
  /** What `Status` tells. */
  readonly status: () => ServerStatus;
}

/** Does what one kind of request asks for. */
type Handler<K extends RequestKind> = (
  request: RequestOf<K>,
  principal: Principal,
  options: EvaluatorOptions,
) => K extends ImmediateKind ? Reply<K> : Reply<K> | Promise<Reply<K>>;

const noOptions: EvaluatorOptions = {};

/** The one way in for work: ways in, and code, hand it what was asked and by whom. */
export class Requests implements RequestRunner {
  readonly #parts: RequestParts;
  readonly #handlers: { readonly [K in RequestKind]: Handler<K> };

  /** Makes it. @param parts What requests act on. */
  constructor(parts: RequestParts) {
    this.#parts = parts;
    const { dispatcher, recent } = parts;
    this.#handlers = {
      Call: (request, principal) => dispatcher.run(request, principal),
      Get: ({ instrument, field }, principal) => dispatcher.get(instrument, field, principal),
      Set: ({ instrument, field, value }, principal) => this.#command(instrument, "set", [field, value], principal),
      Confirm: ({ instrument }, principal) => this.#command(instrument, "confirm", [], principal),
      Revert: ({ instrument }, principal) => this.#command(instrument, "revert", [], principal),
      Eval: (request, principal, options) => this.#evaluate(request, principal, options),
      Exec: (request, principal, options) => this.#evaluate(request, principal, options),
      Describe: ({ instrument }, principal) => this.#describeAll(instrument, principal),
      History: ({ instrument, field, seconds }, principal) =>
        recent.of(dispatcher.get(instrument, field, principal), seconds),
      Status: (_, principal) => {
        dispatcher.allow(principal, "observer", "Status");
        return parts.status();
      },
      Ping: (_, principal) => {
        dispatcher.allow(principal, "observer", "Ping");
        return undefined;
      },
      Take: ({ instrument, seconds, force }, principal) => {
        this.#command("api", "take", [instrument, seconds, "", force], principal);
        return this.#lease(instrument);
      },
      Release: ({ instrument, force }, principal) => this.#command("api", "release", [instrument, force], principal),
      HandOver: ({ instrument, session, force }, principal) => {
        this.#command("api", "hand_over", [instrument, session, force], principal);
        return this.#lease(instrument);
      },
      Disconnect: ({ session }, principal) => this.#disconnect(session, principal),
      Arrange: ({ arrangement }, principal) => {
        dispatcher.check(principal, "operator", "Arrange");
        return this.#arrange(arrangement, principal);
      },
    };
  }

  run<K extends ImmediateKind>(request: RequestOf<K>, principal: Principal): Reply<K>;
  run<K extends RequestKind>(
    request: RequestOf<K>,
    principal: Principal,
    options?: EvaluatorOptions,
  ): Reply<K> | Promise<Reply<K>>;
  /** Runs a request; see {@linkcode RequestRunner}. */
  run<K extends RequestKind>(
    request: RequestOf<K>,
    principal: Principal,
    options: EvaluatorOptions = noOptions,
  ): Reply<K> | Promise<Reply<K>> {
    const kind: K = request.cmd;
    const handler: Handler<K> = this.#handlers[kind];
    return handler(request, principal, options);
  }

  #command(instrument: string, command: string, args: readonly unknown[], principal: Principal): unknown {
    return this.#parts.dispatcher.run({ instrument, command, args, keywords: noKeywords }, principal);
  }

  #describeAll(
    instrument: string | undefined,
    principal: Principal,
  ): InstrumentDescription | InstrumentDescription[] {
    const { dispatcher, bench } = this.#parts;
    dispatcher.check(principal, "observer", "Describe");
    return instrument === undefined
      ? bench.instruments.map((each) => this.#describe(each))
      : this.#describe(dispatcher.instrument(instrument));
  }

  #describe(instrument: Instrument): InstrumentDescription {
    return { ...describeInstrument(instrument), holder: this.#parts.dispatcher.control.holder(instrument.name) };
  }

  async #arrange(arrangement: unknown, principal: Principal): Promise<ArrangementState> {
    const state = await this.#parts.arrangement.set(arrangement);
    log.info("{client} arranged the page", { client: principal.label });
    return state;
  }

  #lease(instrument: string): Lease {
    const { dispatcher } = this.#parts;
    const { name } = dispatcher.instrument(instrument);
    const holder = dispatcher.control.holder(name)!;
    return { instrument: name, holder, until: holder.until };
  }

  #disconnect(id: number, principal: Principal): undefined {
    this.#parts.dispatcher.check(principal, "operator", "Disconnect");
    const session = this.#parts.sessions.find(id);
    if (session === undefined) {
      throw new HeliographError(
        "unknown_client",
        `Cannot disconnect client ${id}: none of that number is connected; "status" tells who is`,
      );
    }
    if (session.principal === principal.origin) {
      throw new HeliographError("bad_argument", `Cannot disconnect client ${id}: that is you; Close ends it`);
    }
    this.#parts.dispatcher.control.checkDisconnect(principal, session.principal);
    session.connection.close(new Error(`${principal.label} disconnected it`));
    return undefined;
  }

  #evaluate(
    { cmd, code, language }: RequestOf<"Eval" | "Exec">,
    principal: Principal,
    options: EvaluatorOptions,
  ): Promise<Evaluated> {
    const ofPyOpticon = language === undefined && cmd === "Exec";
    const source = ofPyOpticon ? pyopticonSource(code) : code;
    const told = { mode: cmd === "Eval" ? "eval" : "exec", source, language: language ?? "python" } as const;
    return this.#parts.evaluator.evaluate(told, principal, this, options);
  }
}
