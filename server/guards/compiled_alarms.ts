/**
 * Checks the alarms of a bench file, and makes them and the limits of fields ready.
 *
 * @module
 */

import { severities, type Severity } from "../../protocol/alarms.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { identifierOf } from "../bench/names.ts";
import type { BenchEnvironment } from "../expressions/bench_environment.ts";
import { compile } from "../expressions/compile.ts";
import { ExpressionError } from "../expressions/expression_error.ts";
import type { PlacedField } from "./alarm.ts";
import type { AlarmConditions } from "./alarm_watches.ts";
import type { AlarmWords } from "./alarms_schema.ts";
import type { Condition } from "../expressions/condition.ts";
import type { GuardsPath, Wrong } from "./steps.ts";

/** An alarm that a field is beyond a limit. */
export interface CompiledLimit {
  readonly title: string;
  readonly place: PlacedField;
  readonly above: boolean;
  readonly limit: number;
  readonly deadband: number;
  /** In seconds. */
  readonly delay: number;
  readonly severity: Severity;
  readonly text: string;
}

/** The alarms of a bench. */
export interface CompiledAlarms {
  /** Those of its file. */
  readonly alarms: ReadonlyMap<string, AlarmConditions>;
  readonly limits: readonly CompiledLimit[];
  /** The fields that computed fields come from. */
  readonly sources: ReadonlyMap<BenchField, readonly PlacedField[]>;
}

/** The limits of a field, the one that tells where the field is not known first. */
const limits = [["high", true, 0], ["low", false, 0], ["highHigh", true, 1], ["lowLow", false, 1]] as const;

const limitWords = { high: "high", low: "low", highHigh: "high high", lowLow: "low low" } as const;

/**
 * Checks alarms, and makes them ready.
 *
 * @param words As the bench file has them.
 * @param condition Makes a condition; what is wrong with it is told.
 * @param wrong Told what is wrong.
 */
export function compileAlarms(
  words: Readonly<Record<string, AlarmWords>>,
  instruments: readonly Instrument[],
  environment: BenchEnvironment,
  condition: (text: string | undefined, path: GuardsPath) => Condition | undefined,
  wrong: Wrong,
): CompiledAlarms {
  const titles = new Map<string, string>();
  const found = instruments.flatMap((instrument) =>
    instrument.allFields.flatMap((field) => limitsOf({ instrument, field }))
  );
  for (const { title } of found) titles.set(identifierOf(title), title);
  const alarms = new Map<string, AlarmConditions>();
  for (const [title, alarm] of Object.entries(words)) {
    const at = ["alarms", title];
    const problems: string[] = [];
    const told = (path: GuardsPath, message: string) => {
      problems.push(message);
      wrong(path, message);
    };
    checkWords(alarm, at, told);
    const other = titles.get(identifierOf(title));
    if (other !== undefined) told(at, `${title} and ${other} are both called ${identifierOf(title)}`);
    titles.set(identifierOf(title), title);
    const made = (text: string | undefined, word: string) => {
      const there = condition(text, [...at, word]);
      if (text !== undefined && there === undefined) problems.push(`${text} cannot be looked at`);
      return there;
    };
    const must = alarm.must !== undefined;
    alarms.set(title, {
      condition: made(alarm.must ?? alarm.when, must ? "must" : "when"),
      must,
      until: made(alarm.until, "until"),
      enabled: made(alarm.enabled, "enabled"),
      problem: problems.join("; "),
    });
  }
  return { alarms, limits: found, sources: sourcesOf(instruments, environment) };
}

function checkWords({ must, when }: AlarmWords, at: GuardsPath, wrong: Wrong): void {
  if (must === undefined && when === undefined) {
    wrong(at, 'says no condition: "when" is what raises it, "must" is what has to be so');
  }
  if (must !== undefined && when !== undefined) {
    wrong([...at, "when"], 'has a meaning only without "must": the one says what raises it, the other what must be so');
  }
}

/** The alarms of a field's limits. */
function limitsOf(place: PlacedField): CompiledLimit[] {
  const { alarm } = place.field.spec;
  if (alarm === undefined) return [];
  const { deadband = 0, delay = 0, severity = "medium", text = "" } = alarm;
  return limits.flatMap(([word, above, worse]) => {
    const limit = alarm[word];
    if (limit === undefined) return [];
    return [{
      title: `${place.field.title} of ${place.instrument.title} ${limitWords[word]}`,
      place,
      above,
      limit,
      deadband,
      delay,
      severity: severities[Math.min(severities.indexOf(severity) + worse, severities.length - 1)]!,
      text,
    }];
  });
}

/** What each computed field comes from, down to what is read. */
function sourcesOf(instruments: readonly Instrument[], environment: BenchEnvironment) {
  const direct = new Map<BenchField, readonly PlacedField[]>();
  for (const instrument of instruments) {
    for (const field of instrument.allFields) {
      if (field.spec.compute === undefined) continue;
      try {
        direct.set(field, compile(field.spec.compute, environment.of(instrument)).dependencies);
      } catch (error) {
        // What cannot be computed is told where it is computed.
        if (!(error instanceof ExpressionError)) throw error;
      }
    }
  }
  const all = (field: PlacedField, seen: ReadonlySet<BenchField>): readonly PlacedField[] => {
    const from = direct.get(field.field);
    if (from === undefined || seen.has(field.field)) return [field];
    return from.flatMap((each) => all(each, new Set([...seen, field.field])));
  };
  return new Map(
    instruments.flatMap((instrument) =>
      instrument.allFields.filter((field) => direct.has(field)).map((field) =>
        [field, all({ instrument, field }, new Set())] as const
      )
    ),
  );
}
