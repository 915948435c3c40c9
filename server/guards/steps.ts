/**
 * The steps that guards do: settings and commands, checked when the bench is loaded.
 *
 * @module
 */

import type { StepDescription } from "../../protocol/guards.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import type { Instrument } from "../bench/instrument.ts";
import { commandOf, placeOf, settingOf } from "../bench/places.ts";
import type { StepWords } from "./steps_schema.ts";

/** A place in what a bench file says of guards. */
export type GuardsPath = readonly (string | number)[];

/** Told what is wrong, and where. */
export type Wrong = (path: GuardsPath, message: string) => void;

/** A step that can be done. */
export interface Step {
  /** What, for people: `set Setpoint of Hydrogen MFC to 0`. */
  readonly text: string;
  readonly instrument: Instrument;
  /** `set`, or the command. */
  readonly command: string;
  readonly args: readonly (string | number | boolean)[];
  /** How long the next step waits for it, in seconds. */
  readonly within: number;
  /** What is done where it fails. */
  readonly otherwise: readonly Step[];
  /** What the setting is now, for who asks what would be done. */
  readonly now: () => string;
}

/** What stands for the runs of a server where a file is only checked. */
const noRuns = defineInstrument({ title: "automation" });

/** How long the next step waits for one, in seconds, where nobody says it. */
const usualWithin = 5;

/**
 * Checks steps, and makes them ready.
 *
 * @param words As the bench file has them.
 * @param at Where they stand.
 * @param safeState What the safe state does; `undefined` where there is none.
 * @param wrong Told what is wrong.
 */
export function stepsOf(
  words: readonly StepWords[],
  at: GuardsPath,
  instruments: readonly Instrument[],
  safeState: readonly Step[] | undefined,
  wrong: Wrong,
): Step[] {
  return words.flatMap((each, index) => {
    const path = [...at, index];
    if (each === "safe state") {
      if (safeState === undefined) wrong(path, 'there is no safe state: say "safeState": [ … ] in the bench file');
      return safeState ?? [];
    }
    if (each === "pause runs" || each === "stop runs") {
      const [what] = each.split(" ");
      const instrument = instruments.find(({ name }) => name === "automation") ?? noRuns;
      const text = `${what} the run that is under way`;
      const common = { within: usualWithin, otherwise: [], now: () => "" };
      return [{ ...common, text, instrument, command: "guard", args: [what!] }];
    }
    const { set, to, call } = each;
    try {
      if ((set === undefined) === (call === undefined)) {
        throw new TypeError('is one step: give it either "set" and "to", or "call"');
      }
      const otherwise = stepsOf(each.otherwise ?? [], [...path, "otherwise"], instruments, safeState, wrong);
      const [instrument, name] = placeOf(set ?? call!, instruments);
      const common = { instrument, within: each.within ?? usualWithin, otherwise };
      if (set !== undefined) {
        const field = settingOf(instrument, name);
        if (to === undefined) throw new TypeError(`says not to what ${field.title} is set: give it "to"`);
        try {
          field.parse(to, instrument.title);
        } catch (error) {
          wrong([...path, "to"], (error as Error).message);
          return [];
        }
        return [{
          ...common,
          text: `set ${field.title} of ${instrument.title} to ${to}`,
          command: "set",
          args: [field.name, to],
          now: () => `it is ${field.text} now`,
        }];
      }
      const command = commandOf(instrument, name);
      const args = each.arguments ?? [];
      try {
        command.bind(instrument.name, name, args, new Map());
      } catch (error) {
        if (!(error instanceof HeliographError)) throw error;
        wrong([...path, "arguments"], error.message);
        return [];
      }
      const text = `call ${[name, ...args].join(" ")} of ${instrument.title}`;
      return [{ ...common, text, command: name, args, now: () => "" }];
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      wrong(
        set !== undefined && call !== undefined ? path : [...path, set === undefined ? "call" : "set"],
        error.message,
      );
      return [];
    }
  });
}

/** Does what steps ask for: a command of an instrument, before everything that waits there. */
export type Act = (request: {
  readonly instrument: string;
  readonly command: string;
  readonly args: readonly unknown[];
  readonly keywords: ReadonlyMap<string, unknown>;
}, by: string) => unknown;

/** What has become of a step. */
export type StepState = Pick<StepDescription, "state" | "reason">;
