/**
 * Writes what people are told: one alarm, or many in one message.
 *
 * @module
 */

import { severities } from "../../protocol/alarms.ts";
import type { Notice } from "./notices.ts";
import { oneLine, type Values } from "./template.ts";

/** Of more alarms in one message, the number is told. */
const mostListed = 30;
/** The longest message, in characters: Telegram takes 4096, a section of Slack 3000. */
const longest = 2800;
/** The longest subject, in characters: phones show less. */
const longestSubject = 150;

/** A time as people read it, by the clock of the server's PC. */
export function localTime(iso: string): string {
  const at = new Date(iso);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
    `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** A time as people say it: `90 s`, `10 min`, `2 h`. */
function span(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function shortened(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Whether it is so no more. */
function isOver({ alarm: { active } }: Notice): boolean {
  return active === false;
}

function head(notice: Notice): string {
  const { alarm: { title, severity }, unacknowledged } = notice;
  const word = isOver(notice) && unacknowledged === 0 ? "returned" : severity.toUpperCase();
  const late = unacknowledged === 0 ? "" : `, not acknowledged for ${span(unacknowledged)}`;
  return `${word}${late}: ${oneLine(title)}`;
}

function lines(notice: Notice): string[] {
  const { alarm: { text, reason, since, raised, state }, times } = notice;
  const over = isOver(notice);
  return [
    head(notice),
    ...(text === "" ? [] : [`What to do: ${oneLine(text)}`]),
    ...(reason === "" ? [] : [`Why: ${oneLine(reason)}`]),
    ...(raised === null ? [] : [`It came at ${localTime(raised)}`]),
    ...(times > 1 ? [`It came ${times} times since the last message`] : []),
    `${over ? "It is so no more; it" : "It"} is ${state} since ${localTime(since)}`,
  ];
}

/**
 * Writes it.
 *
 * @param bench What the bench is called.
 * @param notices At least one.
 * @param left How many more there are.
 */
export function valuesOf(bench: string, notices: readonly Notice[], left = 0): Values {
  const rank = ({ alarm }: Notice) => severities.indexOf(alarm.severity);
  const sorted = notices.toSorted((one, other) => rank(other) - rank(one));
  const worst = sorted[0]!;
  const { alarm } = worst;
  const priority = String(rank(worst) + 2);
  const one = notices.length === 1 && left === 0;
  const count = notices.length + left;
  const title = one
    ? oneLine(alarm.title)
    : `${count} alarms: ${sorted.slice(0, 3).map((each) => oneLine(each.alarm.title)).join(", ")}${
      count > 3 ? " …" : ""
    }`;
  const heading = one ? head(worst) : `${alarm.severity.toUpperCase()}: ${title}`;
  const line = oneLine(`[${bench}] ${heading}`);
  const more = count - Math.min(sorted.length, mostListed);
  const message = one ? lines(worst) : [
    heading,
    ...sorted.slice(0, mostListed).flatMap((each) => ["", ...lines(each)]),
    ...(more > 0 ? ["", `and ${more} more`] : []),
  ];
  return {
    subject: line.length > longestSubject ? `${line.slice(0, longestSubject - 1)}…` : line,
    message: shortened([...message, "", `Bench: ${oneLine(bench)}`].join("\n")),
    title,
    severity: alarm.severity,
    priority,
    state: one ? alarm.state : "",
    text: one ? shortened(oneLine(alarm.text)) : shortened(message.slice(1).join("\n").trim()),
    reason: one ? shortened(oneLine(alarm.reason)) : "",
    bench: oneLine(bench),
    since: localTime(alarm.since),
    times: String(one ? Math.max(1, worst.times) : count),
  };
}

/** What people are told who want to know whether messages reach them. */
export function testValues(bench: string, by: string): Values {
  const at = new Date().toISOString();
  const title = "This is a test";
  return {
    subject: oneLine(`[${bench}] ${title}`),
    message: `${title}: no alarm. Asked for by ${oneLine(by)} at ${localTime(at)}\n\nBench: ${oneLine(bench)}`,
    title,
    severity: "low",
    priority: "2",
    state: "normal",
    text: "Nothing is to be done",
    reason: `asked for by ${oneLine(by)}`,
    bench: oneLine(bench),
    since: localTime(at),
    times: "1",
  };
}
