/**
 * The process of a rehearsal, which the server starts for each: it rehearses one run, and ends. Nobody's code runs in it.
 *
 * @module
 */

import { setPriority } from "node:os";
import type { RehearsalAnswer } from "../../protocol/rehearsal.ts";
import { ignoreInspectorSignal } from "../processes/inspector_signal.ts";
import { connectToServer, endWithServer } from "../processes/own_process.ts";
import type { CodeReply } from "./code_messages.ts";
import type { FromRehearsal, RehearsalSettings } from "./host_messages.ts";
import { shortened } from "./shortened.ts";
import { RehearsalWorker } from "./start.ts";

/**
 * Gives up what is not needed. From source this process was given no more in the first place; an executable has
 * everything that it was compiled with.
 */
async function dropPermissions({ startsDrivers }: RehearsalSettings): Promise<void> {
  await Deno.permissions.revoke({ name: "ffi" });
  if (!Deno.build.standalone) return;
  const given = startsDrivers ? [] : ["net", "run"] as const;
  for (const name of ["env", "sys", "import", ...given] as const) await Deno.permissions.revoke({ name });
}

/** Runs this process to its end, which is when it has answered or the server closes the connection. */
export async function runRehearsalHost(): Promise<never> {
  endWithServer();
  const { settings, channel } = await connectToServer<RehearsalSettings>();
  try {
    // The server's own work goes first. On Windows this is the priority class "below normal".
    setPriority(10);
  } catch {
    // Then the rehearsal competes with it as an equal.
  }
  await ignoreInspectorSignal();
  await dropPermissions(settings);
  const { order } = settings;
  const tell = (message: FromRehearsal) => channel.send(message);
  using worker = new RehearsalWorker((code) => tell({ code }));
  const rehearse = async (): Promise<RehearsalAnswer> => {
    // One that was killed may have left images.
    await empty(order.imageFolder);
    const answer = await worker.answer(order);
    await empty(order.imageFolder);
    return "rehearsal" in answer ? { rehearsal: shortened(answer.rehearsal) } : answer;
  };
  const failed = (error: unknown): RehearsalAnswer => ({ failure: (error as Error).message, code: undefined });
  void rehearse().catch(failed).then(async (answer) => {
    tell({ answer });
    await channel.flush();
    Deno.exit(0);
  });
  for await (const reply of channel.messages()) worker.tell(reply as CodeReply);
  Deno.exit(0);
}

async function empty(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) await Deno.remove(`${folder}/${name}`, { recursive: true });
}

if (import.meta.main) await runRehearsalHost();
