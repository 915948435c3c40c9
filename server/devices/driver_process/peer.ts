/**
 * One end of a conversation in which both sides ask, answer, and tell.
 *
 * @module
 */

import type { WireError } from "./messages.ts";
import { decodeError, encodeError } from "./wire_values.ts";

/** An answer on its way. */
type Answer = { readonly answer: number; readonly value: unknown } | {
  readonly answer: number;
  readonly error: WireError;
};

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** The options of one end. */
export interface PeerOptions {
  /** Sends a message. */
  readonly send: (message: object) => void;
  /** Answers what the other asks. @param signal Aborted when the other calls it off. */
  readonly answer: (ask: never, signal: AbortSignal) => unknown;
  /** Takes what the other tells. */
  readonly told: (tell: never) => void;
  /** Changes the texts of errors before they are sent. @default as they are */
  readonly explain?: (text: string) => string;
  /** How many asks of the other are answered at once; more are refused. */
  readonly atOnce: number;
}

/** One end of the conversation. */
export class Peer {
  readonly #options: PeerOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #answering = new Map<number, AbortController>();
  #lastId = 0;
  #ended: Error | undefined;

  constructor(options: PeerOptions) {
    this.#options = options;
  }

  /**
   * Asks the other end.
   *
   * @param ask What.
   * @param signal Tells the other end to stop; the answer is waited for all the same.
   * @param began Told the number of the ask.
   * @returns The answer.
   * @throws {Error} What went wrong there; or why the conversation has ended.
   */
  async ask(ask: object, signal?: AbortSignal, began?: (id: number) => void): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.#ended !== undefined) throw this.#ended;
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    const abort = () => this.tell({ tell: "abort", id, error: encodeError(signal!.reason) });
    signal?.addEventListener("abort", abort, { once: true });
    try {
      began?.(id);
      this.#options.send({ ...ask, id });
      return await promise;
    } finally {
      this.#pending.delete(id);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Tells the other end something. */
  tell(tell: object): void {
    if (this.#ended === undefined) this.#options.send(tell);
  }

  /** Takes a message of the other end. */
  take(message: Answer | { readonly tell: string } | { readonly ask: string; readonly id: number }): void {
    if ("answer" in message) {
      const pending = this.#pending.get(message.answer);
      if ("error" in message) pending?.reject(decodeError(message.error));
      else pending?.resolve(message.value);
    } else if ("ask" in message) void this.#answer(message);
    else if (message.tell === "abort") {
      const { id, error } = message as unknown as { readonly id: number; readonly error: WireError };
      this.#answering.get(id)?.abort(decodeError(error));
    } else this.#options.told(message as never);
  }

  /** Ends it: whoever waits for an answer is told why there is none. */
  end(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    for (const { reject } of this.#pending.values()) reject(reason);
    for (const controller of this.#answering.values()) controller.abort(reason);
  }

  async #answer(ask: { readonly ask: string; readonly id: number }): Promise<void> {
    const { answer, atOnce, explain } = this.#options;
    const controller = new AbortController();
    try {
      if (this.#answering.size >= atOnce) throw new Error(`more than ${atOnce} questions at once`);
      this.#answering.set(ask.id, controller);
      const value = await answer(ask as never, controller.signal);
      this.tell({ answer: ask.id, value: value ?? null });
    } catch (error) {
      this.tell({ answer: ask.id, error: encodeError(error, explain) });
    } finally {
      this.#answering.delete(ask.id);
    }
  }
}
