/**
 * Reads azcam's header files: `KEYWORD value / comment` on each line.
 *
 * @module
 */

import { type Command, command } from "../bench/command.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { isCommentary } from "../bench/header_card.ts";
import type { Instrument } from "../bench/instrument.ts";
import { isNumber } from "../bench/values.ts";
import { checkFileName } from "./file_names.ts";
import type { ImageFolders } from "./image_folders.ts";
import type { PixelStore } from "./pixel_store.ts";

/** A keyword of a header file. */
export interface FileKeyword {
  /** The keyword. */
  readonly keyword: string;
  /** What it says, as text. */
  readonly value: string;
  /** What that is. */
  readonly comment: string;
  /** azcam's word for its type. */
  readonly type: "str" | "int" | "float";
}

/** The longest header file, in bytes: a thousand lines are shorter. */
const longestFile = 2 ** 17;

/**
 * The keywords of a header file, up to the first empty line or line that begins with `#`, as azcam reads it. Commentary
 * is left out.
 *
 * @param text What the file holds.
 */
export function parseHeaderFile(text: string): FileKeyword[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const end = lines.findIndex((line) => line === "" || line.startsWith("#"));
  return lines.slice(0, end < 0 ? lines.length : end).flatMap((line): FileKeyword[] => {
    const [keyword = ""] = line.split(/\s/, 1);
    if (isCommentary(keyword)) return [];
    const rest = line.slice(keyword.length).trim();
    const slash = rest.indexOf("/");
    const value = (slash < 0 ? rest : rest.slice(0, slash)).trim();
    const comment = slash < 0 ? "" : rest.slice(slash + 1).trim();
    const type = !isNumber(value) ? "str" : /^[+-]?\d+$/.test(value) ? "int" : "float";
    return [{ keyword, value, comment, type }];
  });
}

/**
 * azcam's `read_header_file`.
 *
 * @param camera What gets the keywords.
 * @param folders The folders in which the file may be.
 * @param pixels What reads it.
 */
export function headerFileCommand(camera: () => Instrument, folders: ImageFolders, pixels: PixelStore): Command {
  return command({
    summary: "Set the header keywords that a file of the image folders says, KEYWORD value / comment on each line",
    arguments: { filename: { type: "text", summary: "absolute, or as seen from the first image folder" } },
    beside: true,
    run: async ({ filename }) => {
      const path = filename.replaceAll("\\", "/");
      const at = path.lastIndexOf("/");
      const name = path.slice(at + 1);
      checkFileName(name, "a header file");
      const file = `${folders.resolve(at < 0 ? folders.first : path.slice(0, at) || "/")}/${name}`;
      const bytes = await pixels.read(file, 0, longestFile + 1);
      const wrong = (why: string) =>
        new HeliographError("command_failed", `Cannot read the header file ${file}: ${why}`);
      if (bytes.length > longestFile) throw wrong(`it is longer than ${longestFile} bytes`);
      const keywords = parseHeaderFile(new TextDecoder().decode(bytes));
      if (keywords.length === 0) {
        throw wrong('it has no keyword before its first empty line or comment; each line is "KEYWORD value / comment"');
      }
      const { stored } = camera().keywords;
      try {
        for (const { keyword, value, comment, type } of keywords) camera().keywords.set(keyword, value, comment, type);
      } catch (error) {
        // All of it or nothing.
        camera().keywords.restore(stored);
        throw error instanceof HeliographError ? wrong(error.message) : error;
      }
    },
  });
}
