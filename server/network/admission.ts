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
  readonly #descriptors: number;
  readonly #makeRoom = new Set<() => boolean>();
  #taken = 0;
  #descriptorsTaken = 0;

  /**
   * Makes it, with nothing taken.
   *
   * @param most How many connections there may be.
   * @param descriptors How many descriptors they may have together. @default one each
   */
  constructor(most: number, descriptors: number = most) {
    this.most = most;
    this.#descriptors = descriptors;
  }

  /** Whether there is room for one more that takes so many descriptors, where need be because somebody makes it. */
  hasRoom(descriptors: number): boolean {
    if (this.#taken < this.most && this.#descriptorsTaken + descriptors <= this.#descriptors) return true;
    return [...this.#makeRoom].some((makeRoom) => makeRoom());
  }

  /** Whether room was made that is not there yet: what was closed has its descriptor for a moment longer. */
  get overdrawn(): boolean {
    return this.#taken > this.most || this.#descriptorsTaken > this.#descriptors;
  }

  /** Takes one. @param descriptors How many it has. */
  take(descriptors: number): void {
    this.#taken++;
    this.#descriptorsTaken += descriptors;
  }

  /** Gives one back. @param descriptors How many it had. */
  give(descriptors: number): void {
    this.#taken--;
    this.#descriptorsTaken -= descriptors;
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
  /** How many descriptors each may have. @default 1 */
  readonly descriptors?: number;
  /** Makes room for one more from an address by ending what is not needed. @returns Whether it did. */
  readonly makeRoom?: (address: string) => boolean;
}

/** Counts who is there. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #most: number;
  readonly #descriptors: number;
  readonly #perAddress = new Map<string, number>();
  #inside = 0;

  /** Makes it, with nobody there. @param options How it counts. */
  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#most = options.most ?? Infinity;
    this.#descriptors = options.descriptors ?? 1;
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
    if (capacity?.hasRoom(this.#descriptors) === false) return refusal(`${capacity.most} in all`);
    this.#perAddress.set(address, fromThere + 1);
    this.#inside++;
    capacity?.take(this.#descriptors);
    return undefined;
  }

  /** Lets one out. @param address Where they came from. */
  leave(address: string): void {
    this.#inside--;
    this.#options.capacity?.give(this.#descriptors);
    const left = this.#perAddress.get(address)! - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }
}
