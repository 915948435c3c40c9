/** Measures polling: many instruments with ten fields each, once a second. */
import { AzcamClient } from "../client/mod.ts";
import { start } from "./processes.ts";

const count = 200;
const seconds = 20;

/** An instrument that answers every line with a number, and notes when its first field was asked for. */
function device(asked: number[]): Deno.Listener {
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

/** Measures how well the interval is kept, and what it costs. */
export async function measurePolling(): Promise<void> {
  const times = Array.from({ length: count }, () => [] as number[]);
  const devices = times.map(device);
  const ports = devices.map(({ addr }) => String((addr as Deno.NetAddr).port));
  const server = await start("polling_server.ts", ...ports);
  await using client = new AzcamClient({ port: server.ports[0]! });
  const processor = async () => Number((await client.command("usage.processor"))[1]);
  const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  // The connections and the first readings are not what is measured.
  await wait(3000);
  times.forEach((asked) => asked.splice(0));
  const before = await processor();
  await wait(seconds * 1000);
  const used = (await processor() - before) / seconds;
  const intervals = times.flatMap((asked) => asked.slice(1).map((time, index) => time - asked[index]!));
  intervals.sort((a, b) => a - b);
  const percentile = (share: number) => (intervals[Math.floor((intervals.length - 1) * share)] ?? NaN).toFixed(0);
  console.log(
    `${count} instruments with 10 fields each at 1 Hz: ${(100 * used).toFixed(0)} % of a core (aim: below 50); ` +
      `intervals p1 ${percentile(0.01)}, p50 ${percentile(0.5)}, p99 ${percentile(0.99)}, longest ${percentile(1)} ms`,
  );
  server.child.kill();
  await server.child.status;
  for (const listener of devices) listener.close();
}

if (import.meta.main) await measurePolling();
