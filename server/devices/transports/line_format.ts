/**
 * How the line of an instrument is spoken on.
 *
 * @module
 */

import type { Shape } from "./framing.ts";

/** The format of an instrument's line: its line ends, its pauses, and whether it goes through a gateway. */
export interface LineFormat {
  /** What ends each command. */
  readonly sendEnd: string;
  /** What ends each answer; empty where something else does. */
  readonly receiveEnd: string;
  /** How answers end, where `receiveEnd` does not say all of it. @default it does */
  readonly shape?: Omit<Shape, "receiveEnd">;
  /** What comes behind each answer, and also where there is none: that it is ready. @default nothing */
  readonly prompt?: string;
  /** Whether it repeats what is sent before it answers. @default false */
  readonly echo?: boolean;
  /** The least time between two commands, in seconds. */
  readonly gap: number;
  /** The time between opening the port and the first command, in seconds: an Arduino starts anew when opened. */
  readonly settle: number;
  /** Whether the network address is that of a serial server, through which late answers come to a new connection. */
  readonly gateway: boolean;
  /** What bytes its text is in. @default latin1 */
  readonly encoding?: "latin1" | "utf8";
  /**
   * After how many seconds without a word the line is given back, to be opened again when something is sent; 0 opens it
   * anew for everything that is sent. @default it is kept
   */
  readonly release?: number;
}
