/**
 * Slows down wrong tokens, for each address and for each name. This PC is never kept waiting, nor is a name from where
 * it has proved itself before: whoever guesses elsewhere locks out nobody.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { isLoopback } from "../network/loopback.ts";

/** So many wrong ones in a row are taken for slips of the hand. */
const free = 5;
/** How long the next one waits, in milliseconds: twice as long each time, up to the longest. */
const [firstWait, longestWait] = [1000, 60_000];
/** For how long one is remembered after its last wrong token, in milliseconds. */
const remembered = 600_000;
/** The most that are remembered; of more, the oldest are forgotten. */
const mostRemembered = 10_000;

interface Failures {
  count: number;
  /** Until when no further one is looked at. */
  until: number;
  last: number;
}

/** Counts wrong tokens, by the clock it is given. */
export class Attempts {
  readonly #failures = new Map<string, Failures>();
  /** Which names have proved themselves from which addresses. */
  readonly #proved = new Set<string>();
  readonly #now: () => number;

  /** Begins with none. @param now The time in milliseconds. @default the monotonic clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Whether a token may be looked at now.
   *
   * @param address Where it comes from; empty for this program itself.
   * @param name Whose it is said to be, or empty.
   * @throws {HeliographError} `too_many_requests`, with how long to wait.
   */
  check(address: string, name: string): void {
    const now = this.#now();
    const waits = this.#keys(address, name).map((key) => (this.#failures.get(key)?.until ?? 0) - now);
    const wait = Math.max(0, ...waits);
    if (wait === 0) return;
    throw new HeliographError(
      "too_many_requests",
      `Cannot look at a token now: there were too many wrong ones; wait ${Math.ceil(wait / 1000)} s`,
    );
  }

  /** A token was wrong. */
  failed(address: string, name: string): void {
    const now = this.#now();
    for (const key of this.#keys(address, name)) {
      const known = this.#failures.get(key);
      const count = known === undefined || now - known.last > remembered ? 1 : known.count + 1;
      const wait = count < free ? 0 : Math.min(longestWait, firstWait * 2 ** (count - free));
      this.#failures.delete(key);
      this.#failures.set(key, { count, until: now + wait, last: now });
    }
    this.#forget(now);
  }

  /** A token was right. @param name Whose it is. */
  succeeded(address: string, name: string): void {
    this.#failures.delete(addressKey(address));
    this.#failures.delete(nameKey(name));
    if (this.#proved.size >= mostRemembered) this.#proved.clear();
    this.#proved.add(`${address} ${name}`);
  }

  #keys(address: string, name: string): string[] {
    if (address === "" || isLoopback(address)) return [];
    const byName = name !== "" && !this.#proved.has(`${address} ${name}`);
    return [addressKey(address), ...byName ? [nameKey(name)] : []];
  }

  #forget(now: number): void {
    for (const [key, { last }] of this.#failures) {
      if (this.#failures.size <= mostRemembered && now - last <= remembered) return;
      this.#failures.delete(key);
    }
  }
}

function addressKey(address: string): string {
  return `address ${address}`;
}

function nameKey(name: string): string {
  return `name ${name}`;
}
