/**
 * Writes what a fleet's broker needs, and what is carried to each PC: one user for each, who may speak in its own name
 * only, TLS, and room for what is kept.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";
import { fleetName, fleetNameRule, subjects } from "../../protocol/fleet.ts";
import { type Authority, CertificateMaker } from "../access/authority.ts";
import { OwnerAccess } from "../files/owner_access.ts";

/** The fleet as its folder has it: what is secret of a PC is carried to it and kept nowhere else. */
interface Kept {
  readonly host: string;
  readonly port: number;
  /** The public keys of the PCs, by their names. */
  readonly pcs: Readonly<Record<string, string>>;
}

/** What was written. */
export interface WrittenFleet {
  /** The files for the broker. */
  readonly broker: readonly string[];
  /** The files for each PC that is new, by its name. */
  readonly pcs: Readonly<Record<string, readonly string[]>>;
}

/**
 * Makes a fleet's folder, or adds PCs to it.
 *
 * @param folder Where; it may be there already.
 * @param names The PCs that are new.
 * @param host By which name or address the PCs reach the broker. @default as the folder has it
 * @param port Its port. @default as the folder has it, or 4222
 * @throws {HeliographError} `bad_argument` where a name cannot be, or is a PC's already.
 */
export async function writeFleet(
  folder: string,
  names: readonly string[],
  { host, port }: { readonly host?: string | undefined; readonly port?: number | undefined } = {},
): Promise<WrittenFleet> {
  const kept = await readKept(folder);
  const reached = host ?? kept?.host;
  if (reached === undefined) {
    throw new HeliographError(
      "bad_argument",
      "Cannot write a fleet: say by which name the PCs reach its broker, --broker nats.lab",
    );
  }
  for (const name of names) {
    if (!fleetName.test(name)) {
      throw new HeliographError(
        "bad_argument",
        `Cannot call a PC ${name}: give ${fleetNameRule}`,
      );
    }
    if (kept?.pcs[name] !== undefined) {
      const file = join(folder, name);
      throw new HeliographError(
        "bad_argument",
        `${name} is in this fleet already: what it needs was written to ${file}`,
      );
    }
  }
  const { nkeys } = await import("npm:@nats-io/nats-core@3.4.0/internal");
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  OwnerAccess.usual?.protect(resolve(folder), "folder");
  const made = Object.fromEntries(names.map((name) => [name, nkeys.createUser()]));
  const pcs = {
    ...kept?.pcs,
    ...Object.fromEntries(Object.entries(made).map(([name, user]) => [name, user.getPublicKey()])),
  };
  const all: Kept = { host: reached, port: port ?? kept?.port ?? 4222, pcs };
  const authority = await certify(folder, reached, kept !== undefined && kept.host === reached);
  const carried: Record<string, string[]> = {};
  for (const [name, user] of Object.entries(made)) {
    const own = join(folder, name);
    await Deno.mkdir(own, { recursive: true, mode: 0o700 });
    carried[name] = [
      await write(join(own, "fleet.seed"), new TextDecoder().decode(user.getSeed()) + "\n"),
      await write(join(own, "fleet-authority.pem"), authority.certificate),
      await write(join(own, "fleet.json"), `${JSON.stringify(wordsOf(all, name), null, 2)}\n`),
    ];
  }
  return {
    broker: [
      await write(join(folder, "nats-server.conf"), brokerConfiguration(all)),
      join(folder, "broker.pem"),
      join(folder, "broker.key"),
      await write(join(folder, "fleet.json"), `${JSON.stringify(all, null, 2)}\n`),
    ],
    pcs: carried,
  };
}

/** What a PC's bench file says of the fleet. */
function wordsOf({ host, port }: Kept, name: string): object {
  const broker = `tls://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return { fleet: { broker, name, credentials: "fleet.seed", authority: "fleet-authority.pem" } };
}

/** The authority of a folder, and a certificate for its broker. @param same Whether the certificate serves on. */
async function certify(folder: string, host: string, same: boolean): Promise<Authority> {
  const maker = await CertificateMaker.load();
  const files = { certificate: join(folder, "authority.pem"), key: join(folder, "authority.key") };
  const there = await Promise.all([read(files.certificate), read(files.key)]);
  const [certificate, key] = there;
  const authority = certificate !== undefined && key !== undefined
    ? { certificate, key }
    : await maker.authority("this fleet");
  await write(files.certificate, authority.certificate);
  await write(files.key, authority.key);
  if (!same || await read(join(folder, "broker.pem")) === undefined) {
    const broker = await maker.certificate(authority, [host]);
    await write(join(folder, "broker.pem"), broker.cert);
    await write(join(folder, "broker.key"), broker.key);
  }
  return authority;
}

/** The broker's configuration, as nats-server reads it. */
export function brokerConfiguration({ port, pcs }: Pick<Kept, "port" | "pcs">): string {
  const users = Object.entries(pcs).map(([name, key]) => {
    const { publish, subscribe } = permissionsOf(name);
    return `    # ${name}
    { nkey: ${key}
      permissions: {
        publish: [${publish.map((each) => `"${each}"`).join(", ")}]
        subscribe: [${subscribe.map((each) => `"${each}"`).join(", ")}]
        allow_responses: { max: 1, expires: "25h" }
      }
    }`;
  });
  return `# A heliograph fleet's broker: nats-server --config nats-server.conf, in this folder.
port: ${port}
server_name: heliograph-fleet

tls {
  cert_file: "./broker.pem"
  key_file: "./broker.key"
}

# One user for each PC, who may speak in its own name only. “heliograph fleet init” adds more.
authorization {
  users: [
${users.join("\n")}
  ]
}
`;
}

/** What a PC may publish and subscribe to. */
export function permissionsOf(name: string): { readonly publish: string[]; readonly subscribe: string[] } {
  const { ask, here, name: nameOf, readings, who } = subjects;
  return {
    publish: [here(name), who(name), nameOf(name), ask(name, "*"), readings(name, "*")],
    subscribe: [here("*"), who("*"), nameOf(name), ask("*", name), readings("*", "*"), `_INBOX_${name}.>`],
  };
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

async function write(file: string, text: string): Promise<string> {
  await Deno.writeTextFile(file, text, { mode: 0o600 });
  OwnerAccess.usual?.protect(resolve(file), "file");
  return file;
}
