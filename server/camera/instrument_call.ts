/**
 * Calls commands of the bench's other instruments, on behalf of a command of the camera.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { CommandContext } from "../bench/command.ts";

/** Calls a command of another instrument. */
export type InstrumentCall = CommandContext["call"];

/** Calls a command without arguments; nothing happens where the instrument has none of that name. */
export async function callIfThere(call: InstrumentCall, instrument: string, command: string): Promise<void> {
  try {
    await call(instrument, command);
  } catch (error) {
    if (!(error instanceof HeliographError) || error.code !== "unknown_command") throw error;
  }
}
