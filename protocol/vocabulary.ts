/**
 * The words of the wires, each list defined once; schemas, checks and types are made from them. Where a type stands
 * beside its list, for people to read, `schemas.ts` holds both equal.
 *
 * @module
 */

/** The types of values: a number with or without a fraction, text, one of a list, or on and off. */
export const valueTypes = ["float", "int", "text", "choice", "switch"] as const satisfies readonly ValueType[];

/**
 * The type of a value: a number with or without a fraction, text, one of a list, or on and off.
 *
 * @example
 * ```ts
 * import type { ValueType } from "@heliograph/heliograph";
 *
 * const isNumber = (type: ValueType) => type === "float" || type === "int";
 * console.log(isNumber("switch")); // false
 * ```
 */
export type ValueType = "float" | "int" | "text" | "choice" | "switch";

/** How people read a number, where that is said. */
export const numberFormats = ["fixed", "significant", "scientific", "engineering", "hexadecimal", "binary"] as const;

/** How people read a number: `12.50`, `12.5`, `1.25e1`, `12.5e0` with an exponent that three divides, `0x0C`, `0b00001100`. */
export type NumberFormat = (typeof numberFormats)[number];

/** `good`: as read. `stale`: not read yet, or not for too long. `error`: reading failed. */
export const qualities = ["good", "stale", "error"] as const;

/** `good`: as read. `stale`: not read yet, or not for too long. `error`: reading failed. */
export type Quality = (typeof qualities)[number];

/** The alarm limits of a field, from below to above. */
export const alarmLimits = ["lowLow", "low", "high", "highHigh"] as const;

/** One of the alarm limits of a field. */
export type AlarmLimit = (typeof alarmLimits)[number];

/** `readout`: read only. `setting`: can be set. */
export const accesses = ["readout", "setting"] as const;

/** `readout`: read only. `setting`: can be set. */
export type Access = (typeof accesses)[number];

/** The roles, the least first: an observer reads, an operator also drives, an admin also evaluates code. */
export const roles = ["observer", "operator", "admin"] as const satisfies readonly Role[];

/**
 * A role: an observer reads, an operator also drives, an admin also evaluates code and stops the server.
 *
 * @example
 * ```ts
 * import { command, type Role } from "@heliograph/heliograph";
 *
 * const role: Role = "admin";
 * command({ summary: "Forget the calibration", role, run: () => {} });
 * ```
 */
export type Role = "observer" | "operator" | "admin";

/** Whether a role may do what needs at least another one; nobody's may nothing. */
export function mayDo(role: Role | undefined, needed: Role): boolean {
  return role !== undefined && roles.indexOf(role) >= roles.indexOf(needed);
}

/**
 * What may be done: read everything, drive instruments, take control from somebody else, end the connections of others,
 * arrange the page, evaluate code, change the bench and who may do what, and stop the server.
 */
export const rights = [
  "read",
  "drive",
  "takeOver",
  "disconnect",
  "arrange",
  "evaluate",
  "administer",
  "shutdown",
] as const;

/** Something that may be done; a role is a set of them. */
export type Right = (typeof rights)[number];

/** The rights of the roles that every bench has. */
export const roleRights: Readonly<Record<Role, readonly Right[]>> = {
  observer: ["read"],
  operator: ["read", "drive", "disconnect", "arrange"],
  admin: rights,
};

/** The right that a command takes whose least role is this one. */
export const rightOfRole: Readonly<Record<Role, Right>> = { observer: "read", operator: "drive", admin: "administer" };

/** What a right is called in a sentence: "you may not …". */
export const rightWords: Readonly<Record<Right, string>> = {
  read: "read",
  drive: "drive",
  takeOver: "take over",
  disconnect: "disconnect others",
  arrange: "arrange the page",
  evaluate: "evaluate code",
  administer: "administer",
  shutdown: "stop the server",
};

/** `off`: not started. `connecting`: the first try is under way. `lost`: it does not answer and is tried again. */
export const contactStates = ["off", "connecting", "connected", "lost"] as const;

/** `off`: not started. `connecting`: the first try is under way. `lost`: it does not answer and is tried again. */
export type ContactState = (typeof contactStates)[number];

/** The wires: azcam's lines, PyOpticon's socket, HTTP and WebSockets, or azcam's image transfer. */
export const wires = ["line", "dashboard", "web", "image"] as const;

/** A wire: azcam's lines, PyOpticon's socket, HTTP and WebSockets, or azcam's image transfer. */
export type Wire = (typeof wires)[number];

/** The levels of the journal, the least important first. */
export const journalLevels = ["debug", "info", "warning", "error"] as const;

/** The level of a journal entry: what only reads is `debug`, also where it fails; else a failure is `warning`. */
export type JournalLevel = (typeof journalLevels)[number];

/**
 * The kinds of what happens. `command`: somebody asked an instrument for something. `code`: somebody sent code. `image`:
 * somebody sent an image. `log`: the server's log. `setting`: a setting has another value. `client`: somebody came or went.
 * `note`: somebody wrote something down. `alarm`: an alarm was raised, acknowledged or set aside, or is no more.
 */
export const journalKinds = ["command", "code", "image", "log", "setting", "client", "note", "alarm"] as const;

/** The kind of something that happened; see {@linkcode journalKinds}. */
export type JournalKind = (typeof journalKinds)[number];
