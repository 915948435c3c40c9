/**
 * Makes the plan of an exposure from the settings of a camera: its time, its readout, its file and its header.
 *
 * @module
 */

import { checkText } from "../bench/header_card.ts";
import type { Instrument } from "../bench/instrument.ts";
import type { Value } from "../bench/values.ts";
import { lights } from "./camera_fields.ts";
import type { CameraGeometry } from "./camera_geometry.ts";
import type { Detector } from "./detector.ts";
import type { ExposurePlan } from "./exposure.ts";
import { type ImageFolders, noFolder } from "./image_folders.ts";
import { imageParts } from "./image_header.ts";
import { imageNumber } from "../files/part_file.ts";

/** The settings that an exposure may override. */
export interface Overrides {
  /** How long it takes, in seconds. */
  readonly seconds?: number;
  /** azcam's image type. */
  readonly type?: string;
  /** What it shows. */
  readonly title?: string;
  /** Whether it goes into the file for tests. */
  readonly test?: boolean;
  /** Whether the detector is flushed before. */
  readonly flush?: boolean;
}

/** The sources of plans. */
export interface ExposurePlanParts {
  /** The camera, whose fields hold what is set; asked for when it is needed. */
  readonly camera: () => Instrument;
  /** Its detector. */
  readonly detector: Detector;
  /** Where its images may go. */
  readonly folders: ImageFolders;
  /** What of the detector is read. */
  readonly geometry: CameraGeometry;
  /** What the header says that wrote it. */
  readonly software: string;
}

/** Makes the plans of one camera's exposures. */
export class ExposurePlans {
  readonly #camera: () => Instrument;
  readonly #detector: Detector;
  readonly #folders: ImageFolders;
  readonly #geometry: CameraGeometry;
  readonly #software: string;

  /** Makes it. @param parts What plans are made from. */
  constructor({ camera, detector, folders, geometry, software }: ExposurePlanParts) {
    this.#camera = camera;
    this.#detector = detector;
    this.#folders = folders;
    this.#geometry = geometry;
    this.#software = software;
  }

  /** The path of the next image, with forward slashes as azcam has it, and where its number is in it. */
  #fileName(type: string, test: boolean): Pick<ExposurePlan, "file" | "numbered"> {
    const set = this.#held<string>("imagefolder");
    const whole = this.#folders.roots.length === 0 ? set : this.#folders.resolve(set);
    let length = whole.length;
    while (whole[length - 1] === "/") length--;
    const folder = whole.slice(0, length);
    if (test) return { file: `${folder}/test.fits` };
    // A root that ends with a full stop gives one, as in azcam.
    const plain = (name: string) => `${folder}/${name.replaceAll("..", ".")}`;
    const root = this.#held<string>("imageroot");
    const end = `${this.#is("imageautoname") ? type : ""}.fits`;
    if (!this.#is("imageincludesequencenumber")) return { file: plain(`${root}${end}`) };
    const number = this.#held<number>("imagesequencenumber");
    return {
      file: plain(`${root}${imageNumber(number)}${end}`),
      numbered: { before: plain(root), number, after: end },
    };
  }

  /** The path of the next image, as it is set now. */
  nextFile(): string {
    return this.#fileName(this.#held("imagetype"), this.#is("imagetest")).file;
  }

  /**
   * Makes the plan of the next exposure from the settings as they are now.
   *
   * @param overrides What was told beside that.
   * @throws {HeliographError} Where it cannot be, with the reason.
   */
  plan(overrides: Overrides): ExposurePlan {
    if (this.#folders.roots.length === 0) throw noFolder();
    const type = overrides.type ?? this.#held<string>("imagetype");
    const test = overrides.test ?? this.#is("imagetest");
    const set = overrides.title ?? this.#held<string>("imagetitle");
    const title = set === "" && this.#is("autotitle") ? type : set;
    checkText(title, "the image title");
    const { file, numbered } = this.#fileName(type, test);
    const seconds = type === "zero" ? 0 : overrides.seconds ?? this.#held<number>("exposuretime");
    const { format, focalPlane, region } = this.#geometry;
    const readouts = this.#geometry.readouts();
    const description = {
      name: file.slice(file.lastIndexOf("/") + 1),
      type,
      title,
      requested: seconds,
      detector: this.#detector,
      format,
      focalPlane,
      region,
      readouts,
      keywords: this.#keywords(),
      software: this.#software,
    };
    return {
      seconds,
      light: lights[type]!,
      readout: { format, readouts },
      flush: overrides.flush ?? this.#is("flusharray"),
      file,
      numbered,
      overwrite: test || this.#is("imageoverwrite"),
      save: this.#is("savefile"),
      test,
      number: this.#held("imagesequencenumber"),
      // The folders that the operator named are made; a mistyped one below them is not.
      createFolder: this.#folders.roots.includes(file.slice(0, file.lastIndexOf("/"))),
      parts: (times) => imageParts(description, times),
    };
  }

  /** The header keywords of the bench's instruments; the camera's own go before. */
  #keywords(): ReturnType<Instrument["keywords"]["cards"]> {
    const camera = this.#camera();
    const off = ["instrument", "telescope"].filter((tool) => !this.#is(`${tool}enabled`));
    const others = camera.surroundings?.instruments.filter((other) => other !== camera && !off.includes(other.name)) ??
      [];
    return [camera, ...others].flatMap(({ keywords }) => keywords.cards());
  }

  #held<T extends Value>(field: string): T {
    return this.#camera().field(field).value as T;
  }

  #is(flag: string): boolean {
    return this.#held(flag) === 1;
  }
}
