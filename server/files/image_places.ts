/**
 * Resolves the real paths of image files, and of others that clients name. Deno holds a Worker to paths as they are written, whatever symbolic links
 * stand on the way: without this, one in an image folder would lead out of it.
 *
 * @module
 */

import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { FileError } from "./part_file.ts";

/** The number of tries for a file that is replaced while it is opened. */
const mostTries = 10;

/** Whether what is there now is what was there before, and still a file. */
function isStill(before: Deno.FileInfo, path: string): boolean {
  const { ino, dev, isFile } = Deno.lstatSync(path);
  return isFile && ino === before.ino && dev === before.dev;
}

/** The image folders as the system sees them. */
export class ImagePlaces {
  readonly #roots: readonly string[];
  readonly #called: string;

  /**
   * @param roots Their absolute paths. Each may itself be a symbolic link: the operator has named it.
   * @param called What they are called, for errors.
   */
  constructor(roots: readonly string[], called = "image folders") {
    this.#roots = roots;
    this.#called = called;
  }

  /**
   * A path for a file that is to be written, without symbolic links below the image folder.
   *
   * @param file Its absolute path; its folder exists.
   * @throws {FileError} Where its folder is outside of the image folders.
   */
  toWrite(file: string): string {
    const real = Deno.realPathSync(dirname(file));
    const folder = this.#below(real);
    if (folder !== undefined) return join(folder, basename(file));
    throw new FileError(
      `its folder is a symbolic link out of the image folders, to ${real}; start the server with --image-folder for ` +
        "that one as well",
      "not_allowed",
    );
  }

  /**
   * Opens a file to read it.
   *
   * @param file Its absolute path; a symbolic link may stand there that leads to another file of the image folders.
   * @returns It, and what it is like.
   * @throws {FileError} Where it leads out of them, or is no file.
   */
  openToRead(file: string): { readonly opened: Deno.FsFile; readonly info: Deno.FileInfo } {
    for (let tries = 0; tries < mostTries; tries++) {
      const path = this.#toRead(file);
      const info = Deno.lstatSync(path);
      // To open a pipe would wait until somebody writes into it, and every exposure behind that.
      if (!info.isFile) throw new FileError("it is no file");
      const opened = Deno.openSync(path, { read: true });
      try {
        // Otherwise something else has taken its place meanwhile: the next image, or a symbolic link. The open file is
        // not asked: Deno may not tell of one whose folder is a symbolic link that the operator has named.
        if (isStill(info, path)) return { opened, info };
      } catch (error) {
        opened.close();
        throw error;
      }
      opened.close();
    }
    throw new FileError("it is being replaced all the time");
  }

  #toRead(file: string): string {
    const real = Deno.realPathSync(file);
    const folder = this.#below(dirname(real));
    if (folder !== undefined) return join(folder, basename(real));
    throw new FileError(`it is a symbolic link out of the ${this.#called}, to ${real}`, "not_allowed");
  }

  /** A folder without symbolic links, as it is reached from one of the image folders; `undefined` from none. */
  #below(real: string): string | undefined {
    for (const root of this.#roots) {
      let way: string;
      try {
        way = relative(Deno.realPathSync(root), real);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) continue;
        throw error;
      }
      if (!isAbsolute(way) && way.split(/[\\/]/)[0] !== "..") return join(root, way);
    }
    return undefined;
  }
}
