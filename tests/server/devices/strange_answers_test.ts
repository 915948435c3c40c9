/** Came, but strange, is not "did not come": an answer that is not understood costs its own field's value, and nothing else. */
import assert from "node:assert/strict";
import { eventually } from "../../fixture.ts";
import { type Device, goodValues, ptyDevice, ServedBench, tcpDevice } from "./devices.ts";

/** An eight-channel thermometer whose channels 2, 5 and 7 are not plugged in. */
function thermometer(command: string): string | undefined {
  const channel = Number(/^CH(\d)\?$/.exec(command)?.[1]);
  return [2, 5, 7].includes(channel) ? "OL" : `${20 + channel}.5`;
}

async function openSensors(device: Device, line: Record<string, unknown>): Promise<void> {
  const channels = [1, 2, 3, 4, 5, 6, 7, 8];
  await using bench = await ServedBench.one({
    title: "Eight",
    port: device.address,
    pollInterval: 0.1,
    // Nothing of this test would end in time if a timeout were waited for.
    line: { timeout: 100, ...line },
    fields: Object.fromEntries(channels.map((channel) => [`T${channel}`, { unit: "°C", read: `CH${channel}?` }])),
  });
  const contact = bench.server.bench.find("eight")!.contact!;
  const states: string[] = [];
  await eventually(() => bench.field("eight", "T8").quality === "good", "the first poll");
  const seen = goodValues(bench, "eight");
  const before = device.commands.length;
  await eventually(() => {
    states.push(contact.state);
    return device.commands.length >= before + 80;
  }, "ten more polls");
  const polls = channels.map((channel) => device.commands.filter((each) => each === `CH${channel}?`).length);
  assert.ok(Math.max(...polls) - Math.min(...polls) <= 2, `each channel is asked as often: ${polls}`);
  assert.deepEqual([...new Set(states)], ["connected"]);
  for (const channel of channels) {
    const { quality, value, reason } = bench.field("eight", `T${channel}`);
    if (thermometer(`CH${channel}?`) !== "OL") assert.deepEqual([quality, value], ["good", 20.5 + channel]);
    else {
      assert.equal(quality, "error");
      assert.match(reason, /answered "OL" to "CH\d\?", and should have been a number; say what it means by "bad"/);
      assert.equal(seen.has(`T${channel}`), false);
    }
  }
}

Deno.test("TCP: three sensors that are not plugged in cost no connection, no timeout and no neighbour", async () => {
  let connections = 0;
  await using device = tcpDevice(thermometer);
  // Counts the connections: each goes through to the device.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = (async () => {
    for await (const near of listener) {
      connections++;
      const far = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(device.address).port) });
      void near.readable.pipeTo(far.writable).catch(() => {});
      void far.readable.pipeTo(near.writable).catch(() => {});
    }
  })().catch(() => {});
  const { port } = listener.addr as Deno.NetAddr;
  await openSensors({ ...device, address: `tcp://127.0.0.1:${port}` }, {});
  assert.equal(connections, 1);
  listener.close();
  await accepting;
});

Deno.test({
  name: "serial: three sensors that are not plugged in cost no timeout and no neighbour",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using device = await ptyDevice(thermometer);
    await openSensors(device, { sendEnd: "\r", receiveEnd: "\r" });
  },
});

Deno.test("an echo is no answer: that comes after it, however late, and what is only echoed is told", async () => {
  const timers: ReturnType<typeof setTimeout>[] = [];
  await using device = tcpDevice((command, send) => {
    send(command);
    if (command === "T?") timers.push(setTimeout(() => send("21.5"), 300));
    return undefined;
  });
  await using bench = await ServedBench.one({
    title: "Oven",
    port: device.address,
    line: { timeout: 1 },
    fields: { Temperature: { read: "T?" }, Other: { read: "X?" } },
  });
  await eventually(async () => await bench.ask("oven.get Temperature") === "OK 21.5", "the answer");
  await eventually(() => bench.field("oven", "Other").quality === "error", "what is no answer");
  assert.match(bench.field("oven", "Other").reason, /answered "X\?" to "X\?", and should have been a number/);
  await bench.server.stop();
  timers.forEach((timer) => clearTimeout(timer));
});
