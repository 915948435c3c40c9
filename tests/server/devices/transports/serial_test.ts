/** Serial ports on real pseudo terminals: the other end is this program, or socat. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import type { Line } from "../../../../server/devices/transports/line.ts";
import { openPty, type Pty } from "../../../../server/devices/transports/pty.ts";
import {
  defaultSerialOptions,
  loadSerialLibrary,
  openSerial,
  type SerialOptions,
} from "../../../../server/devices/transports/serial.ts";
import { setControlBlock } from "../../../../server/devices/transports/serial_windows.ts";
import { poller } from "../../../../server/devices/transports/unix_poller.ts";
import { canRun, eventually, runProgram } from "../../../fixture.ts";

const ignore = Deno.build.os === "windows";
// Here, and not in the first test that opens a port: it stays.
if (!ignore) loadSerialLibrary();
const ignoreBut = (os: typeof Deno.build.os) => Deno.build.os !== os;

const open = (path: string, options: Partial<SerialOptions> = {}) =>
  openSerial({ ...defaultSerialOptions, path, ...options });

/** A port and its device's end, closed when the test is over. */
async function portAndDevice(options: Partial<SerialOptions> = {}) {
  const device = await openPty();
  const port = await open(device.path, options);
  const close = async () => {
    port.close();
    device.close();
    // Nothing of one test is to end in the next one.
    await poller.idle();
  };
  return { port, device, [Symbol.asyncDispose]: close };
}

/** Reads until that many bytes are there. */
async function readBytes(line: Line, count: number): Promise<Uint8Array> {
  const all = new Uint8Array(count);
  for (let have = 0; have < count;) {
    const bytes = await line.read();
    if (bytes === null) throw new Error(`closed after ${have} of ${count} bytes`);
    ok(have + bytes.length <= count, `more than ${count} bytes came`);
    all.set(bytes, have);
    have += bytes.length;
  }
  return all;
}

const text = (words: string) => new TextEncoder().encode(words);

/** Whether a program can be started like this. */
async function runs(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** Descriptors that this process has open, as programs see them. */
async function openDescriptors(): Promise<number> {
  return Number((await runProgram("sh", ["-c", `ls /proc/${Deno.pid}/fd | wc -l`])).stdout);
}

async function processorTicks(): Promise<number> {
  const { stdout } = await runProgram("sh", ["-c", `cut -d ' ' -f 14,15 /proc/${Deno.pid}/stat`]);
  return stdout.trim().split(" ").map(Number).reduce((sum, ticks) => sum + ticks);
}

Deno.test({
  name: "serial: the port has the settings it was opened with",
  ignore: ignore || !await canRun("stty"),
  async fn() {
    const settings = async (options: Partial<SerialOptions>) => {
      await using pair = await portAndDevice(options);
      const flag = Deno.build.os === "linux" ? "-F" : "-f";
      return (await runProgram("stty", [flag, pair.device.path, "-a"])).stdout;
    };
    const usual = await settings({});
    match(usual, /speed 9600 baud/);
    for (
      const word of ["cs8", "-cstopb", "clocal", "cread", "-ixon", "-icrnl", "-opost", "-echo", "-icanon", "-isig"]
    ) {
      match(usual, new RegExp(` ?${word}\\b`), word);
    }
    match(await settings({ baud: 115_200, stopBits: 2 }), /speed 115200 baud[^]* cstopb\b/);
    match(await settings({ baud: 50 }), /speed 50 baud/);
    match(await settings({ baud: 4_000_000 }), /speed 4000000 baud/);
    const software = await settings({ flowControl: "software" });
    match(software, /start = \^Q; stop = \^S/);
    match(software, / ixon ixoff\b/);
    match(await settings({ flowControl: "hardware" }), / crtscts\b/);
    match(usual, / -crtscts\b/);
    // DTR goes off when the port is closed, unless it is kept: then a board need not start anew.
    match(usual, / hupcl\b/);
    match(await settings({ dtr: "keep" }), / -hupcl\b/);
    // A pseudo terminal keeps the parity's kind, and no parity and no 7 bits: those are not refused.
    match(await settings({ dataBits: 7, parity: "odd" }), / parodd\b/);
    match(await settings({ dataBits: 7, parity: "even" }), / -parodd\b/);
  },
});

Deno.test({
  name: "serial: a rate that no standard names is set too, and one that is none is refused",
  ignore: ignoreBut("linux"),
  async fn() {
    await using pair = await portAndDevice({ baud: 250_000 });
    await pair.port.write(text("x"));
    strictEqual((await readBytes(pair.device.line, 1))[0], 0x78);
    for (const baud of [0, -1, 9600.5, NaN, 1e9]) {
      await rejects(open(pair.device.path, { baud }), /is not a rate for the serial port .*: give bits per second/);
    }
  },
});

Deno.test({
  name: "serial: every byte goes through as it is, in both directions",
  ignore,
  async fn() {
    await using pair = await portAndDevice();
    const every = Uint8Array.from({ length: 256 }, (_, index) => index);
    await pair.port.write(every);
    deepStrictEqual(await readBytes(pair.device.line, 256), every);
    await pair.device.line.write(every);
    deepStrictEqual(await readBytes(pair.port, 256), every);
  },
});

Deno.test({
  name: "serial: what was read belongs to the reader, and is not overwritten by the next read",
  ignore,
  async fn() {
    await using pair = await portAndDevice();
    await pair.device.line.write(text("first"));
    const received = await pair.port.read();
    await pair.device.line.write(text("other"));
    await pair.port.read();
    deepStrictEqual(received, text("first"));
  },
});

Deno.test({
  name: "serial: a port is heard at once although others wait already, and closed at once although they go on",
  ignore,
  async fn() {
    await using quiet = await portAndDevice();
    const silence = quiet.port.read();
    await using pair = await portAndDevice();
    for (let round = 0; round < 10; round++) {
      // Time for the wait for the quiet port to have begun again.
      await new Promise((resolve) => setTimeout(resolve, 10));
      await pair.device.line.write(text("here"));
      await readBytes(pair.port, 4);
    }
    const reading = pair.port.read();
    await new Promise((resolve) => setTimeout(resolve, 10));
    pair.port.close();
    strictEqual(await reading, null);
    strictEqual(await Promise.race([silence, "it waits"]), "it waits");
    quiet.port.close();
    strictEqual(await silence, null);
  },
});

Deno.test({
  name: "serial: a megabyte in both directions at once, in order",
  ignore,
  async fn() {
    await using pair = await portAndDevice({ baud: 4_000_000 });
    const much = Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 31) ^ (index >> 8));
    const [there, back] = await Promise.all([
      readBytes(pair.device.line, much.length),
      readBytes(pair.port, much.length),
      pair.port.write(much),
      pair.device.line.write(much),
    ]);
    ok(there.every((byte, index) => byte === much[index]), "there");
    ok(back.every((byte, index) => byte === much[index]), "back");
  },
});

Deno.test({
  name: "serial: two writes at once do not mix, however much the port takes at a time",
  ignore,
  async fn() {
    await using pair = await portAndDevice();
    const [first, second] = [new Uint8Array(200_000).fill(1), new Uint8Array(200_000).fill(2)];
    const writes = Promise.all([pair.port.write(first), pair.port.write(second)]);
    const received = await readBytes(pair.device.line, 400_000);
    await writes;
    deepStrictEqual(received, Uint8Array.from([...first, ...second]));
  },
});

Deno.test({
  name: "serial: a port that goes away while it is read says so, then and from then on, and costs nothing",
  ignore,
  async fn() {
    await using pair = await portAndDevice();
    const gone = /^HeliographError: The serial port .* is gone: the cable was pulled or the device was switched off$/;
    const reading = rejects(pair.port.read(), gone);
    await new Promise((resolve) => setTimeout(resolve, 20));
    pair.device.close();
    await reading;
    await rejects(pair.port.read(), gone);
    await rejects(pair.port.write(text("x")), gone);
    if (Deno.build.os !== "linux") return;
    const before = await processorTicks();
    await new Promise((resolve) => setTimeout(resolve, 500));
    ok(await processorTicks() - before < 25, "it does not spin");
    pair.port.close();
    strictEqual(await pair.port.read(), null);
  },
});

Deno.test({
  name: "serial: what came before the port went away is still read",
  ignore: ignoreBut("linux"),
  async fn() {
    await using pair = await portAndDevice();
    await pair.device.line.write(text("last words"));
    strictEqual(new TextDecoder().decode(await readBytes(pair.port, 10)), "last words");
    pair.device.close();
    await rejects(pair.port.read(), /is gone/);
  },
});

Deno.test({
  name: "serial: a port that goes away while it is written to says so",
  ignore,
  async fn() {
    await using pair = await portAndDevice();
    const writing = rejects(pair.port.write(new Uint8Array(1 << 20)), /is gone: the cable was pulled/);
    await new Promise((resolve) => setTimeout(resolve, 50));
    pair.device.close();
    await writing;
  },
});

Deno.test({
  name: "serial: closing ends a read that waits and a write that is stuck, and twice does nothing",
  ignore,
  async fn() {
    await using pair = await portAndDevice();
    const reading = pair.port.read();
    await rejects(pair.port.read(), /is being read already: one read at a time/);
    const writing = rejects(pair.port.write(new Uint8Array(1 << 20)), /is closed: nothing can be sent/);
    await new Promise((resolve) => setTimeout(resolve, 50));
    pair.port.close();
    pair.port.close();
    strictEqual(await reading, null);
    await writing;
    strictEqual(await pair.port.read(), null);
    await rejects(pair.port.write(text("x")), /is closed/);
  },
});

Deno.test({
  name: "serial: what cannot be opened says why, and what would be right",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await rejects(open(`${folder}/ttyUSB7`), {
        name: "HeliographError",
        message: `The serial port ${folder}/ttyUSB7 does not exist: \`heliograph ports\` lists what there is`,
      });
      await Deno.writeTextFile(`${folder}/file`, "");
      for (const path of [folder, `${folder}/file`, "/dev/null"]) {
        await rejects(
          open(path),
          /^HeliographError: The serial port .* is not a serial port: `heliograph ports` lists/,
        );
      }
      await rejects(open("/dev/null\0"), /is not a path: it contains a NUL/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "serial: two programs never have one port; closing gives it back at once",
  ignore,
  async fn() {
    await using pair = await portAndDevice();
    await rejects(open(pair.device.path), {
      message:
        `The serial port ${pair.device.path} is in use by another program, or by another instrument: close it there`,
    });
    // The refused one has taken nothing away.
    await pair.port.write(text("still"));
    await readBytes(pair.device.line, 5);
    pair.port.close();
    const again = await open(pair.device.path);
    await again.write(text("again"));
    strictEqual(new TextDecoder().decode(await readBytes(pair.device.line, 5)), "again");
    again.close();
  },
});

Deno.test({
  name: "serial: opened and closed two hundred times, it leaves no descriptor behind",
  ignore: ignoreBut("linux"),
  async fn() {
    const device = await openPty();
    const turn = async (round: number) => {
      const port = await open(device.path);
      const reading = port.read();
      await device.line.write(Uint8Array.of(round));
      deepStrictEqual(await reading, Uint8Array.of(round));
      const last = port.read();
      port.close();
      strictEqual(await last, null);
      await rejects(open("/dev/null"));
    };
    await turn(0);
    const before = await openDescriptors();
    for (let round = 0; round < 200; round++) await turn(round);
    await eventually(async () => await openDescriptors() <= before, "the descriptors were closed");
    device.close();
    await poller.idle();
  },
});

Deno.test({
  name: "serial: eighty ports at once, each waiting, take no thread each and answer at once",
  ignore,
  async fn() {
    const devices: Pty[] = [];
    const ports: Line[] = [];
    try {
      for (let index = 0; index < 80; index++) {
        devices.push(await openPty());
        ports.push(await open(devices[index]!.path));
      }
      const echoes = devices.map(async ({ line }) => {
        for (let bytes = await line.read(); bytes !== null; bytes = await line.read()) await line.write(bytes);
      });
      const started = performance.now();
      for (let round = 0; round < 5; round++) {
        await Promise.all(ports.map(async (port, index) => {
          await port.write(Uint8Array.of(index, round));
          deepStrictEqual(await readBytes(port, 2), Uint8Array.of(index, round));
        }));
        // Files are read by the same few threads that wait.
        await Deno.readTextFile(new URL(import.meta.url));
      }
      // Ports that wait in turn would need a second a round.
      ok(performance.now() - started < 4500);
      for (const { close } of devices) close();
      await Promise.all(echoes);
    } finally {
      for (const port of ports) port.close();
      for (const device of devices) device.close();
      await poller.idle();
    }
  },
});

Deno.test({
  name: "serial: ports are opened, reopened and refused with their reasons after the permission was given up",
  ignore,
  async fn() {
    const url = (name: string) => new URL(`../../../../server/devices/transports/${name}.ts`, import.meta.url).href;
    const program = `
      const { loadSerialLibrary, openSerial, defaultSerialOptions } = await import("${url("serial")}");
      const { openPty } = await import("${url("pty")}");
      const { listSerialPorts } = await import("${url("serial_ports")}");
      if (Deno.args[0] === "loaded") loadSerialLibrary();
      for (const name of ["read", "write", "env", "ffi", "sys"]) await Deno.permissions.revoke({ name });
      const device = await openPty();
      for (let round = 0; round < 3; round++) {
        const port = await openSerial({ ...defaultSerialOptions, path: device.path });
        const reading = device.line.read();
        await port.write(Uint8Array.of(round));
        console.log((await reading).join());
        port.close();
      }
      await openSerial({ ...defaultSerialOptions, path: "/dev/none" }).catch((error) => console.log(error.message));
      await listSerialPorts();
      device.close();`;
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/revoked.ts`, program);
      const run = (allowed: string[], ...args: string[]) =>
        runProgram(Deno.execPath(), [
          "run",
          "--no-prompt",
          "--no-check",
          "--no-lock",
          ...allowed,
          "--allow-read",
          `${folder}/revoked.ts`,
          ...args,
        ]);
      const loaded = await run(["--allow-ffi"], "loaded");
      strictEqual(loaded.stderr, "");
      strictEqual(
        loaded.stdout,
        "0\n1\n2\nThe serial port /dev/none does not exist: `heliograph ports` lists what there is\n",
      );
      // It also ends by itself: nothing is left that waits.
      strictEqual(loaded.code, 0);
      const late = await run(["--allow-ffi"]);
      match(
        late.stderr,
        /Serial ports need the system's library, which cannot be opened: .* start it with --allow-ffi/,
      );
      match((await run([], "loaded")).stderr, /start it with --allow-ffi/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "pty: the device's end outlives a program that closes the port, and a program outlives nothing else",
  ignore,
  async fn() {
    const device = await openPty();
    for (const word of ["one", "two"]) {
      const port = await open(device.path);
      await port.write(text(word));
      strictEqual(new TextDecoder().decode(await readBytes(device.line, 3)), word);
      port.close();
    }
    const reading = device.line.read();
    device.close();
    device.close();
    strictEqual(await reading, null);
    await eventually(async () => {
      const port = await open(device.path).catch(() => undefined);
      port?.close();
      return port === undefined;
    }, "the port was gone");
    await poller.idle();
  },
});

Deno.test({
  name: "serial: what the port has received before it is opened is discarded",
  ignore: ignoreBut("linux"),
  async fn() {
    const device = await openPty();
    await device.line.write(text("stale"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const port = await open(device.path);
    await device.line.write(text("new"));
    strictEqual(new TextDecoder().decode(await readBytes(port, 3)), "new");
    port.close();
    device.close();
    await poller.idle();
  },
});

Deno.test({
  name: "serial: a port that socat makes works, and says so when socat ends",
  ignore: ignore || !await runs("socat", "-V"),
  async fn() {
    const folder = await Deno.makeTempDir();
    const socat = new Deno.Command("socat", {
      args: [`pty,raw,echo=0,link=${folder}/one`, `pty,raw,echo=0,link=${folder}/other`],
    }).spawn();
    try {
      await eventually(() => Deno.lstat(`${folder}/other`).then(() => true, () => false), "socat made its ports");
      const [one, other] = [await open(`${folder}/one`), await open(`${folder}/other`)];
      const every = Uint8Array.from({ length: 256 }, (_, index) => index);
      await one.write(every);
      deepStrictEqual(await readBytes(other, 256), every);
      const reading = rejects(one.read(), /is gone/);
      socat.kill();
      await reading;
      one.close();
      other.close();
      await poller.idle();
    } finally {
      await socat.status;
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("serial on Windows: the device control block is as Microsoft documents it", () => {
  const block = (options: Partial<SerialOptions>) => {
    const view = new DataView(new ArrayBuffer(28));
    setControlBlock(view, { ...defaultSerialOptions, ...options });
    return { flags: view.getUint32(8, true), bytes: [...new Uint8Array(view.buffer)] };
  };
  const usual = block({});
  deepStrictEqual(usual.bytes.slice(4, 8), [0x80, 0x25, 0, 0]);
  deepStrictEqual(usual.bytes.slice(18, 23), [8, 0, 0, 0x11, 0x13]);
  // fBinary, DTR_CONTROL_ENABLE and RTS_CONTROL_ENABLE.
  strictEqual(usual.flags, 0x1011);
  // fOutxCtsFlow, and RTS_CONTROL_HANDSHAKE instead.
  strictEqual(block({ flowControl: "hardware" }).flags, 0x2015);
  // DTR_CONTROL_DISABLE and RTS_CONTROL_DISABLE; kept, DTR is never raised.
  strictEqual(block({ dtr: "off", rts: "off" }).flags, 1);
  strictEqual(block({ dtr: "keep" }).flags, 0x1001);
  // fOutX and fInX.
  strictEqual(block({ flowControl: "software" }).flags, 0x1311);
  const odd = block({ dataBits: 7, parity: "odd", stopBits: 2 });
  strictEqual(odd.flags, 0x1013);
  deepStrictEqual(odd.bytes.slice(18, 21), [7, 1, 2]);
  deepStrictEqual(block({ parity: "even" }).bytes[19], 2);
});
