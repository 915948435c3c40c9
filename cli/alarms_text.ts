/**
 * Formats alarms and conditions for people.
 *
 * @module
 */

import type { Severity } from "../protocol/alarms.ts";
import type { AlarmDetails, ConditionPart } from "../protocol/guards.ts";
import { printable } from "../protocol/printable.ts";
import { clock, type Paint } from "./output.ts";

/** A part of a condition, now. */
export function partText({ text, so, value, distance }: ConditionPart): string {
  const is = so === null ? "not known" : so ? "so" : "not so";
  const far = distance === undefined ? "" : `; ${distance} from the other side`;
  return printable(`${text}: ${is} (${value}${far})`);
}

/** Alarms for people. @param normal How many are normal. */
export function alarmsText(alarms: readonly AlarmDetails[], normal: number, paint: Paint): string {
  const told = alarms.filter(({ state }) => state !== "normal").length;
  const rest = told < alarms.length || normal === 0
    ? ""
    : `${told === 0 ? paint.green("All is well") : "The others are normal"}: ${normal} ${
      normal === 1 ? "alarm is" : "alarms are"
    } normal\n`;
  if (alarms.length === 0 && rest === "") return "There are no alarms\n";
  return [...alarms.map((each) => alarmText(each, paint, true)), ...(rest === "" ? [] : [rest])].join("");
}

/** An alarm for people. @param parts Whether the parts of its condition are told too. */
export function alarmText(alarm: AlarmDetails, paint: Paint, parts: boolean): string {
  const { title, severity, state, since, times, reason, text, acknowledged, setAside, shelvedUntil } = alarm;
  const quiet = ["normal", "suppressed", "shelved", "out of service"].includes(state);
  const style = state === "normal" ? paint.green : quiet ? paint.dim : styleOf(severity, paint);
  const often = times > 1 ? `, ${times} times` : "";
  const who = setAside === null
    ? acknowledged === null || state === "normal"
      ? ""
      : `acknowledged by ${acknowledged.by} at ${clock(acknowledged.at)}`
    : `${state}${shelvedUntil === null ? "" : ` until ${clock(shelvedUntil)}`} by ${setAside.by}: ${setAside.reason}`;
  const why = acknowledged?.reason && setAside === null ? `: ${acknowledged.reason}` : "";
  const lines = [
    `${style(severity.toUpperCase().padEnd(8))} ${paint.bold(printable(title))}: ${style(state)} since ${
      clock(since)
    }${often}`,
    ...(reason === "" || state === "normal" ? [] : [`  ${printable(reason)}`]),
    ...(text === "" || quiet ? [] : [`  to do: ${printable(text)}`]),
    ...(who === "" ? [] : [`  ${printable(who + why)}`]),
    ...(parts ? alarm.parts.map((each) => `    ${partText(each)}`) : []),
  ];
  return `${lines.join("\n")}\n`;
}

function styleOf(severity: Severity, paint: Paint): (text: string) => string {
  return severity === "critical" || severity === "high" ? paint.red : paint.yellow;
}
