/** Programs on a terminal of their own, into which a test types. */
import { stripVTControlCharacters } from "node:util";
import { eventually, noColours, top } from "./fixture.ts";

/** A program on a terminal, as a person uses it. */
export class Terminal implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  #seen = "";

  constructor(command: string, env: Record<string, string>) {
    const child = new Deno.Command("script", {
      args: ["-qec", command, "/dev/null"],
      cwd: top,
      stdin: "piped",
      stdout: "piped",
      env: { TERM: "xterm", LC_ALL: "C.UTF-8", ...noColours, ...env },
    }).spawn();
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#reading = (async () => {
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) this.#seen += text;
    })();
  }

  /** Types, and waits until what the terminal shows since then is as expected. */
  async type(keys: string, until: RegExp): Promise<void> {
    const before = this.#seen.length;
    await this.#input.write(new TextEncoder().encode(keys));
    const shown = () => stripVTControlCharacters(this.#seen.slice(before)).replaceAll("\x07", "");
    try {
      await eventually(() => until.test(shown()), "");
    } catch {
      throw new Error(`${JSON.stringify(keys)} does not give ${until}, but ${JSON.stringify(shown())}`);
    }
  }

  /** Waits until the program has ended. @returns All that it has shown. */
  async ended(): Promise<string> {
    await this.#child.status;
    await this.#reading;
    return this.#seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#input.abort().catch(() => {});
    await this.#reading;
    await this.#child.status;
  }
}
