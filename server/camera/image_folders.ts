/**
 * Folders for images: they are written into those that the operator named, and nowhere else.
 *
 * @module
 */

import { isAbsolute, join, relative, resolve } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";
import { checkFileName } from "./file_names.ts";

/** A path as azcam writes it on every system: with forward slashes. */
function forwardSlashes(path: string): string {
  return path.replaceAll("\\", "/");
}

/** The folders that images may go to. */
export class ImageFolders {
  /** The folders, absolute and with forward slashes; the first one is where images go unless told otherwise. */
  readonly roots: readonly string[];

  /** @param roots Absolute paths; none where no image may be written at all. */
  constructor(roots: readonly string[]) {
    this.roots = roots.map((root) => forwardSlashes(resolve("/", root)));
  }

  /** The folder for images unless told otherwise; empty where they may go nowhere. */
  get first(): string {
    return this.roots[0] ?? "";
  }

  /**
   * A folder in which images may be written, as a client named it.
   *
   * @param wanted Absolute, or as seen from the first of the folders.
   * @returns The absolute path, with forward slashes; the folder need not exist yet.
   * @throws {HeliographError} `out_of_limits` when it is in none of the folders; `bad_argument` for a name below them
   * that a folder may not have, or for none at all.
   */
  resolve(wanted: string): string {
    if (this.roots.length === 0) throw noFolder();
    if (wanted.includes("\0")) throw new HeliographError("bad_argument", "a path holds no NUL character");
    if (wanted === "") checkFileName(wanted, "a folder for images");
    const folder = isAbsolute(wanted) ? resolve(wanted) : join(this.first, wanted);
    for (const root of this.roots) {
      const way = relative(root, folder);
      const below = way === "" ? [] : way.split(/[\\/]/);
      if (isAbsolute(way) || below[0] === "..") continue;
      // What the operator's own folders are called is up to them.
      for (const name of below) checkFileName(name, "a folder for images");
      return forwardSlashes(folder).replace(/(?<=.)\/$/, "");
    }
    throw new HeliographError(
      "out_of_limits",
      `images may only be written in ${this.roots.join(" or ")}; start the server with --image-folder for others`,
    );
  }
}

/** The error where the server was given no folder. */
export function noFolder(): HeliographError {
  return new HeliographError(
    "command_failed",
    "This server may write no images: start it with --image-folder FOLDER, or name imageFolders in the bench file",
  );
}
