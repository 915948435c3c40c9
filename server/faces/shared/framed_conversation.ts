/**
 * Speaks the framed dialect with one client, whichever wire carries it: requests with an id, their replies, and events.
 *
 * @module
 */

import type { Logger } from "npm:@logtape/logtape@2.4.2";
import { type DashboardRequest, framedError, framedOutput, framedReply } from "../../../protocol/dashboard_message.ts";
import type { MessageId } from "../../../protocol/framed_message.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { answerableError } from "../../bench/wire_error.ts";
import { JournalFeed } from "./journal_feed.ts";
import type { EvaluatorOptions, Found, Request, RequestKind, RequestOf } from "../../requests/request.ts";
import { tellAsked } from "../../requests/requests.ts";
import type { Services } from "../../services.ts";
import type { Session } from "../../access/sessions.ts";
import { framedAnswer } from "../../requests/framed_answer.ts";
import { Watch } from "./watch.ts";

/** The conversation with one client that speaks the framed dialect. */
export class FramedConversation {
  readonly #services: Services;
  readonly #session: Session;
  readonly #log: Logger;
  /** Its subscriptions by the id of their Watch message. */
  readonly #watches = new Map<MessageId, { stop(): void }>();

  /**
   * Begins it.
   *
   * @param services What takes its requests, and what it watches.
   * @param session Who speaks; the replies go to its connection.
   * @param log Where it is told what they ask.
   */
  constructor(services: Services, session: Session, log: Logger) {
    this.#services = services;
    this.#session = session;
    this.#log = log;
  }

  /** Answers what is no request. @param error What is wrong with it. @param id Its id, as far as one could be read. */
  refuse(error: HeliographError, id: MessageId | null = null): void {
    this.#send(framedError(id, error));
  }

  /**
   * Answers a message: now, or once its result is there. Slow requests delay no others.
   *
   * @param id The message's id.
   * @param request What it asks, or what is wrong with it.
   */
  take(id: MessageId, request: DashboardRequest | HeliographError): void {
    if (request instanceof HeliographError) return this.#fail(id, request);
    tellAsked(request, this.#session, this.#log, "debug");
    if (request.cmd === "Close") return this.#session.end();
    const { requestsInFlight } = this.#services.limits;
    if (this.#session.working >= requestsInFlight) {
      const text = `Cannot take the request: ${requestsInFlight} are in flight; wait for one of their replies`;
      return this.#fail(id, new HeliographError("too_many_requests", text));
    }
    try {
      switch (request.cmd) {
        case "Watch":
          return this.#watch(request, id);
        case "Follow":
          return this.#follow(request, id);
        case "Unwatch":
          return this.#unwatch(request, id);
        default:
          this.#answer(id, request);
      }
    } catch (error) {
      this.#fail(id, answerableError(error, this.#log));
    }
  }

  /** Ends what it watches. */
  stop(): void {
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches.clear();
  }

  #fail(id: MessageId, error: HeliographError): void {
    this.#send(framedError(id, error));
  }

  #send(message: string): void {
    this.#session.turn.charge(message.length);
    this.#session.connection.sendMessage(message);
  }

  #answer<K extends RequestKind>(id: MessageId, request: RequestOf<K>): void {
    const kind: K = request.cmd;
    const session = this.#session;
    const reply = this.#services.requests.run(request, session.principal, this.#output(id, request));
    if (!(reply instanceof Promise)) return this.#send(framedAnswer(id, kind, reply));
    session.work();
    reply.then((settled) => this.#send(framedAnswer(id, kind, settled)))
      .catch((error) => this.#fail(id, answerableError(error, this.#log)))
      .finally(() => session.answered());
  }

  /** The options that send the output of code to a client that wants it. */
  #output(id: MessageId, request: Request): EvaluatorOptions | undefined {
    if (!("output" in request && request.output)) return undefined;
    return { output: (text) => this.#session.connection.sendMessage(framedOutput(id, text)) };
  }

  #watch(request: RequestOf<"Watch">, id: MessageId): void {
    this.#checkWatch(id);
    const session = this.#session;
    const found = this.#services.requests.run(request, session.principal);
    if (!(found instanceof Promise)) return this.#beginWatch(id, found);
    // Another PC is asked first what it has.
    let ended = false;
    this.#watches.set(id, { stop: () => ended = true });
    session.work();
    found.then((found) => ended ? this.#send(framedReply(id, null)) : this.#beginWatch(id, found))
      .catch((error) => {
        if (!ended) this.#watches.delete(id);
        this.#fail(id, answerableError(error, this.#log));
      })
      .finally(() => session.answered());
  }

  #beginWatch(id: MessageId, { instrument, field }: Found): void {
    // The reply goes before the snapshot.
    this.#send(framedReply(id, null));
    this.#watches.set(id, new Watch(id, this.#services, this.#session, instrument, field));
  }

  #follow(request: RequestOf<"Follow">, id: MessageId): void {
    this.#checkWatch(id);
    const journal = this.#services.requests.run(request, this.#session.principal);
    this.#send(framedReply(id, null));
    this.#watches.set(id, new JournalFeed(id, journal, this.#session, request.level));
  }

  /** Whether one more may run. */
  #checkWatch(id: MessageId): void {
    const { limits } = this.#services;
    if (this.#watches.has(id)) {
      throw new HeliographError("bad_argument", `Cannot watch with the id ${id}: a watch of that id is running`);
    }
    if (this.#watches.size >= limits.watches) {
      throw new HeliographError(
        "too_many_requests",
        `Cannot watch more: ${limits.watches} watches are running; end one with Unwatch`,
      );
    }
  }

  #unwatch(request: RequestOf<"Unwatch">, id: MessageId): void {
    this.#services.requests.run(request, this.#session.principal);
    const watch = this.#watches.get(request.watch);
    if (watch === undefined) {
      throw new HeliographError("bad_argument", `Cannot end the watch ${request.watch}: there is none of that id`);
    }
    watch.stop();
    this.#watches.delete(request.watch);
    this.#send(framedReply(id, null));
  }
}
