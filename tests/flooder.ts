/** One client that floods a server, as a process of its own. */
import { top } from "./fixture.ts";

/** A process that sends as fast as it can. */
export class Flooder {
  readonly #child: Deno.ChildProcess;
  readonly #begun: Promise<unknown>;

  /** Begins. @param wire Over which wire. @param kind What it asks for. @param port The server's port. */
  constructor(wire: string, kind: string, port: number) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--allow-net", "benchmarks/flooder.ts", wire, kind, `${port}`],
      cwd: top,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = this.#child.stdout.getReader();
    this.#begun = reader.read().finally(() => reader.cancel());
  }

  /** Resolves when it has sent more than the server takes at once. */
  async begun(): Promise<void> {
    await this.#begun;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}
