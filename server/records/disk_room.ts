/**
 * Looks how much room there is on the disk that a folder is on.
 *
 * @module
 */

import { statfsSync } from "node:fs";

/** With less room than this a disk is nearly full, in bytes; */
const little = 100_000_000;
/** a small one with less than this share of it. */
const littleShare = 0.1;

/** The room on a disk, in bytes. */
export interface DiskRoom {
  /** How much there is for this program. */
  readonly free: number;
  /** With less it is nearly full. */
  readonly little: number;
}

/** Looks. @returns `undefined` where that cannot be known, as without the permission to ask. */
export function diskRoom(folder: string): DiskRoom | undefined {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return { free: bavail * bsize, little: Math.min(little, littleShare * blocks * bsize) };
  } catch {
    return undefined;
  }
}
