/**
 * A line that is opened when something is sent, and given back afterwards: for an instrument that closes its connection
 * after each answer, and for one that takes a single connection, which other programs want too.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { delay } from "./delay.ts";
import type { Line } from "./line.ts";

/** The options of a line that is opened when it is needed. */
export interface OnDemandOptions {
  /** After how many seconds without a word it is given back; 0 opens it anew for everything that is sent. */
  readonly release: number;
  /** The time between opening it and sending, in seconds. */
  readonly settle: number;
  /** Whether somebody uses it: an answer may take its time. */
  readonly busy: () => boolean;
}

/** The least time without a word, in seconds. */
const leastIdle = 0.2;

/** The waits before it is tried again where it was just closed, in seconds: some take a moment to see that. */
const reopenWaits = [0.1, 0.2, 0.4];

/** A line that is open while it is used. That the other end closes it is no trouble: what is sent next opens it. */
export class OnDemandLine implements Line {
  readonly #openLine: () => Promise<Line>;
  readonly #options: OnDemandOptions;
  #line: Line | undefined;
  readonly #closing = new AbortController();
  /** Wakes whoever waits for bytes. */
  #opened = () => {};
  #idle: ReturnType<typeof setTimeout> | undefined;
  #closedAt = -Infinity;

  /** Makes it; nothing is opened yet. @param open Opens the line. */
  constructor(open: () => Promise<Line>, options: OnDemandOptions) {
    this.#openLine = open;
    this.#options = options;
  }

  /** Whether each read is one whole answer. */
  get whole(): boolean {
    return this.#line?.whole ?? false;
  }

  /** Waits for the next bytes, across as many connections as there are; `null` once it is closed here. */
  async read(): Promise<Uint8Array | null> {
    while (!this.#closing.signal.aborted) {
      const line = this.#line;
      if (line === undefined) {
        await new Promise<void>((resolve) => this.#opened = resolve);
        continue;
      }
      // One that breaks is as good as closed.
      const bytes = await line.read().catch(() => null);
      if (this.#line !== line) continue;
      if (bytes !== null) {
        this.#restIdle();
        return bytes;
      }
      this.#release();
    }
    return null;
  }

  /** Sends bytes, on a line that is opened where there is none. @throws {HeliographError} With why it cannot be. */
  async write(bytes: Uint8Array, answerWithin?: number): Promise<void> {
    if (this.#options.release === 0) this.#release();
    clearTimeout(this.#idle);
    const line = this.#line ??= await this.#open();
    this.#opened();
    try {
      await line.write(bytes, answerWithin);
    } catch (error) {
      if (this.#line === line) this.#release();
      throw error;
    } finally {
      this.#restIdle();
    }
  }

  /** Closes it for good. */
  async close(): Promise<void> {
    this.#closing.abort(new HeliographError("not_connected", "the line was closed"));
    const closed = this.#release();
    this.#opened();
    await closed;
  }

  async #open(): Promise<Line> {
    const { signal } = this.#closing;
    const waits = performance.now() - this.#closedAt < 1000 ? reopenWaits : [];
    for (let attempt = 0;; attempt++) {
      try {
        signal.throwIfAborted();
        const line = await this.#openLine();
        if (this.#options.settle > 0) await delay(this.#options.settle, signal).catch(() => {});
        if (!signal.aborted) return line;
        line.close();
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const wait = waits[attempt];
        if (wait === undefined) {
          const { message } = error as Error;
          const hint = "if it takes one connection at a time, another program may have it";
          throw new HeliographError("not_connected", `${message}; ${hint}`, { cause: error });
        }
        await delay(wait, signal).catch(() => {});
      }
    }
  }

  /** Closes the connection that there is. */
  #release(): void | Promise<void> {
    clearTimeout(this.#idle);
    const line = this.#line;
    if (line === undefined) return;
    this.#line = undefined;
    this.#closedAt = performance.now();
    return line.close();
  }

  #restIdle(): void {
    clearTimeout(this.#idle);
    if (this.#line === undefined || this.#closing.signal.aborted) return;
    this.#idle = setTimeout(() => {
      if (this.#options.busy()) this.#restIdle();
      else this.#release();
    }, Math.max(this.#options.release, leastIdle) * 1000);
  }
}
