/** Measures what records add to polling 2,000 fields at 1 Hz: processor time, and how late an answer comes. */
import { AzcamClient } from "../client/mod.ts";
import { median, start } from "./processes.ts";

const count = 200;
const rounds = 4;
const seconds = 10;
/** It has been compiled by then. */
const warming = 20;
/** So often a client asks, in milliseconds. */
const askEvery = 5;

/** Asks again and again for some seconds. @returns How long each answer took, in milliseconds. */
async function asked(client: AzcamClient): Promise<number[]> {
  const times: number[] = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
    const begun = performance.now();
    await client.command("api.echo hello");
    times.push(performance.now() - begun);
    await new Promise((resolve) => setTimeout(resolve, askEvery));
  }
  return times.sort((one, other) => one - other);
}

/** @returns The share of a core that a server has used, and the 99th of 100 answers in milliseconds. */
async function measured(...options: string[]): Promise<{ readonly share: number; readonly late: number }> {
  const devices = await start("devices.ts", String(count));
  const { child, ports: [port] } = await start("polling_server.ts", ...devices.ports.map(String), ...options);
  const client = new AzcamClient({ port: port!, timeout: 30 });
  try {
    const processor = async () => Number((await client.command("usage.processor"))[1]);
    await new Promise((resolve) => setTimeout(resolve, warming * 1000));
    const [shares, late]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const before = await processor();
      const times = await asked(client);
      shares.push((await processor() - before) / seconds);
      late.push(times[Math.floor(times.length * 0.99)]!);
    }
    return { share: median(shares), late: median(late) };
  } finally {
    await client[Symbol.asyncDispose]();
    for (const each of [child, devices.child]) {
      each.kill();
      await each.status;
    }
  }
}

/** Measures a server without records, and one with them. */
export async function measureRecordsCost(): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const without = await measured();
    const kept = await measured(`records=${folder}`);
    const added = kept.share - without.share;
    console.log(
      `records of 2000 readings a second add ${(100 * added).toFixed(1)} % of a core to the ${
        (100 * without.share).toFixed(0)
      } % of polling them: ${(added / without.share).toFixed(2)} of it (aim: at most 0.5)\n` +
        `  echo p99 ${without.late.toFixed(2)} ms without, ${kept.late.toFixed(2)} ms with records (aim: 0.2 ms more)`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
