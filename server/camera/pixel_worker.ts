/**
 * The Worker that encodes, writes and reads pixels: millions of them would keep the server from everything else. It is
 * the only part of the server that may touch the image folders, and it may touch nothing but them.
 *
 * @module
 */

import { dirname } from "node:path";
import { encodePixels } from "./fits/pixels.ts";
import { DataSum } from "./fits/checksum.ts";
import { ImageHeader, paddedLength } from "./fits/header.ts";
import type { Tile } from "../bench/images.ts";
import { answerOf, filesThere, lookAt, newestIn, tileOf } from "./image_reader.ts";
import { ImagePlaces } from "../files/image_places.ts";
import { removeOrphanedParts } from "../files/orphaned_parts.ts";
import { checkWritable, FileError, inWords, PartFile } from "../files/part_file.ts";
import { Cancelled, performTasks, type Standing } from "../files/task_worker.ts";
import type { ConfinedTask, ImageFile, ImagePart, PixelAnswer, PixelTask } from "./pixel_messages.ts";

/** The pixels encoded at once: small enough for the processor's cache, and to be called off in between. */
const chunkPixels = 1 << 18;

/** Files that are being received, by the key their sender knows them by. */
const received = new Map<string, PartFile>();

function receivedFile(key: string): PartFile {
  const file = received.get(key);
  if (file !== undefined) return file;
  throw new Error("the Worker that had begun it has failed");
}

function writePart(out: PartFile, offset: number, part: ImagePart, standing: Standing, scratch: Uint8Array): number {
  const header = new ImageHeader(part.header);
  const sum = new DataSum();
  let length = 0;
  if (part.pixels !== undefined) {
    out.seek(offset + header.length);
    for (let from = 0; from < part.pixels.length; from += chunkPixels) {
      if (standing.cancelled) throw new Cancelled();
      const pixels = part.pixels.subarray(from, from + chunkPixels);
      const bytes = scratch.subarray(0, pixels.length * 2);
      encodePixels(pixels, bytes);
      out.write(bytes);
      // The last chunk may end within a word of the sum; what follows it are zeros.
      const whole = pixels.length % 2 === 0 ? bytes : scratch.subarray(0, bytes.length + 2).fill(0, bytes.length);
      sum.add(whole);
      length += bytes.length;
    }
    out.write(new Uint8Array(paddedLength(length) - length));
  }
  out.seek(offset);
  out.write(header.bytes(sum.value));
  return offset + header.length + paddedLength(length);
}

function writeImage({ file, overwrite, parts }: ImageFile, places: ImagePlaces, standing: Standing): void {
  const out = new PartFile(inWords(() => places.toWrite(file)), overwrite);
  try {
    const scratch = new Uint8Array(chunkPixels * 2 + 2);
    let offset = 0;
    for (const part of parts) offset = writePart(out, offset, part, standing, scratch);
    out.sync();
    standing.commit();
  } catch (error) {
    out.drop();
    throw error;
  }
  out.commit();
}

function read(file: string, places: ImagePlaces, offset: number, length: number): Uint8Array {
  return inWords(() => {
    using source = places.openToRead(file).opened;
    source.seekSync(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(length);
    let count = 0;
    while (count < length) {
      const more = source.readSync(bytes.subarray(count));
      if (more === null) break;
      count += more;
    }
    return bytes.subarray(0, count);
  });
}

/** The folders that have been looked through. */
const looked = new Set<string>();

/** The folders that a task writes to. */
function writtenFolders(task: PixelTask, folders: readonly string[], places: ImagePlaces): readonly string[] {
  if (task.kind === "nothing") return folders;
  const file = task.kind === "write" ? task.image.file : task.kind === "check" || task.kind === "open" ? task.file : "";
  try {
    return file === "" ? [] : [dirname(places.toWrite(file))];
  } catch {
    // It is not there yet, or leads elsewhere.
    return [];
  }
}

/** Removes what servers that were ended have left where a task writes, the first time that something is written there. */
function removeOrphans(folders: readonly string[]): string[] {
  return folders.filter((folder) => !looked.has(folder)).flatMap((folder) => {
    looked.add(folder);
    return removeOrphanedParts(folder, performance.timeOrigin);
  });
}

function perform(task: PixelTask, places: ImagePlaces, standing: Standing): unknown {
  switch (task.kind) {
    case "nothing":
      return;
    case "check":
      return checkWritable(task, (file) => places.toWrite(file));
    case "write":
      return writeImage(task.image, places, standing);
    case "open":
      received.set(task.key, new PartFile(inWords(() => places.toWrite(task.file)), task.overwrite));
      return;
    case "append":
      return receivedFile(task.key).write(task.bytes);
    case "close": {
      const out = receivedFile(task.key);
      received.delete(task.key);
      if (!task.keep) return out.drop();
      try {
        out.sync();
      } catch (error) {
        out.drop();
        throw error;
      }
      return out.commit();
    }
    case "read":
      return read(task.file, places, task.offset, task.length);
    case "look":
      return lookAt(task.file, places, task.known, () => standing.throwIfCancelled());
    case "tile":
      return tileOf(task.file, places, task.stamp, task.tile, () => standing.throwIfCancelled());
    case "ask":
      return answerOf(task.file, places, task.stamp, task.question, () => standing.throwIfCancelled());
    case "there":
      return filesThere(task.files, places);
    case "newest":
      return newestIn(task.folder, places, task.most);
  }
}

async function answer({ task, folders }: ConfinedTask, standing: Standing): Promise<PixelAnswer> {
  const places = new ImagePlaces(folders);
  const orphans = removeOrphans(writtenFolders(task, folders, places));
  try {
    return { value: await perform(task, places, standing), orphans };
  } catch (error) {
    const failure = error instanceof Error ? error.message || error.name : String(error);
    // The pixels are all there is of the exposure: they go back to whoever wanted them written.
    const pixels = task.kind === "write" ? task.image.parts.flatMap((part) => part.pixels ?? []) : [];
    const fault = error instanceof FileError ? error.fault : "other";
    return { failure, fault, orphans, pixels };
  }
}

/** The buffers that are transferred with an answer rather than copied. */
function transferOf({ value, pixels = [] }: PixelAnswer): ArrayBuffer[] {
  const tile = typeof value === "object" && value !== null && "pixels" in value ? [(value as Tile).pixels] : [];
  return [...pixels, ...tile].map(({ buffer }) => buffer);
}

performTasks(answer, transferOf);
