/**
 * The interface of a face: a way in for clients, whichever wire it speaks.
 *
 * @module
 */

import type { Listening } from "../services.ts";

/** A face: a way in for clients. */
export interface Face extends Listening {
  /** What it is called, for people. */
  readonly name: string;
  /**
   * Takes its ports, before permissions are given up: whoever connects waits until `start`.
   *
   * @throws {HeliographError} `cannot_listen` when a port is in use or the address is not this PC's.
   */
  bind(): void;
  /** Gets what else it needs of this PC, before permissions are given up. */
  prepare?(): Promise<void>;
  /**
   * Serves in the background.
   *
   * @throws {HeliographError} `cannot_listen` when a port is in use or the address is not this PC's.
   */
  start(): void;
  /** Takes nothing new, finishes what runs (for at most five seconds), and closes every connection. */
  stop(): Promise<void>;
}
