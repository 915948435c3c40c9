/** heliograph's server on many instruments: PORT… [records=FOLDER], as the benchmark of polling starts it. */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { command, defineInstrument, HeliographServer, loadBench } from "../mod.ts";

/** Tells what processor time the process has used, so that the benchmark can ask. */
const usage = defineInstrument({
  title: "usage",
  commands: {
    processor: command({
      summary: "Processor time in seconds",
      immediate: true,
      returns: "float",
      run: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1e6;
      },
    }),
  },
});

const { instruments } = await loadBench(fileURLToPath(new URL("many_instruments.ts", import.meta.url)));
const folder = Deno.args.find((arg) => arg.startsWith("records="))?.slice("records=".length);
const server = new HeliographServer({
  ...(folder === undefined ? {} : { records: { folder } }),
  instruments: [...instruments, usage],
  commandPort: 0,
  dashboardPort: 0,
  sandbox: { languages: [] },
});
server.start();
console.log(`${server.commandServer.port} ${server.dashboardServer.port}`);
await server.finished;
