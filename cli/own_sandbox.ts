/**
 * A sandbox of the command line's own: code that makes a run is evaluated without a server.
 *
 * @module
 */

import { Sandbox } from "../server/code/sandbox.ts";
import { Processes } from "../server/processes/processes.ts";
import type { CodeRunner } from "../server/rehearsal/code_elsewhere.ts";
import { sandboxHostWord } from "./hidden_words.ts";

/** Does some work with a sandbox, which is started for that and ends with it. */
export async function withSandbox<T>(work: (runner: CodeRunner) => Promise<T>): Promise<T> {
  const processes = new Processes();
  const hostCommand = Deno.build.standalone ? { hostCommand: [Deno.execPath(), sandboxHostWord] as const } : {};
  const sandbox = new Sandbox(hostCommand, processes);
  sandbox.start();
  try {
    return await work({
      load: (source, owner) => sandbox.loadScript(source, owner),
      evaluate: (source, sender) =>
        sandbox.evaluate({ language: "javascript", mode: "eval", source }, sender, "this program"),
    });
  } finally {
    await sandbox.stop();
    await processes.close();
  }
}
