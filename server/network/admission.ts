/**
 * Limits the number of connections: in all, and from one address; at one port, and at all ports together.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";

/** The capacity for connections at all ports together. */
export class Capacity {
  /** The most. */
  readonly most: number;
  readonly #makeRoom = new Set<() => boolean>();
  #taken = 0;

  /** Makes it, with nothing taken. @param most How many there may be. */
  constructor(most: number) {
    this.most = most;
  }

  /** Whether there is room for one more, where need be because somebody makes it. */
  get free(): boolean {
    return this.#taken < this.most || [...this.#makeRoom].some((makeRoom) => makeRoom());
  }

  /** Whether room was made that is not there yet: what was closed has its descriptor for a moment longer. */
  get overdrawn(): boolean {
    return this.#taken > this.most;
  }

  /** Takes one. */
  take(): void {
    this.#taken++;
  }

  /** Gives one back. */
  give(): void {
    this.#taken--;
  }

  /**
   * Knows of somebody who can make room.
   *
   * @param makeRoom Closes a connection that is not needed, if there is one, and tells whether it did.
   * @returns Forgets it.
   */
  onFull(makeRoom: () => boolean): () => void {
    this.#makeRoom.add(makeRoom);
    return () => void this.#makeRoom.delete(makeRoom);
  }
}

/** The options of an {@linkcode Admission}. */
export interface AdmissionOptions {
  /** What is let in, for the error: `the connection`. */
  readonly what: string;
  /** How many in all at this port. @default as many as there is capacity for */
  readonly most?: number;
  /** How many from one address. */
  readonly mostPerAddress: number;
  /** What is shared with other ports. @default nothing */
  readonly capacity?: Capacity;
  /** Makes room for one more from an address by ending what is not needed. @returns Whether it did. */
  readonly makeRoom?: (address: string) => boolean;
}

/** Counts who is there. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #most: number;
  readonly #perAddress = new Map<string, number>();
  #inside = 0;

  /** Makes it, with nobody there. @param options How it counts. */
  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#most = options.most ?? Infinity;
  }

  /** Whether room was made that is not there yet. */
  get overdrawn(): boolean {
    return this.#options.capacity?.overdrawn === true;
  }

  /**
   * Lets one in, who must `leave` later.
   *
   * @param address Where they come from.
   * @returns Why they may not come in; `undefined` when they are in.
   */
  enter(address: string): HeliographError | undefined {
    const { what, mostPerAddress, capacity, makeRoom } = this.#options;
    const fromThere = this.#perAddress.get(address) ?? 0;
    const refusal = (which: string) =>
      new HeliographError("too_many_requests", `Cannot take ${what}: there are ${which} already`);
    // What makes room lets go a moment later.
    if (fromThere >= mostPerAddress && makeRoom?.(address) !== true) {
      return refusal(`${mostPerAddress} from one address`);
    }
    if (this.#inside >= this.#most) return refusal(`${this.#most} in all`);
    if (capacity?.free === false) return refusal(`${capacity.most} in all`);
    this.#perAddress.set(address, fromThere + 1);
    this.#inside++;
    capacity?.take();
    return undefined;
  }

  /** Lets one out. @param address Where they came from. */
  leave(address: string): void {
    this.#inside--;
    this.#options.capacity?.give();
    const left = this.#perAddress.get(address)! - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }
}
