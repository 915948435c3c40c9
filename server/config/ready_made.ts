/**
 * Makes instruments of a bench file from heliograph's own code: azcam's camera, and what stands around it.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { defined } from "../../protocol/defined.ts";
import { version } from "../../protocol/version.ts";
import { hostName } from "./server_settings.ts";
import { azcamParameters } from "../camera/parameters.ts";
import type { Instrument } from "../bench/instrument.ts";
import { simulatedCamera, type SimulatedCameraOptions } from "../camera/simulated/camera.ts";
import { simulatedTelescope, simulatedTempcon } from "../devices/simulated/observatory.ts";
import { simulatedController } from "../devices/simulated/simulated_controller.ts";
import { simulatedInstrument } from "../devices/simulated/simulated_instrument.ts";

/** The setting of an instrument: its title, the folders for images, and the bench's name. */
export interface ReadyMadeSetting {
  /** What people call it. */
  readonly title: string;
  /** Absolute paths of the folders that images may be written to. */
  readonly imageFolders: readonly string[];
  /** The bench's name. */
  readonly benchName: string;
  /** The absolute path of the folder for what must survive a restart. */
  readonly stateFolder: string;
}

/** An instrument that is made by code: what its `options` may be, and how it is made. */
interface ReadyMade {
  /** What it is, in a line. */
  readonly summary: string;
  /** What it needs that a server which runs cannot give it any more. @default nothing */
  readonly needs?: string;
  readonly options: z.ZodType;
  readonly make: (options: unknown, setting: ReadyMadeSetting) => Instrument;
}

const electrons = z.number().positive().max(1e7);
const perAmplifier = z.union([electrons, z.array(electrons).min(1).max(64)]);

const cameraOptions = z.strictObject({
  columns: z.int().min(1).max(16_384).optional().meta({ description: "Columns that see light; default 1024" }),
  rows: z.int().min(1).max(16_384).optional().meta({ description: "Rows that see light; default 1024" }),
  overscanColumns: z.int().min(0).max(1024).optional().meta({
    description: "Overscan columns of each amplifier; default 32",
  }),
  amplifiersX: z.int().min(1).max(16).optional().meta({ description: "Amplifiers side by side; default 1" }),
  amplifiersY: z.int().min(1).max(2).optional().meta({ description: "Amplifiers above one another; default 1" }),
  readoutRate: z.number().min(100).max(1e9).optional().meta({
    description: "Pixels that an amplifier reads in a second; default 1000000",
  }),
  flushSeconds: z.number().min(0).max(60).optional().meta({ description: "How long clearing takes; default 0.1" }),
  seed: z.int().min(0).optional().meta({ description: "Another number is another chip and another sky; default 1" }),
  gain: perAmplifier.optional().meta({ description: "Electrons per number, one or one for each amplifier" }),
  readNoise: perAmplifier.optional().meta({ description: "Read noise in electrons, one or one for each amplifier" }),
  bias: perAmplifier.optional().meta({ description: "A pixel without charge, one or one for each amplifier" }),
  fullWell: electrons.optional().meta({ description: "The most electrons that a pixel holds; default 100000" }),
  darkCurrent: z.number().min(0).max(1e6).optional().meta({
    description: "Electrons per second and pixel at -100 °C; default 0.002",
  }),
  skyRate: z.number().min(0).max(1e6).optional().meta({ description: "Electrons per second and pixel; default 20" }),
  flatRate: z.number().min(0).max(1e7).optional().meta({ description: "Electrons per second and pixel; default 8000" }),
});

function camera(options: unknown, { title, imageFolders, benchName }: ReadyMadeSetting): Instrument {
  const { overscanColumns, amplifiersX, amplifiersY, readoutRate, flushSeconds, ...chip } = cameraOptions.parse(
    options,
  );
  const given = { overscanColumns, amplifiersX, amplifiersY, readoutRate, flushSeconds };
  return simulatedCamera({
    title,
    imageFolders,
    software: `heliograph ${version}`,
    systemName: benchName,
    chip: defined(chip),
    ...defined(given),
  } as SimulatedCameraOptions);
}

const nothing = z.strictObject({});

/** The ready-made instruments by the names that a bench file gives as their drivers. */
export const readyMade: Readonly<Record<string, ReadyMade>> = {
  "simulated-camera": {
    summary: "A camera that is only pretended: exposures, FITS, azcam's commands",
    needs: "what reads its pixels needs permissions that a running server has given up",
    options: cameraOptions,
    make: camera,
  },
  "simulated-controller": {
    summary: "azcam's controller, pretended",
    options: nothing,
    make: (_, { title }) => simulatedController(title),
  },
  "simulated-tempcon": {
    summary: "azcam's temperature controller, pretended",
    options: nothing,
    make: (_, { title }) => simulatedTempcon(title),
  },
  "simulated-instrument": {
    summary: "azcam's instrument, pretended: filters, lamps, focus",
    options: nothing,
    make: (_, { title }) => simulatedInstrument(title),
  },
  "simulated-telescope": {
    summary: "azcam's telescope, pretended",
    options: nothing,
    make: (_, { title }) => simulatedTelescope(title),
  },
  "azcam-parameters": {
    summary: "azcam's parameters, kept in a file",
    needs: "its file needs permissions that a running server has given up",
    options: nothing,
    make: (_, { title, benchName, imageFolders, stateFolder }) => {
      const known = { version, systemname: benchName, hostname: hostName(), wd: imageFolders[0] };
      const fixed = defined(known) as Record<string, string>;
      return azcamParameters({ fixed, title, stateFolder, folders: imageFolders });
    },
  },
};
