/** The server as a process: from its source, or as the executable named by HELIOGRAPH_EXECUTABLE. */
import { eventually, noColours, top } from "./fixture.ts";

const tasks = JSON.parse(await Deno.readTextFile(new URL("deno.json", top))).tasks as Record<
  string,
  { command: string }
>;

/** How a task starts the program, so that the tests use the permissions that users get. */
export function ofTask(name: string): string[] {
  const words = tasks[name]!.command
    .replaceAll("$HOME", Deno.env.get("HOME") ?? "/nowhere")
    .replace(`"$(deno eval -p 'Deno.execPath()')"`, Deno.execPath())
    .split(" ");
  return ["run", "--quiet", "--lock=deno.lock", "--frozen", ...words.slice(2)];
}

/** A way to run heliograph. */
export interface Program {
  readonly name: string;
  readonly path: string;
  readonly server: readonly string[];
  readonly client: readonly string[];
  /** The folder it runs in. @default this repository's top */
  readonly cwd?: URL;
}

const executable = Deno.env.get("HELIOGRAPH_EXECUTABLE");
/** How deno.json's tasks start it. */
export const source: Program = {
  name: "source",
  path: Deno.execPath(),
  server: ofTask("start"),
  client: ofTask("heliograph"),
};
/** What the tests drive: the executable where there is one, made of the same source by the same Deno; otherwise the source. */
export const programs: readonly Program[] = [
  executable === undefined ? source : { name: "executable", path: executable, server: ["server"], client: [] },
];

/** A program that runs, and what it has written so far. */
export class ProgramProcess {
  readonly #child: Deno.ChildProcess;
  out = "";
  err = "";
  readonly #reading: Promise<unknown>;

  constructor(program: Program, args: readonly string[]) {
    this.#child = new Deno.Command(program.path, {
      args: [...args],
      cwd: program.cwd ?? top,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: noColours,
    }).spawn();
    const read = async (stream: ReadableStream<Uint8Array>, take: (text: string) => void) => {
      const decoder = new TextDecoder();
      for await (const bytes of stream) take(decoder.decode(bytes, { stream: true }));
    };
    this.#reading = Promise.all([
      read(this.#child.stdout, (text) => this.out += text),
      read(this.#child.stderr, (text) => this.err += text),
    ]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Its exit code, when it has ended and all that it wrote was read. */
  async end(): Promise<number> {
    await this.#reading;
    return (await this.#child.status).code;
  }
}

/** A server process. */
export class ServerProcess extends ProgramProcess {
  constructor(
    program: Program,
    args: readonly string[] = [],
    anyPorts: readonly string[] = ["--command-port", "0", "--dashboard-port", "0"],
  ) {
    // One folder of records has one writer, and tests run beside one another.
    const keepsNone = args.includes("--records") || program.server.includes("simulate");
    const records = keepsNone ? [] : ["--records", "none"];
    super(program, [...program.server, ...anyPorts, ...records, ...args]);
  }

  async ports(): Promise<[command: number, dashboard: number]> {
    const ready = /127\.0\.0\.1:(\d+)[\s\S]*?127\.0\.0\.1:(\d+)[\s\S]*Ctrl-C/;
    await eventually(() => ready.test(this.out), `the server is ready: ${this.out}${this.err}`);
    return ready.exec(this.out)!.slice(1).map(Number) as [number, number];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill("SIGTERM");
    } catch {
      // It has ended.
    }
    await this.end();
  }
}
