/**
 * Calls commands of the bench's other instruments, on behalf of a command of the camera.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { CommandContext } from "../bench/command.ts";

/** Calls a command of another instrument. */
export type InstrumentCall = CommandContext["call"];

/** The ways in which a command of the camera moves another instrument, also when whoever asked for it has gone. */
export type Driving = Pick<CommandContext, "callInBackground" | "putBack">;

/** Whether a call was refused because somebody else has control. */
export function isHeld(error: unknown): boolean {
  return error instanceof HeliographError && error.code === "held";
}

/** Calls a command without arguments; nothing happens where the instrument has none of that name. */
export async function callIfThere(call: InstrumentCall, instrument: string, command: string): Promise<void> {
  try {
    await call(instrument, command);
  } catch (error) {
    if (!(error instanceof HeliographError) || error.code !== "unknown_command") throw error;
  }
}
