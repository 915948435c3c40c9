/**
 * azcam's `exposure`: the settings of a camera, and the exposures that it takes.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { type Command, command } from "../bench/command.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { Field } from "../bench/field.ts";
import { checkText } from "../bench/header_card.ts";
import type { Instrument } from "../bench/instrument.ts";
import { azcamToolCommands } from "../devices/simulated/azcam_tool.ts";
import type { Value } from "../bench/values.ts";
import { cameraFields, imageTypes } from "./camera_fields.ts";
import { CameraGeometry, keep } from "./camera_geometry.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Detector } from "./detector.ts";
import { Exposure, type ExposurePlan, NotNow } from "./exposure.ts";
import { ExposurePlans, type Overrides } from "./exposure_plans.ts";
import { flags } from "./exposure_states.ts";
import { azcamStatus } from "./exposure_status.ts";
import { pixelCount } from "./geometry.ts";
import { geometryCommands } from "./geometry_commands.ts";
import { ImageFolders } from "./image_folders.ts";
import { LastImages } from "./last_images.ts";
import { PixelStore } from "./pixel_store.ts";
import { RemoteImages } from "./remote_images.ts";
import { settingCommands } from "./setting_commands.ts";
import { watchShutter } from "./shutter.ts";

/** A whole exposure may take a day, a sequence of them a week. */
const longest = 7 * 86_400;

/** The arguments of `expose` and `begin`; azcam's -1 and empty texts keep what is set. */
interface ExposureArguments {
  readonly exposure_time: number;
  readonly imagetype: string;
  readonly title: string;
}

/** The options of a camera. */
export interface CameraOptions {
  /** What people call it. @default "exposure" */
  readonly title?: string;
  /** What it is, in a line. */
  readonly summary: string;
  /** The detector. */
  readonly detector: Detector;
  /**
   * Where images are written. @default one of its own
   *
   * @internal
   */
  readonly pixels?: PixelStore;
  /** Absolute paths of the folders that images may be written to; none where exposures cannot be taken. */
  readonly imageFolders: readonly string[];
  /** The time it goes by. @default the PC's clock */
  readonly clock?: Clock;
  /** What the header says that wrote it. @default "heliograph" */
  readonly software?: string;
  /** azcam's name for the system. @default "sim" */
  readonly systemName?: string;
}

/**
 * A camera as azcam's `exposure`.
 *
 * @param options What it is made of.
 * @returns The instrument. Its images go to the first of the image folders unless `imagefolder` says otherwise.
 */
export function azcamExposure(options: CameraOptions): Instrument {
  return new Camera(options).instrument;
}

class Camera {
  readonly instrument: Instrument;
  readonly #detector: Detector;
  readonly #pixels: PixelStore;
  readonly #folders: ImageFolders;
  readonly #geometry: CameraGeometry;
  readonly #exposure: Exposure;
  readonly #remote: RemoteImages;
  readonly #images: LastImages;
  readonly #plans: ExposurePlans;
  readonly #log = getLogger(["heliograph", "camera"]);
  /** How many exposures the sequence that is under way has, whatever is set meanwhile. */
  #sequenceTotal = 1;
  readonly #systemName: string;

  constructor(options: CameraOptions) {
    const { title = "exposure", summary, detector, imageFolders, clock = systemClock, software = "heliograph" } =
      options;
    const { pixels = new PixelStore(imageFolders) } = options;
    this.#detector = watchShutter(detector, (open) => this.#hold("shutter", open));
    this.#pixels = pixels;
    this.#systemName = options.systemName ?? "sim";
    this.#folders = new ImageFolders(imageFolders);
    this.#remote = new RemoteImages(pixels);
    this.#images = new LastImages(pixels);
    this.#geometry = new CameraGeometry(detector.format, detector.focalPlane);
    this.#plans = new ExposurePlans({
      camera: () => this.instrument,
      detector,
      folders: this.#folders,
      geometry: this.#geometry,
      software,
    });
    this.#exposure = new Exposure({
      detector: this.#detector,
      clock,
      pixels,
      changed: () => this.#publish(),
      surroundings: () => this.instrument.surroundings,
    });
    const fields = cameraFields(this.#geometry);
    this.instrument = defineInstrument({
      title,
      summary,
      fields: {
        ...fields,
        imagefolder: {
          ...fields.imagefolder,
          initial: this.#folders.first,
          summary: "where images go",
          write: (folder) => void this.#folders.resolve(folder),
        },
      },
      settingsBeside: true,
      images: this.#images,
      commands: () => ({
        ...settingCommands(() => this.instrument, () => this.#plans.nextFile()),
        ...geometryCommands(this.#geometry, () => this.#publishRegion()),
        ...this.#exposureCommands(),
        ...this.#stateCommands(),
        ...this.#remote.commands(),
        ...azcamToolCommands(() => {}, () => this.instrument, { beside: true }),
        reset: command({
          summary: "End the exposure that is under way, and go back to the whole detector without binning",
          beside: true,
          run: () => this.#reset(),
        }),
      }),
      start: () => {
        this.#exposure.open();
        return this.#folders.roots.length === 0 ? undefined : pixels.start();
      },
      stop: async () => {
        await this.#exposure.stop();
        await detector.stop();
        await this.#saveKept();
        pixels.stop();
      },
    });
  }

  #held<T extends Value>(field: string): T {
    return this.instrument.field(field).value as T;
  }

  #hold(field: string, value: Value): void {
    const holder = this.instrument.field(field);
    // Whoever watches is told of changes, and not of every look at the clock.
    if (holder.value !== value) (holder as Field).update(value);
  }

  #is(flag: string): boolean {
    return this.#held(flag) === 1;
  }

  /** Tells what the exposure does now. */
  #publish(): void {
    const { state, secondsRemaining, pixelsRemaining, completed } = this.#exposure;
    this.#hold("exposureflag", flags[state][0]);
    this.#hold("exposuretimeremaining", secondsRemaining);
    this.#hold("pixelsremaining", state === "reading out" ? pixelsRemaining : 0);
    this.#hold("exposurecompleted", completed ? 1 : 0);
    this.#hold("progress", 100 - this.#shareLeft());
    this.#hold("state", state);
  }

  /** The part of the camera's work that is still to be done, in percent. */
  #shareLeft(): number {
    const { state, secondsRemaining, pixelsRemaining, plan } = this.#exposure;
    if (plan === undefined) return 100;
    if (state === "exposing" || state === "paused") {
      return plan.seconds === 0 ? 0 : 100 * secondsRemaining / plan.seconds;
    }
    if (state !== "reading out") return 100;
    return 100 * pixelsRemaining / pixelCount(plan.readout.readouts);
  }

  #publishRegion(): void {
    const names = ["firstcol", "lastcol", "firstrow", "lastrow", "colbin", "rowbin"];
    for (const [at, value] of this.#geometry.regionNumbers().entries()) this.#hold(names[at]!, value);
  }

  async #reset(): Promise<void> {
    await this.#exposure.abort(new HeliographError("command_failed", "Exposure aborted: the camera was reset"));
    this.#geometry.setRegion([...this.#geometry.regionNumbers().slice(0, 4), 1, 1]);
    this.#geometry.resetRegion();
    this.#publishRegion();
  }

  /** Takes exposures until they are done, or until the command's deadline or its error. */
  async #take(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const stop = () =>
      void this.#exposure.abort(new HeliographError("command_failed", "Exposure aborted: it took too long"));
    signal.addEventListener("abort", stop, { once: true });
    if (!this.#exposure.busy) this.#hold("message", "");
    try {
      await work();
    } catch (error) {
      // What was refused has done nothing to the exposure that everybody sees.
      if (!(error instanceof NotNow)) this.#tell(error as Error);
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Tells what went wrong with an exposure: nobody need be there to hear the reply. */
  #tell({ message }: Error): void {
    this.#hold("message", message);
    this.#log.warning("{camera}: {message}", { camera: this.instrument.title, message });
  }

  /** After an image was written: it is counted, and sent where images are sent to. */
  async #written(file: string, { test, number, overwrite, readout: { readouts } }: ExposurePlan): Promise<void> {
    this.#hold("lastfile", file);
    this.#images.written(file);
    this.#hold("imageswritten", this.#images.count);
    this.#log.info("{camera} has written {file}", { camera: this.instrument.title, file });
    // A number that somebody has set meanwhile is meant for the next image.
    const isStill = this.#held("imagesequencenumber") === number;
    if (!test && isStill && this.#is("imageautoincrementsequencenumber")) this.#hold("imagesequencenumber", number + 1);
    const { columns, rows } = readouts[0]!;
    await this.#remote.written({ file, overwrite, kind: readouts.length > 1 ? "mef" : "fits", columns, rows });
  }

  /** The plan of the next exposure. An image that waits to be written goes first, unless this one would overwrite it. */
  async #next(overrides: Overrides): Promise<ExposurePlan> {
    const { kept } = this.#exposure;
    if (kept?.plan.test && this.#plans.plan(overrides).test) this.#exposure.kept = undefined;
    else if (kept !== undefined) await this.#exposure.prepare(() => this.#writeKept());
    return this.#plans.plan(overrides);
  }

  /** Writes the image that waits, when the server stops: unless it can be written now, it is lost. */
  async #saveKept(): Promise<void> {
    const { kept } = this.#exposure;
    if (kept === undefined) return;
    try {
      await this.#writeKept();
    } catch {
      const said = { camera: this.instrument.title, file: kept.image.file };
      this.#log.error("{camera} loses the image that could not be written: {file}", said);
    }
  }

  /** Writes the image that could not be written, where images go now. */
  async #writeKept(): Promise<void> {
    const { kept } = this.#exposure;
    if (kept === undefined) {
      throw new HeliographError("command_failed", "Cannot write an image: none waits to be written");
    }
    const file = `${this.#folders.resolve(this.#held("imagefolder"))}/${kept.image.file.split("/").at(-1)}`;
    await this.#exposure.writeKept(file, kept.plan.test || this.#is("imageoverwrite"));
    this.#hold("message", "");
    await this.#written(file, kept.plan);
  }

  async #expose(overrides: Overrides = {}): Promise<void> {
    const plan = await this.#next(overrides);
    await this.#exposure.expose(plan);
    await this.#written(plan.file, plan);
  }

  /** Checks the arguments of an exposure; what is left out stays as it is set. */
  #told({ exposure_time, imagetype, title }: ExposureArguments): Overrides {
    const { instrument } = this;
    const parsed = (field: string, value: unknown) => instrument.field(field).parse(value, instrument.title);
    if (title !== "") checkText(title, "the image title");
    return {
      ...(exposure_time < 0 ? {} : { seconds: parsed("exposuretime", exposure_time) as number }),
      ...(imagetype === "" ? {} : { type: parsed("imagetype", imagetype) as string }),
      ...(title === "" ? {} : { title }),
    };
  }

  /** Sets what an exposure is told, as azcam does. */
  #set(args: ExposureArguments): void {
    const { seconds, type, title } = this.#told(args);
    if (seconds !== undefined) this.#hold("exposuretime", seconds);
    if (type !== undefined) this.#hold("imagetype", type);
    if (title !== undefined) this.#hold("imagetitle", title);
  }

  async #sequence(total: number, flush: number, pause: number): Promise<void> {
    this.#hold("exposuresequencetotal", total);
    this.#sequenceTotal = total;
    if (pause >= 0) this.#hold("exposuresequencedelay", pause);
    const mode = flush === keep ? this.#held<number>("exposuresequenceflush") : flush;
    try {
      await this.#exposure.sequence(total, this.#held("exposuresequencedelay"), (number) => {
        this.#hold("exposuresequencenumber", number);
        return this.#expose({ flush: mode === 0 || (mode === 1 && number === 1) });
      });
    } finally {
      this.#hold("exposuresequencenumber", 1);
    }
  }

  /** The commands that take time and drive the detector. */
  #exposureCommands(): Record<string, Command> {
    const exposureArguments = {
      exposure_time: { type: "float", unit: "s", minimum: keep, default: keep, summary: "-1 keeps what is set" },
      imagetype: { type: "text", default: "", summary: `one of ${imageTypes.join(", ")}; none keeps what is set` },
      title: { type: "text", default: "", summary: "the image title; none keeps what is set" },
    } as const;
    const sequenceArguments = {
      number_exposures: { type: "int", minimum: 1, maximum: 1_000_000, default: 1 },
      flush_array_flag: {
        type: "int",
        minimum: keep,
        maximum: 2,
        default: keep,
        summary: "0: clear before each exposure, 1: before the first, 2: never, -1: as set",
      },
      delay: { type: "float", unit: "s", minimum: keep, default: keep, summary: "between exposures; -1: as set" },
    } as const;
    const step = (summary: string, work: () => Promise<void>) =>
      command({ summary, deadline: longest, run: (_, { signal }) => this.#take(signal, work) });
    const exposure = this.#exposure;
    return {
      expose: command({
        summary: "Take an exposure; answers when its image is written",
        arguments: exposureArguments,
        deadline: longest,
        run: (args, { signal }) =>
          this.#take(signal, () => {
            this.#set(args);
            return this.#expose();
          }),
      }),
      expose1: command({
        summary: "Take an exposure; answers at once",
        arguments: exposureArguments,
        run: async (args, { callInBackground }) => {
          await this.#beginAlone(this.#told(args));
          this.#inBackground(callInBackground(this.instrument.name, "expose", ...Object.values(args)));
        },
        beside: true,
      }),
      sequence: command({
        summary: "Take exposures one after another, as they are set; answers when they are written",
        arguments: sequenceArguments,
        deadline: longest,
        run: ({ number_exposures, flush_array_flag, delay }, { signal }) =>
          this.#take(signal, () => this.#sequence(number_exposures, flush_array_flag, delay)),
      }),
      sequence1: command({
        summary: "Take exposures one after another, as they are set; answers at once",
        arguments: sequenceArguments,
        run: async ({ number_exposures, flush_array_flag, delay }, { callInBackground }) => {
          await this.#beginAlone({});
          this.#inBackground(
            callInBackground(this.instrument.name, "sequence", number_exposures, flush_array_flag, delay),
          );
        },
        beside: true,
      }),
      test: command({
        summary: "Take a test exposure; what is set stays",
        arguments: {
          exposure_time: { type: "float", unit: "s", minimum: 0, default: 0 },
          shutter: { type: "switch", default: false, summary: "1: open" },
        },
        deadline: longest,
        run: ({ exposure_time, shutter }, { signal }) =>
          this.#take(signal, () =>
            this.#expose({
              seconds: exposure_time,
              type: shutter ? "object" : "dark",
              title: "test image",
              test: true,
            })),
      }),
      begin: command({
        summary: "Begin an exposure step by step: integrate, readout and end follow",
        arguments: exposureArguments,
        deadline: longest,
        run: (args, { signal }) =>
          this.#take(signal, async () => {
            this.#set(args);
            await exposure.begin(await this.#next({}));
          }),
      }),
      integrate: step("Open the shutter for the exposure time, after begin", () => exposure.integrate()),
      readout: step("Read the detector out, after integrate", () => exposure.readOut()),
      end: step("Write the image, after readout", async () => {
        await exposure.end();
        await this.#written(exposure.plan!.file, exposure.plan!);
      }),
      flush: command({
        summary: "Clear the detector",
        arguments: { cycles: { type: "int", minimum: 1, maximum: 1000, default: 1 } },
        deadline: 3600,
        run: ({ cycles }, { signal }) => this.#take(signal, () => exposure.flush(cycles)),
      }),
      abort: command({
        summary: "Abort the exposure or sequence, if one is under way; there is no image",
        immediate: true,
        run: () => exposure.abort(new HeliographError("command_failed", "Exposure aborted")),
      }),
      ...both(["pause", "pause_exposure"], () =>
        command({
          summary: "Pause the exposure: the shutter closes",
          immediate: true,
          run: () => exposure.pause(),
        })),
      ...both(["resume", "resume_exposure"], () =>
        command({
          summary: "Resume a paused exposure",
          // It opens the shutter: not for those whom somebody keeps from driving the camera.
          beside: true,
          run: () => exposure.resume(),
        })),
      start_readout: command({
        summary: "End the exposure time now, and read out",
        beside: true,
        run: () => exposure.readEarly(),
      }),
      set_shutter: command({
        summary: "Open (1) or close (0) a shutter",
        arguments: {
          state: { type: "switch", default: false },
          shutter_id: {
            type: "int",
            minimum: 0,
            maximum: 1,
            default: 0,
            summary: "0 the camera's, 1 the instrument's",
          },
        },
        run: ({ state, shutter_id }, { call }) =>
          shutter_id === 0 ? this.#detector.setShutter(state) : call("instrument", "set_shutter", state),
      }),
      write_image: command({
        summary: "Write the image that could not be written, in the image folder that is set now",
        deadline: 600,
        run: () => this.#writeKept(),
      }),
      discard_image: command({
        summary: "Give up the image that could not be written",
        run: () => void (exposure.kept = undefined),
      }),
    };
  }

  /**
   * Checks what `expose1` can refuse before it answers: where nothing else is under way, whether the image can be
   * written.
   */
  async #beginAlone(overrides: Overrides): Promise<void> {
    const { file, overwrite, createFolder, numbered } = this.#plans.plan(overrides);
    if (this.#exposure.busy || this.#exposure.kept !== undefined) return;
    await this.#pixels.check({ file, overwrite, createFolder, numbered });
  }

  /** A failure is told by the field `message` and the log: nobody waits for it. */
  #inBackground(work: unknown): void {
    void Promise.resolve(work).catch((error) => this.#tell(error));
  }

  /** The commands about the state of the camera. */
  #stateCommands(): Record<string, Command> {
    const reading = { role: "observer", immediate: true } as const;
    return {
      get_exposuretime_remaining: command({
        ...reading,
        summary: "Tell how much of the exposure is left, in seconds",
        returns: "float",
        run: () => this.#exposure.secondsLeft(),
      }),
      get_pixels_remaining: command({
        ...reading,
        summary: "Tell how many pixels are still to be read out",
        run: () => this.#held("pixelsremaining"),
      }),
      get_exposureflag: command({
        ...reading,
        summary: "Tell the exposure's state as a number and a word",
        run: () => [...flags[this.#exposure.state]],
      }),
      finished: command({
        ...reading,
        summary: "Tell whether the last exposure has ended",
        run: () => this.#exposure.completed ? 1 : 0,
      }),
      get_status: command({
        ...reading,
        summary: "Tell the camera's state as JSON",
        run: (_, { call }) => this.#status(call),
      }),
    };
  }

  async #status(call: (instrument: string, command: string) => unknown): Promise<Record<string, unknown>> {
    let temperatures: unknown[];
    try {
      temperatures = (await call("tempcon", "get_temperatures")) as unknown[];
    } catch {
      // A bench without tempcon, or one that fails: azcam's value for a bad reading says so.
      temperatures = [];
    }
    const { state, inSequence, secondsRemaining } = this.#exposure;
    return azcamStatus({
      state,
      secondsRemaining,
      percentLeft: this.#shareLeft(),
      ...(inSequence ? { sequence: { number: this.#held("exposuresequencenumber"), total: this.#sequenceTotal } } : {}),
      temperatures: temperatures.map(Number),
      file: this.#plans.nextFile(),
      systemName: this.#systemName,
      held: (field) => this.#held(field),
    });
  }
}

/** Makes one command under several names. */
function both(names: readonly string[], make: () => Command): Record<string, Command> {
  return Object.fromEntries(names.map((name) => [name, make()]));
}
