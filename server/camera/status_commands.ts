/**
 * azcam's commands that tell the state of a camera: `get_status`, `get_exposureflag`, `check_image_ready`.
 *
 * @module
 */

import { type Command, command } from "../bench/command.ts";
import type { CameraSettings } from "./camera_settings.ts";
import type { Exposure } from "./exposure.ts";
import type { ExposurePlans } from "./exposure_plans.ts";
import { flags } from "./exposure_states.ts";
import { azcamStatus } from "./exposure_status.ts";
import type { Exposures } from "./exposures.ts";

/** What is told. */
export interface StatusParts {
  /** What is set. */
  readonly settings: CameraSettings;
  /** The exposure that is under way. */
  readonly exposure: Exposure;
  /** What takes exposures. */
  readonly exposures: Exposures;
  /** What names the next image. */
  readonly plans: ExposurePlans;
  /** azcam's name for the system. */
  readonly systemName: string;
}

/** The commands about the state of a camera. @param parts What they tell of. */
export function statusCommands(parts: StatusParts): Record<string, Command> {
  const { settings, exposure, exposures } = parts;
  const reading = { role: "observer", immediate: true } as const;
  return {
    get_exposuretime_remaining: command({
      ...reading,
      summary: "Tell how much of the exposure is left, in seconds",
      returns: "float",
      run: () => exposure.secondsLeft(),
    }),
    get_pixels_remaining: command({
      ...reading,
      summary: "Tell how many pixels are still to be read out",
      run: () => settings.held("pixelsremaining"),
    }),
    get_exposureflag: command({
      ...reading,
      summary: "Tell the exposure's state as a number and a word",
      run: () => [...flags[exposure.state]],
    }),
    finished: command({
      ...reading,
      summary: "Tell whether the last exposure has ended",
      run: () => exposure.completed ? 1 : 0,
    }),
    check_image_ready: command({
      summary: "Tell whether an image has been written since this was asked last: 1 once for each",
      // Whoever asks takes it from those who ask later.
      beside: true,
      run: () => exposures.takeImageReady() ? 1 : 0,
    }),
    get_status: command({
      ...reading,
      summary: "Tell the camera's state as JSON",
      run: (_, { call }) => status(parts, call),
    }),
  };
}

async function status(
  { settings, exposure, exposures, plans, systemName }: StatusParts,
  call: (instrument: string, command: string) => unknown,
): Promise<Record<string, unknown>> {
  let temperatures: unknown[];
  try {
    temperatures = (await call("tempcon", "get_temperatures")) as unknown[];
  } catch {
    // A bench without tempcon, or one that fails: azcam's value for a bad reading says so.
    temperatures = [];
  }
  const { state, plan, secondsRemaining } = exposure;
  const { sequenceTotal: total } = exposures;
  return azcamStatus({
    state,
    seconds: plan?.seconds ?? 0,
    secondsRemaining,
    percentLeft: exposures.shareLeft(),
    ...(total === undefined ? {} : { sequence: { number: settings.held("exposuresequencenumber"), total } }),
    temperatures: temperatures.map(Number),
    file: plans.nextFile(),
    systemName,
    held: (field) => settings.held(field),
  });
}
