/**
 * Leaves out of a bench file what is wrong in it, so that the rest can be checked too and all that is wrong is told at
 * once. What depends on a part that was left out is left out with it: no problem is told that comes from another one.
 *
 * @module
 */

import { nearest } from "../bench/names.ts";
import { commandSchema, fieldSchema } from "../devices/described/schema.ts";
import type { Path } from "../files/source.ts";
import { type BenchDescription, benchSchema, type InstrumentEntry, instrumentSchema } from "./schema.ts";

/** An instrument's entry, and as it was written. */
export interface SoundEntry {
  /** Checked for its form. */
  readonly entry: InstrumentEntry;
  /** As the file has it, without what is wrong. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** The words for a value or an answer without which the others mean the same. */
const alone: ReadonlySet<unknown> = new Set(
  [
    "unit",
    "minimum",
    "maximum",
    "decimals",
    "format",
    "on",
    "off",
    "allow",
    "summary",
    "scale",
    "offset",
    "calibration",
    "initial",
  ]
    .concat(
      "readback",
      "alarm",
      "poll",
      "when",
      "log",
      "keyword",
      "needsConfirm",
      "timeout",
      "bad",
      "group",
      "at",
      "bits",
      "order",
      "signed",
      "role",
      "deadline",
      "immediate",
      "confirm",
    ),
);

/** The words for an instrument without which the others mean the same. */
const aloneAbove: ReadonlySet<unknown> = new Set(
  ["caption", "summary", "handshake", "initialize", "shutdown", "afterWrite", "reconnect", "pollInterval", "staleAfter"]
    .concat("errorAfter", "select", "main", "polling"),
);

/**
 * A description without a part that is wrong.
 *
 * @param description An instrument's entry, or its description.
 * @param path The part, from its top.
 * @returns The rest; `undefined` where the rest means nothing without that part.
 */
export function without<T extends object>(description: T, path: Path): T | undefined {
  const [table, name, part, word] = path;
  if (aloneAbove.has(table)) return omit(description, [table!]);
  if (table === "questions") return withoutQuestion(description, String(name));
  // Each of the refusals may be wrong by itself.
  if (table === "line" && name !== undefined) return omit(description, path.slice(0, name === "refused" ? 3 : 2));
  if (name === undefined || (table !== "fields" && table !== "commands")) return undefined;
  const entry = [table, name];
  const answers = part === "read" || part === "ask";
  let rest: T | undefined;
  // The group is one of the pattern's.
  if (answers && word === "pattern") {
    rest = omit(omit(description, [...entry, part, "group"]) ?? description, [...entry, part, word]);
  } else if (answers && alone.has(word)) rest = omit(description, [...entry, part, word!]);
  else if (alone.has(part)) rest = omit(description, [...entry, part!]);
  return rest ?? omit(description, entry);
}

/** A copy without a question, and without the fields that take something of its answer. */
function withoutQuestion<T extends object>(description: T, question: string): T | undefined {
  let rest = omit(description, ["questions", question]);
  const { fields } = description as { fields?: Record<string, { read?: unknown } | undefined> };
  for (const [title, field] of Object.entries(fields ?? {})) {
    if (isTable(field?.read) && field.read.question === question) rest = rest && omit(rest, ["fields", title]);
  }
  return rest;
}

/** A copy without what stands at a path; `undefined` where nothing does. */
function omit<T extends object>(table: T, [key, ...below]: Path): T | undefined {
  if (!Object.hasOwn(table, key!)) return undefined;
  const { [key as keyof T]: inner, ...others } = table;
  if (below.length === 0) return others as T;
  const rest = typeof inner === "object" && inner !== null ? omit(inner, below) : undefined;
  return rest && { ...table, [key!]: rest };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a word that is not known can be left out by itself: it is not a mistyped one on which others depend. */
function isAlone(raw: Readonly<Record<string, unknown>>, path: Path): boolean {
  const [table, name] = path;
  const word = String(path.at(-1));
  if (name === undefined) {
    const meant = nearest(word, Object.keys(instrumentSchema.shape));
    return meant === undefined || aloneAbove.has(meant) || Object.hasOwn(raw, meant);
  }
  if (path.length !== 3 || (table !== "fields" && table !== "commands")) return false;
  const meant = nearest(word, Object.keys((table === "fields" ? fieldSchema : commandSchema).shape));
  if (meant === undefined || alone.has(meant)) return true;
  return Object.hasOwn((raw[table] as Record<string, object> | undefined)?.[name] ?? {}, meant);
}

/** An instrument's entry as far as its form is right; `undefined` where too little is left to check it. */
function soundEntry(given: unknown): SoundEntry | undefined {
  if (!isTable(given)) return undefined;
  let raw: Record<string, unknown> = { ...given };
  const result = instrumentSchema.safeParse(raw);
  if (result.success) return { entry: result.data, raw };
  for (const issue of result.error.issues) {
    const path = issue.path as (string | number)[];
    const paths = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
    for (const each of paths) {
      const rest = issue.code === "unrecognized_keys" && isAlone(raw, each) ? omit(raw, each) : without(raw, each);
      if (rest === undefined) return undefined;
      raw = rest;
    }
  }
  for (const table of ["fields", "commands"]) {
    // None is left, and that is not what the file says.
    if (raw[table] !== undefined && Object.keys(raw[table] as object).length === 0) return undefined;
  }
  const again = instrumentSchema.safeParse(raw);
  return again.success ? { entry: again.data, raw } : undefined;
}

/**
 * The parts of a bench file whose form is right.
 *
 * @param described The bench file, whose form is wrong somewhere.
 * @returns Its sections, and its instruments by their places.
 */
export function soundParts(
  described: unknown,
): { bench: Omit<BenchDescription, "instruments">; entries: (SoundEntry | undefined)[] } {
  const given = isTable(described) ? described : {};
  const { name, server, code, roles, addresses, loopback } = benchSchema.shape;
  const ports = isTable(given.ports) ? Object.entries(given.ports) : [];
  const bench = {
    name: name.safeParse(given.name).data,
    server: server.safeParse(given.server).data,
    code: code.safeParse(given.code).data,
    roles: roles.safeParse(given.roles).data,
    addresses: addresses.safeParse(given.addresses).data,
    loopback: loopback.safeParse(given.loopback).data,
    ports: Object.fromEntries(ports.filter(([, port]) => typeof port === "string" && port !== "")),
  } as Omit<BenchDescription, "instruments">;
  const wrong = new Set(ports.map(([key]) => key).filter((key) => !Object.hasOwn(bench.ports!, key)));
  const entries = (Array.isArray(given.instruments) ? given.instruments : []).map(soundEntry)
    // What is said of its port says what is wrong with it.
    .map((each) => wrong.has(each?.entry.port ?? "") ? undefined : each);
  return { bench, entries };
}
