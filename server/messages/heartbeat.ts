/**
 * Gives a web address a sign of life again and again, so that somebody outside notices when this PC is dead.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { HeartbeatWords } from "./messages_schema.ts";

const log = getLogger(["heliograph", "messages"]);

/** How often where nobody says it, in seconds. */
const usualEvery = 60;

/** A sign of life. */
export class Heartbeat {
  readonly #every: number;
  readonly #beat: () => Promise<unknown>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;
  #at: string | null = null;
  #reason = "";

  /** @param words How often. @param beat Gives it; what it throws has no secret in it. */
  constructor({ every = usualEvery }: HeartbeatWords, beat: () => Promise<unknown>) {
    this.#every = every;
    this.#beat = beat;
  }

  /** When it was given the last time, and why it could not be the last time. */
  get state(): { readonly at: string | null; readonly reason: string } {
    return { at: this.#at, reason: this.#reason };
  }

  /** Gives it from now on. */
  async start(): Promise<void> {
    const begun = performance.now();
    try {
      await this.#beat();
      this.#at = new Date().toISOString();
      if (this.#reason !== "") log.info("The heartbeat is taken again");
      this.#reason = "";
    } catch (error) {
      const { message } = error as Error;
      if (this.#reason === "" && !this.#stopped) {
        log.warning("The heartbeat is not taken: {reason}", { reason: message });
      }
      this.#reason = message;
    }
    if (this.#stopped) return;
    const wait = Math.max(0, this.#every * 1000 - (performance.now() - begun));
    this.#timer = setTimeout(() => void this.start(), wait);
  }

  /** Ends it. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
