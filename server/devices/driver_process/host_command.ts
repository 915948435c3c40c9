/**
 * The command that starts a driver's process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { RendezvousGrants } from "../../processes/rendezvous.ts";
import { lockFlags, sourceCommand } from "../../processes/source_command.ts";
import type { Command } from "../../processes/starter.ts";
import type { DriverPermissions } from "./settings.ts";

/** The folders of heliograph's own code. */
const sources = ["../../", "../../../protocol/"].map((folder) => new URL(folder, import.meta.url));

/**
 * Program and arguments that run a driver's process from source with no more than it needs.
 *
 * @param permissions What its drivers are granted.
 * @param grants What it must be granted to connect to the server.
 * @param packages Whether they import packages: otherwise what the lock names is enough, and nothing is asked of a registry.
 * @returns `undefined` in a program that was compiled or came from a URL.
 */
export function driverSourceCommand(
  permissions: DriverPermissions,
  grants: RendezvousGrants,
  packages: boolean,
): Command | undefined {
  const own = new URL("host.ts", import.meta.url);
  // A program that came from a URL has no files to name.
  if (own.protocol !== "file:") return undefined;
  const locked = packages ? ["--no-lock"] : lockFlags();
  return sourceCommand(own, [...locked, "--unstable-worker-options"], {
    read: [...sources.map((folder) => fileURLToPath(folder)), ...grants.read, ...permissions.read],
    write: [...grants.write, ...permissions.write],
    net: [...grants.net, ...permissions.net],
  });
}

/** The folders that heliograph's own Workers are read from, where a driver may write images. */
export function workerSources(): string[] {
  if (Deno.build.standalone || !import.meta.url.startsWith("file:")) return [];
  return sources.map((folder) => fileURLToPath(folder));
}
