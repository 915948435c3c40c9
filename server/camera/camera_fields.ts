/**
 * The fields of azcam's `exposure`: the settings of the next exposure, and the state of the camera.
 *
 * @module
 */

import { checkText } from "../bench/header_card.ts";
import { type CameraGeometry, keep } from "./camera_geometry.ts";
import type { Light } from "./detector.ts";
import { flags } from "./exposure_states.ts";
import { checkRoot } from "./file_names.ts";

/** azcam's image types, and what the shutter lets in for them. */
export const lights: Readonly<Record<string, Light>> = { zero: "none", object: "sky", flat: "flat", dark: "none" };

/** azcam's image types, without those of comparison lamps. */
export const plainTypes: readonly string[] = Object.keys(lights);

/** The parts of a camera that its fields set. */
export interface FieldParts {
  /** What is read of the detector. */
  readonly geometry: CameraGeometry;
  /** The image types, also those that become known later. */
  readonly types: readonly string[];
  /** Called before the image type is set. @throws {HeliographError} Where there is none of that name. */
  readonly setType: (type: string) => void;
  /** Called before autotitle is set. */
  readonly setAutotitle: (on: boolean) => void;
}

/** The table of fields: what is set for the next exposure, and what the camera does now. */
export function cameraFields({ geometry, types, setType, setAutotitle }: FieldParts) {
  const setting = { access: "setting" } as const;
  const readout = { access: "readout", log: false } as const;
  const flag = { ...setting, type: "int", minimum: 0, maximum: 1 } as const;
  const pixel = { ...setting, type: "int", minimum: 1 } as const;
  const regionField = (at: number, summary: string) => ({
    ...pixel,
    summary,
    initial: geometry.regionNumbers()[at]!,
    write: (value: number) => {
      const wanted = Array<number>(6).fill(keep);
      wanted[at] = value;
      geometry.setRegion(wanted);
    },
  });
  return {
    exposuretime: {
      ...setting,
      type: "float",
      unit: "s",
      minimum: 0,
      maximum: 86_400,
      initial: 1,
      summary: "exposure time requested",
      keyword: "EXPREQ",
    },
    imagetype: {
      ...setting,
      // What a lamp is called is known only when its instrument was asked.
      type: "text",
      choices: types,
      initial: "zero",
      summary: "image type",
      keyword: "IMAGETYP",
      write: setType,
    },
    imagetitle: {
      ...setting,
      type: "text",
      initial: "",
      summary: "image title",
      keyword: "OBJECT",
      write: (title: string) => checkText(title, "the image title"),
    },
    autotitle: {
      ...flag,
      initial: 0,
      summary: "1: an image is titled by its type, unless it is an object or is given a title",
      write: (on: number) => setAutotitle(on === 1),
    },
    imagefolder: { ...setting, type: "text" },
    imageroot: { ...setting, type: "text", initial: "image", write: checkRoot },
    imagetest: { ...flag, initial: 1, summary: "1: the image is test.fits, and overwritten by the next" },
    imageoverwrite: { ...flag, initial: 0, summary: "1: an image may take the place of another file" },
    imageautoname: { ...flag, initial: 0, summary: "1: the image type is in the file's name, in capitals" },
    imageincludesequencenumber: { ...flag, initial: 1 },
    imageautoincrementsequencenumber: { ...flag, initial: 1 },
    imagesequencenumber: { ...setting, type: "int", minimum: 0, maximum: 99_999_999, initial: 1 },
    flusharray: { ...flag, initial: 1, summary: "1: the detector is cleared before an exposure" },
    savefile: { ...flag, initial: 1, summary: "0: an image is taken and not written" },
    displayimage: { ...flag, initial: 1, summary: "0: the page goes on showing the image before" },
    sendimage: { ...flag, initial: 0, summary: "1: each image is sent to azcam's remote image server" },
    instrumentenabled: { ...flag, initial: 1, summary: "0: headers have nothing of the instrument" },
    telescopeenabled: { ...flag, initial: 1, summary: "0: headers have nothing of the telescope" },
    exposuresequencetotal: { ...setting, type: "int", minimum: 1, maximum: 1_000_000, initial: 1 },
    exposuresequencedelay: { ...setting, type: "float", unit: "s", minimum: 0, maximum: 86_400, initial: 0 },
    exposuresequenceflush: {
      ...setting,
      type: "int",
      minimum: 0,
      maximum: 2,
      initial: 0,
      summary: "0: clear the detector before each exposure of a sequence, 1: before the first, 2: never",
    },
    firstcol: regionField(0, "first column, from 1"),
    lastcol: regionField(1, "last column"),
    firstrow: regionField(2, "first row, from 1"),
    lastrow: regionField(3, "last row"),
    colbin: regionField(4, "column binning"),
    rowbin: regionField(5, "row binning"),
    state: { ...readout, type: "choice", choices: Object.keys(flags), initial: "idle" },
    progress: {
      ...readout,
      type: "float",
      unit: "%",
      decimals: 0,
      initial: 0,
      summary: "how much of the state is done",
    },
    exposureflag: { ...readout, type: "int", initial: 0, summary: "the state as azcam numbers it" },
    shutter: { ...readout, type: "switch", initial: false, summary: "whether the shutter is open" },
    exposuretimeremaining: { ...readout, type: "float", unit: "s", decimals: 1, initial: 0 },
    pixelsremaining: { ...readout, type: "int", initial: 0 },
    exposurecompleted: { ...readout, type: "int", initial: 0, summary: "1: the last exposure has ended" },
    isexposuresequence: { ...readout, type: "int", initial: 0, summary: "1: a sequence is under way" },
    exposuresequencenumber: { ...readout, type: "int", initial: 1, summary: "which exposure of a sequence it is" },
    imageswritten: {
      ...readout,
      type: "int",
      initial: 0,
      summary: "how many images have been written since the server began",
    },
    lastfile: { ...readout, type: "text", initial: "", summary: "the image that was written last" },
    focuscomponent: {
      ...setting,
      type: "choice",
      choices: ["instrument", "telescope"],
      summary: "the instrument whose focus a focus sequence moves",
    },
    message: { ...readout, type: "text", initial: "", summary: "why the last exposure failed" },
  } as const;
}
