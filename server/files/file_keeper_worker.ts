/**
 * The Worker that keeps one small file. It may read and write that one and the two names beside it that this takes, and
 * nothing else, so that the server itself may write nothing at all.
 *
 * @module
 */

import { dirname } from "node:path";
import type { FromFileKeeper, KeptFile, ToFileKeeper } from "./file_keeper_messages.ts";
import { ImagePlaces } from "./image_places.ts";
import { patient } from "./patient.ts";
import { FileError, inWords, PartFile } from "./part_file.ts";

/** This Worker's own scope, which Deno's types for a window do not know. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToFileKeeper>) => void;
  postMessage(message: FromFileKeeper): void;
};

/** The longest file that is read, in bytes: far longer than any that was written. */
const longest = 4_000_000;

/** Whether it is a file that can be read whole; false where none is there. */
function isReadable(file: string): boolean {
  let size: number;
  try {
    const { isFile, size: bytes } = Deno.statSync(file);
    // A pipe or a device would never end.
    if (!isFile) throw new FileError("it is no file");
    size = bytes;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  if (size > longest) throw new FileError(`it is over ${longest} bytes`);
  return true;
}

function read(file: string): string | undefined {
  return isReadable(file) ? Deno.readTextFileSync(file) : undefined;
}

function readExactly(file: string | undefined): string | undefined {
  if (file === undefined || !isReadable(file)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Deno.readFileSync(file));
  } catch (error) {
    if (error instanceof TypeError) throw new FileError("it is not UTF-8");
    throw error;
  }
}

/** Reads a file that a client named: no symbolic link leads it out of the folders. */
function readOther(file: string, folders: readonly string[]): string | undefined {
  let opened: Deno.FsFile;
  let size: number;
  try {
    const found = new ImagePlaces(folders, "folders that the operator named").openToRead(file);
    opened = found.opened;
    size = found.info.size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  using source = opened;
  if (size > longest) throw new FileError(`it is over ${longest} bytes`);
  const bytes = new Uint8Array(size);
  let length = 0;
  for (let count: number | null = 1; count !== null && length < size; length += count ?? 0) {
    count = source.readSync(bytes.subarray(length));
  }
  return new TextDecoder("utf-8").decode(bytes.subarray(0, length));
}

/** Begins the file anew, whatever a server that was killed has left of it. */
function begin({ file, part, createFolder }: KeptFile): PartFile {
  if (createFolder) inWords(() => Deno.mkdirSync(dirname(file), { recursive: true }));
  try {
    Deno.removeSync(part);
  } catch {
    // Nothing was left, or beginning it says what is wrong.
  }
  return new PartFile(file, true, part);
}

function write(kept: KeptFile, text: string, prepare: (part: string) => void = () => {}): void {
  const out = begin(kept);
  try {
    prepare(kept.part);
    out.write(new TextEncoder().encode(text));
    out.sync();
  } catch (error) {
    out.drop();
    throw error;
  }
  out.commit();
}

/** Replaces what people wrote: who may read it stays so. */
function replace(kept: KeptFile, text: string, expected: string): void {
  const { file, previous } = kept;
  if (readExactly(file) !== expected) throw new FileError("it was changed on the disk meanwhile");
  const mode = Deno.statSync(file).mode;
  // Renaming would not ask.
  if (mode !== null && Deno.build.os !== "windows" && (mode & 0o222) === 0) {
    throw new FileError("it is read-only, so that nobody changes it");
  }
  const put = (kept: KeptFile, text: string) => {
    if (mode === null || Deno.build.os === "windows") return write(kept, text);
    write(kept, text, (part) => Deno.chmodSync(part, mode & 0o777));
  };
  if (previous !== undefined) put({ ...kept, file: previous, part: `${previous}.part` }, expected);
  put(kept, text);
}

/** Keeps the file under another name, unless somebody has taken it away. */
function setAside({ file, aside }: KeptFile): void {
  try {
    patient(() => Deno.renameSync(file, aside));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The names of the files in a folder, sorted. */
function namesIn(folder: string): string {
  const names = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => name);
  return JSON.stringify(names.sort());
}

function perform({ kept, task }: ToFileKeeper): string | undefined {
  switch (task.kind) {
    case "read":
      return inWords(() => read(kept.file));
    case "read other":
      return inWords(() => readOther(task.file, task.folders));
    case "list":
      return inWords(() => namesIn(task.folder));
    case "check":
      begin(kept).drop();
      return;
    case "write":
      write(kept, task.text);
      return;
    case "read exactly":
      return inWords(() => readExactly(task.which === "file" ? kept.file : kept.previous));
    case "replace":
      inWords(() => replace(kept, task.text, task.expected));
      return;
    case "set aside":
      inWords(() => setAside(kept));
      return;
  }
}

scope.onmessage = ({ data }) => {
  try {
    scope.postMessage({ done: true, text: perform(data) });
  } catch (error) {
    scope.postMessage({ done: false, reason: (error as Error).message });
  }
};
