/**
 * The executable's entry point, and the only place that knows the process.
 *
 * @module
 */

import { launcherWord, sandboxHostWord } from "./commands/server.ts";
import { runLauncher } from "../server/processes/launcher_process.ts";
import { runSandboxHost } from "../server/sandbox/host.ts";
import { runCli } from "./app.ts";
import { denoContext } from "./context.ts";

if (import.meta.main) {
  // The executable is its own launcher and sandbox: the server starts it once more with one of these words.
  if (Deno.args[0] === launcherWord) await runLauncher(Deno.args.slice(1));
  if (Deno.args[0] === sandboxHostWord) await runSandboxHost();
  Deno.exit(await runCli(Deno.args, denoContext()));
}
