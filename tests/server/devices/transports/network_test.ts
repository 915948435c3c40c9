/** Lines over TCP. */
import assert from "node:assert/strict";
import { closeDelivered, tcpLine } from "../../../../server/devices/transports/network.ts";
import { asText, bytewise } from "../devices.ts";

async function connected() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: (listener.addr as Deno.NetAddr).port });
  const instrument = await accepted;
  listener.close();
  return { connection, instrument };
}

Deno.test("a line that is closed with something unread on it takes nothing of what was sent last with it", async () => {
  const { connection, instrument } = await connected();
  const line = tcpLine(connection, (socket) => closeDelivered(socket, 60_000));
  // A read that waits would take it.
  await instrument.write(bytewise("unread\n"));
  await line.write(bytewise("ST\n"));
  await line.write(bytewise("BYE\n"));
  let closed = false;
  const closing = Promise.resolve(line.close()).then(() => closed = true);
  assert.equal(await line.read(), null, "nothing is read any more");
  // What comes after that resets a connection that is closed.
  for (let answers = 0; answers < 3; answers++) await instrument.write(bytewise("0\n"));
  const bytes = new Uint8Array(100);
  let heard = "";
  for (let count = await instrument.read(bytes); count !== null; count = await instrument.read(bytes)) {
    heard += asText(bytes.subarray(0, count));
  }
  assert.equal(heard, "ST\nBYE\n");
  assert.ok(!closed, "it waits until the other end has read to the end");
  instrument.close();
  await closing;
});

Deno.test("an instrument that never ends its side is not waited for", async () => {
  const { connection, instrument } = await connected();
  const line = tcpLine(connection, (socket) => closeDelivered(socket, 10));
  await line.close();
  instrument.close();
});
