/**
 * Reads a run's file: whether its form is right, and which files it names.
 *
 * @module
 */

import { formProblems } from "../config/validate.ts";
import { BenchFileError, type Problem, Source } from "../files/source.ts";
import { runSchema, type RunWords, type StepWords } from "./run_schema.ts";

/** A run's file whose form is right. @throws {BenchFileError} With all that is wrong. */
export function readRun(file: string, text: string): { readonly source: Source; readonly words: RunWords } {
  const problems: Problem[] = [];
  const source = Source.parse(file, text, problems);
  problems.push(...formProblems(runSchema, source.value, source));
  if (problems.length > 0) throw new BenchFileError(problemsInOrder(problems));
  return { source, words: runSchema.parse(source.value) };
}

/** The CSV files that a run goes through, by name. */
export function filesOf({ steps, finally: last = [] }: RunWords): Set<string> {
  const names = new Set<string>();
  const visit = (steps: readonly StepWords[]) => {
    for (const step of steps) {
      if (typeof step.forEach === "string") names.add(step.forEach);
      for (const inner of [step.steps ?? [], step.otherwise ?? [], ...step.parallel ?? []]) visit(inner);
    }
  };
  visit([...steps, ...last]);
  return names;
}

/** Problems in the order of the file. */
export function problemsInOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
