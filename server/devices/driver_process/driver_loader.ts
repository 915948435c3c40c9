/**
 * Loads one driver in its process, and says what is wrong with it.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { driverApi, type DriverModule } from "./driver_api.ts";
import { loadMessage } from "./load_message.ts";
import { azcamExposure, type CameraOptions } from "../../camera/exposure_instrument.ts";
import { DeclarationError } from "../../bench/declaration.ts";
import { reasonOf, stackPlaceOf } from "../../bench/faults.ts";
import { Instrument } from "../../bench/instrument.ts";
import { identifierOf } from "../../bench/names.ts";
import type { Port } from "../transports/port.ts";
import type { PreparedDriver } from "./messages.ts";
import { imagePermissionMissing } from "./permissions.ts";
import type { DriverProblem } from "./settings.ts";

/** A mistake in a driver, found before it has made anything. */
class DriverMistake extends Error {
  readonly file: string;

  constructor(message: string, file: string, cause?: unknown) {
    super(message, { cause });
    this.file = file;
  }
}

/**
 * Imports a driver and lets it make its instrument.
 *
 * @param port Its port, where it has one.
 * @throws {unknown} What {@linkcode problemOf} says in words.
 */
export async function loadDriver(driver: PreparedDriver, port: Port | undefined): Promise<Instrument> {
  const { module, file, title, options, imageFolders } = driver;
  if ("problem" in module) throw new DriverMistake(module.problem.message, module.problem.file);
  let loaded: { default?: unknown };
  try {
    loaded = await import(module.url);
  } catch (error) {
    throw new DriverMistake(loadMessage(error), file, error);
  }
  const make = loaded.default as DriverModule | undefined;
  if (make === undefined) throw new DriverMistake("exports nothing by default: begin with export default", file);
  if (typeof make !== "function") {
    throw new DriverMistake(
      "exports no function by default: write export default function ({ defineInstrument }, { title }) { … }",
      file,
    );
  }
  const setup = { title, options, port, folder: dirname(file), imageFolders };
  const instrument: unknown = await make({ ...driverApi, azcamExposure: camera }, setup);
  if (!(instrument instanceof Instrument)) {
    throw new DriverMistake("returned no instrument: its function has to return defineInstrument({ … })", file);
  }
  if (instrument.name === identifierOf(title)) return instrument;
  throw new DriverMistake(
    `made an instrument called ${instrument.title}, and the bench file calls it ${title}: pass title on`,
    file,
  );
}

/**
 * Describes a mistake in a driver, with its place.
 *
 * @param error What loading it threw.
 * @param explain Names files as people have them, and permissions as the bench file does.
 */
export function problemOf(
  { file, title }: PreparedDriver,
  error: unknown,
  explain: (text: string) => string,
): DriverProblem {
  const known = error instanceof DriverMistake;
  const place = /^(.*):(\d+):(\d+)$/.exec(stackPlaceOf(known ? error.cause : error, true));
  // What is wrong with a declaration is plain by itself.
  const reason = known || error instanceof DeclarationError
    ? (error as Error).message
    : `failed to make ${title}: ${reasonOf(error)}`;
  const message = explain(reason).slice(0, 10_000);
  if (place === null) return { file: known ? error.file : file, message };
  const [, url, line, column] = place;
  const original = explain(url!);
  return {
    file: original.startsWith("file://") ? fileURLToPath(original) : file,
    line: Number(line),
    column: Number(column),
    message,
  };
}

/** azcam's `exposure` needs its image folders, which the bench file grants. */
function camera(options: CameraOptions): Instrument {
  const missing = imagePermissionMissing(options.imageFolders);
  if (missing !== undefined) throw new DeclarationError(`Cannot write images: ${missing}`);
  return azcamExposure(options);
}
