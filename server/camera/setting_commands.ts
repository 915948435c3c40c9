/**
 * azcam's commands for the settings of the next exposure: its time, type, title and file, and those that read them.
 *
 * @module
 */

import { type Command, command } from "../bench/command.ts";
import type { Instrument } from "../bench/instrument.ts";
import { OneWord } from "../bench/values.ts";
import { imageTypes } from "./camera_fields.ts";
import { checkRoot } from "./file_names.ts";

/**
 * The commands for a camera's settings.
 *
 * @param instrument The camera, whose fields they set.
 * @param nextFile Tells the path of the next image.
 */
export function settingCommands(instrument: () => Instrument, nextFile: () => string): Record<string, Command> {
  const held = (field: string) => instrument().field(field).value;
  const reading = { role: "observer", immediate: true } as const;
  const set = (field: string, value: unknown, signal: AbortSignal) => instrument().set(field, value, signal);
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
    get_image_types: command({ ...reading, summary: "List the image types", run: () => imageTypes }),
    get_image_type: command({ ...reading, summary: "Tell the image type", run: () => held("imagetype") }),
    set_image_type: command({
      summary: "Set the image type",
      arguments: { imagetype: { type: "choice", choices: imageTypes, default: "zero" } },
      beside: true,
      run: ({ imagetype }, { signal }) => set("imagetype", imagetype, signal),
    }),
    get_image_title: command({
      ...reading,
      summary: "Tell the image title",
      run: () => new OneWord(String(held("imagetitle"))),
    }),
    set_image_title: command({
      summary: "Set the image title; none clears it",
      arguments: { title: { type: "text", default: "" } },
      beside: true,
      run: ({ title }, { signal }) => set("imagetitle", title, signal),
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
