/**
 * The messages between the server and its Worker for pixels.
 *
 * @module
 */

import type { FileFault, WantedFile } from "../files/part_file.ts";

import type { ImageQuestion, LastImage, TileRequest } from "../bench/images.ts";
import type { AmplifierPixels } from "./detector.ts";

/** One part of an image file: the primary one, or an extension. */
export interface ImagePart {
  /** Its header's cards, without those that the sums are in. */
  readonly header: string;
  /** Whether it has pixels. */
  readonly hasPixels: boolean;
  /** Its pixels, once they are there. */
  readonly pixels?: AmplifierPixels;
}

/** An image, and where it goes. */
export interface ImageFile {
  /** The absolute path. */
  readonly file: string;
  /** Whether it may take the place of another file. */
  readonly overwrite: boolean;
  /** What it consists of. */
  readonly parts: readonly ImagePart[];
}

/** The description of an image file. */
export interface SeenImage extends Pick<LastImage, "width" | "height" | "header" | "levels"> {
  /** Tells the file from any that takes its place. */
  readonly stamp: string;
}

/** An image file that is there. */
export interface FoundImage {
  /** Its absolute path, with forward slashes. */
  readonly file: string;
  /** Tells the file from any that takes its place. */
  readonly stamp: string;
  /** When it was written, in milliseconds since 1970. */
  readonly time: number;
}

/** The tasks of the Worker. */
export type PixelTask =
  | { readonly kind: "nothing" }
  | ({ readonly kind: "check" } & WantedFile)
  | { readonly kind: "write"; readonly image: ImageFile }
  | { readonly kind: "open"; readonly key: string; readonly file: string; readonly overwrite: boolean }
  | { readonly kind: "append"; readonly key: string; readonly bytes: Uint8Array }
  | { readonly kind: "close"; readonly key: string; readonly keep: boolean }
  | { readonly kind: "read"; readonly file: string; readonly offset: number; readonly length: number }
  | { readonly kind: "look"; readonly file: string; readonly known: string | undefined }
  | { readonly kind: "tile"; readonly file: string; readonly stamp: string; readonly tile: TileRequest }
  | { readonly kind: "ask"; readonly file: string; readonly stamp: string; readonly question: ImageQuestion }
  | { readonly kind: "there"; readonly files: readonly string[] }
  | { readonly kind: "newest"; readonly folder: string; readonly most: number };

/** A task on its way to the Worker. */
export interface ConfinedTask {
  /** What is to be done. */
  readonly task: PixelTask;
  /** The folders that it is confined to: absolute paths. */
  readonly folders: readonly string[];
}

/** The result of a task. */
export interface PixelAnswer {
  /** The result, where there is one. */
  readonly value?: unknown;
  /** What a server that was ended had left in the folder, and was removed. */
  readonly orphans: readonly string[];
  /** Why it failed, where it failed. */
  readonly failure?: string;
  /** Which kind of reason that is, where it is about a file. */
  readonly fault?: FileFault;
  /** The pixels of an image that could not be written, in the order of its parts. */
  readonly pixels?: readonly AmplifierPixels[];
}
