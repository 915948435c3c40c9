/** Measures how soon a month of 2,000 fields at 1 Hz is open, and a plot of it is answered: 5.2 billion readings. */
import process from "node:process";
import { PyOpticonSocketClient } from "../client/pyopticon_client.ts";
import { HeliographServer } from "../server/server.ts";
import { makeMonth, monthBegins, monthFields, type MonthSize } from "./month_of_readings.ts";

/** The processor time that this process has had, in milliseconds: the server's, and its Workers'. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The median of some; and the first one, which finds nothing in memory. */
async function timed(work: (round: number) => Promise<unknown>, rounds = 9): Promise<string> {
  const times: number[] = [];
  const before = processorTime();
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    await work(round);
    times.push(performance.now() - begun);
  }
  const processor = (processorTime() - before) / rounds;
  const first = times[0]!;
  times.sort((one, other) => one - other);
  const [told, firstTold] = [times[rounds >> 1]!, first].map((each) => each.toFixed(0));
  return `${told} ms (the first ${firstTold} ms; ${processor.toFixed(0)} ms of a processor)`;
}

/** Makes the month, has a server open it, and asks that for plots as the page does. */
export async function measureMonth(): Promise<void> {
  const size: MonthSize = { fields: 2000, days: 30, courses: 20 };
  const folder = await Deno.makeTempDir();
  try {
    const begun = performance.now();
    const until = makeMonth(folder, size);
    const bytes = Deno.statSync(`${folder}/readings.sqlite`).size;
    const samples = size.fields * size.days * 86_400;
    console.log(
      `a month of ${size.fields} fields: ${(samples / 1e9).toFixed(1)} billion readings, ${
        (bytes / 1e9).toFixed(1)
      } GB with their minutes, ${(bytes / samples).toFixed(2)} bytes each, made in ${
        ((performance.now() - begun) / 1000).toFixed(0)
      } s`,
    );
    // Whoever makes it leaves it in memory, as far as that goes: what is asked for first should come from the disk.
    await new Deno.Command("sh", { args: ["-c", "sync; echo 3 > /proc/sys/vm/drop_caches"], stderr: "null" }).output();
    let server: HeliographServer | undefined;
    const open = await timed(async () => {
      await server?.stop();
      server = new HeliographServer({
        instruments: [],
        records: { folder, bytes: 1e11, rawDays: 36_500 },
        commandPort: 0,
        dashboardPort: 0,
        sandbox: { languages: [] },
      });
      server.start();
      await server.ready;
    }, 3);
    console.log(`  a server has opened it in ${open}`);
    const names = monthFields(size.fields).map(({ instrument, field }) => `${instrument}.${field}`);
    const ask = async (fields: readonly string[]) => {
      const query = new URLSearchParams(fields.map((field) => ["field", field]));
      for (const [name, value] of Object.entries({ since: monthBegins, until, points: 1200 })) {
        query.set(name, `${value}`);
      }
      const answer = await fetch(`http://127.0.0.1:${server!.ports.web}/api/v1/history?${query}`);
      if (!answer.ok) throw new Error(await answer.text());
      return await answer.json();
    };
    // Another field each time.
    console.log(`  a plot of one field: ${await timed((round) => ask([names[100 * round + 7]!]))}`);
    console.log(`  of eight: ${await timed((round) => ask(names.slice(100 * round + 10, 100 * round + 18)))}`);
    await using dashboard = new PyOpticonSocketClient({ socketNumber: server!.dashboardServer.port });
    console.log(`  what is there: ${await timed(() => dashboard.records())}`);
    await server!.stop();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
