/**
 * The command that runs a file of heliograph's source as a process of its own, with no more permissions than it needs.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Command } from "./starter.ts";

const lock = new URL("../../deno.lock", import.meta.url);

/** The flags by which a process takes the packages that heliograph's lock names, and asks no registry for anything. */
export function lockFlags(): string[] {
  return hasLock() ? [`--lock=${fileURLToPath(lock)}`, "--frozen"] : ["--no-lock"];
}

/** Whether heliograph's lock is beside its source. */
function hasLock(): boolean {
  try {
    return Deno.statSync(lock).isFile;
  } catch {
    // It is not there, or may not be looked at.
    return false;
  }
}

/** The permissions of a process that names what they are for: files and folders, and addresses. */
export interface ProcessGrants {
  /** What it may read. @default nothing */
  readonly read?: readonly string[];
  /** What it may write. @default nothing */
  readonly write?: readonly string[];
  /** What it may connect to. @default nothing */
  readonly net?: readonly string[];
}

/**
 * Program and arguments that run a file of the source.
 *
 * @param own The file.
 * @param flags Further flags of `deno run`.
 * @param grants What it may read, write and connect to.
 * @returns `undefined` in a program that was compiled or came from a URL.
 */
export function sourceCommand(own: URL, flags: readonly string[], grants: ProcessGrants): Command | undefined {
  if (Deno.build.standalone || own.protocol !== "file:") return undefined;
  const allow = (["read", "write", "net"] as const).flatMap((name) => {
    const values = grants[name] ?? [];
    if (values.length === 0) return [];
    // A comma separates: then Workers alone, which are told each value, are held to the list.
    return [values.some((value) => value.includes(",")) ? `--allow-${name}` : `--allow-${name}=${values}`];
  });
  return [Deno.execPath(), "run", "--quiet", "--no-prompt", "--no-config", ...flags, ...allow, own.href];
}
