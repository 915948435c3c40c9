/**
 * Checks what a bench file says of guards against the instruments of the bench, and makes it ready.
 *
 * @module
 */

import type { Elsewhere } from "../bench/elsewhere.ts";
import type { Instrument } from "../bench/instrument.ts";
import { identifierOf } from "../bench/names.ts";
import { BenchEnvironment } from "../expressions/bench_environment.ts";
import { ExpressionError } from "../expressions/expression_error.ts";
import { Windows } from "../expressions/windows.ts";
import { compileAlarms, type CompiledAlarms } from "./compiled_alarms.ts";
import { type CompiledLimit, compileLimits } from "./compiled_limits.ts";
import { Condition } from "../expressions/condition.ts";
import { type Forbidden, forbiddenOf } from "./forbidding.ts";
import type { GuardsWords, InterlockWords } from "./guards_schema.ts";
import { type GuardsPath, type Step, stepsOf } from "./steps.ts";
import type { StepWords } from "./steps_schema.ts";

/** Something that is wrong. */
export interface GuardsProblem {
  readonly path: GuardsPath;
  readonly message: string;
}

/** The parts of an interlock that speak of instruments. */
export interface CompiledInterlock {
  /** Its condition; `undefined` where that cannot be. */
  readonly condition: Condition | undefined;
  /** What must be so too before it returns. */
  readonly until: Condition | undefined;
  readonly forbids: readonly Forbidden[];
  readonly trips: readonly Step[];
  /** Why it cannot be as it is written; empty where it can. */
  readonly problem: string;
}

/** The guards of a bench. */
export interface CompiledGuards {
  readonly interlocks: ReadonlyMap<string, CompiledInterlock>;
  readonly safeState: readonly Step[] | undefined;
  readonly watchdogs: ReadonlyMap<string, readonly Step[]>;
  readonly alarms: CompiledAlarms;
  readonly limits: ReadonlyMap<string, CompiledLimit>;
  readonly problems: readonly GuardsProblem[];
}

/** What a watchdog does where nobody says it. */
const safeStateAlone: readonly StepWords[] = ["safe state"];

/**
 * Checks guards, and makes them ready.
 *
 * @param words As the bench file has them, in the right form.
 * @param instruments All of the bench.
 * @param windows What is kept of the past. @default nothing: they are only checked
 * @param elsewhere The instruments of other PCs, of which conditions may speak. @default there are none
 */
export function compileGuards(
  words: GuardsWords,
  instruments: readonly Instrument[],
  windows: Windows = new Windows(),
  elsewhere?: Pick<Elsewhere, "expect" | "whyNot">,
): CompiledGuards {
  const problems: GuardsProblem[] = [];
  const wrong = (path: GuardsPath, message: string) => void problems.push({ path, message });
  const names = new BenchEnvironment(instruments, elsewhere);
  const environment = names.of(undefined, windows);
  const condition = (text: string | undefined, path: GuardsPath) => {
    if (text === undefined) return undefined;
    try {
      return new Condition(text, environment);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      wrong(path, error.message);
      return undefined;
    }
  };
  const safeState = words.safeState && stepsOf(words.safeState, ["safeState"], instruments, undefined, wrong);
  const interlocks = new Map(
    Object.entries(words.interlocks ?? {}).map(([name, interlock]): [string, CompiledInterlock] => {
      const at = ["interlocks", name];
      const before = problems.length;
      checkWords(interlock, at, wrong);
      const compiled = {
        condition: condition(interlock.must ?? interlock.when, [...at, interlock.must === undefined ? "when" : "must"]),
        until: condition(interlock.until, [...at, "until"]),
        forbids: forbiddenOf(interlock.forbids ?? [], [...at, "forbids"], instruments, wrong),
        trips: stepsOf(interlock.trips ?? [], [...at, "trips"], instruments, safeState, wrong),
      };
      return [name, { ...compiled, problem: problems.slice(before).map(({ message }) => message).join("; ") }];
    }),
  );
  const watchdogs = new Map(
    Object.entries(words.watchdogs ?? {}).map(([name, { then = safeStateAlone }]) =>
      [name, stepsOf(then, ["watchdogs", name, "then"], instruments, safeState, wrong)] as const
    ),
  );
  const limits = compileLimits(words.limits ?? {}, instruments, safeState, wrong);
  const alarms = compileAlarms(words.alarms ?? {}, instruments, names, condition, wrong);
  for (const kind of ["interlocks", "watchdogs"] as const) {
    const seen = new Map<string, string>();
    for (const name of Object.keys(words[kind] ?? {})) {
      const other = seen.get(identifierOf(name));
      if (other !== undefined) wrong([kind, name], `${name} and ${other} are both called ${identifierOf(name)}`);
      seen.set(identifierOf(name), name);
    }
  }
  return { interlocks, safeState, watchdogs, alarms, limits, problems };
}

function checkWords(
  { must, when, forbids, trips }: InterlockWords,
  at: GuardsPath,
  wrong: (path: GuardsPath, message: string) => void,
): void {
  if (must === undefined && when === undefined) {
    wrong(at, 'says no condition: "must" is what has to be so, "when" is when it trips');
  }
  if (must !== undefined && when !== undefined) {
    wrong(
      [...at, "when"],
      'has a meaning only without "must": the one says what has to be so, the other when it trips',
    );
  }
  if (forbids === undefined && trips === undefined) {
    wrong(at, 'does nothing: "forbids" says what may not be done meanwhile, "trips" what is done');
  }
}
