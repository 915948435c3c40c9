/**
 * Finds the fields that matter in a rehearsal: those that are plotted, and those that guards look at.
 *
 * @module
 */

import type { LoadedRun } from "../automation/loaded_run.ts";
import type { RunStep } from "../automation/steps.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { BenchEnvironment } from "../expressions/bench_environment.ts";
import { Condition } from "../expressions/condition.ts";
import { Windows } from "../expressions/windows.ts";
import { compileGuards } from "../guards/compiled.ts";
import type { GuardsWords } from "../guards/guards_schema.ts";

/** The numbers of a bench that a run sets or waits for, with their readbacks. */
export function plottedIn(loaded: LoadedRun, instruments: readonly Instrument[]): Set<BenchField> {
  const found = new Set<BenchField>();
  const environment = new BenchEnvironment(instruments).of(undefined, new Windows());
  const add = (field: BenchField | undefined) => {
    if (field?.spec.type === "float" || field?.spec.type === "int") found.add(field);
  };
  const addPlace = (place: { readonly instrument: string; readonly field: string }) => {
    const instrument = instruments.find(({ name }) => name === place.instrument);
    const field = instrument?.field(place.field);
    add(field);
    const readback = field?.spec.readback?.field;
    if (readback !== undefined) add(instrument!.field(readback));
  };
  const visited = new Set<readonly RunStep[]>();
  const visit = (steps: readonly RunStep[]) => {
    if (visited.has(steps)) return;
    visited.add(steps);
    for (const step of steps) {
      if (step.kind === "set" || step.kind === "ramp") addPlace(step.setting);
      if (step.kind === "set" && step.reach !== undefined) addPlace(step.reach.readback);
      if (step.kind === "condition") new Condition(step.condition, environment).fields.forEach(add);
      if (step.kind === "rounds") step.rounds.forEach(visit);
      if (step.kind === "parallel") step.branches.forEach(visit);
      visit(step.otherwise);
    }
  };
  visit(loaded.steps);
  visit(loaded.finally);
  return found;
}

/** The fields that guards look at. */
export function guardedBy(words: GuardsWords, instruments: readonly Instrument[]): BenchField[] {
  const { interlocks, alarms, limits } = compileGuards(words, instruments);
  const conditions = [
    ...[...interlocks.values()].flatMap(({ condition, until }) => [condition, until]),
    ...[...alarms.alarms.values()].flatMap(({ condition, until, enabled }) => [condition, until, enabled]),
  ];
  return [
    ...new Set([
      ...conditions.flatMap((condition) => condition?.fields ?? []),
      ...alarms.limits.map(({ place }) => place.field),
      ...[...limits.values()].flatMap(({ field, follow }) => [field, follow?.field]).filter((each) =>
        each !== undefined
      ),
    ]),
  ];
}
