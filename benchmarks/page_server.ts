/** heliograph's server with a bench of many instruments, read each second, as the benchmark of the page starts it. */
import { defineInstrument, HeliographServer } from "../mod.ts";

const [instrumentCount = 200, fieldCount = 10] = Deno.args.map(Number);
const wave = (at: number) => 20 + 5 * Math.sin(Date.now() / 9000 + at) + Math.random();
const instruments = Array.from({ length: instrumentCount }, (_, at) =>
  defineInstrument({
    title: `Rig ${at}`,
    pollInterval: 1,
    fields: Object.fromEntries(
      Array.from({ length: fieldCount }, (_, field) => [`Value ${field}`, {
        type: "float" as const,
        unit: "sccm",
        decimals: 3,
        access: "readout" as const,
        read: () => wave(10 * at + field),
      }]),
    ),
  }));
const server = new HeliographServer({
  instruments,
  commandPort: 0,
  dashboardPort: 0,
  webPort: 0,
  sandbox: { languages: [] },
});
server.start();
console.log(`${server.webServer.port}`);
await server.finished;
