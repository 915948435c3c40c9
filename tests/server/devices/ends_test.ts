/** A wrong end of answers is found out: the error says which bytes came, and which end they seem to have. */
import assert from "node:assert/strict";
import { eventually } from "../../fixture.ts";
import { type Device, ptyDevice, ServedBench, tcpDevice } from "./devices.ts";

async function tells(device: Device, line: Record<string, unknown>, expected: RegExp): Promise<void> {
  await using bench = await ServedBench.one({
    title: "Meter",
    port: device.address,
    line: { timeout: 0.1, ...line },
    fields: { Value: { read: "V?" } },
  });
  const contact = bench.server.bench.find("meter")!.contact!;
  // A busy PC may not hear the answer in time: it is tried again.
  await eventually(() => expected.test(contact.reason), `${expected}`).catch(() =>
    assert.match(contact.reason, expected)
  );
}

const cases: readonly (readonly [string, string, RegExp])[] = [
  [
    "21.5\r",
    "\n",
    /: "21\.5\\r" came, and not the end of an answer, "\\n"; it seems to be "\\r": say "receiveEnd": "\\r" in/,
  ],
  ["21.5\n", "\r\n", /"receiveEnd": "\\n"/],
  ["21.5\r\n", "\0", /"receiveEnd": "\\r\\n"/],
  ["21.5;", "\n", /it seems to be ";"/],
  ["21.5\r\n> ", ";", /it seems to be "> "/],
  ["21.5", "\n", /"21\.5" came, .*; it seems to have no end$/],
  ["\x80\xfe\x01\xff", "\n", /are the baud rate, the parity and the data bits right\?/],
];

Deno.test("TCP: an answer without the end that is waited for says what came, and which end it seems to have", async () => {
  for (const [answer, receiveEnd, expected] of cases) {
    await using device = tcpDevice(() => answer, { answerEnd: "" });
    await tells(device, { receiveEnd }, expected);
  }
});

Deno.test({
  name: "serial: an answer without the end that is waited for says what came, and leaves nothing for the next one",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using device = await ptyDevice(() => "21.5\r", { commandEnd: "\n", answerEnd: "" });
    await tells(device, {}, /"V\?" within 0\.1 s: "21\.5\\r" came, .* say "receiveEnd": "\\r" in "line"$/);
  },
});

Deno.test("an instrument that says nothing is told as before", async () => {
  await using device = tcpDevice(() => undefined);
  await tells(device, {}, /no answer to "V\?" within 0\.1 s$/);
});
