/**
 * Runs in words: their states, their times, and what stands in the way of somebody's doing something.
 *
 * @module
 */

import type { Welcome } from "../../../protocol/description.ts";
import type { RunDescription, RunState } from "../../../protocol/runs.ts";
import { leftText } from "../guards/guard_words.ts";
import { may } from "../live/may.ts";
import { timeText } from "../shell/times.ts";

/** The states of a run, for people. */
export const stateWords: Readonly<Record<RunState, string>> = {
  loaded: "not started",
  waiting: "waits for its turn",
  running: "under way",
  paused: "paused",
  finishing: "at its end: finally",
  done: "done",
  stopped: "stopped",
  failed: "failed",
  aborted: "aborted",
};

/** Whether it is the run that has begun, and has not ended. */
export function isUnderWay({ state }: Pick<RunDescription, "state">): boolean {
  return state === "running" || state === "paused" || state === "finishing";
}

/** Whether a person has to do something for it to go on. */
export function needsPerson({ state, asks }: Pick<RunDescription, "state" | "asks">): boolean {
  return state === "paused" || asks !== null;
}

/** How it stands, for people. */
export function stateText({ state, asks }: Pick<RunDescription, "state" | "asks">): string {
  return state === "running" && asks !== null ? "waits for an answer" : stateWords[state];
}

/** How well it stands: the class of its marks. */
export function toneOf(run: Pick<RunDescription, "state" | "asks">): "good" | "warn" | "bad" | "quiet" {
  if (run.state === "failed" || run.state === "aborted") return "bad";
  if (needsPerson(run) || run.state === "stopped") return "warn";
  return run.state === "loaded" || run.state === "waiting" ? "quiet" : "good";
}

/** How long it still takes: `≥ 2 h 10 min`. */
export function timeLeft({ seconds, atLeast }: RunDescription["left"]): string {
  return `${atLeast ? "≥ " : ""}${leftText(seconds)}`;
}

/** How long something took or has taken: `0.4 s`, `9 min 20 s`. @param from ISO 8601. @param to Milliseconds since 1970. */
export function tookText(from: string, to: number): string {
  const seconds = Math.max(0, (to - Date.parse(from)) / 1000);
  return seconds < 10 ? `${seconds.toFixed(1)} s` : leftText(seconds);
}

/** What was given at its start: `flow 30, hold 20m`; empty where nothing was. */
export function givenText({ parameters }: Pick<RunDescription, "parameters">): string {
  return Object.entries(parameters).map(([name, value]) => `${name} ${value}`).join(", ");
}

/** When a run that waits begins, in words. */
export function beginText({ state, startAt }: RunDescription, now: Date): string {
  if (state !== "waiting" || startAt === null || Date.parse(startAt) <= now.getTime()) return stateWords[state];
  return `begins ${timeText(new Date(startAt), now)}`;
}

/** Why somebody may not do something with a run; empty where they may. @param drives Whether it needs its instruments. */
export function whyNot(
  welcome: Welcome | undefined,
  { instruments }: Pick<RunDescription, "instruments">,
  drives: boolean,
): string {
  if (!may(welcome, "drive")) return "You may look, and not drive: ask somebody who may.";
  const not = drives ? instruments.filter((name) => !may(welcome, "drive", name)) : [];
  return not.length === 0 ? "" : `It drives ${not.join(", ")}, and you may not.`;
}

/** With its first letter large. */
export function sentence(text: string): string {
  return text === "" ? "" : text[0]!.toUpperCase() + text.slice(1);
}
