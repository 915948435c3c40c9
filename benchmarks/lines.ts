/** Measures the line wire beside a bare line parser on Deno.listen, as separate processes. */
import { AzcamClient } from "../client/mod.ts";
import Table from "npm:cli-table3@0.6.5";
import { load, median, type Result, start } from "./processes.ts";

const rounds = 9;
const seconds = 1;
const loads = [
  { name: "1 client", clients: 1, depth: 1, aim: 0.9 },
  { name: "32 clients", clients: 32, depth: 1, aim: 0.9 },
  { name: "32 clients, 16 pipelined", clients: 32, depth: 16, aim: 0.7 },
];

/** Bytes of memory that the server uses now, by its own account. */
async function memory(port: number): Promise<number> {
  await using client = new AzcamClient({ port });
  return Number((await client.command("memory.rss"))[1]);
}

/** Measures replies a second and the memory of idle connections; prints both. */
export async function measureLines(): Promise<void> {
  const servers = { floor: await start("floor.ts"), heliograph: await start("heliograph_server.ts") };
  const table = new Table({
    head: [
      "load",
      "floor replies/s",
      "heliograph replies/s",
      "ratio",
      "aim",
      "floor p50 / p99 ms",
      "heliograph p50 / p99 ms",
    ],
    style: { head: [], border: [] },
  });
  for (const { name, clients, depth, aim } of loads) {
    const results: Record<keyof typeof servers, Result[]> = { floor: [], heliograph: [] };
    for (let round = 0; round < rounds; round++) {
      for (const which of ["floor", "heliograph"] as const) {
        results[which].push(await load<Result>("load.ts", servers[which].ports[0]!, clients, depth, seconds));
      }
    }
    const of = (which: keyof typeof servers, what: keyof Result) =>
      median(results[which].map((result) => result[what]));
    const latency = (which: keyof typeof servers) => `${of(which, "p50").toFixed(3)} / ${of(which, "p99").toFixed(3)}`;
    const ratio = of("heliograph", "rate") / of("floor", "rate");
    table.push([
      name,
      Math.round(of("floor", "rate")).toLocaleString("en"),
      Math.round(of("heliograph", "rate")).toLocaleString("en"),
      ratio.toFixed(2),
      `at least ${aim}`,
      latency("floor"),
      latency("heliograph"),
    ]);
  }
  console.log(table.toString());

  const port = servers.heliograph.ports[0]!;
  const before = await memory(port);
  const idle: Deno.TcpConn[] = [];
  try {
    while (idle.length < 10_000) idle.push(await Deno.connect({ hostname: "127.0.0.1", port }));
  } catch (error) {
    console.log(`Only ${idle.length} connections could be opened: ${(error as Error).message}`);
  }
  const each = (await memory(port) - before) / idle.length / 1024;
  console.log(`${idle.length.toLocaleString("en")} idle connections cost ${each.toFixed(1)} KiB each (aim: below 16)`);
  for (const connection of idle) connection.close();
  for (const { child } of Object.values(servers)) child.kill();
  await Promise.all(Object.values(servers).map(({ child }) => child.status));
}
