/**
 * The WebSocket to the server, which opens itself again whenever it is lost.
 *
 * @module
 */

import type { FramedReply, JournalEvent, WatchEvent } from "../../../protocol/framed_message.ts";
import { type ErrorCode, HeliographError } from "../../../protocol/errors.ts";

/** The state of the link: `lost` before it is tried again. */
export type LinkState = "connecting" | "open" | "lost";

/** The reply to a request that succeeded. */
export type Success = Extract<FramedReply, { readonly ok: true }>;

/** The pauses before a lost link is tried again, in milliseconds: each twice as long as the one before. */
const shortestPause = 500;
const longestPause = 10_000;

/** The interface of a listener to the link. */
export interface LinkListener {
  /** It has been opened: everything has to be asked for anew. */
  opened(): void;
  /** It is in another state. @param retryIn After how many milliseconds it is tried again; 0 where it is open. @param reason Why, if lost. */
  changed(state: LinkState, retryIn: number, reason: string): void;
  /** The server told of something that is watched. */
  told(event: WatchEvent | JournalEvent): void;
}

/** The framed dialect over one WebSocket at a time. */
export class Link {
  readonly #url: string;
  readonly #listener: LinkListener;
  readonly #waiting = new Map<number, PromiseWithResolvers<Success>>();
  #socket: WebSocket | undefined;
  #lastId = 0;
  #pause = shortestPause;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Opens nothing yet. @param url Of the WebSocket. @param listener Told of what happens. */
  constructor(url: string, listener: LinkListener) {
    this.#url = url;
    this.#listener = listener;
  }

  /** Opens it now, unless it is open. */
  open(): void {
    if (this.#socket !== undefined) return;
    clearTimeout(this.#timer);
    this.#listener.changed("connecting", 0, "");
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#listener.changed("open", 0, "");
      this.#listener.opened();
    };
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = ({ reason }) => this.#lose(socket, reason);
  }

  /** It is of use: the next time that it is lost, it is tried again soon. */
  settle(): void {
    this.#pause = shortestPause;
  }

  /** Gives up a link on which nothing comes any more, and tries a new one. @param reason Why. */
  giveUp(reason: string): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    socket.close();
    this.#lose(socket, reason);
  }

  /** Closes it, and opens no other. */
  leave(): void {
    this.giveUp("");
    clearTimeout(this.#timer);
  }

  /**
   * Asks the server for something.
   *
   * @param message The message, without its id.
   * @returns The reply: its value, and beside that of `Get` what else there is to a field.
   * @throws {HeliographError} What the server answered with, or `connection_lost`.
   */
  request(message: Readonly<Record<string, unknown>>): Promise<Success> {
    return this.ask(message).reply;
  }

  /** The same, for whoever has to know the message's id before its reply comes. */
  ask(message: Readonly<Record<string, unknown>>): { readonly id: number; readonly reply: Promise<Success> } {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<Success>();
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      waiting.reject(
        new HeliographError(
          "connection_lost",
          "There is no connection to the server: nothing was sent",
        ),
      );
      return { id, reply: waiting.promise };
    }
    this.#waiting.set(id, waiting);
    this.#socket.send(JSON.stringify({ id, ...message }));
    return { id, reply: waiting.promise };
  }

  #take(message: FramedReply | WatchEvent | JournalEvent): void {
    if ("event" in message) return this.#listener.told(message);
    const waiting = this.#waiting.get(message.id as number);
    this.#waiting.delete(message.id as number);
    if (message.ok) return waiting?.resolve(message);
    const { code, message: text } = message.error;
    waiting?.reject(new HeliographError(code as ErrorCode, text));
  }

  #lose(socket: WebSocket, reason: string): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    const why = reason === "" ? "" : ` (${reason})`;
    const error = new HeliographError(
      "connection_lost",
      `The connection was lost before the reply came${why}: it may or may not have been done`,
    );
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
    // Not all pages at the same moment.
    const pause = this.#pause * (0.75 + Math.random() / 2);
    this.#pause = Math.min(2 * this.#pause, longestPause);
    this.#timer = setTimeout(() => this.open(), pause);
    this.#listener.changed("lost", pause, reason);
  }
}
