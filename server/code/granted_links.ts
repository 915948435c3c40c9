/**
 * Refuses symbolic links that lead out of what the operator grants to code. Deno holds code to paths as they are
 * written, and follows every link that stands on the way: one in a granted folder would grant what it leads to.
 *
 * @module
 */

import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import type { CodePermissions } from "./options.ts";

const log = getLogger(["heliograph", "sandbox"]);

/** The most files and folders that are searched; a folder with more is granted with a warning. */
const mostEntries = 100_000;

/** The real path of a path; `undefined` where nothing is there. */
function realPath(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The target of a link, also where nothing is there yet: code that may write there would make it. */
function targetOf(link: string): string {
  const target = realPath(link);
  if (target !== undefined) return target;
  const wanted = resolve(dirname(link), Deno.readLinkSync(link));
  return join(realPath(dirname(wanted)) ?? dirname(wanted), relative(dirname(wanted), wanted));
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && way.split(/[\\/]/)[0] !== "..";
}

/** The links below a folder, without going through any. */
function* linksBelow(folder: string, budget: { left: number }): Generator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch (error) {
    // Code runs as the same user: what cannot be listed here cannot be listed there. A file has nothing below it.
    log.debug("Cannot look for symbolic links in {folder}: {error}", { folder, error });
    return;
  }
  for (const { name, isSymlink, isDirectory } of entries) {
    if (budget.left-- <= 0) return;
    const path = join(folder, name);
    if (isSymlink) yield path;
    else if (isDirectory) yield* linksBelow(path, budget);
  }
}

/**
 * Makes sure that no symbolic link leads out of the files and folders that code may read or write.
 *
 * @param permissions What is granted; a granted path may itself be a link.
 * @throws {HeliographError} `bad_argument` with the links, where they lead, and what would be right.
 */
export function checkGrantedLinks(permissions: CodePermissions): void {
  for (const kind of ["read", "write"] as const) {
    const granted = permissions[kind] ?? [];
    for (const path of granted) {
      // Deno looks at a path before it looks whether that is there.
      if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") {
        log.warning("Cannot look whether symbolic links lead out of {path}: this program may not read it itself", {
          path,
        });
      } else checkBelow(path, granted, kind);
    }
  }
}

function checkBelow(path: string, granted: readonly string[], kind: "read" | "write"): void {
  const folder = realPath(path);
  if (folder === undefined) return;
  const within = granted.map((other) => realPath(other) ?? resolve(other));
  const budget = { left: mostEntries };
  for (const link of linksBelow(folder, budget)) {
    const target = targetOf(link);
    if (within.some((other) => isWithin(other, target))) continue;
    throw new HeliographError(
      "bad_argument",
      `Cannot let code ${kind} ${path}: ${link} in it is a symbolic link out of it, to ${target}, which code could ` +
        `${kind} as well. Remove the link, or grant that path too (--eval-${kind})`,
    );
  }
  if (budget.left <= 0) {
    log.warning("Looked for symbolic links that lead out of {path} only among its first {most} files", {
      path,
      most: mostEntries,
    });
  }
}
