/**
 * Programs of others that tests talk to, such as brokers: real ones of this system. Windows' Deno runs in Wine on Linux,
 * and has Linux' programs started there, as a lab's broker is on another PC than the one with Windows.
 */
import { fileURLToPath } from "node:url";

const windows = Deno.build.os === "windows";
const wine = windows ? Deno.env.get("WINEPREFIX") : undefined;

/** A file or folder, by the name that other programs know it by. */
export function nameForOthers(path: string): string {
  if (wine === undefined) return path;
  const [, drive, rest] = /^([A-Za-z]):(.*)$/.exec(path) ?? ["", "Z", path];
  return `${wine}/dosdevices/${drive!.toLowerCase()}:${rest!.replaceAll("\\", "/")}`;
}

let starter: Promise<number> | undefined;

/** Starts what starts Linux' programs, once; it ends with Wine. @returns Its port. */
async function startStarter(): Promise<number> {
  const file = await Deno.makeTempFile();
  // Deno cannot start what is no program of Windows, Wine's command line can, where its name has an ending.
  await new Deno.Command("C:\\windows\\system32\\cmd.exe", {
    args: ["/d", "/c", fileURLToPath(new URL("linux_programs.pl", import.meta.url)), nameForOthers(file)],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  for (let waited = 0; waited < 1000; waited++) {
    const port = await Deno.readTextFile(file);
    if (port.endsWith("\n")) {
      await Deno.remove(file);
      return Number(port);
    }
    await new Promise((go) => setTimeout(go, 10));
  }
  throw new Error("Linux' programs cannot be started from Wine");
}

/** Has Linux' shell do something, from Windows. @returns What it writes, as it comes. */
async function shell(line: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: await (starter ??= startStarter()) });
  await connection.write(new TextEncoder().encode(line));
  await connection.closeWrite();
  return connection.readable;
}

const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

/** One that runs, and what it has written so far. */
export class OtherProgram {
  /** What it has written, both to its output and of errors. */
  out = "";
  #pid = Promise.withResolvers<number>();
  #reading: Promise<unknown> = Promise.resolve();
  #child: Deno.ChildProcess | undefined;

  private constructor() {}

  /**
   * Starts one.
   *
   * @param cwd Where.
   * @throws {Deno.errors.NotFound} Where there is none.
   */
  static async start(name: string, args: readonly string[], cwd?: string): Promise<OtherProgram> {
    const program = new OtherProgram();
    if (wine === undefined) {
      const child = program.#child = new Deno.Command(name, {
        args: [...args],
        ...(cwd === undefined ? {} : { cwd }),
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      program.#reading = Promise.all([child.stdout, child.stderr].map((stream) => program.#read(stream)));
      return program;
    }
    const there = cwd === undefined ? "" : `cd ${quote(nameForOthers(cwd))};`;
    const line = `command -v ${name} >/dev/null || exit 1; echo $$; ${there} exec ${
      [name, ...args].map(quote).join(" ")
    }`;
    const stream = await shell(line);
    program.#reading = program.#read(stream).then(() =>
      program.#pid.reject(new Deno.errors.NotFound(`There is no ${name}`))
    );
    await program.#pid.promise;
    return program;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let first = wine === undefined ? undefined : "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      if (first === undefined) this.out += text;
      else {
        first += text;
        const end = first.indexOf("\n");
        if (end < 0) continue;
        this.out = first.slice(end + 1);
        this.#pid.resolve(Number(first.slice(0, end)));
        first = undefined;
      }
    }
  }

  /** Has it read its configuration anew, lets it go on, or not, or ends it. */
  async signal(signal: "SIGHUP" | "SIGSTOP" | "SIGCONT" | "SIGKILL"): Promise<void> {
    if (this.#child !== undefined) return this.#child.kill(signal);
    for await (const _ of await shell(`kill -${signal.slice("SIG".length)} ${await this.#pid.promise}`));
  }

  /** When it has ended and all that it wrote was read. */
  async end(): Promise<void> {
    await this.#reading;
    await this.#child?.status;
  }

  /** Kills it, where it runs. */
  async kill(): Promise<void> {
    try {
      await this.signal("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.end();
  }
}

/** Runs one to its end. @returns What it wrote. @throws {Deno.errors.NotFound} Where there is none. */
export async function runOther(name: string, args: readonly string[]): Promise<string> {
  const program = await OtherProgram.start(name, args);
  await program.end();
  return program.out;
}

/** Whether there are such programs here. @param argument With which they end at once. */
export async function hasOthers(argument: string, ...names: readonly string[]): Promise<boolean> {
  if (windows && wine === undefined) return false;
  try {
    for (const name of names) await runOther(name, [argument]);
    return true;
  } catch {
    return false;
  }
}
