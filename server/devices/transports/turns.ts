/**
 * Gives out turns on a port, by urgency and then in order. What is immediate takes the turn from whoever has it.
 *
 * @module
 */

/** `immediate`: abort and stop. `command`: what a client asked for. `poll`: what can wait. */
export type Urgency = "immediate" | "command" | "poll";

const order: readonly Urgency[] = ["immediate", "command", "poll"];

/**
 * How long what is immediate lets a turn end by itself, in milliseconds: most questions are answered sooner, and then
 * nothing is interrupted. It is on the wire within 20 ms.
 */
const grace = 10;

/** A turn that somebody has, or had. */
export class Held {
  /** How much its holder could wait. */
  readonly urgency: Urgency;
  /** Whether something immediate has taken it away: nothing may be sent in it any more. */
  lost = false;
  /** Ends what its holder waits for; called when the turn is taken away. */
  onLost: (() => void) | undefined;
  /** Whether its holder waits for an answer. */
  asking = false;
  /** Whether something was sent in it. */
  spoke = false;

  /** Makes one. @param urgency How much its holder can wait. */
  constructor(urgency: Urgency) {
    this.urgency = urgency;
  }
}

/** One who waits for a turn. */
interface Waiting {
  readonly held: Held;
  /** Whether it has waited long enough to interrupt. */
  due: boolean;
  readonly start: () => void;
}

/** Gives out one turn at a time; among those who wait the most urgent first, and who came first among equals. */
export class Turns {
  readonly #waiting: Record<Urgency, Waiting[]> = { immediate: [], command: [], poll: [] };
  #held: Held | undefined;

  /**
   * Waits for a turn.
   *
   * @param urgency How much it can wait. What is immediate takes the turn from a command and a poll.
   * @param signal Gives up waiting. @default waits for as long as it takes
   * @returns The turn, to be ended exactly once; a promise where somebody else has it.
   * @throws The signal's reason.
   */
  take(urgency: Urgency, signal?: AbortSignal): Held | Promise<Held> {
    signal?.throwIfAborted();
    const held = new Held(urgency);
    if (this.#held !== undefined) return this.#wait(held, signal);
    this.#held = held;
    return held;
  }

  /** Whether somebody has the turn. */
  get taken(): boolean {
    return this.#held !== undefined;
  }

  /** Ends a turn; one that was taken away has ended already. */
  end(held: Held): void {
    if (this.#held !== held) return;
    const next = order.map((each) => this.#waiting[each]).find((queue) => queue.length > 0)?.shift();
    // The turn is handed over rather than freed, so that nobody slips in between.
    this.#held = next?.held;
    next?.start();
  }

  /** What whoever has the turn asked is on the wire, and only its answer is waited for: a stop does not wait for that too. */
  asks(held: Held): void {
    held.asking = true;
    this.#interrupt();
  }

  #wait(held: Held, signal: AbortSignal | undefined): Promise<Held> {
    const queue = this.#waiting[held.urgency];
    return new Promise((resolve, reject) => {
      const abort = () => {
        clearTimeout(timer);
        const index = queue.indexOf(waiting);
        if (index >= 0) queue.splice(index, 1);
        reject(signal!.reason);
      };
      const start = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        resolve(held);
      };
      const waiting: Waiting = { held, due: false, start };
      const timer = held.urgency !== "immediate" ? undefined : setTimeout(() => {
        waiting.due = true;
        this.#interrupt();
      }, grace);
      signal?.addEventListener("abort", abort, { once: true });
      queue.push(waiting);
    });
  }

  /** Takes the turn away for what is immediate. What is immediate itself keeps it until it has sent what it wants. */
  #interrupt(): void {
    const holder = this.#held;
    if (holder === undefined) return;
    const queue = this.#waiting.immediate;
    if (holder.urgency === "immediate" && !holder.asking) return;
    const index = queue.findIndex(({ due }) => due);
    const [next] = index < 0 ? [] : queue.splice(index, 1);
    if (next === undefined) return;
    this.#held = next.held;
    holder.lost = true;
    // First what was asked is given up, then something else is sent.
    holder.onLost?.();
    next.start();
  }
}
