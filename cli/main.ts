/**
 * The executable's entry point, and the only place that knows the process.
 *
 * @module
 */

import { driverHostWord, launcherWord, rehearsalHostWord, sandboxHostWord } from "./hidden_words.ts";

if (import.meta.main) {
  const [word, ...words] = Deno.args;
  // The executable is its own launcher and sandbox, and runs drivers: the server starts it once more with one of these
  // words. Each loads only what it needs: a sandbox has little memory, and is to be there at once.
  if (word === launcherWord) await (await import("../server/processes/launcher_process.ts")).runLauncher(words);
  if (word === sandboxHostWord) await (await import("../server/code/host.ts")).runSandboxHost();
  if (word === rehearsalHostWord) await (await import("../server/rehearsal/host.ts")).runRehearsalHost();
  if (word === driverHostWord) await (await import("../server/devices/driver_process/host.ts")).runDriverHost();
  const { runCli } = await import("./app.ts");
  const { denoContext } = await import("./context.ts");
  Deno.exit(await runCli(Deno.args, denoContext()));
}
