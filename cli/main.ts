/**
 * The executable's entry point, and the only place that knows the process.
 *
 * @module
 */

import { sandboxHostWord } from "./commands/server.ts";
import { runSandboxHost } from "../server/sandbox/host.ts";
import { runCli } from "./app.ts";
import { denoContext } from "./context.ts";

if (import.meta.main) {
  // The executable is its own sandbox: the server starts it once more with this word.
  if (Deno.args[0] === sandboxHostWord) await runSandboxHost();
  Deno.exit(await runCli(Deno.args, denoContext()));
}
