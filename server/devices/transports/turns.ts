/**
 * Gives out turns on a port, by urgency and then in order.
 *
 * @module
 */

/** `immediate`: abort and stop. `command`: what a client asked for. `poll`: what can wait. */
export type Urgency = "immediate" | "command" | "poll";

const order: readonly Urgency[] = ["immediate", "command", "poll"];

/** Gives out one turn at a time; among those who wait the most urgent first, and who came first among equals. */
export class Turns {
  readonly #waiting: Record<Urgency, (() => void)[]> = { immediate: [], command: [], poll: [] };
  #taken = false;

  /**
   * Waits for a turn.
   *
   * @param urgency How much it can wait.
   * @param signal Gives up waiting. @default waits for as long as it takes
   * @returns What ends the turn; to be called exactly once.
   * @throws The signal's reason.
   */
  async take(urgency: Urgency, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#taken) await this.#wait(urgency, signal);
    this.#taken = true;
    return () => {
      const next = order.map((each) => this.#waiting[each]).find((queue) => queue.length > 0)?.shift();
      // The turn is handed over rather than freed, so that nobody slips in between.
      if (next !== undefined) next();
      else this.#taken = false;
    };
  }

  #wait(urgency: Urgency, signal: AbortSignal | undefined): Promise<void> {
    const queue = this.#waiting[urgency];
    return new Promise((resolve, reject) => {
      const abort = () => {
        const index = queue.indexOf(start);
        if (index >= 0) queue.splice(index, 1);
        reject(signal!.reason);
      };
      const start = () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      signal?.addEventListener("abort", abort, { once: true });
      queue.push(start);
    });
  }
}
