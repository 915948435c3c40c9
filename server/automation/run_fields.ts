/**
 * Which fields a run sets and looks at: those that are plotted beside its steps.
 *
 * @module
 */

import { BenchEnvironment } from "../expressions/bench_environment.ts";
import { Condition } from "../expressions/condition.ts";
import { Windows } from "../expressions/windows.ts";
import type { Bench } from "../bench/bench.ts";
import type { LoadedRun } from "./loaded_run.ts";
import { roundOf, type RunStep } from "./steps.ts";

/** So many rounds are looked through: what they use is most often the same. */
const mostRounds = 20;

/** The full names of the fields that a run uses, those that it uses first first: `mfc.flow`. */
export function fieldsOf(
  { steps, finally: last }: LoadedRun,
  { instruments, elsewhere }: Pick<Bench, "instruments" | "elsewhere">,
): string[] {
  // Those of other PCs are in no records of this one.
  const environment = new BenchEnvironment(instruments, elsewhere);
  const found = new Set<string>();
  const add = (instrument: string, field: string) => found.add(`${instrument}.${field}`);
  /** A setting, and the field that tells what has become of it. */
  const setting = ({ instrument, field }: { readonly instrument: string; readonly field: string }) => {
    add(instrument, field);
    const of = instruments.find(({ name }) => name === instrument);
    const readback = of?.field(field).spec.readback?.field;
    if (of !== undefined && readback !== undefined) add(instrument, of.field(readback).name);
  };
  const visit = (step: RunStep) => {
    if (step.kind === "set" || step.kind === "ramp") setting(step.setting);
    if (step.kind === "set" && step.reach !== undefined) {
      add(step.reach.readback.instrument, step.reach.readback.field);
    }
    if (step.kind === "condition") {
      for (const { instrument, name } of fieldsIn(step.condition, environment)) add(instrument, name);
    }
    if (step.kind === "rounds") {
      const rounds = Math.min(step.rounds.length, mostRounds);
      for (let round = 0; round < rounds; round++) roundOf(step, round).forEach(visit);
    }
    if (step.kind === "parallel") step.branches.forEach((branch) => branch.forEach(visit));
    step.otherwise.forEach(visit);
  };
  [...steps, ...last].forEach(visit);
  return [...found];

  function fieldsIn(condition: string, within: BenchEnvironment) {
    return new Condition(condition, within.of(undefined, new Windows())).fields.flatMap((field) => {
      const of = instruments.find(({ allFields }) => allFields.includes(field));
      return of === undefined ? [] : [{ instrument: of.name, name: field.name }];
    });
  }
}
