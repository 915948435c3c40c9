/** A real NATS server, Debian's nats-server, that a fleet's tests start and kill. */
import { eventually } from "./fixture.ts";

/** Whether there is one; without it the tests of fleets are ignored. */
export const hasNats: boolean = Deno.build.os === "windows" ? false : await new Deno.Command("nats-server", {
  args: ["--version"],
  stdout: "null",
  stderr: "null",
}).output().then(() => true, () => false);
if (!hasNats) console.warn("nats-server is not installed: fleets are not tested");

/** A broker on a port of its own. */
export class NatsServer {
  readonly #args: readonly string[];
  readonly #cwd: string | undefined;
  #child: Deno.ChildProcess | undefined;
  #reading: Promise<void> = Promise.resolve();
  port = -1;
  told = "";

  private constructor(args: readonly string[], cwd: string | undefined) {
    this.#args = args;
    this.#cwd = cwd;
  }

  /** Starts one. @param args What it is started with besides its port. */
  static async start(args: readonly string[] = [], cwd?: string): Promise<NatsServer> {
    const server = new NatsServer(args, cwd);
    await server.start();
    return server;
  }

  /** Starts it, again at the same port. */
  async start(): Promise<void> {
    this.told = "";
    const child = this.#child = new Deno.Command("nats-server", {
      args: ["--addr", "127.0.0.1", "--port", String(this.port), ...this.#args],
      ...(this.#cwd === undefined ? {} : { cwd: this.#cwd }),
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) this.told += text;
    })();
    const listening = /client connections on 127\.0\.0\.1:(\d+)/;
    await eventually(() => listening.test(this.told), "the broker listens");
    this.port = Number(listening.exec(this.told)![1]);
  }

  /** Has it read its configuration anew. */
  async reload(): Promise<void> {
    this.told = "";
    this.#child?.kill("SIGHUP");
    await eventually(() => /Reloaded server configuration/.test(this.told), "the broker has read its configuration");
  }

  /** Kills it. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#reading;
    await this.#child?.status;
    this.#child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined) await this.kill();
  }
}
