/** A server of the bench file that it is given, with its runs, on ports that it prints; then it prints how it used the processor. */
import { dirname, join } from "node:path";
import { loadBench } from "../server/config/bench_file.ts";
import { HeliographServer } from "../server/server.ts";

const file = Deno.args[0]!;
const { instruments } = await loadBench(file);
const server = new HeliographServer({
  instruments,
  runFiles: { state: join(dirname(file), "lab.state", "runs.json"), folder: dirname(file) },
  commandPort: 0,
  dashboardPort: 0,
  sandbox: { languages: [] },
});
server.start();
console.log(`${server.commandServer.port} ${server.dashboardServer.port}`);
await server.finished;
