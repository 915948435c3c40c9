/** What the benchmarks share: servers and loads as processes of their own, and medians. */

const here = new URL(".", import.meta.url);

function program(file: string, ...args: string[]): Deno.Command {
  const path = new URL(file, here).href;
  const flags = [
    "--quiet",
    "--no-prompt",
    "--unstable-worker-options",
    "--allow-net",
    `--allow-run=${Deno.execPath()}`,
    "--allow-read",
    // The server asks how many files it may open.
    "--allow-ffi",
    "--allow-write",
  ];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, path, ...args],
    stdout: "piped",
    stderr: "inherit",
  });
}

/** A server that runs. */
export interface RunningServer {
  readonly child: Deno.ChildProcess;
  /** The ports it has printed, in their order. */
  readonly ports: readonly number[];
}

/** Starts a program that runs until it is killed, and whose output nobody needs. */
export function spawn(file: string, ...args: (string | number)[]): Deno.ChildProcess {
  const child = program(file, ...args.map(String)).spawn();
  void child.stdout.cancel();
  return child;
}

/** Starts an executable of heliograph on its demo bench. @returns It, with its ports for lines, dashboards and HTTP. */
export async function startExecutable(path: string): Promise<RunningServer> {
  const ports = ["--command-port", "--dashboard-port", "--web-port"].flatMap((flag) => [flag, "0"]);
  const child = new Deno.Command(path, {
    args: ["server", ...ports, "--json-logs"],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const texts = child.stderr.pipeThrough(new TextDecoderStream());
  return await new Promise((resolve, reject) => {
    (async () => {
      let said = "";
      // Read to its end: a program whose log is not read stands still.
      for await (const text of texts) {
        if (said.length < 65_536) said += text;
        const found = ["command", "dashboard", "web"].map((name) =>
          new RegExp(`"${name}":"127.0.0.1:(\\d+)"`).exec(said)
        );
        if (found.every((match) => match !== null)) resolve({ child, ports: found.map((match) => Number(match![1])) });
      }
      reject(new Error(`the executable ended: ${said}`));
    })().catch(reject);
  });
}

/** Starts a server that prints its ports on one line. */
export async function start(file: string, ...args: string[]): Promise<RunningServer> {
  const child = program(file, ...args).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return { child, ports: value!.trim().split(" ").map(Number) };
}

/** Runs a load, which prints its result as JSON. */
export async function load<T>(file: string, ...args: (string | number)[]): Promise<T> {
  const { stdout } = await program(file, ...args.map(String)).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Replies or evaluations a second, and how long each took in milliseconds. */
export interface Result {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** What a load prints. @param latencies In milliseconds. @param seconds How long it took. @param count How many. */
export function summary(latencies: number[], seconds: number, count = latencies.length): string {
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => latencies[Math.floor(latencies.length * share)] ?? NaN;
  return JSON.stringify({ rate: count / seconds, p50: percentile(0.5), p99: percentile(0.99) } satisfies Result);
}
