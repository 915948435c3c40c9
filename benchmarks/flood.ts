/**
 * Measures how long others wait while one client floods the server, and what memory the server takes.
 *
 * By itself: `deno run -A benchmarks/flood.ts [--executable PATH] [WIRE[:KIND]…]`.
 */
import Table from "npm:cli-table3@0.6.5";
import { load, type RunningServer, spawn, start, startExecutable } from "./processes.ts";

const seconds = 5;
/** The flood begins when the others are being served already: what it costs at first is often the most. */
const delay = 1500;
const kinds = ["sets", "reads", "status", "describe", "long", "evaluations"];
const floods: Record<string, readonly string[]> = {
  line: [...kinds, "faults", "connections"],
  // As `yes … | socat -u - TCP:…` does: it never reads.
  deaf: kinds,
  raw: ["sets", "reads", "long", "evaluations"],
  framed: [...kinds, "watch", "follow"],
  websocket: kinds,
  http: kinds,
};

/** How long an answer takes, in milliseconds. */
interface Wait {
  readonly p99: number;
  readonly longest: number;
}

/** What the others wait for. */
type Waits = Readonly<Record<"abort" | "echo" | "ping" | "healthz", Wait>>;

/** The server's memory in MiB, as it tells monitoring. */
async function memory(webPort: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${webPort}/metrics`)).text();
  return Number(/^process_resident_memory_bytes ([\d.e+]+)$/m.exec(metrics)?.[1]) / 2 ** 20;
}

/**
 * Prints the table.
 *
 * @param wanted Only these, `WIRE` or `WIRE:KIND`. @default all
 * @param executable The path of an executable that is measured instead of the source.
 */
export async function measureFloods(wanted: readonly string[] = [], executable?: string): Promise<void> {
  const table = new Table({
    head: ["flood", "abort p99 / longest ms", "echo", "Ping", "/healthz", "memory MiB"],
    style: { head: [], border: [] },
  });
  table.push(["aim", "at most 50", "at most 20", "", "", "at most 300"]);
  const measured = Object.entries(floods).flatMap(([wire, kinds]) => kinds.map((kind) => [wire, kind] as const))
    .filter(([wire, kind]) => wanted.length === 0 || wanted.includes(wire) || wanted.includes(`${wire}:${kind}`));
  for (const [wire, kind] of [["nobody", ""] as const, ...measured]) {
    const server: RunningServer = executable === undefined
      ? await start("heliograph_server.ts")
      : await startExecutable(executable);
    const [commandPort, dashboardPort, webPort] = server.ports as [number, number, number];
    const port = { line: commandPort, deaf: commandPort, raw: dashboardPort, framed: dashboardPort }[wire] ?? webPort;
    const flooder = wire === "nobody" ? undefined : spawn("flooder.ts", wire, kind, port, delay);
    const waits = await load<Waits>("flood_probe.ts", commandPort, dashboardPort, webPort, seconds);
    const used = await memory(webPort);
    const cells = [waits.abort, waits.echo, waits.ping, waits.healthz].map(({ p99, longest }) =>
      `${p99.toFixed(1)} / ${longest.toFixed(0)}`
    );
    table.push([`${wire} ${kind}`, ...cells, used.toFixed(0)]);
    for (const child of [flooder, server.child]) {
      child?.kill("SIGKILL");
      await child?.status;
    }
  }
  console.log(table.toString());
}

if (import.meta.main) {
  const at = Deno.args.indexOf("--executable");
  const executable = at < 0 ? undefined : Deno.args[at + 1];
  await measureFloods(at < 0 ? Deno.args : Deno.args.toSpliced(at, 2), executable);
}
