/** heliograph's server on its demo bench, as the benchmarks start it: [CERTIFICATE KEY], the files of which make it serve TLS. */
import { command, defineInstrument, demoInstruments, HeliographServer } from "../mod.ts";

/** Tells what memory the process uses, so that the benchmark can ask. */
const memory = defineInstrument({
  title: "memory",
  commands: {
    rss: command({ summary: "Resident memory in bytes", immediate: true, run: () => Deno.memoryUsage().rss }),
  },
});

const [cert, key] = await Promise.all(Deno.args.map((file) => Deno.readTextFile(file)));

const server = new HeliographServer({
  ...(cert === undefined || key === undefined ? {} : { host: "0.0.0.0", tls: { cert, key } }),
  instruments: [...demoInstruments(), memory],
  commandPort: 0,
  dashboardPort: 0,
  tlsPort: 0,
  limits: { connectionsPerAddress: 20_000, connections: 20_000 },
});
server.start();
const { line, dashboard, web, tls = 0 } = server.ports;
console.log(`${line} ${dashboard} ${web} ${tls}`);
await server.finished;
