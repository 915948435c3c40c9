/**
 * Some benches of a fleet in one process, for {@linkcode measureFleet}: each has fields that all change every second. A
 * value is the time at which it was set, so that whoever sees it knows how late that is.
 *
 * Arguments: the broker's port, the number of the first bench, how many, and how many fields each has.
 */
import { defineInstrument, HeliographServer } from "../mod.ts";

const [port, first, count, fields] = Deno.args.map(Number) as [number, number, number, number];
const servers = Array.from({ length: count }, (_, at) => {
  const instrument = defineInstrument({
    title: "Gauge",
    fields: Object.fromEntries(
      Array.from({ length: fields }, (_, field) => [`Value ${field}`, { type: "float", initial: 0 }] as const),
    ),
  });
  const server = new HeliographServer({
    instruments: [instrument],
    commandPort: 0,
    dashboardPort: 0,
    webPort: 0,
    tlsPort: 0,
    sandbox: { languages: [] },
    fleet: { broker: `nats://127.0.0.1:${port}`, name: `lab-${first + at}` },
  });
  server.start();
  // Not all of them in the same moment.
  setTimeout(() => {
    setInterval(() => {
      for (const field of instrument.allFields) field.update(Date.now());
    }, 1000);
  }, 1000 * ((first + at) % 97) / 97);
  return server;
});

/** How late the first bench sees the others' values, in milliseconds. */
const late: number[] = [];
const elsewhere = servers[0]!.bench.elsewhere!;
elsewhere.hub.subscribe("change", ({ field }) => {
  if (typeof field.value === "number" && field.value > 0 && field.quality === "good") {
    late.push(Date.now() - field.value);
  }
});
/** The others that the first bench looks at. */
let followed: readonly string[] = [];

/** What the processor did for this process, in seconds. */
async function cpu(): Promise<number> {
  const words = (await Deno.readTextFile("/proc/self/stat")).replace(/^.*\) /, "").split(" ");
  return (Number(words[11]) + Number(words[12])) / 100;
}

console.log("ready");
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const word of chunk.trim().split("\n")) {
    if (word === "begin") late.length = 0;
    if (word.startsWith("look ")) {
      followed = elsewhere.names().filter((name) => name.endsWith("/gauge")).slice(0, Number(word.slice(5)));
      for (const name of followed) elsewhere.hold(name);
      await Promise.all(followed.map((name) => elsewhere.follow(name)));
    }
    const sorted = late.toSorted((one, other) => one - other);
    const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? null;
    const known = elsewhere.names().filter((name) => name.endsWith("/gauge")).length;
    console.log(
      JSON.stringify({
        cpu: await cpu(),
        known,
        followed: followed.length,
        seen: sorted.length,
        p50: at(0.5),
        p99: at(0.99),
        rss: Deno.memoryUsage().rss,
      }),
    );
  }
}
