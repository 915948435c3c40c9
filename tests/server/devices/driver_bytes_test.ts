/** A driver of one's own speaks bytes: it sends them, asks with any shape, hears what comes by itself, and checks sums. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadBench } from "../../../mod.ts";
import { checkSums } from "../../../server/devices/transports/check_sum.ts";
import { textBytes } from "../../../server/devices/transports/line_codec.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { type Handle, ptyBytes, tcpBytes } from "./byte_devices.ts";

/** The bytes behind which a check sum stands, low byte first. */
function withCrc(text: string): string {
  const crc = checkSums.crc16modbus(textBytes(text));
  return text + String.fromCharCode(crc & 0xff, crc >> 8);
}

/** A box of registers as Modbus RTU has them, which also streams frames of four bytes, and takes a key. */
function box(): Handle {
  let register = 0;
  return (come, send) => {
    if (come.startsWith("GO")) {
      // Pieces, of which none is a frame.
      void send("\xfe\x01").then(() => send("\n\n\xfe\x02\n")).then(() => send("\n\xfe\x03\n\nrest"));
      return 2;
    }
    if (come.length < 8) return 0;
    const command = come.slice(0, 6);
    if (come.slice(0, 8) !== withCrc(command)) return 8;
    if (command[1] === "\x06") {
      register = command.charCodeAt(4) * 256 + command.charCodeAt(5);
      void send(withCrc(command));
    } else void send(withCrc(`\x01\x03\x02${String.fromCharCode(register >> 8, register & 0xff)}`));
    return 8;
  };
}

const driver = `
/** @type {import("./heliograph.d.ts").DriverModule} */
export default function ({ defineInstrument, command, PortContact, checkSums, answerIn }, { title, port }) {
  const crc = (bytes) => {
    const sum = checkSums.crc16modbus(bytes);
    return Uint8Array.of(...bytes, sum & 0xff, sum >> 8);
  };
  const isRight = (answer) => checkSums.crc16modbus(answer) === 0;
  const contact = new PortContact(port, { title, greet: async (turn) => void await read(turn) });
  const read = async (turn) => {
    const answer = await turn.askBytes({
      text: crc(Uint8Array.of(1, 3, 0, 0, 0, 1)),
      shape: { length: { at: 2, plus: 5 } },
      timeout: 1,
      accepts: isRight,
      expected: "had a right check sum",
    });
    return answer[3] * 256 + answer[4];
  };
  const write = (turn, value) => turn.askBytes({
    text: crc(Uint8Array.of(1, 6, 0, 0, value >> 8, value & 0xff)), shape: { length: 8 }, timeout: 1, accepts: isRight,
  });
  return defineInstrument({
    title,
    contact,
    pollInterval: 0.1,
    fields: {
      Register: {
        type: "int",
        read: (signal) => contact.use("poll", signal, read),
        write: (value, signal) => contact.use("command", signal, (turn) => write(turn, value)),
      },
    },
    commands: {
      frames: command({
        summary: "Frames that come by themselves",
        run: (_, { signal }) => contact.use("command", signal, async (turn) => {
          const frames = [];
          for await (const frame of turn.receive({ text: Uint8Array.of(0x47, 0x4f), shape: { length: 4 }, timeout: 1 })) {
            frames.push(frame[1]);
            if (frames.length === 3) break;
          }
          return frames;
        }),
      }),
      wrong: command({
        summary: "An answer of another length",
        run: (_, { signal }) => contact.use("command", signal, (turn) => turn.askBytes({
          text: crc(Uint8Array.of(1, 3, 0, 0, 0, 1)), shape: { length: 7 }, timeout: 1, accepts: () => false,
          expected: "been acceptable",
        })),
      }),
      cut: command({
        summary: "Cut",
        run: () => {
          const { answer, rest } = answerIn(Uint8Array.of(0x23, 0x31, 0x31, 10, 10, 65), { block: true });
          return [answer.length, rest[0], answerIn(rest, {}) === undefined];
        },
      }),
    },
  });
}
`;

for (const kind of ["TCP", "serial"] as const) {
  Deno.test({
    name: `a driver speaks bytes: ${kind}`,
    ignore: kind === "serial" && Deno.build.os === "windows",
    async fn() {
      await using device = kind === "TCP" ? tcpBytes(box()) : await ptyBytes(box());
      const folder = await Deno.makeTempDir();
      await Deno.writeTextFile(join(folder, "box.js"), driver);
      const bench = { instruments: [{ title: "Box", driver: "./box.js", port: device.address }] };
      await Deno.writeTextFile(join(folder, "bench.json"), JSON.stringify(bench));
      const { instruments } = await loadBench(join(folder, "bench.json"));
      await using server = startServer({ instruments, poll: true });
      await server.ready;
      using client = await RawClient.connect(server.commandServer.port);
      const field = server.bench.find("box")!.field("Register");
      await eventually(() => field.quality === "good", "the first reading");
      for (const value of [2570, 13, 65535]) {
        assert.equal(await client.ask(`box.set Register ${value}`), "OK");
        await eventually(() => field.value === value, "the readback");
        assert.equal(await client.ask("box.frames"), "OK 1 2 3");
        assert.match(await client.ask("box.wrong"), /and should have been acceptable/);
      }
      assert.equal(await client.ask("box.cut"), "OK 4 65 True");
      assert.equal(field.quality, "good");
      await server.stop();
      await Deno.remove(folder, { recursive: true });
    },
  });
}

Deno.test("docs/driver.md: the driver that speaks bytes does so as it stands there", async () => {
  await using device = tcpBytes(box());
  const folder = await Deno.makeTempDir();
  const page = await Deno.readTextFile(new URL("../../../docs/driver.md", import.meta.url));
  await Deno.writeTextFile(join(folder, "box.js"), /```js\n([^]*?)```/.exec(page)![1]!);
  const bench = { instruments: [{ title: "Box", driver: "./box.js", port: device.address }] };
  await Deno.writeTextFile(join(folder, "bench.json"), JSON.stringify(bench));
  const { instruments } = await loadBench(join(folder, "bench.json"));
  await using server = startServer({ instruments, poll: true });
  await server.ready;
  using client = await RawClient.connect(server.commandServer.port);
  const field = server.bench.find("box")!.field("Register");
  await eventually(() => field.quality === "good", "the first reading");
  assert.equal(await client.ask("box.set Register 2570"), "OK");
  await eventually(() => field.value === 2570, "the readback");
  assert.equal(await client.ask("box.frames"), "OK 1 2 3");
  assert.match(await client.ask("box.recent"), /^OK .*(?:GO|\\x01\\x03)/);
  await server.stop();
  await Deno.remove(folder, { recursive: true });
});
