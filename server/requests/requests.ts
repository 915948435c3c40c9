/**
 * The one way in for work: takes a request by a principal, whichever way in it came by, and returns its reply.
 *
 * @module
 */

import { getLogger, type Logger } from "npm:@logtape/logtape@2.4.2";
import type { ArrangementState } from "../../protocol/arrangement.ts";
import type { DashboardRequest } from "../../protocol/dashboard_message.ts";
import type { InstrumentDescription, Lease, ServerStatus, Welcome } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { version } from "../../protocol/version.ts";
import type { Right } from "../../protocol/vocabulary.ts";
import type { Access } from "../access/admit.ts";
import { type Principal, whoIs } from "../access/principal.ts";
import type { Bench } from "../bench/bench.ts";
import type { ArrangementStore } from "../records/arrangement.ts";
import type { OverviewStore } from "../records/overview.ts";
import type { RecentReadings } from "../records/recent_readings.ts";
import { type Journal, requestCategory } from "../records/journal.ts";
import { writeNote } from "../records/note.ts";
import type { Readings } from "../records/readings/readings.ts";
import type { Records } from "../records/records.ts";
import { describeInstrument } from "../bench/describe.ts";
import type { Instrument } from "../bench/instrument.ts";
import { shown } from "../bench/values.ts";
import { administeringRequests } from "./administering.ts";
import { type CommandRequest, defaultInstrument, type Dispatcher } from "./dispatcher.ts";
import type { BenchEditor } from "../config/editing/bench_editor.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { editingRequests } from "./editing.ts";
import type { Evaluator } from "./evaluator.ts";
import { readingsRequests } from "./readings.ts";
import {
  type EvaluatorOptions,
  type Found,
  type ImmediateKind,
  JsonText,
  type Reply,
  type Request,
  type RequestKind,
  type RequestOf,
  type RequestRunner,
} from "./request.ts";
import type { Evaluated } from "../code/messages.ts";
import { pyopticonSource } from "../code/pyopticon_source.ts";
import { traceOf } from "./trace.ts";
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
    case "Switch":
      return `Switch ${request.instrument} ${request.on ? "on" : "off"}`;
    case "Take":
    case "Release":
    case "Trace":
      return `${cmd} ${request.instrument}`;
    case "Readings":
      return `Readings of ${request.query.fields.slice(0, 10).map((field) => field.slice(0, 60)).join(", ")}`;
    case "Note":
      return `Note ${shown(request.text)}`;
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
  if (request.cmd === "Status" || request.cmd === "Ping" || (request.cmd === "Trace" && request.after > 0)) return;
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
  readonly evaluator: Evaluator;
  readonly sessions: Pick<Sessions, "find" | "describe">;
  readonly arrangement: Pick<ArrangementStore, "set" | "keepPlot" | "state">;
  readonly overview: Pick<OverviewStore, "current">;
  readonly recent: Pick<RecentReadings, "of">;
  readonly editor: BenchEditor;
  readonly journal: Pick<Journal, "follow" | "kept" | "add">;
  readonly records: Pick<Records, "find" | "describe">;
  readonly access: Pick<Access, "prove" | "register" | "store" | "browsers">;
  readonly readings: Pick<Readings, "history" | "moment" | "fields">;
  readonly fleet: Pick<Fleet, "ask"> | undefined;
  /** When this run of the server began, ISO 8601 in UTC. */
  readonly started: string;
  /** Whether somebody from beyond this PC may drive the instruments. */
  readonly open: boolean;
  readonly simulated: boolean;
  /** What the bench is called. */
  readonly title: string;
  /** What `Status` tells. */
  readonly status: () => ServerStatus;
  /** Stops the server. */
  readonly exit: () => void;
}

/** Does what one kind of request asks for. */
type Handler<K extends RequestKind> = (
  request: RequestOf<K>,
  principal: Principal,
  options: EvaluatorOptions,
) => K extends ImmediateKind ? Reply<K> : Reply<K> | Promise<Reply<K>>;

const noOptions: EvaluatorOptions = {};

/** The command that a request stands for. */
function call(instrument: string, command: string, ...args: unknown[]): CommandRequest {
  return { instrument, command, args, keywords: noKeywords };
}

/** The names of instruments in a request that can be other PCs': of `take cold-lab/tempcon`, too. */
function namedIn(request: Request): string[] {
  // It is answered at once: no other PC is asked for images.
  if (request.cmd === "Image") return [];
  const { instrument } = request as { readonly instrument?: unknown };
  const words: unknown[] = [instrument];
  if (request.cmd === "Call" && (request.instrument ?? defaultInstrument) === defaultInstrument) {
    words.push(...request.args, ...request.keywords.values());
  }
  const names = words.filter((word) => typeof word === "string" && word.includes("/")) as string[];
  // `help cold-lab/tempcon.get`
  return names.flatMap((name) => name.includes(".") ? [name, name.slice(0, name.lastIndexOf("."))] : name);
}

/** What is kept on the PC that has an instrument, beside its fields, and asked for there. */
const keptThere = {
  Take: "drive",
  HandOver: "drive",
  Trace: "drive",
  History: "read",
} as const satisfies { readonly [K in RequestKind]?: Right };

/** Within how many seconds another PC answers what takes no time. */
const answeredWithin = 10;

/** The one way in for work: ways in, and code, hand it what was asked and by whom. */
export class Requests implements RequestRunner {
  readonly #parts: RequestParts;
  readonly #handlers: { readonly [K in RequestKind]: Handler<K> };

  readonly #dispatcher: Dispatcher;

  /** Makes it. @param parts What requests act on. @param dispatcher Runs commands, and says who may do what. */
  constructor(parts: RequestParts, dispatcher: Dispatcher) {
    this.#parts = parts;
    this.#dispatcher = dispatcher;
    const { recent } = parts;
    /** A handler for somebody who only looks on: that renews nothing of theirs. */
    const looking =
      <K extends RequestKind>(answer: (request: RequestOf<K>) => Reply<K>) =>
      (request: RequestOf<K>, principal: Principal): Reply<K> => {
        dispatcher.allow(principal, "read", request.cmd);
        return answer(request);
      };
    this.#handlers = {
      Call: (request, principal) => dispatcher.run(request, principal),
      Get: ({ instrument, field }, principal) => dispatcher.get(instrument, field, principal),
      Set: ({ instrument, field, value }, principal) =>
        dispatcher.run(call(instrument, "set", field, value), principal),
      Confirm: ({ instrument }, principal) => dispatcher.run(call(instrument, "confirm"), principal),
      Revert: ({ instrument }, principal) => dispatcher.run(call(instrument, "revert"), principal),
      Eval: (request, principal, options) => this.#evaluate(request, principal, options),
      Exec: (request, principal, options) => this.#evaluate(request, principal, options),
      Describe: ({ instrument }, principal) => this.#describeAll(instrument, principal),
      History: ({ instrument, field, seconds }, principal) =>
        recent.of(dispatcher.get(instrument, field, principal), seconds),
      Trace: ({ instrument, after }, principal) => {
        // A password may have been typed. Who only looks on renews nothing of theirs.
        const found = dispatcher.instrument(instrument);
        dispatcher.allow(principal, "drive", "Trace", found.name);
        return traceOf(found, after);
      },
      Find: (request, principal) => this.#find(request, principal),
      Watch: (request, principal) => this.#find(request, principal),
      Follow: ({ cmd }, principal) => {
        dispatcher.check(principal, "read", cmd);
        return parts.journal;
      },
      Unwatch: ({ cmd }, principal) => {
        dispatcher.check(principal, "read", cmd);
        return undefined;
      },
      Hello: (request, principal) => this.#welcome(request, principal),
      Status: looking<"Status">(() => parts.status()),
      Ping: looking<"Ping">(() => undefined),
      Overview: ({ cmd }, principal) => {
        dispatcher.allow(principal, "read", cmd);
        return parts.overview.current();
      },
      WhoAmI: ({ cmd }, principal) => {
        dispatcher.allow(principal, "read", cmd);
        return whoIs(principal);
      },
      Clients: looking<"Clients">(() => parts.sessions.describe()),
      Journal: looking<"Journal">(({ level }) => parts.journal.kept(level)),
      Arrangement: looking<"Arrangement">(() => parts.arrangement.state),
      // Images of other PCs are on their own page.
      Image: looking<"Image">(({ instrument }) =>
        parts.bench.pcOf(instrument) === undefined
          ? dispatcher.instrument(instrument)
          : { title: instrument, images: undefined }
      ),
      Metrics: ({ cmd }, principal) => {
        dispatcher.check(principal, "read", cmd);
        return dispatcher.counts;
      },
      Exit: (_, principal) => this.#exit(principal),
      Take: ({ instrument, seconds, force }, principal) => {
        dispatcher.run(call("api", "take", instrument, seconds, "", force), principal);
        return this.#lease(instrument);
      },
      Release: ({ instrument, force }, principal) =>
        dispatcher.run(call("api", "release", instrument, force), principal),
      HandOver: ({ instrument, session, force }, principal) => {
        dispatcher.run(call("api", "hand_over", instrument, session, force), principal);
        return this.#lease(instrument);
      },
      Disconnect: ({ session }, principal) => this.#disconnect(session, principal),
      SearchJournal: async ({ cmd, query }, principal) => {
        dispatcher.allow(principal, "read", cmd);
        const { instrument } = query;
        // A name of an instrument that is there no more is looked for as it is.
        const name = instrument === undefined ? undefined : parts.bench.find(instrument)?.name ?? instrument;
        return new JsonText(await parts.records.find({ ...query, instrument: name }));
      },
      Records: ({ cmd, ...options }, principal) => {
        dispatcher.allow(principal, "read", cmd);
        return parts.records.describe(options);
      },
      ...readingsRequests(parts, dispatcher),
      ...administeringRequests(parts, dispatcher),
      Ask: async ({ cmd, pc, message }, principal) => {
        dispatcher.check(principal, "read", cmd);
        if (parts.fleet === undefined) {
          const reason = 'this bench is in no fleet: say "fleet" in its bench file, or pair with that PC';
          throw new HeliographError("unavailable", `Cannot ask ${pc}: ${reason}`);
        }
        return await parts.fleet.ask(pc, message, principal);
      },
      Note: ({ text, instrument }, principal) => {
        dispatcher.check(principal, "drive", "Note");
        return writeNote(parts.journal, principal, text, instrument && dispatcher.instrument(instrument).name);
      },
      Arrange: ({ arrangement }, principal) => {
        dispatcher.check(principal, "arrange", "Arrange");
        return this.#arrange(arrangement, principal);
      },
      KeepPlot: async ({ name, plot, over }, principal) => {
        dispatcher.check(principal, "arrange", "KeepPlot");
        const state = await parts.arrangement.keepPlot(name, plot, over);
        log.info(plot === null ? "{client} forgot the plot {name}" : "{client} kept the plot {name}", {
          client: principal.label,
          name,
        });
        return state;
      },
      ...editingRequests(parts, dispatcher),
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
    const elsewhere = this.#elsewhere(request, principal, options);
    if (elsewhere !== undefined) return elsewhere;
    const handler: Handler<K> = this.#handlers[request.cmd];
    return handler(request, principal, options);
  }

  /** Runs a request that speaks of other PCs; `undefined` where it does not. */
  #elsewhere<K extends RequestKind>(
    request: RequestOf<K>,
    principal: Principal,
    options: EvaluatorOptions,
  ): Promise<Reply<K>> | undefined {
    const { bench } = this.#parts;
    const there = () =>
      this.#askThere(request as RequestOf<keyof typeof keptThere>, principal) as Promise<Reply<K>> | undefined;
    if (bench.elsewhere === undefined || !principal.may("read")) return there();
    // What nobody here has looked at yet is described first.
    const known = namedIn(request).map((name) => bench.follow(name)).filter((each) => each !== undefined);
    if (known.length === 0) return there();
    const handler: Handler<K> = this.#handlers[request.cmd];
    return Promise.all(known).then(() => there() ?? handler(request, principal, options));
  }

  /** Asks the PC that has the instrument for what is kept there; `undefined` where that is this one, or it is not kept. */
  #askThere(request: RequestOf<keyof typeof keptThere>, principal: Principal): Promise<unknown> | undefined {
    if (!(request.cmd in keptThere)) return undefined;
    const { remote, name } = this.#parts.bench.find(request.instrument) ?? {};
    if (remote === undefined) return undefined;
    const { cmd, instrument: _, ...message } = request;
    this.#dispatcher.check(principal, keptThere[cmd], cmd, name);
    return remote({ cmd, ...message }, principal, answeredWithin);
  }

  /** The credential first: by it they are who they are, whatever else they call themselves. */
  #welcome({ name: wanted, token }: RequestOf<"Hello">, principal: Principal): Welcome {
    const { started, open, simulated, title, access } = this.#parts;
    if (token !== undefined) access.prove(principal, token);
    this.#dispatcher.check(principal, "read", "Hello");
    if (wanted !== "") access.register(principal, wanted);
    const { id } = principal;
    return { server: "heliograph", version, session: id, ...whoIs(principal), started, open, simulated, title };
  }

  #find({ cmd, instrument: name, field }: RequestOf<"Find" | "Watch">, principal: Principal): Found {
    const dispatcher = this.#dispatcher;
    dispatcher.check(principal, "read", cmd);
    if (field !== undefined && name === undefined) {
      throw new HeliographError("bad_argument", "Cannot watch a field: say of which instrument");
    }
    const instrument = name === undefined ? undefined : dispatcher.instrument(name);
    return { instrument, field: field === undefined ? undefined : instrument?.field(field) };
  }

  #exit(principal: Principal): undefined {
    this.#dispatcher.allow(principal, "shutdown", "exit");
    // After the reply has been queued, so that stopping waits for it.
    queueMicrotask(() => this.#parts.exit());
  }

  #describeAll(
    instrument: string | undefined,
    principal: Principal,
  ): InstrumentDescription | InstrumentDescription[] {
    const [dispatcher, { bench }] = [this.#dispatcher, this.#parts];
    dispatcher.check(principal, "read", "Describe");
    return instrument === undefined
      ? bench.instruments.map((each) => this.#describe(each))
      : this.#describe(dispatcher.instrument(instrument));
  }

  #describe(instrument: Instrument): InstrumentDescription {
    return { ...describeInstrument(instrument), holder: this.#dispatcher.control.holderOf(instrument) };
  }

  async #arrange(arrangement: unknown, principal: Principal): Promise<ArrangementState> {
    const state = await this.#parts.arrangement.set(arrangement);
    log.info("{client} arranged the page", { client: principal.label });
    return state;
  }

  #lease(instrument: string): Lease {
    const dispatcher = this.#dispatcher;
    const { name } = dispatcher.instrument(instrument);
    const holder = dispatcher.control.holder(name)!;
    return { instrument: name, holder, until: holder.until };
  }

  #disconnect(id: number, principal: Principal): undefined {
    this.#dispatcher.check(principal, "disconnect", "Disconnect");
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
    this.#dispatcher.control.checkDisconnect(principal, session.principal);
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
