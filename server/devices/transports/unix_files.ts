/**
 * Reads /dev and /sys, which Deno itself reads only with every permission there is.
 *
 * @module
 */

import { cText, openFlagsReading, textOf, unixLibrary } from "./unix_library.ts";

// Where the name is in a dirent: after its numbers, the length and the kind.
const nameOffset = Deno.build.os === "darwin" ? 21n : 19n;
const longestName = 1024;

/** The names in a folder, in no order; none if it cannot be read. */
export function listFolder(path: string): string[] {
  const library = unixLibrary();
  const folder = library.opendir(cText(path));
  if (folder === 0n) return [];
  const names: string[] = [];
  for (let entry = library.readdir(folder); entry !== 0n; entry = library.readdir(folder)) {
    const name = new Uint8Array(longestName);
    library.copyText(name, entry + nameOffset, BigInt(longestName));
    const text = textOf(name);
    if (text !== "." && text !== "..") names.push(text);
  }
  library.closedir(folder);
  return names;
}

/** The target of a symbolic link, as it is written; `undefined` if it is none. */
export function readLink(path: string): string | undefined {
  const target = new Uint8Array(4096);
  const length = Number(unixLibrary().readlink(cText(path), target, BigInt(target.length)));
  return length < 0 ? undefined : new TextDecoder().decode(target.subarray(0, length));
}

/** The first line of a small file; empty if it cannot be read. */
export function readSmallFile(path: string): string {
  const library = unixLibrary();
  const descriptor = library.open(cText(path), openFlagsReading);
  if (descriptor < 0) return "";
  const content = new Uint8Array(4096);
  const length = Number(library.read(descriptor, content, BigInt(content.length)));
  library.close(descriptor);
  return length < 0 ? "" : new TextDecoder().decode(content.subarray(0, length)).split("\n")[0]!.trim();
}
