/** A server of the bench file that it is given, with its guards and runs, on ports that it prints. */
import { dirname, join } from "node:path";
import { loadBench } from "../server/config/bench_file.ts";
import { HeliographServer } from "../server/server.ts";

const file = Deno.args[0]!;
const { instruments, guards } = await loadBench(file);
const server = new HeliographServer({
  instruments,
  guards,
  runFiles: { state: join(dirname(file), "lab.state", "runs.json"), folder: dirname(file) },
  commandPort: 0,
  dashboardPort: 0,
  sandbox: { languages: [] },
  limits: { connectionsPerAddress: 64 },
});
server.start();
console.log(`${server.commandServer.port} ${server.dashboardServer.port}`);
await server.finished;
