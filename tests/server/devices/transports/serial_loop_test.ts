/**
 * Serial ports of this PC as they are, on every system: HELIOGRAPH_SERIAL_LOOP names one whose other end sends back what
 * it receives, as a plug does that joins the two wires. `socat pty,raw,echo=0,link=loop exec:cat` makes one on Linux.
 */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import type { Line } from "../../../../server/devices/transports/line.ts";
import {
  defaultSerialOptions,
  loadSerialLibrary,
  openSerial,
  type SerialOptions,
} from "../../../../server/devices/transports/serial.ts";
import { listSerialPorts } from "../../../../server/devices/transports/serial_ports.ts";

const path = Deno.env.get("HELIOGRAPH_SERIAL_LOOP") ?? "";
const ignore = path === "";
if (!ignore) loadSerialLibrary();

const open = (options: Partial<SerialOptions> = {}) =>
  openSerial({ ...defaultSerialOptions, baud: 115_200, path, ...options });

/** Whether Windows is Wine, which opens a port as often as it is asked to. */
function inWine(): boolean {
  if (Deno.build.os !== "windows") return false;
  try {
    Deno.dlopen("ntdll.dll", { wine_get_version: { parameters: [], result: "pointer" } }).close();
    return true;
  } catch {
    return false;
  }
}

/** Sends bytes, and reads as many back; the device sends while it receives. */
async function roundTrip(port: Line, bytes: Uint8Array): Promise<Uint8Array> {
  const back = new Uint8Array(bytes.length);
  const reading = (async () => {
    for (let have = 0; have < back.length;) {
      const came = await port.read();
      if (came === null) throw new Error(`closed after ${have} of ${back.length} bytes`);
      ok(have + came.length <= back.length, "more came than was sent");
      back.set(came, have);
      have += came.length;
    }
  })();
  await Promise.all([port.write(bytes), reading]);
  return back;
}

Deno.test({
  name: "serial loop: every byte comes back as it was sent, also many of them, in both directions at once",
  ignore,
  async fn() {
    const port = await open();
    try {
      const every = Uint8Array.from({ length: 256 }, (_, index) => index);
      deepStrictEqual(await roundTrip(port, every), every);
      const many = Uint8Array.from({ length: 20_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
      deepStrictEqual(await roundTrip(port, many), many);
    } finally {
      port.close();
    }
  },
});

Deno.test({
  name: "serial loop: a hundred questions and answers, one after another",
  ignore,
  async fn() {
    const port = await open();
    try {
      const question = new TextEncoder().encode("*IDN?\r\n");
      const begun = performance.now();
      for (let round = 0; round < 100; round++) deepStrictEqual(await roundTrip(port, question), question);
      const each = (performance.now() - begun) / 100;
      console.log(`a question and its answer on ${path} take ${each.toFixed(1)} ms`);
      ok(each < 1000);
    } finally {
      port.close();
    }
  },
});

Deno.test({
  name: "serial loop: it is opened at each rate that instruments have, and again after it was closed",
  ignore,
  async fn() {
    for (const baud of [1200, 9600, 19_200, 38_400, 57_600, 115_200]) {
      const port = await open({ baud });
      try {
        const bytes = new TextEncoder().encode(`at ${baud}`);
        deepStrictEqual(await roundTrip(port, bytes), bytes);
      } finally {
        port.close();
      }
    }
  },
});

Deno.test({
  name: "serial loop: it is open once only, a close ends what waits on it, and nothing is sent after that",
  ignore,
  async fn() {
    const port = await open();
    if (!inWine()) await rejects(open(), { code: "not_connected", message: /is in use by another program/ });
    const reading = port.read();
    await rejects(port.read(), /is being read already/);
    port.close();
    strictEqual(await reading, null);
    await rejects(port.write(new Uint8Array(1)), { code: "not_connected", message: /is closed/ });
    const again = await open();
    again.close();
  },
});

Deno.test({
  name: "serial loop: a port that is not there is told, with what to do, and the list has the one that is",
  ignore,
  async fn() {
    const missing = Deno.build.os === "windows" ? "COM250" : "/dev/no-such-port";
    await rejects(open({ path: missing }), {
      code: "not_connected",
      message: /does not exist: `heliograph ports` lists/,
    });
    if (Deno.build.os !== "windows") return;
    const ports = await listSerialPorts();
    match(ports.map((port) => port.path).join(" "), new RegExp(`\\b${path}\\b`));
  },
});
