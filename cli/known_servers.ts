/**
 * Keeps the servers that this PC was paired with: their authorities, and this PC's tokens. Its owner alone may read it.
 *
 * @module
 */

import { dirname } from "node:path";
import { didYouMean } from "../server/bench/names.ts";
import { exchangeSecretFile, readSecretFile } from "../server/files/secret_file.ts";
import type { CliContext } from "./context.ts";
import { UsageError } from "./exit_codes.ts";

/** A server that this PC was paired with. */
export interface KnownServer {
  /** Its name or address. */
  readonly host: string;
  /** Its ports by the names of the wires: `dashboard`, `line`, `web`; `tls` serves all of them, where it is reached. */
  readonly ports: Readonly<Record<string, number>>;
  /** The certificate of its authority, as PEM; left out where this PC trusts it anyway. */
  readonly authority?: string;
  /** This PC's token. */
  readonly token: string;
  /** The name that the token proves. */
  readonly name: string;
  /** The name of its role. */
  readonly role: string;
  /** What its bench is called. */
  readonly title: string;
}

type Kept = Readonly<Record<string, KnownServer>>;

function fileOf({ serversFile }: CliContext): string {
  if (serversFile !== undefined) return serversFile;
  throw new UsageError("There is no folder to keep servers in: HOME (on Windows LOCALAPPDATA) is not set");
}

function isServer(value: unknown): value is KnownServer {
  if (typeof value !== "object" || value === null) return false;
  const server = value as Record<string, unknown>;
  return ["host", "token", "name", "role", "title"].every((word) => typeof server[word] === "string") &&
    (server.authority === undefined || typeof server.authority === "string") &&
    typeof server.ports === "object" && server.ports !== null &&
    Object.values(server.ports).every((port) => Number.isInteger(port) && port > 0 && port < 65_536);
}

function parsed(file: string, text: string | undefined): Kept {
  if (text === undefined) return {};
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept === "object" && kept !== null && Object.values(kept).every(isServer)) return kept as Kept;
  } catch {
    // V8's error quotes the text, and so a token.
  }
  throw new UsageError(`Cannot use ${file}: it is not as it was written. Remove it, and pair with the servers anew`);
}

/** The servers that are known, by the names that people call them. */
export function knownServers(context: CliContext): Kept {
  const file = context.serversFile;
  return file === undefined ? {} : parsed(file, readSecretFile(file));
}

/** The server of a name. @throws {UsageError} Where this PC was paired with none of that name. */
export function knownServer(context: CliContext, name: string): KnownServer {
  const known = knownServers(context);
  if (Object.hasOwn(known, name)) return known[name]!;
  const names = Object.keys(known);
  const paired = names.length === 0
    ? "This PC was paired with none yet"
    : `There is none of that name${didYouMean(name, names)}; there are ${names.join(", ")}`;
  throw new UsageError(
    `Cannot find the server ${name}. ${paired}. “heliograph pair” on its PC, then “heliograph connect” here`,
  );
}

/** Keeps a server under a name, in the place of what had that name. @returns The file. */
export function keepServer(context: CliContext, name: string, server: KnownServer): string {
  const file = fileOf(context);
  Deno.mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  for (;;) {
    const text = readSecretFile(file);
    const kept = { ...parsed(file, text), [name]: server };
    if (exchangeSecretFile(file, text, `${JSON.stringify(kept, null, 2)}\n`)) return file;
  }
}
