/**
 * The session of a client that speaks the framed dialect over a WebSocket: one message in each text frame.
 *
 * @module
 */

import type { Logger } from "npm:@logtape/logtape@2.4.2";
import { messageFaultError, parseDashboardMessage } from "../../../protocol/dashboard_message.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { JsonSplitter, type MessageFault } from "../../../protocol/json_splitter.ts";
import { FramedConversation } from "../shared/framed_conversation.ts";
import type { Services } from "../../services.ts";
import { Session } from "../../access/sessions.ts";
import type { WebSocketConnection } from "./web_socket_connection.ts";

const encoder = new TextEncoder();

/** A connection to `/ws`. */
export class WebSession extends Session<WebSocketConnection> {
  readonly #messageBytes: number;
  readonly #splitter: JsonSplitter;
  readonly #conversation: FramedConversation;

  /**
   * Opens a session.
   *
   * @param principal Who it is.
   * @param connection What carries it.
   * @param services What it may ask.
   * @param log Where what it asks is told.
   */
  constructor(
    principal: Session["principal"],
    connection: WebSocketConnection,
    services: Services,
    log: Logger,
  ) {
    super({ principal, connection, turn: services.turns.client() });
    this.#messageBytes = services.limits.messageBytes;
    this.#splitter = new JsonSplitter(this.#messageBytes);
    this.#conversation = new FramedConversation(services, this, log);
  }

  /** Serves it to its end. */
  async serve(): Promise<void> {
    const { connection } = this;
    try {
      while (!this.ending) {
        const text = await connection.read();
        if (text === null) break;
        if (text === undefined) this.#refuse("Cannot read the message: it is binary; send text frames with JSON");
        else this.#take(text);
        this.turn.charge(text?.length ?? 0);
        const pause = this.pace();
        if (pause !== undefined) await pause;
      }
      // A client that has said all it wanted still gets its answers; one that has gone keeps nothing waiting.
      this.end();
      await connection.ended;
    } finally {
      this.#conversation.stop();
    }
  }

  /** The frame is checked by what cuts TCP's stream into messages, so that both refuse the same. */
  #take(text: string): void {
    const events: (string | MessageFault)[] = [];
    if (text.length > this.#messageBytes) events.push({ fault: "too_long" });
    else {
      this.#splitter.push(encoder.encode(text), events);
      const fault = this.#splitter.giveUp(false);
      if (fault !== undefined) events.push(fault.fault === "unfinished" ? { ...fault, fault: "unbalanced" } : fault);
      this.#splitter.reset();
    }
    if (events.length !== 1) {
      return this.#refuse("Cannot read the frame: it must hold one message, a JSON object");
    }
    const [event] = events;
    if (typeof event !== "string") {
      return this.#conversation.refuse(messageFaultError(event!.fault, this.#messageBytes), event!.id);
    }
    const { id, request } = parseDashboardMessage(event);
    if (id !== undefined && id !== null) return this.#conversation.take(id, request);
    if (request instanceof HeliographError) return this.#conversation.refuse(request);
    this.#refuse(`Cannot run ${request.cmd} without an "id": replies here carry the id of what they answer`);
  }

  #refuse(message: string): void {
    this.#conversation.refuse(new HeliographError("bad_message", message));
  }
}
