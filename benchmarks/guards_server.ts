/** A server of the bench file that it is given, with its guards, on ports that it prints. */
import { loadBench } from "../server/config/bench_file.ts";
import { HeliographServer } from "../server/server.ts";

const { instruments, guards } = await loadBench(Deno.args[0]!);
const server = new HeliographServer({
  instruments,
  guards,
  commandPort: 0,
  dashboardPort: 0,
  sandbox: { languages: [] },
  limits: { connectionsPerAddress: 64 },
});
server.start();
console.log(`${server.commandServer.port} ${server.dashboardServer.port}`);
await server.finished;
