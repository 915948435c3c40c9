/**
 * The records of the journal as they are kept: one JSON object each, numbered without a gap, each with the digest of the
 * one before.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type JournalLevel, journalLevels } from "../../protocol/vocabulary.ts";
import type { JournalRecord } from "../../protocol/records.ts";

/** What stands before the first record of a folder, in hexadecimal. */
export const firstDigest: string = "0".repeat(64);

/**
 * The digest of a record: SHA-256 of the digest before it and of the record's own text.
 *
 * @param previous The digest of the record before, 64 hexadecimal digits.
 * @param text The record as it is kept.
 */
export function digestOf(previous: string, text: string): string {
  return createHash("sha256").update(previous).update(text).digest("hex");
}

/** The level of a record as a number, the least important first. */
export function levelNumber(level: JournalLevel): number {
  return journalLevels.indexOf(level);
}

const texts = ["kind", "time", "level", "client", "instrument", "text"];

/**
 * Reads the line of a record.
 *
 * @returns `undefined` where it is none: a line that was cut by a full disk or a power failure.
 */
export function readRecord(line: string): JournalRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const record = value as Record<string, unknown>;
  if (!Number.isSafeInteger(record.number)) return undefined;
  if (texts.some((name) => typeof record[name] !== "string")) return undefined;
  return Number.isNaN(Date.parse(String(record.time))) ? undefined : value as JournalRecord;
}
