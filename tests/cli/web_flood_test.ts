/** What the server's process needs for a client that sends more than it should over a WebSocket. */
import { ok, strictEqual } from "node:assert/strict";
import { eventually } from "../fixture.ts";
import { linux, peak } from "../linux_processes.ts";
import { programs, ServerProcess } from "../server_process.ts";
import { upgradeFields } from "../server/faces/web/web_fixture.ts";

const old = Deno.version.deno.startsWith("2.4.");

async function open(port: number): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = ["GET /ws HTTP/1.1", `Host: 127.0.0.1:${port}`, ...upgradeFields, "", ""];
  await connection.write(new TextEncoder().encode(lines.join("\r\n")));
  const head = new Uint8Array(1024);
  const count = await connection.read(head);
  ok(new TextDecoder().decode(head.subarray(0, count!)).startsWith("HTTP/1.1 101"));
  return connection;
}

/** Sends until the server takes no more. @returns How many bytes it took. */
async function send(connection: Deno.TcpConn, piece: Uint8Array, most: number): Promise<number> {
  let sent = 0;
  try {
    while (sent < most) sent += await connection.write(piece.subarray(sent % piece.length));
  } catch {
    // It has closed the connection.
  }
  return sent;
}

for (const program of programs) {
  Deno.test({
    name: `${program.name}: long frames and millions of empty ones cost the server no memory`,
    ignore: !linux, // memory is read from /proc
    // On Deno 2.4 a blocked write stays pending after its connection is closed.
    sanitizeOps: !old,
    sanitizeResources: !old,
    fn: async () => {
      await using server = new ServerProcess(program, ["--web-port", "0"]);
      await server.ports();
      const port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(server.out)![1]);
      const before = await peak(server.pid);
      const long = new Uint8Array(60 * 2 ** 20);
      const head = new Uint8Array([0x81, 0x80 | 127, 0, 0, 0, 0, 3, 0xc0, 0, 0, 0, 0, 0, 0]);
      const connections = await Promise.all(Array.from({ length: 12 }, () => open(port)));
      await Promise.all(connections.map(async (connection) => {
        await connection.write(head);
        ok(await send(connection, long, long.length) < 20 * 2 ** 20, "the frame was not taken");
        connection.close();
      }));
      // Ten million frames without anything in them, of a client that reads no answer.
      const empty = new Uint8Array(6 * 10_000);
      for (let at = 0; at < empty.length; at += 6) empty.set([0x81, 0x80, 0, 0, 0, 0], at);
      const flooding = await open(port);
      let over = false;
      const flood = send(flooding, empty, empty.length * 1000).then(() => over = true);
      for (let count = 0; count < 20 && !over; count++) {
        const health = await fetch(`http://127.0.0.1:${port}/healthz`);
        strictEqual((await health.json()).status, "ok");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const used = await peak(server.pid) - before;
      ok(used < 150, `${used} MiB more`);
      flooding.close();
      if (!old) await flood;
      await eventually(
        async () => (await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()).status === "ok",
        "HTTP answers",
      );
    },
  });
}
