/**
 * azcam's commands for the geometry of the readout: `set_roi`, `set_format`, `set_focalplane`, and those that read it.
 *
 * @module
 */

import { type Command, command } from "../bench/command.ts";
import { type CameraGeometry, keep } from "./camera_geometry.ts";

/**
 * The commands for a camera's geometry.
 *
 * @param geometry What they tell and change.
 * @param changed Called after each change.
 */
export function geometryCommands(geometry: CameraGeometry, changed: () => void): Record<string, Command> {
  const reading = { role: "observer", immediate: true } as const;
  const number = (summary: string) => ({ type: "int", minimum: keep, default: keep, summary } as const);
  return {
    get_roi: command({
      ...reading,
      summary: "Tell the region of interest: first and last column, first and last row, column and row binning",
      arguments: { roi_num: { type: "int", minimum: keep, maximum: 0, default: 0 } },
      run: () => geometry.regionNumbers(),
    }),
    set_roi: command({
      summary: "Set the region of interest; -1 keeps a value",
      arguments: {
        first_col: number("first column, from 1"),
        last_col: number("last column"),
        first_row: number("first row, from 1"),
        last_row: number("last row"),
        col_bin: number("column binning"),
        row_bin: number("row binning"),
        roi_num: { type: "int", minimum: keep, maximum: 0, default: 0, summary: "there is one region" },
      },
      beside: true,
      run: (wanted) => {
        geometry.setRegion(Object.values(wanted));
        changed();
      },
    }),
    roi_reset: command({
      summary: "Set the region of interest to the whole detector; the binning stays",
      beside: true,
      run: () => {
        geometry.resetRegion();
        changed();
      },
    }),
    get_format: command({
      ...reading,
      summary: "Tell the detector format, nine integers",
      run: () => geometry.formatNumbers(),
    }),
    set_format: command({
      summary:
        "Set the detector format; the region becomes the whole detector, and amplifiers that do not share it evenly " +
        "become one. -1 keeps a value",
      arguments: {
        ns_total: number("columns"),
        ns_predark: number("dark columns before the image"),
        ns_underscan: number("dark columns that are read"),
        ns_overscan: number("overscan columns of each amplifier"),
        np_total: number("rows"),
        np_predark: number("dark rows before the image"),
        np_underscan: number("dark rows that are read"),
        np_overscan: number("overscan rows of each amplifier"),
        np_frametransfer: number("frame transfer rows"),
      },
      beside: true,
      run: (wanted) => {
        geometry.setFormat(Object.values(wanted));
        changed();
      },
    }),
    get_image_size: command({
      ...reading,
      summary: "Tell the size of the next image, with overscan: columns, rows, pixels in all, and amplifiers",
      run: () => geometry.imageSize(),
    }),
    get_focalplane: command({
      ...reading,
      summary: "Tell the focal plane: detectors in X and Y, amplifiers in X and Y, how each amplifier reads",
      run: () => geometry.focalPlaneWords(),
    }),
    set_focalplane: command({
      summary: "Set the amplifiers; -1 keeps a value",
      arguments: {
        numdet_x: number("detectors side by side"),
        numdet_y: number("detectors above one another"),
        numamps_x: number("amplifiers side by side"),
        numamps_y: number("amplifiers above one another"),
        amp_config: {
          type: "text",
          default: "",
          summary: "a digit for each amplifier: 0 as it is, 1 flipped in x, 2 in y, 3 in both; default the usual",
        },
      },
      takesMore: true,
      beside: true,
      run: ({ amp_config, ...wanted }, { more }) =>
        geometry.setFocalPlane(Object.values(wanted), [amp_config, ...more].join("")),
    }),
  };
}
