/**
 * PyOpticon's dashboard socket, and heliograph's framed dialect on the same port.
 *
 * @module
 */

import type { Logger } from "npm:@logtape/logtape@2.4.2";
import {
  type DashboardMessage,
  messageFaultError,
  parseDashboardMessage,
  rawError,
  rawReply,
} from "../../../protocol/dashboard_message.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import type { MessageId } from "../../../protocol/framed_message.ts";
import { JsonSplitter, type MessageFault, onlyMessage } from "../../../protocol/json_splitter.ts";
import { FramedConversation } from "../shared/framed_conversation.ts";
import type { Reply, RequestKind, RequestOf } from "../../requests/request.ts";
import { tellAsked } from "../../requests/requests.ts";
import { pyopticonPatience } from "../../code/options.ts";
import type { Services } from "../../services.ts";
import { type SessionParts, SocketSession } from "../../access/sessions.ts";
import type { ClientSocket } from "../../network/client_socket.ts";
import type { ListenOptions } from "../../network/listening.ts";
import type { Connection } from "../../network/connection.ts";
import { SocketServer } from "../shared/socket_server.ts";

/** PyOpticon's dashboard takes a message of fewer bytes at once; what is longer may come in several pieces. */
const longestRawMessage = 1024;
const lineFeed = 0x0a;
/** The piece that is cut into messages at once, in bytes. */
const pieceBytes = 4096;

/** A connection to the dashboard socket. */
export class DashboardSession extends SocketSession {
  /** Cuts what comes in into messages. */
  readonly splitter: JsonSplitter;
  /** Whether it has sent an `id`: then it takes lines of JSON, also for what has none. */
  framed = false;
  /** What it says in the framed dialect. */
  readonly conversation: FramedConversation;

  /** Opens a session. @param parts Who it is, and what carries it. @param services What it may ask. @param log Where that is told. */
  constructor(parts: SessionParts<Connection>, services: Services, log: Logger) {
    super(parts);
    this.splitter = new JsonSplitter(services.limits.messageBytes);
    this.conversation = new FramedConversation(services, this, log);
  }
}

/** The replies that a PyOpticon client reads as a text of their own; to all others it reads `Success`. */
const rawTexts: { readonly [K in RequestKind]?: (reply: Reply<K>) => string } = {
  Get: ({ textAsSet }) => textAsSet,
  Eval: ({ text }) => text,
};

function rawText<K extends RequestKind>(kind: K, reply: Reply<K>): string {
  const text: ((reply: Reply<K>) => string) | undefined = rawTexts[kind];
  return text === undefined ? "Success" : text(reply);
}

/** The dashboard socket. Many clients at once, in either dialect. */
export class DashboardServer extends SocketServer<DashboardSession> {
  /**
   * Makes a server; `start` makes it listen.
   *
   * @param services What all ways in share.
   * @param options Where to listen; the port is 12345 by default, PyOpticon's.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and `insecureOpen` is not given.
   */
  constructor(services: Services, options: ListenOptions = {}) {
    super(services, { ...options, name: "dashboard", port: options.port ?? 12345, flag: "--dashboard-port" });
  }

  /** Serves a new connection. */
  protected override serveSocket(socket: ClientSocket): Promise<void> {
    return this.serveSession(new DashboardSession(this.admitted(socket), this.services, this.log));
  }

  /** The refusal of a client, as text for the wire. */
  protected override refusal(error: HeliographError): string {
    return rawError(error);
  }

  /** Serves one connection to its end. */
  protected override async serve(session: DashboardSession): Promise<void> {
    const { splitter } = session;
    const { messageBytes, unfinishedMessageSeconds } = this.services.limits;
    const refuse = ({ fault, id }: MessageFault) =>
      this.#refuse(messageFaultError(fault, messageBytes, unfinishedMessageSeconds), id, session);
    const events: (string | MessageFault)[] = [];
    /** `true` if the last read was all that a raw client sent at once. */
    let wholeMessage = false;
    let unfinished: ReturnType<typeof setTimeout> | undefined;
    try {
      while (!session.ending) {
        const bytes = await session.receive();
        clearTimeout(unfinished);
        if (bytes === null) break;
        if (splitter.lost && !session.framed) {
          // One that takes no lines sends none: it waits for the reply, and then sends its next message alone.
          const next = onlyMessage(bytes, messageBytes);
          if (typeof next === "string" || (next !== undefined && wholeMessage && bytes.at(-1) !== lineFeed)) {
            splitter.reset();
          }
        }
        wholeMessage = bytes.length < longestRawMessage;
        // In pieces: of the shortest messages a whole read holds tens of thousands.
        for (let at = 0; at < bytes.length && !session.ending; at += pieceBytes) {
          splitter.push(bytes.subarray(at, at + pieceBytes), events);
          for (const event of events) {
            if (session.ending || session.connection.closed) break;
            if (typeof event === "string") await this.#take(parseDashboardMessage(event), session);
            else refuse(event);
            const pause = session.pace();
            if (pause !== undefined) await pause;
          }
          events.length = 0;
        }
        if (splitter.unfinished) {
          unfinished = setTimeout(() => {
            // Nothing tells where a raw message goes on; of a framed one the rest is swallowed when it comes.
            const fault = splitter.giveUp(session.framed);
            if (fault !== undefined) refuse(fault);
          }, unfinishedMessageSeconds * 1000);
        }
      }
      // A client that has said all it wanted still gets its answers; one that has gone keeps nothing waiting.
      session.end();
      await session.connection.ended;
    } finally {
      clearTimeout(unfinished);
      session.conversation.stop();
    }
  }

  /** Answers what is no request: framed for a client that has sent an `id`, were it here, and so takes lines. */
  #refuse(error: HeliographError, id: MessageId | null | undefined, session: DashboardSession): void {
    if (id !== undefined) session.framed = true;
    if (session.framed) session.conversation.refuse(error, id);
    else this.#sendRaw(rawError(error), session);
  }

  async #take({ id, printout, request }: DashboardMessage, session: DashboardSession): Promise<void> {
    if (id !== undefined && id !== null) {
      session.framed = true;
      return session.conversation.take(id, request);
    }
    if (request instanceof HeliographError) return this.#refuse(request, id, session);
    tellAsked(request, session, this.log, printout && request.cmd !== "Close" ? "info" : "debug");
    if (request.cmd === "Close") return session.end();
    await this.#answerRaw(request, session);
  }

  #sendRaw(reply: string, session: DashboardSession): void {
    session.turn.charge(reply.length);
    session.connection.send(reply);
  }

  /** One request at a time: a raw reply carries nothing that says what it answers. */
  async #answerRaw<K extends RequestKind>(request: RequestOf<K>, session: DashboardSession): Promise<void> {
    session.work();
    try {
      const kind: K = request.cmd;
      const reply = await this.services.requests.run(request, session.principal, { patience: pyopticonPatience });
      this.#sendRaw(rawReply(rawText(kind, reply)), session);
    } catch (error) {
      this.#sendRaw(rawError(this.failure(error)), session);
    } finally {
      session.answered();
    }
  }
}
