/**
 * Tells what a run's file says, for whoever looks at it before it begins.
 *
 * @module
 */

import type { RunCheck, RunParameter } from "../../protocol/runs.ts";
import { BenchFileError } from "../files/source.ts";
import { loadRun } from "./load_run.ts";
import type { LoadedRun, RunSurroundings } from "./loaded_run.ts";
import { readRun } from "./run_file.ts";
import type { RunWords } from "./run_schema.ts";
import { timeOfAll } from "./steps.ts";

/** So many steps are told. */
const mostSteps = 2000;

/** What is told of a file of which nothing is known but what is wrong with it. */
export function unknownRun(problems: RunCheck["problems"]): RunCheck {
  return {
    problems,
    title: "",
    summary: "",
    parameters: [],
    steps: [],
    finally: [],
    instruments: [],
    time: { seconds: 0, atLeast: true },
  };
}

/** What a run does that code has made: a script, or a program that has yielded its steps. @param may As in `checkRun`. */
export function checkLoaded(file: string, loaded: LoadedRun, may: (instruments: readonly string[]) => void): RunCheck {
  return { ...told(loaded), problems: notAllowed(file, loaded, may), summary: "", parameters: [] };
}

/** Why somebody may not drive what a run drives; nothing where they may. */
function notAllowed(
  file: string,
  { instruments }: LoadedRun,
  may: (instruments: readonly string[]) => void,
): RunCheck["problems"] {
  try {
    may(instruments);
    return [];
  } catch (error) {
    return [{ file, where: "", message: (error as Error).message }];
  }
}

/** What a run does. */
function told({ title, steps, finally: last, instruments }: LoadedRun) {
  const texts = (of: LoadedRun["steps"]) => of.slice(0, mostSteps).map(({ text }) => text);
  return { title, steps: texts(steps), finally: texts(last), instruments, time: timeOfAll(steps) };
}

/**
 * What a run's file says, and what is wrong with it.
 *
 * @param text What the file holds.
 * @param may Throws where somebody may not drive the instruments of the run.
 */
export function checkRun(
  file: string,
  text: string,
  surroundings: RunSurroundings,
  may: (instruments: readonly string[]) => void,
): RunCheck {
  let read: ReturnType<typeof readRun>;
  try {
    read = readRun(file, text);
  } catch (error) {
    if (error instanceof BenchFileError) return unknownRun([...error.problems]);
    throw error;
  }
  const tried = tryLoad(read, surroundings);
  const problems = [...tried.problems];
  // With examples for what is not given, what it does can be told all the same.
  const examples = { ...surroundings, onlyChecked: true };
  const loaded = tried.loaded ?? tryLoad(read, examples).loaded ?? tryLoad(read, { ...examples, given: {} }).loaded;
  if (loaded !== undefined) problems.push(...notAllowed(file, loaded, may));
  const { title = file, summary = "" } = read.words;
  return {
    ...loaded === undefined ? { ...unknownRun([]), title } : told(loaded),
    problems,
    summary,
    parameters: parametersIn(read.words),
  };
}

function tryLoad(
  read: ReturnType<typeof readRun>,
  surroundings: RunSurroundings,
): { readonly loaded?: LoadedRun; readonly problems: RunCheck["problems"] } {
  try {
    return { loaded: loadRun(read, surroundings), problems: [] };
  } catch (error) {
    if (error instanceof BenchFileError) return { problems: error.problems };
    throw error;
  }
}

function parametersIn({ parameters = {} }: RunWords): RunParameter[] {
  return Object.entries(parameters).map(([name, { type = "float", ...others }]) => {
    const given = Object.entries(others).filter(([, value]) => value !== undefined);
    return { name, type, ...Object.fromEntries(given) };
  });
}
