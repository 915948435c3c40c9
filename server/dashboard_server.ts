/**
 * PyOpticon's dashboard socket, and heliograph's framed dialect on the same port.
 *
 * @module
 */

import {
  type DashboardMessage,
  type DashboardRequest,
  framedError,
  framedOutput,
  framedReply,
  messageFaultError,
  type MessageId,
  parseDashboardMessage,
  rawError,
  rawReply,
} from "../protocol/dashboard_message.ts";
import type { InstrumentDescription, Lease, Welcome } from "../protocol/description.ts";
import { HeliographError } from "../protocol/errors.ts";
import { JsonSplitter, type MessageFault } from "../protocol/json_splitter.ts";
import { version } from "../protocol/version.ts";
import { describeInstrument } from "./instruments/describe.ts";
import { InstrumentError } from "./instruments/errors.ts";
import { shown } from "./instruments/values.ts";
import type { FieldHolder } from "./instruments/field.ts";
import type { Instrument } from "./instruments/instrument.ts";
import type { Evaluated } from "./sandbox/messages.ts";
import { pyopticonPatience } from "./sandbox/options.ts";
import { pyopticonSource } from "./sandbox/pyopticon_source.ts";
import type { Services } from "./services.ts";
import { Session } from "./sessions.ts";
import { type Identity, type ListenOptions, SocketServer } from "./socket_server.ts";
import { fieldReading, Watch } from "./watch.ts";

/** A connection to the dashboard socket. */
export class DashboardSession extends Session {
  /** Cuts what comes in into messages. */
  readonly splitter: JsonSplitter;
  /** Whether it has sent an `id`: then it takes lines of JSON, also for what has none. */
  framed = false;
  /** Its subscriptions by the id of their Watch message. */
  readonly watches: Map<MessageId, Watch> = new Map();

  /** Opens a session. @param identity Who it is. @param messageBytes The longest message. */
  constructor(identity: Identity, messageBytes: number) {
    super(identity);
    this.splitter = new JsonSplitter(messageBytes);
  }
}

const noKeywords: ReadonlyMap<string, unknown> = new Map();

/** What a request is about, for `status` and the log: `Get Actual Status in UV Light`, PyOpticon's words. */
function summary(request: DashboardRequest): string {
  const { cmd } = request;
  switch (cmd) {
    case "Get":
      return `Get ${request.field} in ${request.instrument}`;
    case "Set":
      return `Set ${request.field} in ${request.instrument} to ${shown(request.value)}`;
    case "Confirm":
      return `Confirm in ${request.instrument}`;
    case "Call":
      return `Call ${request.instrument}.${request.command}`;
    case "Take":
    case "Release":
      return `${cmd} ${request.instrument}`;
    case "Describe":
    case "Watch":
      return `${cmd} ${request.instrument ?? "everything"}`;
    default:
      return cmd;
  }
}

/** What a request came to, as a PyOpticon client reads it. */
function rawText({ cmd }: DashboardRequest, result: unknown): string {
  if (cmd === "Get" || cmd === "Eval") return (result as FieldHolder | Evaluated).text;
  return "Success";
}

/** The framed reply to what a request came to. */
function framed(id: MessageId, { cmd }: DashboardRequest, result: unknown): string {
  if (cmd === "Get") {
    const holder = result as FieldHolder;
    const { value: _, ...beside } = fieldReading(holder);
    return framedReply(id, holder.reading, beside);
  }
  return framedReply(id, cmd === "Eval" || cmd === "Exec" ? (result as Evaluated).value : result);
}

/** The dashboard socket. Many clients at once, in either dialect. */
export class DashboardServer extends SocketServer<DashboardSession> {
  /**
   * Makes a server; `start` makes it listen.
   *
   * @param services Bench, dispatcher, sessions and limits.
   * @param options Where to listen; the port is 12345 by default, PyOpticon's.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and `insecureOpen` is not given.
   */
  constructor(services: Services, options: ListenOptions = {}) {
    super("dashboard", services, { ...options, port: options.port ?? 12345 });
  }

  /** Makes the session of a new connection. */
  protected override openSession(identity: Identity): DashboardSession {
    return new DashboardSession(identity, this.services.limits.messageBytes);
  }

  /** How a client is told that it cannot be served. */
  protected override refusal(error: HeliographError): string {
    return rawError(error);
  }

  /** Serves one connection to its end. */
  protected override async serve(session: DashboardSession): Promise<void> {
    const { splitter } = session;
    const { unfinishedMessageSeconds } = this.services.limits;
    const events: (string | MessageFault)[] = [];
    let unfinished: ReturnType<typeof setTimeout> | undefined;
    try {
      while (!session.ending) {
        const bytes = await session.receive();
        clearTimeout(unfinished);
        if (bytes === null) break;
        splitter.push(bytes, events);
        for (const event of events) {
          if (session.ending || session.gone) break;
          if (typeof event === "string") await this.#take(parseDashboardMessage(event), session);
          else this.#refuse(messageFaultError(event.fault, this.services.limits.messageBytes), session);
          // A client that does not read its replies stops being read from.
          if (session.connection.queued > 65_536) await session.connection.flush();
        }
        events.length = 0;
        if (splitter.unfinished) {
          unfinished = setTimeout(() => {
            const told = splitter.lost;
            // Nothing tells where a raw message goes on; of a framed one the rest is swallowed when it comes.
            if (session.framed) splitter.lose();
            else splitter.reset();
            const message = `Cannot read the message: it was left unfinished for ${unfinishedMessageSeconds} s`;
            if (!told) this.#refuse(new HeliographError("bad_message", message), session);
          }, unfinishedMessageSeconds * 1000);
        }
      }
      // A client that has said all it wanted still gets its answers; one that has gone keeps nothing waiting.
      session.end();
      await session.connection.ended;
    } finally {
      clearTimeout(unfinished);
      for (const watch of session.watches.values()) watch.stop();
    }
  }

  /** Answers bytes that are no message: framed for a client that has shown that it takes lines. */
  #refuse(error: HeliographError, session: DashboardSession): void {
    session.connection.send(session.framed ? framedError(null, error) : rawError(error));
  }

  async #take({ id, printout, request }: DashboardMessage, session: DashboardSession): Promise<void> {
    if (id !== undefined) session.framed = true;
    if (request instanceof HeliographError) {
      if (id === undefined) this.#refuse(request, session);
      else session.connection.send(framedError(id, request));
      return;
    }
    session.asked(() => summary(request), Date.now());
    const level = printout && id === undefined && request.cmd !== "Close" ? "info" : "debug";
    if (this.log.isEnabledFor(level)) {
      this.log[level]("{client}: {request}", { client: session.label, request: summary(request) });
    }
    if (request.cmd === "Close") return session.end();
    if (id === undefined) return await this.#answerRaw(request, session);
    this.#answerFramed(id, request, session);
  }

  /** One request at a time: a raw reply carries nothing that says what it answers. */
  async #answerRaw(request: DashboardRequest, session: DashboardSession): Promise<void> {
    session.work();
    try {
      const result = await this.#run(request, session, undefined);
      session.connection.send(rawReply(rawText(request, result)));
    } catch (error) {
      session.connection.send(rawError(this.failure(error)));
    } finally {
      session.answered();
    }
  }

  #answerFramed(id: MessageId, request: DashboardRequest, session: DashboardSession): void {
    const { connection } = session;
    const { requestsInFlight } = this.services.limits;
    const succeed = (result: unknown) => {
      if (request.cmd === "Watch") return;
      connection.send(framed(id, request, result));
    };
    const fail = (error: unknown) => connection.send(framedError(id, this.failure(error)));
    if (session.working >= requestsInFlight) {
      return fail(
        new HeliographError(
          "too_many_requests",
          `Cannot take the request: ${requestsInFlight} are in flight; wait for one of their replies`,
        ),
      );
    }
    try {
      const result = this.#run(request, session, id);
      if (!(result instanceof Promise)) return succeed(result);
      session.work();
      result.then(succeed).catch(fail).finally(() => session.answered());
    } catch (error) {
      fail(error);
    }
  }

  #run(request: DashboardRequest, session: DashboardSession, id: MessageId | undefined): unknown {
    const { dispatcher, bench } = this.services;
    switch (request.cmd) {
      case "Get":
        return dispatcher.get(request.instrument, request.field, session);
      case "Set": {
        const args = [request.field, request.value];
        return dispatcher.run({ instrument: request.instrument, command: "set", args, keywords: noKeywords }, session);
      }
      case "Confirm":
        return dispatcher.run({ ...request, command: "confirm", args: [], keywords: noKeywords }, session);
      case "Call":
        return dispatcher.run(request, session);
      case "Eval":
      case "Exec":
        return this.#evaluate(request, session, id);
      case "Hello": {
        if (request.name !== "") session.register(request.name);
        dispatcher.check(session, "observer", "Hello");
        const { id: number, name, role } = session;
        return { server: "heliograph", version, session: number, name, role } satisfies Welcome;
      }
      case "Describe": {
        dispatcher.check(session, "observer", "Describe");
        const described = request.instrument === undefined
          ? bench.instruments.map((instrument) => this.#describe(instrument))
          : this.#describe(dispatcher.instrument(request.instrument));
        return described satisfies InstrumentDescription | InstrumentDescription[];
      }
      case "Status":
        dispatcher.check(session, "observer", "Status");
        return this.services.status();
      case "Take":
        this.#api("take", [request.instrument, request.seconds, request.force], session);
        return this.#lease(dispatcher.instrument(request.instrument));
      case "Release":
        return this.#api("release", [request.instrument, request.force], session);
      case "Watch":
        dispatcher.check(session, "observer", "Watch");
        return this.#watch(request, session, id!);
      case "Unwatch": {
        dispatcher.check(session, "observer", "Unwatch");
        const watch = session.watches.get(request.watch);
        if (watch === undefined) {
          throw new InstrumentError(`Cannot end the watch ${request.watch}: there is none of that id`, "bad_argument");
        }
        watch.stop();
        session.watches.delete(request.watch);
        return;
      }
      case "Close":
        return;
    }
  }

  #describe(instrument: Instrument): InstrumentDescription {
    return { ...describeInstrument(instrument), holder: this.services.control.holder(instrument.name) };
  }

  #api(command: string, args: readonly unknown[], session: DashboardSession): unknown {
    return this.services.dispatcher.run({ instrument: "api", command, args, keywords: noKeywords }, session);
  }

  #lease({ name }: Instrument): Lease {
    const holder = this.services.control.holder(name)!;
    return { instrument: name, holder, until: holder.until };
  }

  #evaluate(
    { cmd, code, language, output }: DashboardRequest & { cmd: "Eval" | "Exec" },
    session: DashboardSession,
    id: MessageId | undefined,
  ): Promise<Evaluated> {
    const { evaluator } = this.services;
    const ofPyOpticon = language === undefined && cmd === "Exec";
    const source = ofPyOpticon ? pyopticonSource(code) : code;
    const told = { mode: cmd === "Eval" ? "eval" : "exec", source, language: language ?? "python" } as const;
    return evaluator.evaluate(told, session, {
      ...(id === undefined ? { patience: pyopticonPatience } : {}),
      ...(output ? { output: (text) => session.connection.send(framedOutput(id!, text)) } : {}),
    });
  }

  #watch(request: DashboardRequest & { cmd: "Watch" }, session: DashboardSession, id: MessageId): void {
    if (session.watches.has(id)) {
      throw new InstrumentError(`Cannot watch with the id ${id}: a watch of that id is running`, "bad_argument");
    }
    const { watches } = this.services.limits;
    if (session.watches.size >= watches) {
      throw new HeliographError(
        "too_many_requests",
        `Cannot watch more: ${watches} watches are running; end one with Unwatch`,
      );
    }
    if (request.field !== undefined && request.instrument === undefined) {
      throw new InstrumentError("Cannot watch a field: say of which instrument", "bad_argument");
    }
    const instrument = request.instrument === undefined
      ? undefined
      : this.services.dispatcher.instrument(request.instrument);
    const field = request.field === undefined ? undefined : instrument?.field(request.field);
    // The reply goes before the snapshot.
    session.connection.send(framedReply(id, null));
    session.watches.set(id, new Watch(id, this.services, session.connection, instrument, field));
  }
}
