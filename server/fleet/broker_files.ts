/**
 * Writes what a fleet's brokers need, and what is carried to each PC: one user for each, who may speak in its own name
 * only, and TLS.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";
import { fleetName } from "../../protocol/fleet.ts";
import { type Authority, CertificateMaker } from "../access/authority.ts";
import {
  bracketed,
  brokerConfiguration,
  type BrokerOf,
  mainBrokerText,
  type SiteBroker,
  siteConfiguration,
} from "./broker_configuration.ts";
import { OwnerAccess } from "../files/owner_access.ts";

/** The fleet as its folder has it: what is secret of a PC or of a site is carried to it and kept nowhere else. */
interface Kept extends BrokerOf {
  /** The sites that have a broker of their own, by their names. */
  readonly sites?: Readonly<Record<string, SiteBroker>>;
}

/** Where a broker is reached. */
export interface BrokerPlace {
  /** By which name or address the PCs reach it. @default as the folder has it */
  readonly host?: string | undefined;
  /** Its port. @default as the folder has it, or 4222 */
  readonly port?: number | undefined;
}

/** What was written. */
export interface WrittenFleet {
  /** The files for the main broker. */
  readonly broker: readonly string[];
  /** Whether the main broker has to be started anew: read as it runs, it would not let sites say what is new. */
  readonly startAnew: boolean;
  /** The files for the broker of each site that is new or another, by its name. */
  readonly sites: Readonly<Record<string, readonly string[]>>;
  /** The files for each PC that is new, by its name. */
  readonly pcs: Readonly<Record<string, readonly string[]>>;
}

/**
 * Makes a fleet's folder, or adds PCs to it.
 *
 * @param folder Where; it may be there already.
 * @param names The PCs that are new.
 * @param place Where the main broker is.
 * @throws {HeliographError} `bad_argument` where a name cannot be, or is one of the fleet already.
 */
export async function writeFleet(
  folder: string,
  names: readonly string[],
  place: BrokerPlace = {},
): Promise<WrittenFleet> {
  const kept = await readKept(folder);
  const host = place.host ?? kept?.host;
  if (host === undefined) {
    throw new HeliographError(
      "bad_argument",
      "Cannot write a fleet: say by which name the PCs reach its broker, --broker nats.lab",
    );
  }
  for (const name of names) checkName("a PC", name, kept, folder);
  const made = await keysFor(names);
  const main: Kept = {
    ...kept,
    host,
    port: place.port ?? kept?.port ?? 4222,
    pcs: { ...kept?.pcs, ...made.publicKeys },
  };
  // The sites find the main broker by its name.
  const moved = kept !== undefined && kept.host !== host ? Object.keys(kept.sites ?? {}) : [];
  await makeFolder(folder);
  const authority = await certify(folder, folder, host, kept?.host === host);
  return await writeAll(folder, main, authority, made, main, moved);
}

/**
 * Makes a site of a fleet, whose PCs go to a broker of their own, or adds PCs to it.
 *
 * @param folder The fleet's.
 * @param site Its name.
 * @param names The PCs that are new.
 * @param place Where the site's broker is; said again, its certificate and its password are made anew.
 * @throws {HeliographError} `bad_argument` where there is no fleet yet, or a name cannot be, or is one of the fleet already.
 */
export async function writeSite(
  folder: string,
  site: string,
  names: readonly string[],
  place: BrokerPlace = {},
): Promise<WrittenFleet> {
  const main = await readKept(folder);
  if (main === undefined) {
    throw new HeliographError(
      "bad_argument",
      `Cannot write a site: there is no fleet in ${folder} yet; begin with its main broker, fleet init ${folder} ` +
        "--broker nats.lab and its PCs",
    );
  }
  const kept = main.sites?.[site];
  if (kept === undefined) checkName("a site", site, main, folder);
  const host = place.host ?? kept?.host;
  if (host === undefined) {
    throw new HeliographError(
      "bad_argument",
      `Cannot write the site ${site}: say by which name its PCs reach its own broker, --broker ${site}-nats.lab`,
    );
  }
  for (const name of names) {
    checkName("a PC", name, main, folder);
    if (name === site) throw new HeliographError("bad_argument", `Cannot call a PC ${name}: its site is called so`);
  }
  const made = await keysFor(names);
  const broker: SiteBroker = {
    host,
    port: place.port ?? kept?.port ?? 4222,
    pcs: { ...kept?.pcs, ...made.publicKeys },
    secret: kept?.secret ?? "",
  };
  const all: Kept = { ...main, sites: { ...main.sites, [site]: broker } };
  const own = join(folder, site);
  await makeFolder(own);
  const authority = await certify(folder, own, host, place.host === undefined);
  return await writeAll(folder, all, authority, made, broker, place.host === undefined ? [] : [site], site);
}

/**
 * Writes what is another now.
 *
 * @param broker To which the new PCs go.
 * @param welcomed The sites that get a new password.
 * @param site The one that is new or another.
 */
async function writeAll(
  folder: string,
  kept: Kept,
  { certificate }: Authority,
  { seeds }: MadeKeys,
  broker: BrokerOf,
  welcomed: readonly string[],
  site?: string,
): Promise<WrittenFleet> {
  const passwords = Object.fromEntries(welcomed.map((name) => [name, newPassword()]));
  const sites = { ...kept.sites };
  for (const [name, password] of Object.entries(passwords)) {
    sites[name] = { ...sites[name]!, secret: await hashOf(password) };
  }
  const all: Kept = kept.sites === undefined ? kept : { ...kept, sites };
  const forSites: Record<string, string[]> = {};
  for (const name of new Set([...welcomed, ...site === undefined ? [] : [site]])) {
    const own = join(folder, name);
    await makeFolder(own);
    const password = passwords[name];
    forSites[name] = [
      await write(join(own, "nats-server.conf"), siteConfiguration(name, sites[name]!)),
      await write(join(own, "fleet-authority.pem"), certificate),
      ...name === site ? [join(own, "broker.pem"), join(own, "broker.key")] : [],
      ...password === undefined
        ? []
        : [await write(join(own, "main-broker.conf"), mainBrokerText(name, password, kept.host))],
    ];
  }
  const carried: Record<string, string[]> = {};
  for (const [name, seed] of Object.entries(seeds)) {
    const own = join(folder, name);
    await makeFolder(own);
    carried[name] = [
      await write(join(own, "fleet.seed"), `${seed}\n`),
      await write(join(own, "fleet-authority.pem"), certificate),
      await write(join(own, "fleet.json"), `${JSON.stringify(wordsOf(broker, name), null, 2)}\n`),
    ];
  }
  return {
    broker: [
      await write(join(folder, "nats-server.conf"), brokerConfiguration(all)),
      join(folder, "broker.pem"),
      join(folder, "broker.key"),
      await write(join(folder, "fleet.json"), `${JSON.stringify(all, null, 2)}\n`),
    ],
    startAnew: Object.keys(sites).length > 0,
    sites: forSites,
    pcs: carried,
  };
}

/** @throws {HeliographError} `bad_argument` where it is no name, or another PC's or site's: each has a folder. */
function checkName(what: "a PC" | "a site", name: string, kept: Kept | undefined, folder: string): void {
  if (!fleetName.test(name)) {
    throw new HeliographError(
      "bad_argument",
      `Cannot call ${what} ${name}: give 1 to 63 lower-case letters, digits and hyphens`,
    );
  }
  const sites = Object.entries(kept?.sites ?? {});
  if (sites.some(([site]) => site === name)) {
    throw new HeliographError("bad_argument", `Cannot call ${what} ${name}: a site of this fleet is called so`);
  }
  if (kept?.pcs[name] === undefined && !sites.some(([, site]) => site.pcs[name] !== undefined)) return;
  throw new HeliographError(
    "bad_argument",
    what === "a site"
      ? `Cannot call ${what} ${name}: a PC of this fleet is called so`
      : `${name} is in this fleet already: what it needs was written to ${join(folder, name)}`,
  );
}

/** The keys of PCs that are new, by their names. */
interface MadeKeys {
  readonly publicKeys: Readonly<Record<string, string>>;
  readonly seeds: Readonly<Record<string, string>>;
}

async function keysFor(names: readonly string[]): Promise<MadeKeys> {
  const { nkeys } = await import("npm:@nats-io/nats-core@3.4.0/internal");
  const made = names.map((name) => [name, nkeys.createUser()] as const);
  return {
    publicKeys: Object.fromEntries(made.map(([name, user]) => [name, user.getPublicKey()])),
    seeds: Object.fromEntries(made.map(([name, user]) => [name, new TextDecoder().decode(user.getSeed())])),
  };
}

/** A password that nobody guesses, of what may stand in an address. */
function newPassword(): string {
  return [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A password as nats-server knows it. What is random and long needs no slow hash. */
async function hashOf(password: string): Promise<string> {
  const { default: bcrypt } = await import("npm:bcryptjs@3.0.3");
  return await bcrypt.hash(password, 4);
}

/** What a PC's bench file says of the fleet. */
function wordsOf({ host, port }: BrokerOf, name: string): object {
  const broker = `tls://${bracketed(host)}:${port}`;
  return { fleet: { broker, name, credentials: "fleet.seed", authority: "fleet-authority.pem" } };
}

/**
 * The authority of a fleet, and a certificate for one of its brokers.
 *
 * @param folder The fleet's.
 * @param own The broker's.
 * @param same Whether the broker's certificate serves on, where there is one.
 */
async function certify(folder: string, own: string, host: string, same: boolean): Promise<Authority> {
  const maker = await CertificateMaker.load();
  const files = { certificate: join(folder, "authority.pem"), key: join(folder, "authority.key") };
  const there = await Promise.all([read(files.certificate), read(files.key)]);
  const [certificate, key] = there;
  const authority = certificate !== undefined && key !== undefined
    ? { certificate, key }
    : await maker.authority("this fleet");
  await write(files.certificate, authority.certificate);
  await write(files.key, authority.key);
  if (!same || await read(join(own, "broker.pem")) === undefined) {
    const broker = await maker.certificate(authority, [host]);
    await write(join(own, "broker.pem"), broker.cert);
    await write(join(own, "broker.key"), broker.key);
  }
  return authority;
}

async function readKept(folder: string): Promise<Kept | undefined> {
  const text = await read(join(folder, "fleet.json"));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new HeliographError("bad_argument", `Cannot use ${join(folder, "fleet.json")}: it is not as it was written`);
  }
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Makes a folder that is its owner's alone. */
async function makeFolder(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  OwnerAccess.usual?.protect(resolve(folder), "folder");
}

async function write(file: string, text: string): Promise<string> {
  await Deno.writeTextFile(file, text, { mode: 0o600 });
  OwnerAccess.usual?.protect(resolve(file), "file");
  return file;
}
