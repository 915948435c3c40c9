/**
 * The executable's entry point, and the only place that knows the process.
 *
 * @module
 */

import { launcherWord, sandboxHostWord } from "./commands/server.ts";
import { runLauncher } from "../server/processes/launcher_process.ts";
import { driverHostWord } from "./driver_processes.ts";
import { runDriverHost } from "../server/devices/driver_process/host.ts";
import { runSandboxHost } from "../server/code/host.ts";
import { runCli } from "./app.ts";
import { denoContext } from "./context.ts";

if (import.meta.main) {
  // The executable is its own launcher and sandbox, and runs drivers: the server starts it once more with one of these words.
  if (Deno.args[0] === launcherWord) await runLauncher(Deno.args.slice(1));
  if (Deno.args[0] === sandboxHostWord) await runSandboxHost();
  if (Deno.args[0] === driverHostWord) await runDriverHost();
  Deno.exit(await runCli(Deno.args, denoContext()));
}
