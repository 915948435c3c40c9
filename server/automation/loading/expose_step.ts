/**
 * Loads the step that takes images.
 *
 * @module
 */

import type { Instrument } from "../../bench/instrument.ts";
import { cameraCalled, exposureSeconds, imageTitle, lampsOf } from "../expose.ts";
import { timeText } from "../step_text.ts";
import type { StepBody } from "../steps.ts";
import type { StepEntry } from "./step_entry.ts";

/** Loads it. @param driven Is given the names of the instruments that it drives. */
export function exposeStep(
  entry: StepEntry,
  instruments: readonly Instrument[],
  driven: Set<string>,
): StepBody | undefined {
  const { words, values } = entry;
  const word = <T>(word: "type" | "title" | "camera", make: (text: string) => T) =>
    words[word] === undefined ? undefined : entry.try(word, () => make(values.text(words[word]!)));
  if (entry.isInFinally) {
    entry.wrong("expose", "cannot stand in finally: after a restart it could be taken twice");
    return undefined;
  }
  const camera = words.camera === undefined
    ? entry.try("expose", () => cameraCalled(undefined, instruments))
    : word("camera", (name) => cameraCalled(name, instruments));
  const times = words.count === undefined ? 1 : entry.number("count");
  if (times !== undefined && !(Number.isInteger(times) && times >= 1 && times <= 1e6)) {
    entry.wrong("count", `is ${times}, and should be a whole number from 1 to 1000000`);
  }
  if (camera === undefined) return undefined;
  const seconds = entry.try("expose", () => exposureSeconds(values.of(words.expose!), camera));
  const title = words.title === undefined ? "" : word("title", imageTitle);
  const type = words.type === undefined ? "" : word("type", (type) => {
    for (const name of lampsOf(type, camera, instruments)) driven.add(name);
    return type;
  });
  driven.add(camera.name);
  if (seconds === undefined || title === undefined || type === undefined || times === undefined) return undefined;
  const what = [type, ...title === "" ? [] : [`“${title}”`]].filter((each) => each !== "").join(" ");
  const by = words.camera === undefined ? "" : ` with ${camera.title}`;
  const text = `expose ${seconds < 60 ? `${seconds}s` : timeText(seconds)}${what === "" ? "" : `, ${what}`}${by}`;
  const image = { kind: "expose", camera: camera.name, seconds, arguments: [seconds, type, title], text } as const;
  if (times === 1) return image;
  return { kind: "rounds", rounds: [[{ ...image, otherwise: [] }]], times, every: 0, text: `${times} × ${text}` };
}
