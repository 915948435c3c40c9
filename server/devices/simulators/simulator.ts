/**
 * The interface of a simulator: it understands the bytes that its instrument understands, and answers the same.
 *
 * @module
 */

import type { Registers } from "./registers.ts";

/**
 * An instrument that is only pretended.
 *
 * @example
 * ```ts
 * import { type Simulator, simulateTcp } from "@heliograph/heliograph/testing";
 *
 * class Lamp implements Simulator {
 *   readonly commandEnd = "\n";
 *   readonly answerEnd = "\n";
 *   burns = false;
 *   answer(command: string): string | undefined {
 *     if (command === "on") this.burns = true;
 *     return command === "on?" ? String(this.burns) : undefined;
 *   }
 * }
 * const simulator = simulateTcp(new Lamp(), 0);
 * await simulator.close();
 * ```
 */
export interface Simulator {
  /** What ends a command. */
  readonly commandEnd: string;
  /** What else ends a command, where its instrument takes several; nothing between two of them is no command. @default nothing */
  readonly otherEnds?: readonly string[] | undefined;
  /** What ends each answer. */
  readonly answerEnd: string;
  /** What its text is in. @default "utf8" */
  readonly encoding?: "latin1" | "utf8";
  /**
   * Answers a command.
   *
   * @param command The command, without its end and without line ends around it.
   * @returns The answer without its end; `undefined` where the instrument says nothing.
   */
  answer(command: string): string | undefined;
  /**
   * What it keeps, where it is a Modbus device: it is asked for that, and for nothing else.
   *
   * @internal
   */
  readonly registers?: Registers | undefined;
  /**
   * Those of the other devices on its line.
   *
   * @internal
   */
  readonly neighbours?: readonly Registers[];
  /** Lets simulated time pass. @param seconds How much. */
  step?(seconds: number): void;
  /** What it says without being asked, and how often in seconds. */
  readonly talk?: { readonly interval: number; readonly say: () => string } | undefined;
}

/** A simulator that was made of a description. */
export interface DescriptionSimulator extends Simulator {
  /** What of the description is not simulated, by name and with the reason. */
  readonly missing: readonly string[];
}
