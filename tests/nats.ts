/** A real NATS server, Debian's nats-server, that a fleet's tests start and kill. */
import { eventually } from "./fixture.ts";
import { hasOthers, OtherProgram } from "./other_program.ts";

/** Whether there is one; without it the tests of fleets are ignored. */
export const hasNats: boolean = await hasOthers("--version", "nats-server");
if (!hasNats) console.warn("nats-server is not installed: fleets are not tested");

/** A broker on a port of its own. */
export class NatsServer {
  readonly #args: readonly string[];
  readonly #cwd: string | undefined;
  #program: OtherProgram | undefined;
  port = -1;

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

  /** What it has told since it was started. */
  get told(): string {
    return this.#program?.out ?? "";
  }

  /** Starts it, again at the same port. */
  async start(): Promise<void> {
    const args = ["--addr", "127.0.0.1", "--port", String(this.port), ...this.#args];
    this.#program = await OtherProgram.start("nats-server", args, this.#cwd);
    const listening = /client connections on 127\.0\.0\.1:(\d+)/;
    await eventually(() => listening.test(this.told), "the broker listens");
    this.port = Number(listening.exec(this.told)![1]);
  }

  /** Has it read its configuration anew. */
  async reload(): Promise<void> {
    const before = this.told.length;
    await this.#program?.signal("SIGHUP");
    const reloaded = () => this.told.slice(before).includes("Reloaded server configuration");
    await eventually(reloaded, "the broker has read its configuration");
  }

  /** Kills it. */
  async kill(): Promise<void> {
    await this.#program?.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
