/**
 * The file of who may do what, `lab.access.json`: its form, and what is done to it.
 *
 * It holds no secret but digests: of a token, and of a one-time secret, the SHA-256.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import * as z from "npm:zod@4.6.7";
import { HeliographError } from "../../protocol/errors.ts";
import { secretPrefix } from "../../protocol/secrets.ts";
import { didYouMean } from "../bench/names.ts";
import { checkedName } from "./principal.ts";

/** The number of the form that this version writes and reads. */
export const accessFormat = 1;

/** What a person or program is given, as the file says it. */
interface Granted {
  /** What they are called; nobody else may call themselves so. */
  readonly name: string;
  /** The name of their role. */
  readonly role: string;
  /** The names of the instruments that they may drive. @default all */
  readonly instruments?: readonly string[] | undefined;
  /** What it is for, as whoever made it wrote. */
  readonly purpose?: string | undefined;
}

/** A passkey: it signs in whoever holds it. It is no secret. */
export interface Passkey {
  /** What the browser calls it, base64url. */
  readonly id: string;
  /** Its public key (COSE), base64. */
  readonly key: string;
  /** How often it was used, as it says; 0 where it does not count. */
  readonly counter: number;
  /** What its owner calls it. */
  readonly title: string;
  /** When it was made. */
  readonly made: string;
}

/** A person or a program, with its one token. Times are ISO 8601 in UTC. */
export interface AccessEntry extends Granted {
  /** The SHA-256 of the token. */
  readonly digest: string;
  /** When it was made. */
  readonly made: string;
  /** When it ends. @default it does not */
  readonly until?: string | undefined;
  /** When it was last used, to the minute. */
  readonly used?: string | undefined;
  /** From which address. */
  readonly from?: string | undefined;
  /** Passkeys by which they sign in. @default none */
  readonly passkeys?: readonly Passkey[] | undefined;
}

/** A one-time secret that can be changed for a token. */
export interface Invitation extends Granted {
  /** For whom it is: the page, or another PC. */
  readonly kind: "link" | "pairing";
  /** The SHA-256 of the secret. */
  readonly digest: string;
  /** When it ends, ISO 8601 in UTC. */
  readonly until: string;
  /** For how many days the token is good that it is changed for. @default until it is revoked */
  readonly days?: number | undefined;
}

const digest = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 of 64 hexadecimal digits");
const moment = z.iso.datetime();

const granted = {
  name: z.string().min(1).max(64),
  role: z.string().min(1),
  instruments: z.array(z.string().min(1)).optional(),
  purpose: z.string().max(200).optional(),
};

const fileSchema: z.ZodType<AccessList> = z.strictObject({
  format: z.literal(accessFormat),
  people: z.array(z.strictObject({
    ...granted,
    digest,
    made: moment,
    until: moment.optional(),
    used: moment.optional(),
    from: z.string().max(100).optional(),
    passkeys: z.array(z.strictObject({
      id: z.string().min(1),
      key: z.base64().min(1),
      counter: z.int().min(0),
      title: z.string().min(1).max(64),
      made: moment,
    })).optional(),
  })),
  invitations: z.array(z.strictObject({
    ...granted,
    kind: z.enum(["link", "pairing"]),
    digest,
    until: moment,
    days: z.number().positive().optional(),
  })).default([]),
});

/** All that the file holds. */
export interface AccessList {
  /** People and programs, in the order in which they were added. */
  readonly people: readonly AccessEntry[];
  /** One-time secrets that were not used yet. */
  readonly invitations: readonly Invitation[];
}

/** What a person or program is given. */
export interface Grant {
  /** What they are called. */
  readonly name: string;
  /** The name of their role. */
  readonly role: string;
  /** The names of the instruments that they may drive. @default all */
  readonly instruments?: readonly string[] | undefined;
  /** For how many days. @default until it is revoked */
  readonly days?: number | undefined;
  /** What it is for. */
  readonly purpose?: string | undefined;
}

/** A bench without anybody. */
export const emptyList: AccessList = { people: [], invitations: [] };

/** Names that people take for one are one: `Ana` and `ana`. */
export function nameKey(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

/** The SHA-256 of a secret, in hexadecimal. */
export function digestOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** A new secret: 256 bits, in letters, digits, `-` and `_`. */
export function newSecret(): string {
  return `${secretPrefix}${Buffer.from(randomBytes(32)).toString("base64url")}`;
}

/**
 * Reads the file.
 *
 * @param file Its path, for the error.
 * @param text What it holds; `undefined` where there is none.
 * @throws {HeliographError} `bad_argument`, with what is wrong where.
 */
export function readAccess(file: string, text: string | undefined): AccessList {
  if (text === undefined) return emptyList;
  const bad = (what: string) => new HeliographError("bad_argument", `Cannot use ${file}: ${what}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    // V8 quotes the text around the place: that is somebody's digest at most, and still nobody's business.
    const at = /position \d+|line \d+ column \d+/.exec((error as Error).message)?.[0];
    throw bad(`it is no JSON${at === undefined ? "" : ` (${at})`}`);
  }
  const format = (json as { readonly format?: unknown } | null)?.format;
  if (typeof format === "number" && format > accessFormat) {
    throw bad(`its format is ${format}, of a later heliograph; this one knows ${accessFormat}`);
  }
  const { success, data, error } = fileSchema.safeParse(json);
  if (!success) {
    const [issue] = error.issues;
    throw bad(`${issue!.path.join(".") || "it"}: ${issue!.message}`);
  }
  const names = new Set<string>();
  for (const { name } of data.people) {
    if (names.has(nameKey(name))) throw bad(`it has two people called ${name}`);
    names.add(nameKey(name));
  }
  return data;
}

/** The text of the file. */
export function accessText({ people, invitations }: AccessList): string {
  return `${JSON.stringify({ format: accessFormat, people, invitations }, null, 2)}\n`;
}

/** The end of what is good for some days. */
function endOf(days: number | undefined, now: Date): Pick<AccessEntry, "until"> {
  if (days === undefined) return {};
  const until = new Date(now.getTime() + days * 86_400_000);
  if (!(days > 0) || Number.isNaN(until.getTime())) {
    throw new HeliographError("bad_argument", `Cannot give access for ${days} days: give a number above 0`);
  }
  return { until: until.toISOString() };
}

function grantOf({ name, role, instruments, purpose }: Grant): Granted {
  return {
    name: checkedName(name),
    role,
    ...instruments === undefined ? {} : { instruments: [...instruments] },
    ...purpose === undefined ? {} : { purpose },
  };
}

/** The entry of a name. @throws {HeliographError} `bad_argument` where there is none. */
function entryOf({ people }: AccessList, name: string): AccessEntry {
  const found = people.find((one) => nameKey(one.name) === nameKey(name));
  if (found !== undefined) return found;
  const known = people.map((one) => one.name);
  const others = known.length === 0
    ? ": nobody has a token"
    : `${didYouMean(name, known)}; these have tokens: ${known.join(", ")}`;
  throw new HeliographError("bad_argument", `Nobody is called ${name} here${others}`);
}

/** Adds somebody. @returns The list with them. @throws {HeliographError} `bad_argument` where the name is taken. */
export function added(list: AccessList, grant: Grant, secret: string, now: Date): AccessList {
  const { name } = grant;
  if (list.people.some((one) => nameKey(one.name) === nameKey(name))) {
    throw new HeliographError(
      "bad_argument",
      `Cannot add ${name}: somebody of that name has a token. Renew it, revoke it, or choose another name`,
    );
  }
  const entry: AccessEntry = {
    ...grantOf(grant),
    digest: digestOf(secret),
    made: now.toISOString(),
    ...endOf(grant.days, now),
  };
  return { ...list, people: [...list.people, entry] };
}

/** Takes somebody's token from them. @throws {HeliographError} `bad_argument` where nobody is called so. */
export function revoked(list: AccessList, name: string): AccessList {
  const entry = entryOf(list, name);
  return { people: list.people.filter((one) => one !== entry), invitations: notOf(list.invitations, name) };
}

/** One-time secrets without those of somebody: what they were given before does not bring them back. */
function notOf(invitations: readonly Invitation[], name: string): readonly Invitation[] {
  return invitations.filter((one) => nameKey(one.name) !== nameKey(name));
}

/**
 * Gives somebody a new token in the place of the old one.
 *
 * @param days For how many days. @default for as long as the old one was made for
 */
export function renewed(
  list: AccessList,
  name: string,
  secret: string,
  now: Date,
  days?: number,
): AccessList {
  const entry = entryOf(list, name);
  // Whoever has seen the token may have registered a passkey by it.
  const { until, used: _used, from: _from, passkeys: _passkeys, ...rest } = entry;
  const usual = until === undefined ? undefined : (Date.parse(until) - Date.parse(entry.made)) / 86_400_000;
  const next: AccessEntry = {
    ...rest,
    digest: digestOf(secret),
    made: now.toISOString(),
    ...endOf(days ?? usual, now),
  };
  const people = list.people.map((one) => one === entry ? next : one);
  return { people, invitations: notOf(list.invitations, name) };
}

/** Changes somebody's passkeys. @throws {HeliographError} `bad_argument` where nobody is called so. */
export function withPasskeys(
  list: AccessList,
  name: string,
  change: (passkeys: readonly Passkey[]) => readonly Passkey[],
): AccessList {
  const { passkeys = [], ...rest } = entryOf(list, name);
  const changed = change(passkeys);
  const next = changed.length === 0 ? rest : { ...rest, passkeys: changed };
  return { ...list, people: list.people.map((one) => one.name === rest.name ? next : one) };
}

/** Adds a one-time secret; those that have ended are forgotten. */
export function invited(
  list: AccessList,
  grant: Grant & { readonly kind: Invitation["kind"]; readonly seconds: number },
  secret: string,
  now: Date,
): AccessList {
  const { kind, seconds, days } = grant;
  const invitation: Invitation = {
    ...grantOf(grant),
    kind,
    digest: digestOf(secret),
    until: new Date(now.getTime() + seconds * 1000).toISOString(),
    ...days === undefined ? {} : { days },
  };
  return { ...list, invitations: [...current(list.invitations, now), invitation] };
}

/** The one-time secrets that have not ended. */
export function current(invitations: readonly Invitation[], now: Date): readonly Invitation[] {
  return invitations.filter(({ until }) => Date.parse(until) > now.getTime());
}

/** The one-time secret of a digest, and the list without it. @throws {HeliographError} `no_credential` where it is none. */
function takenOut(
  list: AccessList,
  digest: string,
  now: Date,
): { grant: Grant; rest: AccessList; kind: Invitation["kind"] } {
  const invitation = current(list.invitations, now).find((one) => one.digest === digest);
  if (invitation === undefined) {
    throw new HeliographError("no_credential", "The secret is wrong, has been used, or is not valid any more");
  }
  const { kind, digest: _digest, until: _until, ...grant } = invitation;
  return { grant, kind, rest: { ...list, invitations: list.invitations.filter((one) => one !== invitation) } };
}

/**
 * Takes the one-time secret of a link. Somebody whom nobody knows yet is added, with a token that nobody has.
 *
 * @returns The list, and whom the link was made for.
 * @throws {HeliographError} `no_credential` where it is no link's.
 */
export function entered(
  list: AccessList,
  digest: string,
  secret: string,
  now: Date,
): { readonly list: AccessList; readonly name: string } {
  const { grant, kind, rest } = takenOut(list, digest, now);
  if (kind !== "link") {
    throw new HeliographError("no_credential", "The secret is one for another PC: heliograph connect");
  }
  const { name } = grant;
  const known = list.people.some((one) => nameKey(one.name) === nameKey(name));
  return { list: known ? rest : added(rest, grant, secret, now), name };
}

/** Changes a one-time secret for somebody's token. @throws {HeliographError} `no_credential` where it is none. */
export function redeemed(list: AccessList, digest: string, secret: string, now: Date): AccessList {
  const { grant, rest } = takenOut(list, digest, now);
  const known = list.people.some((one) => nameKey(one.name) === nameKey(grant.name));
  return known ? renewed(rest, grant.name, secret, now, grant.days) : added(rest, grant, secret, now);
}

/** Notes when and from where tokens were used. @param uses By the digest of the token. */
export function usesNoted(
  list: AccessList,
  uses: ReadonlyMap<string, Pick<AccessEntry, "used" | "from">>,
): AccessList {
  return { ...list, people: list.people.map((one) => ({ ...one, ...uses.get(one.digest) })) };
}
