/**
 * The start of a process beside the server: it reads its settings, and connects to the server.
 *
 * @module
 */

import { Channel } from "./channel.ts";
import type { ProcessSettings } from "./processes.ts";
import { connectTo, type RendezvousAddress } from "./rendezvous.ts";

/** The longest message of the server, which is trusted, in bytes. */
const longestFromServer = 256 * 1_048_576;

/** The signals that Ctrl-C and service managers send to every process: the server decides when those beside it end. */
const leftToServer: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Leaves it to the server to end this process. */
export function endWithServer(): void {
  for (const signal of leftToServer) Deno.addSignalListener(signal, () => {});
}

/**
 * Connects to the server that has started this process.
 *
 * @returns What it is told, and how to talk with the server.
 * @throws {Error} When the server does not wait for it.
 */
export async function connectToServer<S extends ProcessSettings>(): Promise<{ settings: S; channel: Channel }> {
  const settings = JSON.parse(await new Response(Deno.stdin.readable).text()) as S;
  const channel = new Channel(await connectTo(settings.rendezvous), longestFromServer);
  channel.send(settings.token);
  await giveUpSocket(settings.rendezvous);
  return { settings, channel };
}

/** Gives up what was granted to connect; an executable, which was granted everything, gives up more later. */
async function giveUpSocket(rendezvous: RendezvousAddress): Promise<void> {
  if (Deno.build.standalone || !("path" in rendezvous)) return;
  const { path } = rendezvous;
  for (const name of ["read", "write"] as const) await Deno.permissions.revoke({ name, path });
}
