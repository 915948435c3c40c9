/** Measures polling beside a bare loop: many instruments with ten fields each, once a second. */
import { AzcamClient } from "../client/mod.ts";
import { median, start } from "./processes.ts";

const count = 200;
const seconds = 10;
const rounds = 3;

/** An instrument that answers every line with a number, and notes when its first field was asked for. */
export function device(asked: number[]): Deno.Listener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answer = new TextEncoder().encode("1.25\n");
  void (async () => {
    for await (const connection of listener) {
      void (async () => {
        for await (const text of connection.readable.pipeThrough(new TextDecoderStream())) {
          for (const line of text.split("\n").slice(0, -1)) {
            if (line === "F0?") asked.push(performance.now());
            await connection.write(answer);
          }
        }
      })().catch(() => {});
    }
  })().catch(() => {});
  return listener;
}

/** Both have been compiled by then: what runs for months is measured, and not how it begins. */
const warming = 30;

/** Measures how well the interval is kept, and what it costs beside a bare loop that asks and parses the same meanwhile. */
export async function measurePolling(): Promise<void> {
  const times = Array.from({ length: count }, () => [] as number[]);
  const devices = times.map((asked) => device(asked));
  const bareDevices = times.map(() => device([]));
  const portsOf = (listeners: Deno.Listener[]) => listeners.map(({ addr }) => String((addr as Deno.NetAddr).port));
  const server = await start("polling_server.ts", ...portsOf(devices));
  const bare = await start("bare_polling.ts", ...portsOf(bareDevices));
  await using client = new AzcamClient({ port: server.ports[0]! });
  await using bareClient = new AzcamClient({ port: bare.ports[0]! });
  const processor = async (of: AzcamClient) => Number((await of.command("usage.processor"))[1]);
  const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  await wait(warming * 1000);
  times.forEach((asked) => asked.splice(0));
  const shares: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = await Promise.all([client, bareClient].map(processor));
    await wait(seconds * 1000);
    const after = await Promise.all([client, bareClient].map(processor));
    const [share, floor] = after.map((used, index) => (used - before[index]!) / seconds) as [number, number];
    shares.push(share);
    ratios.push(share / floor);
  }
  const intervals = times.flatMap((asked) => asked.slice(1).map((time, index) => time - asked[index]!));
  for (const { child } of [server, bare]) {
    child.kill();
    await child.status;
  }
  intervals.sort((a, b) => a - b);
  const percentile = (share: number) => (intervals[Math.floor((intervals.length - 1) * share)] ?? NaN).toFixed(0);
  console.log(
    `${count} instruments with 10 fields each at 1 Hz: ${
      median(ratios).toFixed(2)
    } times a bare loop (aim: at most 1.5), ` +
      `${(100 * median(shares)).toFixed(0)} % of a core; ` +
      `intervals p1 ${percentile(0.01)}, p50 ${percentile(0.5)}, p99 ${percentile(0.99)}, longest ${percentile(1)} ms`,
  );
  for (const listener of [...devices, ...bareDevices]) listener.close();
}

if (import.meta.main) await measurePolling();
