/**
 * The settings of a camera's next exposure: what its fields hold, and what an exposure is told beside that.
 *
 * @module
 */

import type { Field } from "../bench/field.ts";
import { checkText } from "../bench/header_card.ts";
import type { Instrument } from "../bench/instrument.ts";
import type { Value } from "../bench/values.ts";
import type { ComparisonLamps } from "./comparison_lamps.ts";
import type { Overrides } from "./exposure_plan.ts";

/** The arguments of `expose` and `begin`; azcam's -1 and empty texts keep what is set. */
export interface ExposureArguments {
  /** In seconds; less than 0 for what is set. */
  readonly exposure_time: number;
  /** Empty for what is set. */
  readonly imagetype: string;
  /** Empty for what is set, or with autotitle for the type. */
  readonly title: string;
}

/** The settings of one camera. */
export class CameraSettings {
  readonly #camera: () => Instrument;
  readonly #lamps: ComparisonLamps;

  /** @param camera The camera, asked for when it is needed. @param lamps The image types that are lamps. */
  constructor(camera: () => Instrument, lamps: ComparisonLamps) {
    this.#camera = camera;
    this.#lamps = lamps;
  }

  /** The camera. */
  get camera(): Instrument {
    return this.#camera();
  }

  /** What a field holds. */
  held<T extends Value>(field: string): T {
    return this.camera.field(field).value as T;
  }

  /** Whether a flag is 1. */
  is(flag: string): boolean {
    return this.held(flag) === 1;
  }

  /** Lets a field hold a value, whatever setting it does. */
  hold(field: string, value: Value): void {
    const holder = this.camera.field(field);
    // Whoever watches is told of changes, and not of every look at the clock.
    if (holder.value !== value) (holder as Field).update(value);
  }

  /** Checks an image type that is about to be set; with autotitle it becomes the title. */
  readonly setType = (type: string): void => {
    this.#lamps.check(type);
    if (this.is("autotitle")) this.#titleBy(type);
  };

  /** With autotitle the image type becomes the title at once. */
  readonly setAutotitle = (on: boolean): void => {
    if (on) this.#titleBy(this.held("imagetype"));
  };

  /** Sets the title, as azcam does: with autotitle an empty one is the image type. */
  async setTitle(title: string, signal: AbortSignal): Promise<void> {
    await this.camera.set("imagetitle", title, signal);
    if (title === "" && this.is("autotitle")) this.#titleBy(this.held("imagetype"));
  }

  #titleBy(type: string): void {
    // What an object is called, people know better.
    if (type !== "object") this.hold("imagetitle", type);
  }

  /** Checks the arguments of an exposure; what is left out stays as it is set. */
  told({ exposure_time, imagetype, title }: ExposureArguments): Overrides {
    if (title !== "") checkText(title, "the image title");
    const parsed = (value: number) => this.camera.field("exposuretime").parse(value, this.camera.title) as number;
    return {
      ...(exposure_time < 0 ? {} : { seconds: parsed(exposure_time) }),
      ...(imagetype === "" ? {} : { type: this.#lamps.type(imagetype) }),
      ...(title === "" ? {} : { title }),
    };
  }

  /** Sets what an exposure is told, as azcam does. */
  take(args: ExposureArguments): void {
    const { seconds, type, title } = this.told(args);
    if (seconds !== undefined) this.hold("exposuretime", seconds);
    if (type !== undefined) this.hold("imagetype", type);
    if (title !== undefined) this.hold("imagetitle", title);
    else if (this.is("autotitle")) this.#titleBy(this.held("imagetype"));
  }
}
