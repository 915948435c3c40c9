/**
 * What a guard would do, and doing it for real as a test, which trips and latches nothing.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { Actions } from "./actions.ts";
import type { Act, Step } from "./steps.ts";

const log = getLogger(["heliograph", "guards"]);

/** What these steps would do now, in words. @param first What stands before each. */
export function wouldDo(steps: readonly Step[], first = ""): string[] {
  return steps.flatMap(({ text, now, instrument, otherwise }) => {
    const { running } = instrument.queue;
    const busy = running === undefined || running.name === "poll" ? [] : [`interrupting ${running.name}`];
    const aside = [now(), ...busy].filter((each) => each !== "");
    return [
      `${first}would ${text}${aside.length === 0 ? "" : ` (${aside.join("; ")})`}`,
      ...wouldDo(otherwise, `${first}where that fails, `),
    ];
  });
}

/** Somebody who looks on tells nobody else: the tester is there. */
const noAlarm = { raise: () => {}, clear: () => {} };

/**
 * Does steps once, for real. One that fails is tried three times, and then what is to be done instead is done.
 *
 * @param what Whose they are: `interlock Too hot`.
 * @param by Who tests it, for the journal.
 * @param ends Begins no further step.
 * @returns What has become of each.
 * @throws {HeliographError} `command_failed` where one has failed, with all of them.
 */
export async function tryReally(
  what: string,
  steps: readonly Step[],
  { by, act, ends }: { readonly by: string; readonly act: Act; readonly ends: AbortSignal },
): Promise<string[]> {
  const actions = new Actions(`test of ${what} by ${by}`, act, noAlarm, true);
  const stop = () => actions.stop();
  ends.addEventListener("abort", stop);
  const told = { by, what, steps: steps.map(({ text }) => text).join(", then ") };
  log.warning("{by} TESTS {what} on the real instruments: {steps}", told);
  try {
    await actions.run(steps, () => false);
  } finally {
    ends.removeEventListener("abort", stop);
    actions.stop();
  }
  const became = (steps: readonly Step[], first = ""): string[] =>
    actions.describe(steps).flatMap(({ text, state, reason }, at) => [
      `${first}${text}: ${state === "failed" ? `FAILED: ${reason}` : state}`,
      ...state === "failed" ? became(steps[at]!.otherwise, "instead, ") : [],
    ]);
  const lines = became(steps);
  if (actions.describe(steps).some(({ state }) => state === "failed" || state === "not done")) {
    log.error("The test of {what} by {by} FAILED: {lines}", { ...told, lines: lines.join("; ") });
    throw new HeliographError("command_failed", `The test of ${what} FAILED: ${lines.join("; ")}`);
  }
  log.info("The test of {what} by {by} has ended: {lines}", { ...told, lines: lines.join("; ") });
  return lines;
}
