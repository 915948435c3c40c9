/**
 * What simulates an instrument that is described.
 *
 * @module
 */

import type { Description } from "../../devices/described/schema.ts";
import { DescribedSimulator } from "../../devices/simulators/described_simulator.ts";
import type { DescriptionSimulator } from "../../devices/simulators/simulator.ts";
import type { DriverDescription } from "./driver_description.ts";

/**
 * What simulates a description; beside a built-in driver, which has its own simulator, what the bench file adds to that,
 * or says of its ends.
 *
 * @param over What the bench file says over the driver's description. @param description Both together.
 * @param values What fills the places of its commands.
 * @returns `undefined` where the bench file says nothing of the kind.
 */
export function simulationOf(
  { builtIn, words }: Pick<DriverDescription, "builtIn" | "words">,
  over: Readonly<Record<string, unknown>>,
  description: Description,
  values: Readonly<Record<string, string>>,
): (() => DescriptionSimulator) | undefined {
  if (builtIn === undefined) return () => new DescribedSimulator(description, values);
  const added = <T>(key: "fields" | "commands", table: Readonly<Record<string, T>> = {}) => {
    const [known, told] = [words[key] ?? {}, over[key] ?? {}] as Readonly<Record<string, object>>[];
    const speaking = ["read", "write", "listen", "send", "ask"];
    const isAdded = (name: string) =>
      Object.hasOwn(told!, name) &&
      (!Object.hasOwn(known!, name) || speaking.some((word) => Object.hasOwn(told![name]!, word)));
    return Object.fromEntries(Object.entries(table).filter(([name]) => isAdded(name)));
  };
  const fields = added("fields", description.fields);
  const commands = added("commands", description.commands);
  const ends = (over.line ?? {}) as Partial<Record<"sendEnd" | "receiveEnd", string>>;
  const isSame = Object.keys(fields).length === 0 && Object.keys(commands).length === 0 &&
    ends.sendEnd === undefined && ends.receiveEnd === undefined;
  if (isSame) return undefined;
  return () => {
    const { commandEnd, answerEnd } = builtIn.simulator();
    const line = { ...description.line, sendEnd: commandEnd, receiveEnd: answerEnd, ...ends };
    return new DescribedSimulator({ line, fields, commands }, values);
  };
}
