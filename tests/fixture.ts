/** What the tests share: real servers on free ports, real sockets, and reading until something is there. */
import { PyOpticonSocketClient } from "../client/pyopticon_client.ts";
import { HeliographServer, type HeliographServerOptions, type ServerParts } from "../server/server.ts";
import { demoInstruments } from "../server/config/demo_bench.ts";
import { isLoopback } from "../server/network/loopback.ts";
import type { Instrument } from "../server/bench/instrument.ts";

/** The repository's top folder. */
export const top = new URL("../", import.meta.url);

/** This PC, by a name that certificates of the tests have. Windows as it runs in tests knows no names. */
export const localName: string = Deno.build.os === "windows" ? "127.0.0.1" : "localhost";

/** A server with the demo bench on free ports; it does not poll unless told to, so that tests step its time. */
export function startServer(options: Partial<HeliographServerOptions> = {}, parts: ServerParts = {}): HeliographServer {
  const server = new HeliographServer({
    instruments: demoInstruments(),
    commandPort: 0,
    dashboardPort: 0,
    poll: false,
    // A sandbox is a process: the tests that are about code ask for one.
    sandbox: { languages: [] },
    ...options,
  }, parts);
  server.start();
  return server;
}

/** A client of the dashboard socket whose errors are thrown, and that waits longer than code may take. */
export function dashboardClient(server: HeliographServer, name = ""): PyOpticonSocketClient {
  return new PyOpticonSocketClient({
    socketNumber: server.dashboardServer.port,
    handleErrors: "exception",
    timeout: 30,
    ...(name === "" ? {} : { name }),
  });
}

/** A raw TCP client. */
export class RawClient {
  readonly connection: Deno.TcpConn | Deno.TlsConn;
  #received = "";
  readonly #decoder = new TextDecoder();

  constructor(connection: Deno.TcpConn | Deno.TlsConn) {
    this.connection = connection;
  }

  static async connect(port: number, hostname = "127.0.0.1"): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname, port }));
  }

  async send(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    for (let written = 0; written < bytes.length;) written += await this.connection.write(bytes.subarray(written));
  }

  /** Reads until the text so far satisfies the condition, and takes all of it. */
  async until(enough: (text: string) => boolean): Promise<string> {
    while (!enough(this.#received)) {
      if (!await this.#more()) {
        throw new Error(`the server closed the connection after ${JSON.stringify(this.#received)}`);
      }
    }
    const text = this.#received;
    this.#received = "";
    return text;
  }

  /** Reads a number of lines, without their ends. */
  async lines(count: number): Promise<string[]> {
    while (this.#received.split("\n").length <= count) {
      if (!await this.#more()) {
        throw new Error(`the server closed the connection after ${JSON.stringify(this.#received)}`);
      }
    }
    const lines = this.#received.split("\n");
    this.#received = lines.slice(count).join("\n");
    return lines.slice(0, count).map((line) => line.replace(/\r$/, ""));
  }

  /** Sends a line and reads its reply. */
  async ask(line: string): Promise<string> {
    await this.send(`${line}\n`);
    return (await this.lines(1))[0]!;
  }

  /** Sends a message of the framed dialect and reads its reply. */
  async request(message: Record<string, unknown>): Promise<Record<string, unknown>> {
    await this.send(JSON.stringify(message));
    return JSON.parse((await this.lines(1))[0]!);
  }

  /** Reads to the end, which must come. */
  async rest(): Promise<string> {
    while (await this.#more());
    return this.#received;
  }

  async #more(): Promise<boolean> {
    const buffer = new Uint8Array(65_536);
    // A reply that never comes fails the test rather than stopping all of them.
    const timer = setTimeout(() => this[Symbol.dispose](), 10_000);
    const count = await this.connection.read(buffer).catch(() => null);
    clearTimeout(timer);
    if (count === null) return false;
    this.#received += this.#decoder.decode(buffer.subarray(0, count), { stream: true });
    return true;
  }

  [Symbol.dispose](): void {
    try {
      this.connection.close();
    } catch {
      // The server has closed it already.
    }
  }
}

/** Reads all the fields of an instrument, as a poll does. */
export async function read(instrument: Instrument): Promise<void> {
  for (const step of instrument.readings(true)) await step;
}

/** Waits until a condition holds, which it must soon. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  // Far longer than it takes, for a machine with other work to do.
  for (let waited = 0; waited < 2000; waited++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`it never happened that ${what}`);
}

/** Whether a program can be started. */
export async function canRun(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** What a process is told so that it writes no colours, whatever the terminal has that the tests run in. */
export const noColours = { NO_COLOR: "1", FORCE_COLOR: "" } as const;

/** Runs a program to its end; it writes no colours. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: Deno.CommandOptions = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const output = await new Deno.Command(program, { args: [...args], cwd: top, env: noColours, ...options }).output();
  const decoder = new TextDecoder();
  return { code: output.code, stdout: decoder.decode(output.stdout), stderr: decoder.decode(output.stderr) };
}

/** An address of this PC that others reach: it is not loopback. `undefined` where it has none. */
export function outsideAddress(): string | undefined {
  try {
    return Deno.networkInterfaces().find(({ family, address }) => family === "IPv4" && !isLoopback(address))?.address;
  } catch {
    return undefined;
  }
}
