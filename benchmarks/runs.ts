/**
 * Measures a run of 5,000 steps: how late a step begins while 2,000 fields are polled, and what it costs while it waits.
 */
import { percentile, withPolledBench } from "./polled_bench.ts";

/** How many steps are timed, and how long is between them in seconds. */
const timed = 300;
const between = 0.1;
/** The steps of a night: 2,500 waits and as many sets. */
const nights = 2500;
/** For how long nothing is measured, in seconds: until what has read the run's file is compiled and thrown away. */
const settles = 30;
/** For how long the processor's time is taken, in seconds. */
const watched = 20;

/** The processor time of a process so far, in seconds. */
async function cpuOf(pid: number): Promise<number> {
  const stat = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ")[1]!.split(" ");
  return (Number(stat[11]) + Number(stat[12])) / 100;
}

async function cpuShare(pid: number): Promise<number> {
  const [before, began] = [await cpuOf(pid), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, watched * 1000));
  return 100 * (await cpuOf(pid) - before) / ((performance.now() - began) / 1000);
}

async function measure(
  instruments: number,
  steps: unknown,
  work: (pid: number, ask: (line: string) => Promise<string>, at: number[]) => Promise<void>,
) {
  const at: number[] = [];
  const answers = { answer: () => 1.25, told: () => void at.push(performance.now()) };
  await withPolledBench({
    instruments: Array.from({ length: instruments }, () => answers),
    each: { fields: { Set: { type: "float", write: "S {value}" } } },
    files: { "night.run.json": { steps } },
  }, async ({ pid, port }) => {
    using connection = await Deno.connect({ port });
    const reader = connection.readable.pipeThrough(new TextDecoderStream()).getReader();
    const ask = async (line: string) => {
      await connection.write(new TextEncoder().encode(`${line}\n`));
      let answer = "";
      while (!answer.endsWith("\n")) answer += (await reader.read()).value ?? "\n";
      return answer.trim();
    };
    await work(pid, ask, at);
  });
}

/** Measures both. */
export async function measureRuns(): Promise<void> {
  const night = Array.from({ length: nights }, (_, at) => [{ set: "i0.set", to: at }, { wait: "17.28s" }]).flat();
  const steps = Array.from({ length: timed }, (_, at) => [{ set: "i0.set", to: at }, { wait: `${between}s` }]).flat();
  await measure(200, [...steps, ...night], async (_pid, ask, at) => {
    const said = [await ask("automation.load night.run.json"), await ask("automation.start")];
    if (said[1] !== "OK") throw new Error(said.join());
    while (at.length < timed) await new Promise((resolve) => setTimeout(resolve, 100));
    const late = at.slice(1, timed).map((time, index) => time - at[index]! - between * 1000).sort((a, b) => a - b);
    console.log(
      `a run of ${
        night.length + steps.length
      } steps on 2,000 fields at 1 Hz: a set after a wait of ${between} s is late ` +
        `by p50 ${percentile(late, 0.5)}, p99 ${percentile(late, 0.99)}, longest ${percentile(late, 1)} ms (aim: 20)`,
    );
  });
  await measure(1, night, async (pid, ask) => {
    const settled = () => new Promise((resolve) => setTimeout(resolve, settles * 1000));
    await settled();
    const before = await cpuShare(pid);
    const said = [await ask("automation.load night.run.json"), await ask("automation.start")];
    if (said[1] !== "OK") throw new Error(said.join());
    await settled();
    const share = await cpuShare(pid);
    console.log(
      `a run of 5,000 steps while it waits: ${share.toFixed(1)} % of a core, and ${
        before.toFixed(1)
      } % without it (aim: 1 % more at most)`,
    );
  });
}

if (import.meta.main) await measureRuns();
