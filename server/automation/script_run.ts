/**
 * Makes the steps of a run of what a PyOpticon script has scheduled, checked against the bench.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { didYouMean, identifierOf, listed, ownInstruments } from "../bench/names.ts";
import type { ScriptStep } from "../code/messages.ts";
import type { LoadedRun } from "./loaded_run.ts";
import { timeText, unitOf } from "./step_text.ts";
import type { RunStep } from "./steps.ts";

/** Whether a file's name is that of a PyOpticon script. */
export function isScript(file: string): boolean {
  return /\.py$/i.test(file);
}

/**
 * The setting that an action names.
 *
 * @throws {HeliographError} Where there is none: `unknown_instrument` and `unknown_field` are a `KeyError` of the script.
 */
export function actionPlace(
  { instrument: named, field: wanted }: Extract<ScriptStep, { kind: "action" }>,
  instruments: readonly Instrument[],
): [Instrument, BenchField] {
  const others = instruments.filter(({ name }) => !ownInstruments.has(name));
  const instrument = others.find(({ name, title }) => title === named || name === identifierOf(named)) ??
    others.find(({ caption }) => caption === named);
  if (instrument === undefined) {
    const titles = others.map(({ title }) => title);
    throw new HeliographError(
      "unknown_instrument",
      `there is no instrument ${named}${didYouMean(named, titles)}; there is ${listed(titles)}`,
    );
  }
  const settings = instrument.allFields.filter(({ access }) => access === "setting").map(({ title }) => title);
  const field = instrument.allFields.find(({ name, title }) => title === wanted || name === identifierOf(wanted));
  const there = settings.length === 0 ? "it has no settings" : `its settings are ${listed(settings)}`;
  if (field === undefined) {
    throw new HeliographError(
      "unknown_field",
      `${instrument.title} has no field ${wanted}${didYouMean(wanted, settings)}; ${there}`,
    );
  }
  if (field.access === "setting") return [instrument, field];
  throw new HeliographError("not_a_setting", `${field.title} of ${instrument.title} is a readout; ${there}`);
}

/**
 * Checks an action while its script is loaded.
 *
 * @returns The instrument that it drives.
 * @throws {HeliographError} What is wrong with it.
 */
export function checkAction(
  action: Extract<ScriptStep, { kind: "action" }>,
  instruments: readonly Instrument[],
): Instrument {
  const [instrument, field] = actionPlace(action, instruments);
  field.parse(action.value, instrument.title);
  return instrument;
}

/**
 * A script as a run.
 *
 * @param file The script's name, of which its title is made.
 * @param script What it has scheduled.
 * @throws {HeliographError} Where that is not on the bench any more.
 */
export function scriptRun(file: string, script: readonly ScriptStep[], instruments: readonly Instrument[]): LoadedRun {
  const steps: RunStep[] = [];
  const driven = new Set<string>();
  for (const [number, step] of script.entries()) {
    if (step.kind !== "delay") steps.push(runStep(step, number, instruments, driven));
    else if (step.seconds > 0) {
      // Delays that follow one another are one: a skip ends all of it.
      const last = steps.at(-1);
      const seconds = step.seconds + (last?.kind === "wait" ? last.seconds : 0);
      if (last?.kind === "wait") steps.pop();
      steps.push({ kind: "wait", seconds, text: `wait ${timeText(seconds)}`, otherwise: [] });
    }
  }
  return {
    title: file.replace(/^.*[\\/]/, "").replace(/\.py$/i, ""),
    summary: "",
    given: {},
    steps,
    finally: [],
    ifFails: "pause",
    afterRestart: "ask",
    instruments: [...driven],
    isScript: true,
  };
}

function runStep(
  step: Exclude<ScriptStep, { kind: "delay" }>,
  number: number,
  instruments: readonly Instrument[],
  driven: Set<string>,
): RunStep {
  if (step.kind === "await") {
    const { name, message } = step;
    return { kind: "script", number, name, waits: true, message, text: `await: ${message}`, otherwise: [] };
  }
  if (step.kind === "function") {
    const { name } = step;
    const text = name === "" ? "call a function without a name" : `call ${name}`;
    return { kind: "script", number, name, waits: false, message: "", text, ...failing(step, text) };
  }
  const [instrument, field] = actionPlace(step, instruments);
  driven.add(instrument.name);
  const text = `set ${field.title} of ${instrument.title} to ${step.value}${unitOf(field)}`;
  return {
    kind: "set",
    setting: { instrument: instrument.name, field: field.name },
    value: step.value,
    confirm: step.confirm,
    reach: undefined,
    text,
    ...failing(step, text),
  };
}

/** What is done where a step fails, if its script says so. */
function failing({ ifFails }: Pick<Extract<ScriptStep, { kind: "function" }>, "ifFails">, text: string) {
  if (ifFails === "stop") return { otherwise: [], ifFails };
  if (ifFails === undefined) return { otherwise: [] };
  const note = `“${text}” failed, and the script goes on with the next step`;
  return { otherwise: [{ kind: "note", note, text: "go on with the next step", otherwise: [] }] satisfies RunStep[] };
}

/**
 * How many steps people count among the first: a script's delays are no steps of their own, as in PyOpticon.
 *
 * @param before Among how many. @default all
 */
export function counted({ steps, isScript }: LoadedRun, before = steps.length): number {
  if (!isScript) return Math.min(before, steps.length);
  return steps.slice(0, before).filter(({ kind }) => kind !== "wait").length;
}

/** Where the step stands that people count as the nth, from 1; `undefined` where there are fewer. */
export function placeOfStep({ steps, isScript }: LoadedRun, wanted: number): number | undefined {
  if (wanted === 1) return 0;
  if (!isScript) return wanted <= steps.length ? wanted - 1 : undefined;
  let found = 0;
  const at = steps.findIndex(({ kind }) => kind !== "wait" && ++found === wanted);
  return at < 0 ? undefined : at;
}

/** A step as people read it where two are compared. */
function wordsOf(step: ScriptStep | undefined): string {
  switch (step?.kind) {
    case undefined:
      return "none";
    case "delay":
      return `wait ${timeText(step.seconds)}`;
    case "action":
      return `set ${step.field} of ${step.instrument} to ${step.value}`;
    case "function":
      return `call ${step.name || "a function without a name"}`;
    case "await":
      return `await: ${step.message}`;
  }
}

/** What must be the same for a script's functions to be called by their numbers. */
function shapeOf(step: ScriptStep | undefined): string {
  switch (step?.kind) {
    case "action":
      return `action ${step.instrument} ${step.field}`;
    case "function":
    case "await":
      return `${step.kind} ${step.name}`;
    default:
      return step?.kind ?? "";
  }
}

/**
 * How a script that was loaded again differs from what it was.
 *
 * @param onlyShape Whether values, times and messages may be others.
 * @returns The first difference, in words; `undefined` where there is none.
 */
export function differenceOf(
  before: readonly ScriptStep[],
  now: readonly ScriptStep[],
  onlyShape: boolean,
): string | undefined {
  const of = onlyShape ? shapeOf : (step: ScriptStep | undefined) => JSON.stringify(step);
  for (let at = 0; at < Math.max(before.length, now.length); at++) {
    if (of(before[at]) === of(now[at])) continue;
    return `“${wordsOf(before[at])}” is now “${wordsOf(now[at])}”`;
  }
  return undefined;
}
