/**
 * Steps as a line of text, for what is typed: `set oven.power 0; call valve.close; safe state`.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { didYouMean } from "../bench/names.ts";
import { place, type StepWords } from "./steps_schema.ts";

const whole = ["safe state", "pause runs", "stop runs"] as const;
const first = ["set", "call", ...whole];
const forms = '"set INSTRUMENT.SETTING VALUE", "call INSTRUMENT.COMMAND", "safe state", "pause runs" or "stop runs"';

/** A step as it was typed, and as a bench file would have it. */
export interface TypedStep {
  readonly text: string;
  readonly words: StepWords;
}

/**
 * Reads steps; quotes group what holds spaces or semicolons.
 *
 * @param text One or more, with `;` between.
 * @throws {HeliographError} `bad_argument`, with the step, what is wrong with it, and what would be right.
 */
export function readSteps(text: string): TypedStep[] {
  const steps = split(text).filter((words) => words.length > 0).map((words) => ({
    text: words.join(" "),
    words: stepOf(words.map(unquoted)),
  }));
  if (steps.length === 0) throw wrong(`Cannot find a step in "${text}": give ${forms}, several with ; between them`);
  return steps;
}

/** The words of each step, still in their quotes. */
function split(text: string): string[][] {
  const steps: string[][] = [[]];
  for (const [word] of text.matchAll(/;|(?:"[^"]*"|'[^']*'|[^\s;"'])+|["']/g)) {
    if (word === '"' || word === "'") throw wrong(`Cannot read the steps "${text}": a quote (${word}) is never closed`);
    if (word === ";") steps.push([]);
    else steps.at(-1)!.push(word);
  }
  return steps;
}

function unquoted(word: string): string {
  return word.replace(/"([^"]*)"|'([^']*)'/g, (_, double = "", single = "") => double + single);
}

function stepOf(words: readonly string[]): StepWords {
  const [kind = "", at = "", ...rest] = words;
  const said = words.join(" ");
  const one = whole.find((each) => each === said.toLowerCase());
  if (one !== undefined) return one;
  if (kind !== "set" && kind !== "call") {
    throw wrong(`Cannot do "${said}": a step is ${forms}${didYouMean(kind === "safe" ? said : kind, first)}`);
  }
  if (!place.safeParse(at).success) {
    const example = kind === "set" ? "set heater.power 0" : "call valve.close";
    throw wrong(`Cannot do "${said}": ${at === "" ? "it names nothing" : `${at} is no place`}; write "${example}"`);
  }
  if (kind === "call") return { call: at, ...(rest.length === 0 ? {} : { arguments: rest }) };
  const value = rest.length === 2 && rest[0] === "to" ? rest.slice(1) : rest;
  if (value.length === 1) return { set: at, to: value[0]! };
  throw wrong(
    value.length === 0
      ? `Cannot do "${said}": it says not to what; write "set ${at} VALUE"`
      : `Cannot do "${said}": it gives ${value.length} values; quote one that holds spaces, and put ; between steps`,
  );
}

function wrong(message: string): HeliographError {
  return new HeliographError("bad_argument", message);
}
