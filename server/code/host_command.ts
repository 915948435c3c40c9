/**
 * The command that starts a sandbox's process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { RendezvousGrants } from "../processes/rendezvous.ts";
import type { Command } from "../processes/starter.ts";
import type { CodePermissions } from "./options.ts";

/**
 * @param permissions What its Workers are granted.
 * @param grants What it must be granted to connect to the server.
 * @returns Program and arguments that run it from source with no more than it needs; `undefined` in a program that was
 * compiled or came from a URL.
 */
export function sourceCommand(permissions: CodePermissions, grants: RendezvousGrants): Command | undefined {
  const own = new URL("host.ts", import.meta.url);
  if (Deno.build.standalone || own.protocol !== "file:") return undefined;
  const { read = [], write = [], net = [] } = permissions;
  const allow = (name: string, values: readonly string[]) => {
    if (values.length === 0) return [];
    // A comma separates: then its Workers alone, which are told each value, are held to the list.
    return [values.some((value) => value.includes(",")) ? `--allow-${name}` : `--allow-${name}=${values}`];
  };
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    "--no-config",
    "--no-lock",
    "--no-remote",
    "--unstable-worker-options",
    "--allow-sys=setPriority",
    // For the second wall; given up before any code is taken.
    "--allow-ffi",
    ...allow("read", [...sourceFiles().map((file) => fileURLToPath(file)), ...grants.read, ...read]),
    ...allow("write", [...grants.write, ...write]),
    ...allow("net", [...grants.net, ...net]),
    own.href,
  ];
}

/**
 * The sources that Workers are loaded from, besides what the process itself has loaded: files and folders of the
 * source.
 */
export function sourceFiles(): URL[] {
  return [".", "../../protocol/errors.ts", "../../protocol/python_text.ts"].map((path) =>
    new URL(path, import.meta.url)
  );
}
