/**
 * azcam's commands for the settings of the next exposure: its time, type, title and file, and those that read them.
 *
 * @module
 */

import { type Command, command } from "../bench/command.ts";
import { OneWord } from "../bench/values.ts";
import type { CameraSettings } from "./camera_settings.ts";
import type { ComparisonLamps } from "./comparison_lamps.ts";
import { keep } from "./camera_geometry.ts";
import { checkRoot } from "./file_names.ts";

/** The text of an argument that was left out: the bench takes a `None` that is sent for the same. */
const leftOut = "None";

/** The highest number of an image. */
const mostImages = 99_999_999;

/**
 * The commands for a camera's settings.
 *
 * @param settings What they set.
 * @param lamps The image types that are lamps.
 * @param nextFile Tells the path of the next image.
 */
export function settingCommands(
  settings: CameraSettings,
  lamps: ComparisonLamps,
  nextFile: () => string,
): Record<string, Command> {
  const held = (field: string) => settings.held(field);
  const reading = { role: "observer", immediate: true } as const;
  const set = (field: string, value: unknown, signal: AbortSignal) => settings.camera.set(field, value, signal);
  return {
    get_exposuretime: command({
      ...reading,
      summary: "Tell the exposure time in seconds",
      returns: "float",
      run: () => held("exposuretime"),
    }),
    set_exposuretime: command({
      summary: "Set the exposure time",
      arguments: { exposure_time: { type: "float", unit: "s" } },
      beside: true,
      run: ({ exposure_time }, { signal }) => set("exposuretime", exposure_time, signal),
    }),
    get_image_types: command({
      ...reading,
      summary: "List the image types, and after them the comparison lamps of instrument",
      run: (_, { call }) => lamps.learn(call),
    }),
    get_image_type: command({ ...reading, summary: "Tell the image type", run: () => held("imagetype") }),
    set_image_type: command({
      summary: "Set the image type; the name of a comparison lamp is one too",
      arguments: { imagetype: { type: "text", choices: lamps.types, default: "zero" } },
      beside: true,
      run: async ({ imagetype }, { call, signal }) => set("imagetype", await lamps.find(imagetype, call), signal),
    }),
    get_image_title: command({
      ...reading,
      summary: "Tell the image title",
      run: () => new OneWord(String(held("imagetitle"))),
    }),
    set_image_title: command({
      summary: 'Set the image title; "" clears it, and without one it stays',
      arguments: { title: { type: "text", default: leftOut } },
      beside: true,
      run: ({ title }, { signal }) => title === leftOut ? undefined : settings.setTitle(title, signal),
    }),
    set_auto_title: command({
      summary: "Set whether images are titled by their type: 1 or 0, -1 as it is",
      arguments: { flag: { type: "int", minimum: keep, maximum: 1, default: keep } },
      beside: true,
      run: ({ flag }, { signal }) => set("autotitle", flag === keep ? held("autotitle") : flag, signal),
    }),
    get_filename: command({
      ...reading,
      summary: "Tell the name of the next image file",
      run: () => new OneWord(nextFile()),
    }),
    set_filename: command({
      summary: "Set folder and root of the image files from a file's name; its number and type are added",
      arguments: { filename: { type: "text" } },
      beside: true,
      run: ({ filename }, { signal }) => {
        const end = Math.max(filename.lastIndexOf("/"), filename.lastIndexOf("\\")) + 1;
        const folder = filename.slice(0, end);
        const root = filename.slice(end).split(".")[0]!;
        checkRoot(root);
        if (folder !== "") set("imagefolder", folder, signal);
        set("imageroot", root, signal);
      },
    }),
    increment_filenumber: command({
      summary: "Go on to the next image number, unless it stays as it is set or images are test images",
      beside: true,
      run: (_, { signal }) => {
        if (settings.is("imagetest") || !settings.is("imageautoincrementsequencenumber")) return;
        return set("imagesequencenumber", Math.min(mostImages, Number(held("imagesequencenumber")) + 1), signal);
      },
    }),
    get_test_image: command({
      ...reading,
      summary: "Tell whether images are test images",
      run: () => held("imagetest"),
    }),
    set_test_image: command({
      summary: "Set whether images are test images, 1 or 0",
      arguments: { flag: { type: "int", minimum: 0, maximum: 1 } },
      beside: true,
      run: ({ flag }, { signal }) => set("imagetest", flag, signal),
    }),
  };
}
