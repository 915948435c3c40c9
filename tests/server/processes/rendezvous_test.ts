/** Where the server's own processes connect to: who may, and who is sent away. */
import { ok, rejects, strictEqual } from "node:assert/strict";
import { connectTo, Rendezvous } from "../../../server/processes/rendezvous.ts";

/** Both kinds, where there are both. */
const kinds = Deno.build.os === "windows" ? [false] : [true, false];

/** Reads to the end. @returns How many bytes came. */
async function readToEnd(connection: Deno.Conn): Promise<number> {
  const buffer = new Uint8Array(100);
  let total = 0;
  for (;;) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) return total;
    total += count;
  }
}

function send(connection: Deno.Conn, text: string): Promise<number> {
  return connection.write(new TextEncoder().encode(text));
}

for (const socket of kinds) {
  const kind = socket ? "a Unix socket" : "a port";

  Deno.test(`rendezvous: on ${kind}, whoever does not prove itself is sent away, and the process that is waited for is not`, async () => {
    const rendezvous = await Rendezvous.open(socket);
    strictEqual("path" in rendezvous.address, socket);
    const { token, connected } = rendezvous.expect("a sandbox", 30);
    const said = ["x".repeat(100), `"${crypto.randomUUID()}"\n{"idle":true}\n`, "GET / HTTP/1.1\r\n\r\n".repeat(5)];
    for (const text of said) {
      using stranger = await connectTo(rendezvous.address);
      await send(stranger, text);
      strictEqual(await readToEnd(stranger), 0);
    }
    using process = await connectTo(rendezvous.address);
    await send(process, `"${token}"\n`);
    using taken = await connected;
    await send(taken, "welcome");
    const buffer = new Uint8Array(100);
    strictEqual(await process.read(buffer), 7);
    // A token is good for one connection.
    using second = await connectTo(rendezvous.address);
    await send(second, `"${token}"\n`);
    strictEqual(await readToEnd(second), 0);
    await rendezvous.close();
  });

  Deno.test(`rendezvous: on ${kind}, connections that say nothing keep nobody out, and are closed`, async () => {
    const rendezvous = await Rendezvous.open(socket);
    const silent: Deno.Conn[] = [];
    for (let count = 0; count < 300; count++) silent.push(await connectTo(rendezvous.address));
    const { token, connected } = rendezvous.expect("a sandbox", 30);
    using process = await connectTo(rendezvous.address);
    await send(process, `"${token}"\n`);
    (await connected).close();
    for (const connection of silent) {
      strictEqual(await readToEnd(connection), 0);
      connection.close();
    }
    await rendezvous.close();
  });
}

Deno.test({
  name: "rendezvous: a Unix socket lies in a folder of this user alone, which goes with it",
  ignore: Deno.build.os === "windows", // it has no such sockets
  fn: async () => {
    const rendezvous = await Rendezvous.open();
    const { folder } = rendezvous;
    ok(folder !== undefined);
    strictEqual((await Deno.stat(folder)).mode! & 0o777, 0o700);
    const { connected } = rendezvous.expect("a sandbox", 30);
    await rendezvous.close();
    await rejects(connected, { code: "stopping", message: "Cannot start a process: the server is stopping" });
    await rejects(Deno.stat(folder), Deno.errors.NotFound);
  },
});
