/** A server whose `tempcon` counts how often it was set, as a process of its own: it prints its ports. */
import { command, defineInstrument, HeliographServer } from "../../../mod.ts";

let sets = 0;
const tempcon = defineInstrument({
  title: "tempcon",
  commands: {
    set_control_temperature: command({
      summary: "Count one more",
      arguments: { temperature: { type: "float", summary: "any" } },
      run: () => void sets++,
    }),
    sets: command({ summary: "How often it was set", role: "observer", immediate: true, run: () => sets }),
  },
});

const server = new HeliographServer({
  instruments: [tempcon],
  commandPort: 0,
  dashboardPort: 0,
  sandbox: { languages: [] },
});
server.start();
console.log(`${server.commandServer.port} ${server.dashboardServer.port} ${server.webServer.port}`);
await server.finished;
