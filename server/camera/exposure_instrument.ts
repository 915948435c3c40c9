/**
 * azcam's `exposure`: the settings of a camera, and the exposures that it takes.
 *
 * @module
 */

import { command } from "../bench/command.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import type { Instrument } from "../bench/instrument.ts";
import { azcamToolCommands } from "../devices/simulated/azcam_tool.ts";
import { cameraFields } from "./camera_fields.ts";
import { CameraGeometry } from "./camera_geometry.ts";
import { CameraSettings } from "./camera_settings.ts";
import { type Clock, systemClock } from "./clock.ts";
import { ComparisonLamps } from "./comparison_lamps.ts";
import type { Detector } from "./detector.ts";
import { Exposure } from "./exposure.ts";
import { exposureCommands } from "./exposure_commands.ts";
import { ExposurePlans } from "./exposure_plans.ts";
import { Exposures } from "./exposures.ts";
import { focusCommands } from "./focus.ts";
import { geometryCommands } from "./geometry_commands.ts";
import { headerFileCommand } from "./header_file.ts";
import { ImageFolders } from "./image_folders.ts";
import { LastImages } from "./last_images.ts";
import { PixelStore } from "./pixel_store.ts";
import { RemoteImages } from "./remote_images.ts";
import { settingCommands } from "./setting_commands.ts";
import { watchShutter } from "./shutter.ts";
import { statusCommands } from "./status_commands.ts";

/**
 * The options of a camera.
 *
 * @example
 * ```ts
 * import { azcamExposure, type CameraOptions, type Detector } from "@heliograph/heliograph/camera";
 *
 * const guider = (detector: Detector, imageFolders: CameraOptions["imageFolders"]) => {
 *   const options: CameraOptions = { title: "Guider", summary: "guide camera", detector, imageFolders };
 *   return azcamExposure(options);
 * };
 * console.log(guider.length); // 2
 * ```
 */
export interface CameraOptions {
  /** What people call it. @default "exposure" */
  readonly title?: string;
  /** What it is, in a line. */
  readonly summary: string;
  /** The detector. */
  readonly detector: Detector;
  /** Absolute paths of the folders that images may be written to; none where exposures cannot be taken. */
  readonly imageFolders: readonly string[];
  /** The time it goes by. @default the PC's clock */
  readonly clock?: Clock;
  /** What the header says that wrote it. @default "heliograph" */
  readonly software?: string;
  /** azcam's name for the system. @default "sim" */
  readonly systemName?: string;
  /** The instrument whose focus a focus sequence moves, until `focuscomponent` is set. @default "instrument" */
  readonly focusComponent?: "instrument" | "telescope";
}

/**
 * A camera as azcam's `exposure`.
 *
 * @example
 * ```ts
 * import type { DriverModule } from "@heliograph/heliograph";
 * import { azcamExposure, type Detector } from "@heliograph/heliograph/camera";
 *
 * // The driver of a camera, whose controller is asked over its port.
 * const driver = (connect: (address: string) => Detector): DriverModule => (_, { title, options, imageFolders }) => {
 *   const detector = connect(String(options.address));
 *   return azcamExposure({ title, summary: "camera", detector, imageFolders });
 * };
 * console.log(driver.length); // 1
 * ```
 *
 * @param options What it is made of.
 * @returns The instrument. Its images go to the first of the image folders unless `imagefolder` says otherwise.
 */
export function azcamExposure(options: CameraOptions): Instrument {
  const { title = "exposure", summary, imageFolders, clock = systemClock, systemName = "sim" } = options;
  const { software = "heliograph", focusComponent = "instrument" } = options;
  const detector = watchShutter(options.detector, (open) => settings.hold("shutter", open));
  const pixels = new PixelStore(imageFolders);
  const camera = (): Instrument => instrument;
  const folders = new ImageFolders(imageFolders);
  const geometry = new CameraGeometry(detector.format, detector.focalPlane);
  const lamps = new ComparisonLamps((message) => settings.hold("message", message));
  const settings = new CameraSettings(camera, lamps);
  const remote = new RemoteImages(pixels, (isSet) => settings.hold("sendimage", isSet ? 1 : 0));
  const images = new LastImages(pixels);
  const plans = new ExposurePlans({ settings, lamps, detector, folders, geometry, software });
  const exposure = new Exposure({
    detector,
    clock,
    pixels,
    lamps,
    changed: () => exposures.publish(),
    surroundings: () => instrument.surroundings,
  });
  const exposures = new Exposures({ settings, lamps, exposure, plans, folders, pixels, images, remote });
  const publishRegion = () => {
    const names = ["firstcol", "lastcol", "firstrow", "lastrow", "colbin", "rowbin"];
    for (const [at, value] of geometry.regionNumbers().entries()) settings.hold(names[at]!, value);
  };
  const reset = command({
    summary: "End the exposure that is under way, and go back to the whole detector without binning",
    beside: true,
    confirm: "An exposure that is under way is lost, and the region and the binning are put back.",
    run: async (_, context) => {
      await exposures.abort("Exposure aborted: the camera was reset", context);
      geometry.setRegion([...geometry.regionNumbers().slice(0, 4), 1, 1]);
      geometry.resetRegion();
      publishRegion();
    },
  });
  const tool = azcamToolCommands(() => {}, camera, { beside: true });
  const { setType, setAutotitle } = settings;
  const fields = cameraFields({ geometry, types: lamps.types, setType, setAutotitle });
  const instrument: Instrument = defineInstrument({
    title,
    summary,
    fields: {
      ...fields,
      imagefolder: {
        ...fields.imagefolder,
        initial: folders.first,
        summary: "where images go",
        write: (folder) => void folders.resolve(folder),
      },
      sendimage: { ...fields.sendimage, write: (on) => remote.check(on === 1) },
      focuscomponent: { ...fields.focuscomponent, initial: focusComponent },
    },
    settingsBeside: true,
    images,
    commands: () => ({
      ...settingCommands(settings, lamps, () => plans.nextFile()),
      ...geometryCommands(geometry, publishRegion),
      ...exposureCommands({ camera, detector, settings, lamps, exposure, exposures }),
      ...focusCommands({ settings, exposure, exposures }),
      ...statusCommands({ settings, exposure, exposures, plans, systemName }),
      ...remote.commands(),
      read_header_file: headerFileCommand(camera, folders, pixels),
      ...tool,
      reset,
      // Without a tool's name before them, azcam's clients call them so.
      initialize_exposure: tool.initialize!,
      reset_exposure: reset,
    }),
    start: async () => {
      exposure.open();
      // Without a folder no image is taken: then nothing needs a Worker, nor the permission to start one.
      if (folders.roots.length === 0) return;
      await pixels.start();
      await images.restore(folders.first);
      await detector.start?.();
    },
    stop: async () => {
      await exposure.stop();
      await detector.stop();
      await exposures.saveKept();
      pixels.stop();
    },
  });
  return instrument;
}
