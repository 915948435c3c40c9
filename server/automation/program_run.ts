/**
 * Runs that are written in JavaScript or TypeScript: the program is evaluated once, when it is loaded, and yields the
 * steps of a run's file, which are checked like those of one.
 *
 * @module
 */

import { BenchFileError } from "../files/source.ts";
import { type Given, parametersOf } from "./parameters.ts";
import { inFile } from "./script_process.ts";
import { type ParameterWords, runSchema, type RunWords } from "./run_schema.ts";

/** The most steps that a program yields. */
const mostYielded = 20_000;
/** The longest program, in characters. */
const longestProgram = 200_000;

/** Evaluates an expression of JavaScript in the sandbox. @throws {HeliographError} What went wrong with it. */
export type EvaluateExpression = (source: string) => Promise<unknown>;

/** Whether a file's name is that of a run in JavaScript or TypeScript. */
export function isProgram(file: string): boolean {
  return /\.run\.(?:js|ts)$/i.test(file);
}

/**
 * What a program yields, as the text of a run's file.
 *
 * @param given What is given for its parameters.
 * @param onlyChecked Whether what must be given may be left out.
 * @throws {BenchFileError} With what is wrong with it.
 * @throws {HeliographError} Where no code can be run.
 */
export async function yieldedBy(
  file: string,
  source: string,
  given: Given,
  evaluate: EvaluateExpression,
  onlyChecked: boolean,
): Promise<string> {
  const wrong = (message: string) => new BenchFileError([{ file, where: "", message }]);
  if (source.length > longestProgram) throw wrong(`is longer than ${longestProgram} characters`);
  const module = await commonModule(file, source);
  const run = async (work: string, values: Given): Promise<Partial<RunWords>> => {
    try {
      return await evaluate(expressionOf(module, work, values)) as Partial<RunWords>;
    } catch (error) {
      throw inFile(file, error);
    }
  };
  const words = await run(headOf, {});
  const head = runSchema.safeParse({ ...words, steps: [{ note: "x" }] });
  if (!head.success) {
    const [issue] = head.error.issues;
    throw wrong(`exports ${issue!.path.join(".") || "what is not known"}: ${issue!.message}`);
  }
  const problems: string[] = [];
  const declared: Readonly<Record<string, ParameterWords>> = head.data.parameters ?? {};
  const values = parametersOf(
    declared,
    given,
    (name, message) => void problems.push(name === "" ? message : `parameters.${name}: ${message}`),
    onlyChecked,
  );
  if (problems.length > 0) throw new BenchFileError(problems.map((message) => ({ file, where: "", message })));
  return JSON.stringify({ ...words, ...await run(stepsOf, values) });
}

/** The program as the body of a function that fills `exports`, each line where it was. */
async function commonModule(file: string, source: string): Promise<string> {
  const { transform } = await import("npm:sucrase@3.35.1");
  try {
    const types = /\.ts$/i.test(file) ? ["typescript" as const] : [];
    const { code } = transform(source, {
      transforms: [...types, "imports"],
      disableESTransforms: true,
      preserveDynamicImport: true,
    });
    return code;
  } catch (error) {
    const [, message = String(error), line] = /^(?:Error transforming [^:]*: )?(.*?)(?: \((\d+):\d+\))?$/s
      .exec((error as Error).message) ?? [];
    throw new BenchFileError([{
      file,
      ...line === undefined ? {} : { line: Number(line) },
      where: "",
      message: `SyntaxError: ${message}`,
    }]);
  }
}

/** What a program exports beside its steps. */
const headOf = `
const told = {};
for (const word of ["title", "summary", "parameters", "ifFails", "afterRestart"]) {
  if (exports[word] !== undefined) told[word] = exports[word];
}
return told;
`;

const stepsOf = `
const yielded = (name) => {
  const make = exports[name];
  if (typeof make !== "function") throw new TypeError("a run in JavaScript is: export default function* ({ flow }) { yield { wait: '5s' }; }");
  const steps = [];
  for (const step of make(given)) {
    if (steps.length === ${mostYielded}) throw new RangeError(name + " yields more than ${mostYielded} steps");
    steps.push(step);
  }
  return steps;
};
return exports.atEnd === undefined ? { steps: yielded("default") } : { steps: yielded("default"), finally: yielded("atEnd") };
`;

/** On its first line stands the first of the program, so that errors tell the program's lines. */
function expressionOf(module: string, work: string, given: Given): string {
  return `((exports, given, require) => {${module}\n${work}})({}, ${JSON.stringify(given)}, (name) => {` +
    // No error of its own line.
    ` throw "Cannot load " + name + ": a run stands alone, without imports" })`;
}

/** Checks what a program has yielded: that has no lines, and what is wrong is told of its steps. */
export async function onItsSteps<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BenchFileError)) throw error;
    throw new BenchFileError(error.problems.map(({ file, where, message }) => ({ file, where, message })));
  }
}
