/** Measures the camera: what a large image costs, whether it keeps others waiting, and how soon aborts and pauses act. */
import { AzcamClient } from "../client/mod.ts";
import { median, start } from "./processes.ts";

const images = 5;
const times = 100;
const size = 2 * 4096 * (4096 + 32) / 2 ** 20;

async function ask(client: AzcamClient, line: string): Promise<number[]> {
  const [status, ...words] = await client.command(line);
  if (status !== "OK") throw new Error(`${line}: ${words.join(" ")}`);
  return words.map(Number);
}

/** What an image costs, when nothing but the computing takes time. */
async function measureImages(folder: string): Promise<void> {
  const server = await start("camera_server.ts", folder, "1e12");
  await using client = new AzcamClient({ port: server.ports[0]!, timeout: 60 });
  const processor = async () => (await ask(client, "usage.processor"))[0]!;
  const idle = (await ask(client, "usage.memory"))[0]!;
  const seconds: number[] = [];
  const pauses: number[] = [];
  const memory: number[] = [];
  for (let image = 0; image < images; image++) {
    await ask(client, "usage.since");
    const before = await processor();
    await ask(client, "expose 1 object benchmark");
    seconds.push(await processor() - before);
    const [pause, peak] = await ask(client, "usage.since");
    pauses.push(pause!);
    memory.push(peak! - idle);
  }
  console.log(
    `a sky of 4096 × 4096 pixels, on the disk: ${median(seconds).toFixed(2)} s of processor time, the first ` +
      `${seconds[0]!.toFixed(2)} s (aim: below 2); others waited at most ${Math.max(...pauses).toFixed(0)} ms ` +
      `(aim: below 20); ${(Math.max(...memory) / size).toFixed(1)} times its size of memory (aim: below 3)`,
  );
  server.child.kill();
  await server.child.status;
}

/** How soon an abort, or a pause, is done, whatever the camera does. */
async function measureAborts(folder: string): Promise<void> {
  const server = await start("camera_server.ts", folder, "1e8");
  await using observer = new AzcamClient({ port: server.ports[0]!, timeout: 60 });
  await using other = new AzcamClient({ port: server.ports[0]!, timeout: 60 });
  const aborts: number[] = [];
  const pauses: number[] = [];
  for (let round = 0; round < times; round++) {
    const done = observer.command("expose 0.1 object benchmark");
    await new Promise((resolve) => setTimeout(resolve, 800 * Math.random()));
    const asked = performance.now();
    if (round % 2 === 0) {
      await other.command("abort");
      await done;
      aborts.push(performance.now() - asked);
    } else {
      const [status] = await other.command("pause");
      if (status === "OK") pauses.push(performance.now() - asked);
      await other.command("abort");
      await done;
    }
  }
  const longest = (values: number[]) => `${median(values).toFixed(1)} ms, at most ${Math.max(...values).toFixed(0)} ms`;
  console.log(
    `aborts at ${aborts.length} random moments of such an exposure: ${longest(aborts)} to the reply of the exposure; ` +
      `${pauses.length} pauses: ${longest(pauses)} (aim: below 100)`,
  );
  server.child.kill();
  await server.child.status;
}

/** Measures all of it, in a temporary folder. */
export async function measureCamera(): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await measureImages(folder);
    await measureAborts(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await measureCamera();
