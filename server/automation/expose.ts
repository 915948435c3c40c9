/**
 * The step `expose`: which camera takes the image, and how the exposure follows the run that asked for it.
 *
 * @module
 */

import { checkText } from "../bench/header_card.ts";
import type { Instrument } from "../bench/instrument.ts";
import { didYouMean, listed } from "../bench/names.ts";
import { instrumentCalled } from "../bench/places.ts";
import { plainTypes } from "../camera/camera_fields.ts";
import { readSeconds } from "../expressions/over_time.ts";
import type { Scalar } from "./run_schema.ts";

/** The instrument that has the lamps of image types that are no azcam's own. */
const lamps = "instrument";
/** For how long a camera is waited for that was told to abort, in seconds. */
const longestAbort = 10;

/** Whether an instrument takes exposures as azcam's `exposure` does. */
function isCamera({ commands, allFields }: Instrument): boolean {
  const has = (name: string) => allFields.some((field) => field.name === name);
  return commands.has("expose") && has("state") && has("exposuretime") && has("imagetype");
}

/**
 * The camera of a step.
 *
 * @param name As the file names it; `undefined` for the only one.
 * @throws {TypeError} Where there is none, or several.
 */
export function cameraCalled(name: string | undefined, instruments: readonly Instrument[]): Instrument {
  const cameras = instruments.filter(isCamera);
  const names = cameras.map((each) => each.name);
  if (name !== undefined) {
    const found = instrumentCalled(name, instruments);
    if (isCamera(found)) return found;
    const there = names.length === 0 ? "the bench has none" : `there is ${listed(names)}`;
    throw new TypeError(`${found.title} is no camera; ${there}`);
  }
  if (cameras.length === 1) return cameras[0]!;
  throw new TypeError(
    cameras.length === 0
      ? "needs a camera, and the bench has none: an instrument whose driver makes one, such as simulated-camera"
      : `says not by which camera: give "camera", one of ${listed(names)}`,
  );
}

/** The time of an exposure, in seconds. @throws {Error} Where it is none, or none of this camera. */
export function exposureSeconds(value: Scalar, camera: Instrument): number {
  const seconds = typeof value === "string" ? readSeconds(value) : value;
  if (typeof seconds !== "number") {
    throw new TypeError(`is ${JSON.stringify(value)}, and should be seconds, 30, or a time such as 5m`);
  }
  camera.field("exposuretime").parse(seconds, camera.title);
  return seconds;
}

/**
 * The instruments besides the camera that an image type needs: those with its lamp.
 *
 * @throws {TypeError} Where the camera has no such type.
 */
export function lampsOf(type: string, camera: Instrument, instruments: readonly Instrument[]): readonly string[] {
  const wanted = type.toLowerCase();
  if (plainTypes.includes(wanted)) return [];
  // What lamps there are is known only when their instrument was asked.
  if (instruments.some(({ name, commands }) => name === lamps && commands.has("set_comps"))) return [lamps];
  const { choices } = camera.field("imagetype").spec as { readonly choices?: readonly string[] };
  const types = choices ?? plainTypes;
  if (types.some((each) => each.toLowerCase() === wanted)) return [];
  throw new TypeError(`is ${JSON.stringify(type)}, and should be one of ${listed(types)}${didYouMean(type, types)}`);
}

/** An image's title. @throws {Error} Where no header can hold it. */
export function imageTitle(title: string): string {
  checkText(title, "the image title");
  return title;
}

/** An exposure's parts of the run that asked for it. */
export interface ExposingParts {
  readonly camera: Instrument;
  /** Asks the camera. @param safe Whether whoever the run acts for need not be allowed to drive any more. */
  readonly ask: (command: string, args: readonly unknown[], safe: boolean) => Promise<unknown>;
  readonly paused: () => boolean;
  /** Why the exposure is to be left; `undefined` where it is not. */
  readonly left: () => Error | undefined;
  /** Whether the server stops: then the camera does what is to be done. */
  readonly frozen: () => boolean;
  /** Lets the run stand still. */
  readonly pause: (reason: string) => void;
  /** The time, in seconds. */
  readonly now: () => number;
  /** Sleeps until something changes. @param seconds At most. @default without end */
  readonly sleep: (seconds?: number) => Promise<void>;
  /** Ends such a sleep. */
  readonly wake: () => void;
  readonly tell: (text: string) => void;
}

/**
 * Takes an image: the shutter is closed while the run stands still, and the exposure is aborted where it is left.
 *
 * @param args Those of the camera's `expose`.
 * @throws What the camera's `expose` throws, or why it was left.
 */
export async function takeImage(args: readonly unknown[], parts: ExposingParts): Promise<void> {
  const { camera, ask, paused, left, frozen, pause, now, sleep, wake, tell } = parts;
  const state = camera.field("state");
  let answer: { readonly error?: unknown } | undefined;
  void ask("expose", args, false).then(() => answer = {}, (error) => answer = { error }).finally(wake);
  /** Whether its shutter was closed for the run: whoever opens it meanwhile knows why. */
  let held = false;
  while (answer === undefined) {
    const why = left();
    if (why !== undefined && frozen()) throw why;
    if (why !== undefined) {
      await ask("abort", [], true).catch(({ message }: Error) => tell(`the exposure could not be aborted: ${message}`));
      // What comes next may ask something of the camera.
      const end = now() + longestAbort;
      while (answer === undefined && now() < end) await sleep(end - now());
      throw why;
    }
    if (paused() && !held && state.value === "exposing" && camera.commands.has("pause")) {
      // One whose time is over is read out.
      held = await ask("pause", [], true).then(() => true, () => false);
      if (held) continue;
    } else if (!paused() && held) {
      held = false;
      if (state.value !== "paused") continue;
      await ask("resume", [], false).catch(({ message }: Error) => {
        held = true;
        pause(`the exposure could not be resumed: ${message}`);
      });
      continue;
    }
    await sleep();
  }
  const { error } = answer as { readonly error?: unknown };
  if (error !== undefined) throw error;
}
