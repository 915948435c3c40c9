/**
 * Settings that are written together: `PID 1,{p},{i},{d}` sends what the other fields hold with the one that is set.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { Value } from "../../bench/values.ts";
import type { Turn } from "../transports/port.ts";
import type { OtherField, Speaking } from "./speaking.ts";
import type { Filling } from "./template.ts";
import type { FilledSteps } from "./wording.ts";

/**
 * What the fields hold that a text names.
 *
 * @param speaking The instrument.
 * @param turn The port: what is not known is read first.
 * @param names The names of the text's places; those that are no fields are left out.
 * @param staged Whether it is what they will hold once all that waits for confirm is confirmed.
 * @returns Fillings by name.
 * @throws {HeliographError} `command_failed` where one of them is not known and cannot be read.
 */
export async function heldBy(
  speaking: Speaking,
  turn: Turn,
  names: readonly string[],
  staged: boolean,
): Promise<Record<string, Filling>> {
  const fillings: Record<string, Filling> = {};
  for (const name of names) {
    const other = speaking.places.get(name);
    if (other !== undefined) fillings[name] = other.codec().encode(await valueOf(speaking, turn, other, staged));
  }
  return fillings;
}

async function valueOf(speaking: Speaking, turn: Turn, other: OtherField, staged: boolean): Promise<Value> {
  const field = speaking.instrument().field(other.title);
  if (staged && field.staged && field.value !== undefined) return field.value;
  const { value, quality } = field.inEffect;
  // What waits for confirm is not read on meanwhile.
  const known = quality === "good" && !field.staged;
  // What can only be set is as somebody set it, as far as anybody knows.
  if (value !== undefined && (known || other.read === undefined)) return value;
  if (other.read !== undefined) return await other.read(turn);
  throw new HeliographError(
    "command_failed",
    `nothing was sent: what ${other.title} is goes with it, and nobody has set that yet; set it first, or say ` +
      `"initial" for it in the bench file`,
  );
}

/** Sends what several confirmed settings say with the same words once: one confirm has one signal for all of them. */
export class ConfirmedOnce {
  readonly #said = new WeakMap<AbortSignal, Set<string>>();

  /**
   * Says something unless this confirm has said it already.
   *
   * @param confirm The signal of the confirm.
   * @param steps All that is said, what selects included.
   * @param say Says it; where that fails it was not said.
   */
  async once(confirm: AbortSignal, steps: readonly FilledSteps[], say: () => Promise<void>): Promise<void> {
    const said = this.#said.get(confirm) ?? new Set();
    this.#said.set(confirm, said);
    const key = steps.map(({ key }) => key).join("\0\0");
    if (said.has(key)) return;
    await say();
    said.add(key);
  }
}
