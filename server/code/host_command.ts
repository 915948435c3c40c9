/**
 * The command that starts a sandbox's process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { RendezvousGrants } from "../processes/rendezvous.ts";
import { sourceCommand } from "../processes/source_command.ts";
import type { Command } from "../processes/starter.ts";
import type { CodePermissions } from "./options.ts";

const flags = [
  "--no-lock",
  "--no-remote",
  "--unstable-worker-options",
  "--allow-sys=setPriority",
  // For the second wall; given up before any code is taken.
  "--allow-ffi",
];

/**
 * @param permissions What its Workers are granted.
 * @param grants What it must be granted to connect to the server.
 * @returns Program and arguments that run it from source with no more than it needs; `undefined` in a program that was
 * compiled or came from a URL.
 */
export function codeSourceCommand(permissions: CodePermissions, grants: RendezvousGrants): Command | undefined {
  const own = new URL("host.ts", import.meta.url);
  // A program that came from a URL has no files to name.
  if (own.protocol !== "file:") return undefined;
  const { read = [], write = [], net = [] } = permissions;
  return sourceCommand(own, flags, {
    read: [...sourceFiles().map((file) => fileURLToPath(file)), ...grants.read, ...read],
    write: [...grants.write, ...write],
    net: [...grants.net, ...net],
  });
}

/**
 * The sources that Workers are loaded from, besides what the process itself has loaded: files and folders of the
 * source.
 */
export function sourceFiles(): URL[] {
  const besides = [
    "../processes/no_code.ts",
    ...["errors", "secrets", "python_text"].map((name) => `../../protocol/${name}.ts`),
  ];
  return [".", ...besides].map((path) => new URL(path, import.meta.url));
}
