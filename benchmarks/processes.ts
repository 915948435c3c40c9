/** What the benchmarks share: servers and loads as processes of their own, and medians. */

const here = new URL(".", import.meta.url);

function program(file: string, ...args: string[]): Deno.Command {
  const path = new URL(file, here).href;
  const flags = [
    "--quiet",
    "--no-prompt",
    "--unstable-worker-options",
    "--allow-net=127.0.0.1",
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
