/**
 * Takes out of a rehearsal what looks at fields of other PCs: none of them can be asked about a night that has not been.
 *
 * @module
 */

import type { LoadedRun } from "../automation/loaded_run.ts";
import type { RunStep } from "../automation/steps.ts";
import { NobodyElsewhere } from "../bench/elsewhere.ts";
import type { Instrument } from "../bench/instrument.ts";
import { BenchEnvironment } from "../expressions/bench_environment.ts";
import { Condition } from "../expressions/condition.ts";
import { Windows } from "../expressions/windows.ts";
import { compileGuards } from "../guards/compiled.ts";
import type { GuardsWords } from "../guards/guards_schema.ts";

/** What stands for other PCs while a file is loaded. */
export function nobodyRehearsed(): NobodyElsewhere {
  return new NobodyElsewhere("other PCs are not asked in a rehearsal");
}

/**
 * The guards without the interlocks and alarms that look at other PCs' fields: their conditions would never be known.
 *
 * @param told Takes what is left out, for people.
 */
export function guardsOfThisPc(
  words: GuardsWords,
  instruments: readonly Instrument[],
  told: (text: string) => void,
): GuardsWords {
  const own = <T>(kind: "interlocks" | "alarms", all: Readonly<Record<string, T>> | undefined) =>
    all && Object.fromEntries(
      Object.entries(all).filter(([name, each]) => {
        const elsewhere = nobodyRehearsed();
        compileGuards({ [kind]: { [name]: each } }, instruments, undefined, elsewhere);
        if (elsewhere.named.length === 0) return true;
        const what = kind === "interlocks" ? "the interlock is taken for clear" : "the alarm is taken for not raised";
        told(`${name}: ${elsewhere.named.join(", ")} is another PC's; ${what}`);
        return false;
      }),
    );
  return { ...words, interlocks: own("interlocks", words.interlocks), alarms: own("alarms", words.alarms) };
}

/**
 * A run whose waits for other PCs' fields are over at once, and said to be.
 *
 * @param told Takes each condition that is taken for so, for people.
 */
export function runOfThisPc(
  loaded: LoadedRun,
  instruments: readonly Instrument[],
  told: (text: string) => void,
): LoadedRun {
  const made = new Map<readonly RunStep[], readonly RunStep[]>();
  const said = new Set<string>();
  const all = (steps: readonly RunStep[]): readonly RunStep[] => {
    let others = made.get(steps);
    // Rounds that are the same stay the same.
    if (others === undefined) made.set(steps, others = steps.map(one));
    return others;
  };
  const one = (step: RunStep): RunStep => {
    const otherwise = all(step.otherwise);
    if (step.kind === "rounds") return { ...step, rounds: step.rounds.map(all), otherwise };
    if (step.kind === "parallel") return { ...step, branches: step.branches.map(all), otherwise };
    if (step.kind !== "condition") return { ...step, otherwise };
    const elsewhere = nobodyRehearsed();
    new Condition(step.condition, new BenchEnvironment(instruments, elsewhere).of(undefined, new Windows()));
    if (elsewhere.named.length === 0) return { ...step, otherwise };
    if (!said.has(step.condition)) {
      said.add(step.condition);
      told(`${elsewhere.named.join(", ")} is another PC's; it is taken at once to be so that ${step.condition}`);
    }
    const { condition, held: _h, timeout: _t, then: _n, ...rest } = step;
    return { ...rest, kind: "note", note: `taken to be so: ${condition}`, otherwise } as RunStep;
  };
  return { ...loaded, steps: all(loaded.steps), finally: all(loaded.finally) };
}
