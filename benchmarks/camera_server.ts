/** The server for the camera's benchmark: a detector of 4096 by 4096 pixels, and what the process uses. */
import process from "node:process";
import { command, defineInstrument, HeliographServer } from "../mod.ts";
import { simulatedCamera } from "../server/camera/simulated/camera.ts";
import { simulatedTempcon } from "../server/devices/simulated/observatory.ts";

const [folder, readoutRate] = Deno.args as [string, string];
/** How often the longest pause of this program's only thread for instruments and sockets is looked for. */
const tick = 1;

let longestPause = 0;
let peak = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  longestPause = Math.max(longestPause, now - last - tick);
  peak = Math.max(peak, Deno.memoryUsage().rss);
  last = now;
}, tick);

const reading = { role: "observer", immediate: true } as const;
const usage = defineInstrument({
  title: "usage",
  commands: {
    processor: command({
      ...reading,
      summary: "Seconds of processor time, all threads together",
      run: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1e6;
      },
    }),
    memory: command({ ...reading, summary: "MiB now", run: () => Deno.memoryUsage().rss / 2 ** 20 }),
    since: command({
      ...reading,
      summary: "The longest pause in ms, and the most memory in MiB, since the last time",
      run: () => {
        const said = [longestPause, peak / 2 ** 20];
        longestPause = peak = 0;
        return said;
      },
    }),
  },
});
const camera = simulatedCamera({
  imageFolders: [folder],
  chip: { columns: 4096, rows: 4096 },
  readoutRate: Number(readoutRate),
});
const server = new HeliographServer({
  instruments: [camera, simulatedTempcon(), usage],
  commandPort: 0,
  dashboardPort: 0,
  sandbox: { languages: [] },
});
server.start();
await server.ready;
console.log(`${server.commandServer.port} ${server.dashboardServer.port}`);
