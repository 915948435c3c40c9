/** Connections that the server ends: what it said last arrives. */
import { match, ok, strictEqual } from "node:assert/strict";
import { Connection } from "../../../server/network/connection.ts";
import { linger } from "../../../server/network/linger.ts";
import { RawClient, startServer } from "../../fixture.ts";

Deno.test("connection: who is refused while they send is told, by a connection that ends and does not break", async () => {
  await using server = startServer({ limits: { connectionsPerAddress: 1 } });
  for (const { port } of [server.commandServer, server.dashboardServer]) {
    using served = await RawClient.connect(port);
    match(await served.ask(port === server.commandServer.port ? "echo" : '{"id":1,"cmd":"Ping"}'), /OK|true/);
    using refused = await RawClient.connect(port);
    match(await refused.until((text) => text !== ""), /connection/);
    // What it sends meets an open connection: one that is closed is reset by it, and Windows then forgets what was
    // received before.
    for (let count = 0; count < 20; count++) await refused.send("tempcon.get control_temperature\n");
    strictEqual((await refused.rest()).trim(), "");
  }
});

Deno.test("connection: one that is finished waits for the other end, but not for long", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  using silent = await Deno.connect({ hostname: "127.0.0.1", port });
  const connection = new Connection(await listener.accept(), { queuedBytes: 1000, stuckSeconds: 1 });
  connection.send("goodbye");
  const begun = performance.now();
  await linger(connection);
  ok(performance.now() - begun < 20_000);
  const buffer = new Uint8Array(100);
  strictEqual(new TextDecoder().decode(buffer.subarray(0, (await silent.read(buffer))!)), "goodbye");
  strictEqual(await silent.read(buffer), null);
});
