/**
 * How many may be there at once: in all, and from one address.
 *
 * @module
 */

import { HeliographError } from "../protocol/errors.ts";

/** Counts who is there. */
export class Admission {
  readonly #what: string;
  readonly #most: number;
  readonly #mostPerAddress: number;
  readonly #perAddress = new Map<string, number>();
  #inside = 0;

  /**
   * Makes it, with nobody there.
   *
   * @param what What is let in, for the error: `the connection`.
   * @param most How many in all.
   * @param mostPerAddress How many from one address.
   */
  constructor(what: string, most: number, mostPerAddress: number) {
    this.#what = what;
    this.#most = most;
    this.#mostPerAddress = mostPerAddress;
  }

  /**
   * Lets one in, who must `leave` later.
   *
   * @param address Where they come from.
   * @returns Why they may not come in; `undefined` when they are in.
   */
  enter(address: string): HeliographError | undefined {
    const fromThere = this.#perAddress.get(address) ?? 0;
    if (this.#inside >= this.#most || fromThere >= this.#mostPerAddress) {
      const which = this.#inside >= this.#most ? `${this.#most} in all` : `${this.#mostPerAddress} from one address`;
      return new HeliographError("too_many_requests", `Cannot take ${this.#what}: there are ${which} already`);
    }
    this.#perAddress.set(address, fromThere + 1);
    this.#inside++;
    return undefined;
  }

  /** Lets one out. @param address Where they came from. */
  leave(address: string): void {
    this.#inside--;
    const left = this.#perAddress.get(address)! - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }
}
