/**
 * The interface of a built-in driver: a description, and a simulator that speaks the same.
 *
 * @module
 */

import type { FurtherCommands } from "../described/described_instrument.ts";
import type { DescriptionInput } from "../described/schema.ts";
import type { Simulator } from "../simulators/simulator.ts";

/** An instrument that heliograph knows: how it is spoken with, and a simulator that speaks the same. */
export interface Driver {
  /** How it is spoken with. */
  readonly description: DescriptionInput;
  /** What its address looks like. */
  readonly address: string;
  /**
   * How it is told from others without harm to whatever is on the port, with its parameters' defaults. An empty question
   * waits for what it says by itself. @default its handshake
   */
  readonly probe?: { readonly ask: string; readonly pattern: string };
  /** Makes one that is only pretended. */
  readonly simulator: () => Simulator;
  /** Commands that a description cannot tell. @default none */
  readonly commands?: FurtherCommands;
}
