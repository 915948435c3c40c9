/**
 * Takes a camera's exposures as its settings are: one, a sequence, a guider's; counts their images and sends them.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import type { CommandContext } from "../bench/command.ts";
import { keep } from "./camera_geometry.ts";
import type { CameraSettings, ExposureArguments } from "./camera_settings.ts";
import type { ComparisonLamps } from "./comparison_lamps.ts";
import type { Exposure } from "./exposure.ts";
import type { ExposurePlan, Overrides } from "./exposure_plan.ts";
import type { ExposurePlans } from "./exposure_plans.ts";
import { flags, NotNow } from "./exposure_states.ts";
import { pixelCount } from "./geometry.ts";
import type { ImageFolders } from "./image_folders.ts";
import type { LastImages } from "./last_images.ts";
import type { PixelStore } from "./pixel_store.ts";
import type { RemoteImages } from "./remote_images.ts";

/** What exposures are made of. */
export interface ExposuresParts {
  /** What is set, and told. */
  readonly settings: CameraSettings;
  /** The image types that are lamps. */
  readonly lamps: ComparisonLamps;
  /** What runs them. */
  readonly exposure: Exposure;
  /** What makes their plans. */
  readonly plans: ExposurePlans;
  /** Where images may go. */
  readonly folders: ImageFolders;
  /** What writes them. */
  readonly pixels: PixelStore;
  /** The last one, for those who look at it. */
  readonly images: LastImages;
  /** Where they are sent. */
  readonly remote: RemoteImages;
}

/** The exposures of one camera. */
export class Exposures {
  /** Where a sequence is under way: how many exposures it has, whatever is set meanwhile. */
  sequenceTotal: number | undefined;
  /** Whether an image has been written since somebody asked. */
  #imageReady = false;
  /** The failure that was told last. */
  #told = "";
  /** How many commands drive the camera now: one, or none between the steps of an exposure. */
  #driving = 0;
  readonly #settings: CameraSettings;
  readonly #lamps: ComparisonLamps;
  readonly #exposure: Exposure;
  readonly #plans: ExposurePlans;
  readonly #folders: ImageFolders;
  readonly #pixels: PixelStore;
  readonly #images: LastImages;
  readonly #remote: RemoteImages;
  readonly #log = getLogger(["heliograph", "camera"]);

  /** Takes none yet. @param parts What they are made of. */
  constructor({ settings, lamps, exposure, plans, folders, pixels, images, remote }: ExposuresParts) {
    this.#settings = settings;
    this.#lamps = lamps;
    this.#exposure = exposure;
    this.#plans = plans;
    this.#folders = folders;
    this.#pixels = pixels;
    this.#images = images;
    this.#remote = remote;
  }

  /** Tells what the exposure does now. */
  publish(): void {
    const { state, secondsRemaining, pixelsRemaining, completed } = this.#exposure;
    const settings = this.#settings;
    settings.hold("exposureflag", flags[state][0]);
    settings.hold("exposuretimeremaining", secondsRemaining);
    settings.hold("pixelsremaining", state === "reading out" ? pixelsRemaining : 0);
    settings.hold("exposurecompleted", completed ? 1 : 0);
    settings.hold("progress", 100 - this.shareLeft());
    settings.hold("state", state);
  }

  /** The part of the camera's work that is still to be done, in percent. */
  shareLeft(): number {
    const { state, secondsRemaining, pixelsRemaining, plan } = this.#exposure;
    if (plan === undefined) return 100;
    if (state === "exposing" || state === "paused") {
      return plan.seconds === 0 ? 0 : 100 * secondsRemaining / plan.seconds;
    }
    if (state !== "reading out") return 100;
    return 100 * pixelsRemaining / pixelCount(plan.readout.readouts);
  }

  /** Whether an image has been written since this was asked last. */
  takeImageReady(): boolean {
    const ready = this.#imageReady;
    this.#imageReady = false;
    return ready;
  }

  /** Does what drives the camera until it is done, or until the command's deadline or its error. */
  async run({ signal, callInBackground, putBack }: CommandContext, work: () => Promise<void>): Promise<void> {
    const stop = () =>
      void this.#exposure.abort(new HeliographError("command_failed", "Exposure aborted: it took too long"));
    signal.addEventListener("abort", stop, { once: true });
    this.#lamps.use({ callInBackground, putBack });
    if (!this.#exposure.busy) this.#settings.hold("message", "");
    this.#driving++;
    try {
      await work();
    } catch (error) {
      // What was refused has done nothing to the exposure that everybody sees.
      if (!(error instanceof NotNow)) {
        this.#told = (error as Error).message;
        this.#settings.hold("message", this.#told);
        this.#warn(this.#told);
      }
      throw error;
    } finally {
      this.#driving--;
      signal.removeEventListener("abort", stop);
    }
  }

  /**
   * Gives up an exposure that waits for its next step; where none is under way, nothing happens.
   *
   * @throws {HeliographError} Where a command drives the camera: only an abort ends that.
   */
  async giveUp(context: CommandContext): Promise<void> {
    const { state } = this.#exposure;
    if (this.#driving > 0) {
      const doing = state === "idle" ? "it is between two exposures" : `its state is "${state}"`;
      throw new NotNow(`Cannot give the exposure up: a command drives the camera, ${doing}; abort ends it`);
    }
    await this.abort("Exposure given up", context);
  }

  /** Ends what is under way. */
  async abort(why: string, { callInBackground, putBack }: CommandContext): Promise<void> {
    // A step that is under way puts its lamp out itself.
    if (!this.#exposure.stepping) this.#lamps.use({ callInBackground, putBack });
    await this.#exposure.abort(new HeliographError("command_failed", why));
  }

  /** A failure is told by the log and the field `message`, which belongs to what is under way: nobody waits for it. */
  inBackground(work: unknown): void {
    void Promise.resolve(work).catch(({ message }: Error) => {
      // What failed while it drove the camera has been told.
      if (message === this.#told) return;
      if (!this.#exposure.busy) this.#settings.hold("message", message);
      this.#warn(message);
    });
  }

  #warn(message: string): void {
    this.#log.warning("{camera}: {message}", { camera: this.#settings.camera.title, message });
  }

  /** Makes the image type of an exposure's arguments known, where it is a lamp that was not asked for yet. */
  async known(args: ExposureArguments, { call }: CommandContext): Promise<ExposureArguments> {
    return args.imagetype === "" ? args : { ...args, imagetype: await this.#lamps.find(args.imagetype, call) };
  }

  /** Takes an exposure. @param overrides What is told beside what is set. */
  async expose(overrides: Overrides = {}): Promise<void> {
    const plan = await this.next(overrides);
    await this.#exposure.expose(plan);
    await this.written(plan);
  }

  /**
   * Takes exposures one after another, as they are set.
   *
   * @param total How many.
   * @param flush azcam's: 0 clears before each, 1 before the first, 2 never; less for what is set.
   * @param pause Between them, in seconds; less than 0 for what is set.
   */
  async sequence(total: number, flush: number, pause: number): Promise<void> {
    const settings = this.#settings;
    settings.hold("exposuresequencetotal", total);
    if (pause >= 0) settings.hold("exposuresequencedelay", pause);
    const seconds = settings.held<number>("exposuresequencedelay");
    const mode = flush === keep ? settings.held<number>("exposuresequenceflush") : flush;
    this.sequenceTotal = total;
    settings.hold("isexposuresequence", 1);
    try {
      await this.#exposure.series(async () => {
        for (let number = 1; number <= total; number++) {
          if (number > 1) await this.#exposure.pauseBetween(seconds);
          settings.hold("exposuresequencenumber", number);
          await this.expose({ flush: mode === 0 || (mode === 1 && number === 1) });
        }
      });
    } finally {
      this.sequenceTotal = undefined;
      settings.hold("exposuresequencenumber", 1);
      settings.hold("isexposuresequence", 0);
    }
  }

  /**
   * Takes exposures for a guider: objects, with azcam's title for them.
   *
   * @param count How many; less than 0 for no end but an abort.
   */
  async guide(count: number): Promise<void> {
    this.#settings.take({ exposure_time: keep, imagetype: "object", title: "guide image" });
    await this.#exposure.series(async () => {
      for (let taken = 0; count < 0 || taken < Math.max(1, count); taken++) await this.expose();
    });
  }

  /** The plan of the next exposure. An image that waits to be written goes first, unless this one would overwrite it. */
  async next(overrides: Overrides): Promise<ExposurePlan> {
    const { kept } = this.#exposure;
    if (kept?.plan.test && this.#plans.plan(overrides).test) this.#exposure.kept = undefined;
    else if (kept !== undefined) await this.#exposure.prepare(() => this.writeKept());
    return this.#plans.plan(overrides);
  }

  /**
   * Checks what a command that answers at once can refuse before it does: where nothing else is under way, whether the
   * image can be written.
   */
  async check(overrides: Overrides): Promise<void> {
    const { file, overwrite, createFolder, numbered, save } = this.#plans.plan(overrides);
    if (!save || this.#exposure.busy || this.#exposure.kept !== undefined) return;
    await this.#pixels.check({ file, overwrite, createFolder, numbered });
  }

  /** After an image was written: it is counted, and sent where images are sent to. */
  async written(plan: ExposurePlan, file: string = plan.file): Promise<void> {
    const { save, test, number, counts, overwrite, readout: { readouts } } = plan;
    if (!save) return;
    const settings = this.#settings;
    settings.hold("lastfile", file);
    this.#images.written(file, settings.is("displayimage"));
    this.#imageReady = true;
    settings.hold("imageswritten", this.#images.count);
    this.#log.info("{camera} has written {file}", { camera: settings.camera.title, file });
    // A number that somebody has set meanwhile is meant for the next image.
    const isStill = settings.held("imagesequencenumber") === number;
    if (!test && isStill && (counts || settings.is("imageautoincrementsequencenumber"))) {
      settings.hold("imagesequencenumber", number + 1);
    }
    const { columns, rows } = readouts[0]!;
    const image = { file, overwrite, kind: readouts.length > 1 ? "mef" : "fits", columns, rows } as const;
    await this.#remote.written(image, settings.is("sendimage"));
  }

  /** Writes the image that could not be written, where images go now. */
  async writeKept(): Promise<void> {
    const { kept } = this.#exposure;
    if (kept === undefined) {
      throw new HeliographError("command_failed", "Cannot write an image: none waits to be written");
    }
    const file = `${this.#folders.resolve(this.#settings.held("imagefolder"))}/${kept.image.file.split("/").at(-1)}`;
    await this.#exposure.writeKept(file, kept.plan.test || this.#settings.is("imageoverwrite"));
    this.#settings.hold("message", "");
    await this.written(kept.plan, file);
  }

  /** Writes the image that waits, when the server stops: unless it can be written now, it is lost. */
  async saveKept(): Promise<void> {
    const { kept } = this.#exposure;
    if (kept === undefined) return;
    try {
      await this.writeKept();
    } catch {
      const said = { camera: this.#settings.camera.title, file: kept.image.file };
      this.#log.error("{camera} loses the image that could not be written: {file}", said);
    }
  }
}
