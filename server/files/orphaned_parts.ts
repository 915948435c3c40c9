/**
 * Removes the parts of files that a server left when it was ended while it wrote them.
 *
 * @module
 */

import { join } from "node:path";

/** The names of files while they grow; see {@linkcode partName}. */
const partPattern = /^[^/\\]+\.[0-9a-f]{8}\.part$/;

/**
 * For how long a part must not have been written to where the system cannot tell whether somebody still has it, in
 * milliseconds: longer than any sender of images may pause.
 */
const untouched = 15 * 60_000;

/** A name under which a file grows: no program that looks for images takes it for one, and nobody else has it. */
export function partName(file: string): string {
  return `${file}.${crypto.randomUUID().slice(0, 8)}.part`;
}

/**
 * Keeps others from taking a part for an orphan, as long as it is open.
 *
 * @param part The open file.
 */
export function claimPart(part: Deno.FsFile): void {
  try {
    part.lockSync(true);
  } catch {
    // Some network disks know no locks; then its age tells.
  }
}

/** Whether nobody writes a part any more; it was last written before this program began. */
function isOrphaned(part: string, modified: number, now: number): boolean {
  using file = Deno.openSync(part, { write: true });
  // Deno has it from 2.7 on.
  const { tryLockSync } = file as { tryLockSync?: (exclusive: boolean) => boolean };
  if (tryLockSync === undefined) return now - modified > untouched;
  try {
    return tryLockSync.call(file, true);
  } catch {
    return now - modified > untouched;
  }
}

/**
 * Removes the parts in a folder that were left by a server that has ended; files of any other name stay, and so do
 * parts that somebody still writes.
 *
 * @param folder The folder's path.
 * @param begun When this program began, in milliseconds since 1970: what is younger is nobody's orphan.
 * @returns The paths of what was removed.
 */
export function removeOrphanedParts(folder: string, begun: number): string[] {
  const removed: string[] = [];
  try {
    for (const { name, isFile } of Deno.readDirSync(folder)) {
      if (!isFile || !partPattern.test(name)) continue;
      const part = join(folder, name);
      if (removeIfOrphaned(part, begun)) removed.push(part);
    }
  } catch {
    // A folder that is not there, or that cannot be listed, is told when something is to be written.
  }
  return removed;
}

function removeIfOrphaned(part: string, begun: number): boolean {
  try {
    const modified = Deno.lstatSync(part).mtime?.getTime() ?? Infinity;
    if (modified >= begun || !isOrphaned(part, modified, Date.now())) return false;
    Deno.removeSync(part);
    return true;
  } catch {
    // Another server has removed it meanwhile, or it is not ours to remove.
    return false;
  }
}
