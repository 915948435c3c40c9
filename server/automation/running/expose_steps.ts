/**
 * The steps of a run that take images.
 *
 * @module
 */

import type { Bench } from "../../bench/bench.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { takeImage } from "../expose.ts";
import type { RunLines } from "../run_lines.ts";
import type { Place } from "../run_store.ts";
import { timeText } from "../step_text.ts";
import type { RunStep } from "../steps.ts";
import type { RunRequest } from "./bench_steps.ts";
import type { PlaceWriter } from "./place_writer.ts";
import { type RunEnd, Skipped } from "./run_end.ts";
import type { RunTime } from "./run_time.ts";
import type { StepsNow } from "./steps_now.ts";
import type { Waits } from "./waits.ts";

/** Which of several rounds it is, from 0. */
export interface Round {
  readonly round: number;
  /** How many there are; `Infinity` for without end. */
  readonly of: number;
}

/** What the steps are done with. */
interface Parts {
  readonly bench: Pick<Bench, "find">;
  /** Does what a step asks for. */
  readonly act: (request: RunRequest) => unknown;
  /** Lets the run stand still. */
  readonly pause: (reason: string) => void;
  readonly time: RunTime;
  readonly end: RunEnd;
  readonly now: StepsNow;
  readonly writer: PlaceWriter;
  readonly waits: Waits;
  readonly lines: RunLines;
}

/** Does the steps that take images. */
export class ExposeSteps {
  readonly #parts: Parts;
  /** How long each camera has taken for its last image besides the exposure time, in seconds. */
  readonly #readouts = new Map<string, number>();

  /** Does none yet. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** How long a camera takes for an image besides the exposure time, in seconds; `undefined` where it took none yet. */
  readout(camera: string): number | undefined {
    return this.#readouts.get(camera);
  }

  /** What a camera does now, and how much of its exposure time is left, in seconds. */
  exposure(name: string): { readonly state: string; readonly left: number } {
    const camera = this.#camera(name);
    return {
      state: String(camera.field("state").value),
      left: Number(camera.field("exposuretimeremaining").value),
    };
  }

  /** Takes an image. @param image Which it is of several; `undefined` where it is the only one. */
  async take(
    step: Extract<RunStep, { kind: "expose" }>,
    place: Place,
    skipped: () => boolean,
    image: Round | undefined,
  ): Promise<void> {
    const { act, pause, time, end, now, writer, waits, lines } = this.#parts;
    const { camera: name, seconds } = step;
    const camera = this.#camera(name);
    now.set(place, { step, progress: () => this.#progress(name, image) });
    // As long as nobody says otherwise, azcam's images are tests.
    const tests = camera.allFields.some((field) => field.name === "imagetest" && field.value === 1);
    if (tests && image?.round === 0 && image.of > 1) {
      const keep = `to keep them, set ${name}.imagetest to 0 before`;
      lines.tell(`these are test images, each of which overwrites the one before; ${keep}`, "warning");
    }
    place.acting = true;
    await writer.mark(place);
    end.check();
    const began = time.now();
    await waits.watching([camera.field("state")], () =>
      takeImage(step.arguments, {
        camera,
        ask: async (command, args, safe) =>
          await act({ instrument: name, command, args, last: safe || end.isFinishing }),
        paused: () => time.isStopped,
        left: () => end.why ?? (skipped() ? new Skipped() : undefined),
        frozen: () => end.isFrozen,
        pause,
        now: () => time.steady(),
        sleep: (seconds) => time.sleep(seconds),
        wake: () => time.wake(),
        tell: (text) => lines.tell(text, "warning"),
      }));
    this.#readouts.set(name, Math.max(0, time.now() - began - seconds));
    place.acting = undefined;
  }

  #progress(camera: string, image: Round | undefined): string {
    const { state, left } = this.exposure(camera);
    const what = state === "exposing" || state === "paused" ? `${state}, ${timeText(left)} left` : state;
    if (image === undefined) return what;
    return `image ${image.round + 1}${image.of === Infinity ? "" : ` of ${image.of}`}, ${what}`;
  }

  #camera(name: string): Instrument {
    const camera = this.#parts.bench.find(name);
    if (camera === undefined) throw new Error(`${name} is not on the bench any more`);
    return camera;
  }
}
