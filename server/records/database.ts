/**
 * Opens the databases of the records.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { basename, join } from "node:path";

/** A database that is only read, and the folder of its copy, where it is one. */
export interface ReadDatabase {
  readonly database: DatabaseSync;
  readonly copy?: string;
}

/**
 * Opens a database only to read. SQLite makes a file beside it, which a read-only disk does not take: what is on one is
 * read in a copy.
 *
 * @param file Its absolute path.
 * @throws {Error} SQLite's, also where no copy can be made.
 */
export function openToRead(file: string): ReadDatabase {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    // exec says why it fails, which prepare does not on every Deno.
    database.exec("SELECT count(*) FROM sqlite_schema");
    return { database };
  } catch (error) {
    database.close();
    if (hasBytes(`${file}-wal`)) throw error;
    let [copy, copied]: [string | undefined, DatabaseSync | undefined] = [undefined, undefined];
    try {
      copy = Deno.makeTempDirSync({ prefix: "heliograph-records-" });
      Deno.copyFileSync(file, join(copy, basename(file)));
      copied = new DatabaseSync(join(copy, basename(file)), { readOnly: true });
      copied.exec("SELECT count(*) FROM sqlite_schema");
      return { database: copied, copy };
    } catch {
      copied?.close();
      if (copy !== undefined) Deno.removeSync(copy, { recursive: true });
      throw error;
    }
  }
}

function hasBytes(file: string): boolean {
  try {
    return Deno.statSync(file).size > 0;
  } catch {
    return false;
  }
}

/** Does something in one transaction: all of it, or none where it throws. */
export function atOnce<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const done = work();
    database.exec("COMMIT");
    return done;
  } catch (error) {
    try {
      database.exec("ROLLBACK");
    } catch {
      // SQLite may have done so itself, as where the disk is full: then nothing is under way.
    }
    throw error;
  }
}

/** How many bytes of a database hold something: room that was forgotten in is used again. */
export function usedBytes(database: DatabaseSync): number {
  const row = database
    .prepare(
      "SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()",
    )
    .get();
  return Number(row?.bytes);
}

/** Has SQLite look at all of a database. @returns What is wrong with it; nothing where it is whole. */
export function integrityOf(database: DatabaseSync): string[] {
  const found = database.prepare("PRAGMA integrity_check(10)").all().map((row) => String(Object.values(row)[0]));
  return found.length === 1 && found[0] === "ok" ? [] : found;
}
