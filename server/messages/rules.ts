/**
 * Says whether a rule counts now, by the clock of the server's PC.
 *
 * @module
 */

import { severities, type Severity } from "../../protocol/alarms.ts";
import { days, type RuleWords } from "./messages_schema.ts";

/** Whether an alarm is severe enough for a rule. */
export function isSevereEnough({ severity = "low" }: Pick<RuleWords, "severity">, of: Severity): boolean {
  return severities.indexOf(of) >= severities.indexOf(severity);
}

/**
 * Whether a rule counts at a time: the first minute of `between` does, its last does not. A night belongs to the day on
 * which it begins.
 *
 * @param at In local time.
 */
export function isDue({ between, days: on }: Pick<RuleWords, "between" | "days">, at: Date): boolean {
  const minute = at.getHours() * 60 + at.getMinutes();
  let day = at.getDay();
  if (between !== undefined) {
    const [from, until] = between;
    const isOverMidnight = from >= until;
    const isIn = isOverMidnight ? minute >= from || minute < until : minute >= from && minute < until;
    if (!isIn) return false;
    if (isOverMidnight && minute < until) day = (day + 6) % 7;
  }
  return on === undefined || on.includes(days[day]!);
}
