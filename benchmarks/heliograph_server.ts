/** heliograph's server on its demo bench, as the benchmarks start it. */
import { demoInstruments, HeliographServer } from "../mod.ts";

const server = new HeliographServer({
  instruments: demoInstruments(),
  commandPort: 0,
  dashboardPort: 0,
  limits: { connectionsPerAddress: 20_000, connections: 20_000 },
});
server.start();
console.log(server.commandServer.port);
await server.finished;
