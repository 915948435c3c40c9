/** A load of its own process: PORT CLIENTS DEPTH SECONDS [AUTHORITY], whose file makes it speak TLS. Prints replies a second and latencies as JSON. */
import { secureConnect } from "../client/secure.ts";
import { summary } from "./processes.ts";

const [port, clients, depth, seconds] = Deno.args.slice(0, 4).map(Number) as [number, number, number, number];
const authority = Deno.args[4] === undefined ? undefined : await Deno.readTextFile(Deno.args[4]);
const request = new TextEncoder().encode("tempcon.get_control_temperature\n".repeat(depth));
// Counting bytes costs the load less than looking for line ends.
const expected = "OK -100.0\r\n".length * depth;
const latencies: number[] = [];
let replies = 0;
let measuring = false;
let running = true;

async function connected(): Promise<Deno.Conn> {
  if (authority === undefined) {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port });
    socket.setNoDelay(true);
    return socket;
  }
  const first = { wire: "line" };
  return (await secureConnect("127.0.0.1", port, { authority, first }, { timeout: 10 })).connection;
}

async function client(): Promise<void> {
  using connection = await connected();
  const buffer = new Uint8Array(65_536);
  while (running) {
    const start = performance.now();
    await connection.write(request);
    let due = expected;
    while (due > 0) {
      const count = await connection.read(buffer);
      if (count === null) throw new Error("the server closed the connection");
      due -= count;
    }
    if (due < 0) throw new Error(`the server sent ${-due} bytes too many`);
    if (!measuring) continue;
    replies += depth;
    latencies.push(performance.now() - start);
  }
}

const all = Promise.all(Array.from({ length: clients }, client));
await new Promise((resolve) => setTimeout(resolve, 500));
measuring = true;
const began = performance.now();
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
measuring = false;
const elapsed = (performance.now() - began) / 1000;
running = false;
await all;
console.log(summary(latencies, elapsed, replies));
