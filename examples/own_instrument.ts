/**
 * An instrument of one's own behind both wires, in about ten lines. Run it with
 * `deno run --allow-net=127.0.0.1 examples/own_instrument.ts`, then try
 * `echo "stage.move 3.5" | nc 127.0.0.1 2402`.
 */
import { command, defineInstrument, HeliographServer } from "../mod.ts";

let position = 0;
const stage = defineInstrument({
  title: "Stage",
  fields: {
    Position: { type: "float", unit: "mm", decimals: 2, read: () => position },
    Speed: { type: "float", unit: "mm/s", minimum: 0.1, maximum: 5, initial: 1, write: () => {} },
  },
  commands: ({ Speed }) => ({
    move: command({
      summary: "Move the stage",
      arguments: { to: { type: "float", unit: "mm", minimum: 0, maximum: 25 } },
      run: ({ to }) => `moved to ${(position = to).toFixed(2)} mm at ${Speed.value} mm/s`,
    }),
  }),
});

const [commandPort = 2402, dashboardPort = 12345] = Deno.args.map(Number);
const server = new HeliographServer({ instruments: [stage], commandPort, dashboardPort });
server.start();
console.log(`azcam lines on ${server.commandServer.port}, PyOpticon on ${server.dashboardServer.port}`);
await server.finished;
