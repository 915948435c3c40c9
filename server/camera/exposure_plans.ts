/**
 * Makes the plan of an exposure from the settings of a camera: its time, its readout, its file and its header.
 *
 * @module
 */

import { checkText, type HeaderCard } from "../bench/header_card.ts";
import { lights } from "./camera_fields.ts";
import type { CameraGeometry } from "./camera_geometry.ts";
import type { CameraSettings } from "./camera_settings.ts";
import type { ComparisonLamps } from "./comparison_lamps.ts";
import type { Detector } from "./detector.ts";
import type { ExposurePlan, Overrides } from "./exposure_plan.ts";
import { type ImageFolders, noFolder } from "./image_folders.ts";
import { imageParts } from "./image_header.ts";
import { imageNumber } from "../files/part_file.ts";

/** The sources of plans. */
export interface ExposurePlanParts {
  /** What is set. */
  readonly settings: CameraSettings;
  /** The image types that are lamps. */
  readonly lamps: ComparisonLamps;
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
  readonly #settings: CameraSettings;
  readonly #lamps: ComparisonLamps;
  readonly #detector: Detector;
  readonly #folders: ImageFolders;
  readonly #geometry: CameraGeometry;
  readonly #software: string;

  /** Makes it. @param parts What plans are made from. */
  constructor({ settings, lamps, detector, folders, geometry, software }: ExposurePlanParts) {
    this.#settings = settings;
    this.#lamps = lamps;
    this.#detector = detector;
    this.#folders = folders;
    this.#geometry = geometry;
    this.#software = software;
  }

  /** The path of the next image, with forward slashes as azcam has it, and where its number is in it. */
  #fileName(type: string, test: boolean, given?: string): Pick<ExposurePlan, "file" | "numbered"> {
    const settings = this.#settings;
    const set = settings.held<string>("imagefolder");
    const whole = this.#folders.roots.length === 0 ? set : this.#folders.resolve(set);
    let length = whole.length;
    while (whole[length - 1] === "/") length--;
    const folder = whole.slice(0, length);
    if (test) return { file: `${folder}/test.fits` };
    // A root that ends with a full stop has one between it and what follows, as in azcam.
    const plain = (name: string) => `${folder}/${name.replaceAll("..", ".")}`;
    const root = settings.held<string>("imageroot");
    const before = given ?? (settings.is("imageautoname") ? `${root}.${type.toUpperCase()}.` : root);
    const after = ".fits";
    if (given === undefined && !settings.is("imageincludesequencenumber")) {
      return { file: plain(`${before}${after}`) };
    }
    const number = settings.held<number>("imagesequencenumber");
    return {
      file: plain(`${before}${imageNumber(number)}${after}`),
      numbered: { before: plain(before), number, after },
    };
  }

  /** The path of the next image, as it is set now. */
  nextFile(): string {
    return this.#fileName(this.#settings.held("imagetype"), this.#settings.is("imagetest")).file;
  }

  /**
   * Makes the plan of the next exposure from the settings as they are now.
   *
   * @param overrides What was told beside that.
   * @throws {HeliographError} Where it cannot be, with the reason.
   */
  plan(overrides: Overrides): ExposurePlan {
    if (this.#folders.roots.length === 0) throw noFolder();
    const settings = this.#settings;
    const type = overrides.type ?? settings.held<string>("imagetype");
    const lamp = this.#lamps.isLamp(type) && settings.is("instrumentenabled") ? type : undefined;
    const test = overrides.test ?? settings.is("imagetest");
    const set = overrides.title ?? settings.held<string>("imagetitle");
    const title = set === "" && type !== "object" && settings.is("autotitle") ? type : set;
    checkText(title, "the image title");
    const { file, numbered } = this.#fileName(type, test, overrides.root);
    const seconds = type === "zero" ? 0 : overrides.seconds ?? settings.held<number>("exposuretime");
    const { format, focalPlane, region } = this.#geometry;
    const readouts = this.#geometry.readouts();
    const description = {
      name: file.slice(file.lastIndexOf("/") + 1),
      type: this.#lamps.isLamp(type) ? "comp" : type,
      title,
      requested: seconds,
      detector: this.#detector,
      format,
      focalPlane,
      region,
      readouts,
      keywords: [
        ...(lamp === undefined ? [] : [{ keyword: "COMPLAMP", value: lamp, comment: "comparison lamp" }]),
        ...overrides.cards ?? [],
        ...this.#keywords(),
      ],
      software: this.#software,
    };
    return {
      seconds,
      light: lights[type] ?? "flat",
      lamp,
      readout: { format, readouts },
      flush: overrides.flush ?? settings.is("flusharray"),
      file,
      numbered,
      overwrite: test || overrides.root !== undefined || settings.is("imageoverwrite"),
      save: settings.is("savefile"),
      test,
      number: settings.held("imagesequencenumber"),
      counts: overrides.root !== undefined,
      // The folders that the operator named are made; a mistyped one below them is not.
      createFolder: this.#folders.roots.includes(file.slice(0, file.lastIndexOf("/"))),
      parts: (times) => imageParts(description, times),
    };
  }

  /** The header keywords of the bench's instruments; the camera's own go before. */
  #keywords(): HeaderCard[] {
    const { camera } = this.#settings;
    const off = ["instrument", "telescope"].filter((tool) => !this.#settings.is(`${tool}enabled`));
    const others = camera.surroundings?.instruments.filter((other) => other !== camera && !off.includes(other.name)) ??
      [];
    return [camera, ...others].flatMap(({ keywords }) => keywords.cards());
  }
}
