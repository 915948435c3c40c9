/**
 * The command that starts the process of a rehearsal.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { RendezvousGrants } from "../processes/rendezvous.ts";
import { lockFlags, sourceCommand } from "../processes/source_command.ts";
import type { Command } from "../processes/starter.ts";

/** The folders of heliograph's own code, from which Workers are loaded. */
const sources = ["../", "../../protocol/"].map((folder) => new URL(folder, import.meta.url));

/** What a rehearsal's process needs. */
export interface RehearsalNeeds {
  /** The path of the bench file, whose folder it reads. */
  readonly bench: string;
  /** The folder into which simulated cameras write. */
  readonly imageFolder: string;
  /** Whether it starts drivers that are code, to learn their fields. */
  readonly startsDrivers: boolean;
  /** What it must be granted to connect to the server. */
  readonly grants: RendezvousGrants;
}

/**
 * Program and arguments that run it from source with no more than it needs.
 *
 * @returns `undefined` in a program that was compiled or came from a URL.
 */
export function rehearsalSourceCommand(needs: RehearsalNeeds): Command | undefined {
  const { bench, imageFolder, startsDrivers, grants } = needs;
  const own = new URL("host.ts", import.meta.url);
  // A program that came from a URL has no files to name.
  if (own.protocol !== "file:") return undefined;
  const flags = [...lockFlags(), "--unstable-worker-options", "--allow-sys=setPriority", "--allow-ffi"];
  // It proves nothing of them: a driver's own process gets no more than the bench file grants it.
  if (startsDrivers) flags.push("--allow-read", "--allow-write", "--allow-net", `--allow-run=${Deno.execPath()}`);
  const paths = [...sources.map((folder) => fileURLToPath(folder)), dirname(bench), imageFolder];
  return sourceCommand(
    own,
    flags,
    startsDrivers ? {} : {
      read: [...paths, ...grants.read],
      write: [imageFolder, ...grants.write],
      net: grants.net,
    },
  );
}
