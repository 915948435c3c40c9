/**
 * Tells what somebody may do, by what the server said of them: what they may not is not offered.
 *
 * @module
 */

import type { InstrumentDescription, Welcome } from "../../../protocol/description.ts";
import { type Right, rightOfRole } from "../../../protocol/vocabulary.ts";

/** What the server said of somebody; nothing is allowed before that. */
type Told = Pick<Welcome, "rights" | "instruments"> | undefined;

/**
 * Whether somebody may do something.
 *
 * @param right What.
 * @param instrument The name of the instrument that is to be driven. @default any of those that they may drive
 */
export function may(welcome: Told, right: Right, instrument?: string): boolean {
  if (welcome === undefined || !welcome.rights.includes(right)) return false;
  return right !== "drive" || instrument === undefined || welcome.instruments === null ||
    welcome.instruments.includes(instrument);
}

/** Whether somebody may call a command: what stops something, every operator of the bench may. */
export function mayCall(
  welcome: Told,
  instrument: string,
  { role, stop }: Pick<InstrumentDescription["commands"][number], "role" | "stop">,
): boolean {
  return may(welcome, rightOfRole[role], stop ? undefined : instrument);
}
