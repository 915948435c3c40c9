/**
 * azcam's commands that drive a camera: `expose`, `sequence`, `guide`, the steps of an exposure, `abort` and `pause`.
 *
 * @module
 */

import { type Command, command } from "../bench/command.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { Instrument } from "../bench/instrument.ts";
import { keep } from "./camera_geometry.ts";
import type { CameraSettings } from "./camera_settings.ts";
import type { ComparisonLamps } from "./comparison_lamps.ts";
import type { Detector } from "./detector.ts";
import type { Exposure } from "./exposure.ts";
import type { Exposures } from "./exposures.ts";

/** A whole exposure may take a day, a series of them a week. */
export const longest = 7 * 86_400;

/** The parts of a camera that its commands drive. */
export interface DrivenParts {
  /** The camera itself. */
  readonly camera: () => Instrument;
  /** Its detector. */
  readonly detector: Detector;
  /** What is set. */
  readonly settings: CameraSettings;
  /** The image types that are lamps. */
  readonly lamps: ComparisonLamps;
  /** The exposure that is under way. */
  readonly exposure: Exposure;
  /** What takes exposures. */
  readonly exposures: Exposures;
}

/** The commands that drive a camera. @param parts Its parts. */
export function exposureCommands(parts: DrivenParts): Record<string, Command> {
  return { ...wholeExposures(parts), ...series(parts), ...steps(parts), ...interruptions(parts), ...hardware(parts) };
}

function exposureArguments({ types }: ComparisonLamps) {
  return {
    exposure_time: { type: "float", unit: "s", minimum: keep, default: keep, summary: "-1 keeps what is set" },
    imagetype: {
      type: "text",
      default: "",
      summary: `one of ${types.join(", ")}, or a comparison lamp; none keeps what is set`,
    },
    title: { type: "text", default: "", summary: "the image title; none keeps what is set" },
  } as const;
}

function wholeExposures({ camera, settings, lamps, exposures }: DrivenParts): Record<string, Command> {
  return {
    expose: command({
      summary: "Take an exposure; answers when its image is written",
      arguments: exposureArguments(lamps),
      deadline: longest,
      run: (args, context) =>
        exposures.run(context, async () => {
          settings.take(await exposures.known(args, context));
          await exposures.expose();
        }),
    }),
    expose1: command({
      summary: "Take an exposure; answers at once",
      arguments: exposureArguments(lamps),
      run: async (args, context) => {
        await exposures.check(settings.told(await exposures.known(args, context)));
        exposures.inBackground(context.callInBackground(camera().name, "expose", ...Object.values(args)));
      },
      beside: true,
    }),
    test: command({
      summary: "Take a test exposure; what is set stays",
      arguments: {
        exposure_time: { type: "float", unit: "s", minimum: keep, default: 0, summary: "-1: as set" },
        shutter: { type: "switch", default: false, summary: "1: open" },
      },
      deadline: longest,
      run: ({ exposure_time, shutter }, context) =>
        exposures.run(context, () =>
          exposures.expose({
            ...(exposure_time < 0 ? {} : { seconds: exposure_time }),
            type: shutter ? "object" : "dark",
            title: "test image",
            test: true,
          })),
    }),
  };
}

/** The commands that take exposures one after another, each also as one that answers at once. */
function series({ camera, settings, exposures }: DrivenParts): Record<string, Command> {
  const sequenceArguments = {
    number_exposures: { type: "int", minimum: keep, maximum: 1_000_000, default: 1, summary: "-1: as set" },
    flush_array_flag: {
      type: "int",
      minimum: keep,
      maximum: 2,
      default: keep,
      summary: "0: clear before each exposure, 1: before the first, 2: never, -1: as set",
    },
    delay: { type: "float", unit: "s", minimum: keep, default: keep, summary: "between exposures; -1: as set" },
  } as const;
  const total = (number: number) => {
    if (number === 0) {
      throw new HeliographError("out_of_limits", "Cannot take a sequence of 0 exposures: at least 1, or -1 as set");
    }
    return number < 0 ? settings.held<number>("exposuresequencetotal") : number;
  };
  const guideArguments = {
    number_exposures: { type: "int", minimum: keep, default: 1, summary: "-1: until an abort" },
  } as const;
  return {
    sequence: command({
      summary: "Take exposures one after another, as they are set; answers when they are written",
      arguments: sequenceArguments,
      deadline: longest,
      run: ({ number_exposures, flush_array_flag, delay }, context) =>
        exposures.run(context, () => exposures.sequence(total(number_exposures), flush_array_flag, delay)),
    }),
    sequence1: command({
      summary: "Take exposures one after another, as they are set; answers at once",
      arguments: sequenceArguments,
      run: async (args, { callInBackground }) => {
        total(args.number_exposures);
        await exposures.check({});
        exposures.inBackground(callInBackground(camera().name, "sequence", ...Object.values(args)));
      },
      beside: true,
    }),
    guide: command({
      summary: "Take exposures for a guider: objects, as they are set; answers when they are written",
      arguments: guideArguments,
      deadline: longest,
      run: ({ number_exposures }, context) => exposures.run(context, () => exposures.guide(number_exposures)),
    }),
    guide1: command({
      summary: "Take exposures for a guider: objects, as they are set; answers at once",
      arguments: guideArguments,
      run: async ({ number_exposures }, { callInBackground }) => {
        await exposures.check({ type: "object" });
        exposures.inBackground(callInBackground(camera().name, "guide", number_exposures));
      },
      beside: true,
    }),
  };
}

/** The steps of an exposure, one command for each. */
function steps({ settings, lamps, exposure, exposures }: DrivenParts): Record<string, Command> {
  const step = (summary: string, work: () => Promise<void>) =>
    command({ summary, deadline: longest, run: (_, context) => exposures.run(context, work) });
  return {
    begin: command({
      summary: "Begin an exposure step by step: integrate, readout and end follow",
      arguments: exposureArguments(lamps),
      deadline: longest,
      run: (args, context) =>
        exposures.run(context, async () => {
          settings.take(await exposures.known(args, context));
          await exposure.begin(await exposures.next({}));
        }),
    }),
    integrate: step("Open the shutter for the exposure time, after begin", () => exposure.integrate()),
    readout: step("Read the detector out, after integrate", () => exposure.readOut()),
    end: step("Write the image, after readout", async () => {
      await exposure.end();
      await exposures.written(exposure.plan!);
    }),
    flush: command({
      summary: "Clear the detector",
      arguments: { cycles: { type: "int", minimum: 1, maximum: 1000, default: 1 } },
      deadline: 3600,
      run: ({ cycles }, context) => exposures.run(context, () => exposure.flush(cycles)),
    }),
    parshift: command({
      summary: "Shift the charge along the columns: positive towards the readout, negative away from it",
      arguments: { number_rows: { type: "float", unit: "rows", minimum: -16_384, maximum: 16_384 } },
      deadline: 600,
      run: ({ number_rows }, context) => exposures.run(context, () => exposure.shift(Math.trunc(number_rows))),
    }),
    write_image: command({
      summary: "Write the image that could not be written, in the image folder that is set now",
      deadline: 600,
      run: () => exposures.writeKept(),
    }),
    discard_image: command({
      summary: "Give up the image that could not be written",
      confirm: "The image that could not be written is lost.",
      run: () => void (exposure.kept = undefined),
    }),
  };
}

/** The commands that wait for nothing: they change what is under way. */
function interruptions({ exposure, exposures }: DrivenParts): Record<string, Command> {
  const pause = command({
    summary: "Pause the exposure that is under way, if there is one: the shutter closes",
    stop: true,
    run: () => exposure.pause(),
  });
  const resume = command({
    summary: "Resume the exposure that is paused, if there is one",
    // It opens the shutter: not for those whom somebody keeps from driving the camera.
    beside: true,
    run: () => exposure.resume(),
  });
  return {
    abort: command({
      summary: "Abort the exposure or sequence, if one is under way, and what you have waiting; there is no image",
      stop: true,
      dropsWaiting: true,
      run: (_, context) => exposures.abort("Exposure aborted", context),
    }),
    give_up: command({
      summary: "Give up the exposure that waits for its next step, if there is one; there is no image",
      beside: true,
      run: (_, context) => exposures.giveUp(context),
    }),
    pause,
    pause_exposure: pause,
    resume,
    resume_exposure: resume,
    start_readout: command({
      summary: "End the exposure time that is under way, if there is one, and read out",
      beside: true,
      run: () => exposure.readEarly(),
    }),
  };
}

function hardware({ detector }: DrivenParts): Record<string, Command> {
  return {
    set_shutter: command({
      summary: "Open (1) or close (0) a shutter",
      arguments: {
        state: { type: "switch", default: false },
        shutter_id: {
          type: "int",
          minimum: -1,
          maximum: 1,
          default: 0,
          summary: "0 or -1 the camera's, 1 the instrument's",
        },
      },
      run: ({ state, shutter_id }, { call }) =>
        shutter_id <= 0 ? detector.setShutter(state) : call("instrument", "set_shutter", state),
    }),
  };
}
