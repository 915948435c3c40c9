/** Completion in the shells that people have: each is started on a terminal of its own, and Tab is pressed. */
import { stripVTControlCharacters } from "node:util";
import { command, defineInstrument } from "../../mod.ts";
import { canRun, eventually, noColours, startServer, top } from "../fixture.ts";
import { programs } from "../server_process.ts";

/** A shell on a terminal, as a person uses it. */
class Terminal implements AsyncDisposable {
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
    const shown = () => stripVTControlCharacters(this.#seen.slice(before));
    try {
      await eventually(() => until.test(shown()), "");
    } catch {
      throw new Error(`${JSON.stringify(keys)} does not give ${until}, but ${JSON.stringify(shown())}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#input.abort().catch(() => {});
    await this.#reading;
    await this.#child.status;
  }
}

/** A bench with titles, choices and arguments that hold spaces. */
function bench() {
  const wheel = defineInstrument({
    title: "Filter Wheel",
    fields: {
      "Wanted Filter": { type: "choice", choices: ["Red A", "Clear"], access: "setting", needsConfirm: true },
      Position: { type: "int", initial: 3 },
    },
    commands: () => ({
      move: command({
        summary: "Move it",
        arguments: {
          filter: { type: "choice", choices: ["Red A", "Clear"] },
          wait: { type: "switch", default: true },
          speed: { type: "choice", choices: ["slow", "fast"], default: "slow" },
        },
        run: ({ filter, wait, speed }) => `to ${filter}, ${wait ? "waiting" : "not waiting"}, ${speed}`,
      }),
    }),
  });
  return startServer({ instruments: [wheel, defineInstrument({ title: "Filter Lamp", fields: {} })] });
}

/** What is typed in each shell, and what it makes of it; ⇥ is Tab, and N stands for the port. */
const sessions: Record<string, { start: string; prepare: string; typed: [keys: string, shows: RegExp][] }> = {
  bash: {
    start: "bash --norc --noprofile -i",
    prepare: "eval \"$(heliograph completions bash)\"; bind 'set bell-style none'; PS1='$ '",
    typed: [
      ['heliograph get --port N "Filter W⇥', /"Filter Wheel" $/],
      ["wanted⇥", /wanted_filter $/],
      ["\r", /No Reading[^]*\$ $/],
      ["heliograph set --port N Filter\\ W⇥", /Filter\\ Wheel $/],
      ["'Wan⇥", /'Wanted Filter' $/],
      ["Re⇥", /Red\\ A $/],
      ["\r", /waits for confirm: .*heliograph confirm "Filter Wheel" --port \d+\r\n\$ $/],
      ["heliograph call --port N filter_w⇥", /filter_wheel $/],
      ["mo⇥", /move $/],
      ['"Re⇥', /"Red A" $/],
      ["wa⇥", /wait=$/],
      ["of⇥", /off $/],
      ["spe⇥f⇥", /speed=fast $/],
      ["\r", /to Red A, not waiting, fast\r\n\$ $/],
      ["heliograph server --command-p⇥", /--command-port $/],
      ["\x15heliograph exec README.m⇥", /README\.md $/],
    ],
  },
};

for (const program of programs) {
  for (const [shell, { start, prepare, typed }] of Object.entries(sessions)) {
    Deno.test({
      name:
        `${program.name}: ${shell} completes titles in quotes, choices and a command's arguments, and runs the line`,
      ignore: !await canRun("script") || !await canRun(shell), // a shell that is not there cannot be asked
      fn: async () => {
        await using server = bench();
        const folder = await Deno.makeTempDir();
        const words = [program.path, ...program.client].map((word) => `'${word}'`).join(" ");
        await Deno.writeTextFile(`${folder}/heliograph`, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
        await using terminal = new Terminal(start, {
          PATH: `${folder}:${Deno.env.get("PATH")}`,
          HOME: folder,
          DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
        });
        await terminal.type(`${prepare}; echo rea''dy\r`, /ready[\r\n]/);
        for (const [keys, shows] of typed) {
          await terminal.type(
            keys.replaceAll("⇥", "\t").replace("N", String(server.dashboardServer.port)),
            shows,
          );
        }
        await Deno.remove(folder, { recursive: true });
      },
    });
  }
}
