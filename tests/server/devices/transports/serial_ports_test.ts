/** The list of serial ports, in folders made like /dev and /sys/class/tty, and the subcommand that shows it. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { showPorts } from "../../../../cli/commands/ports.ts";
import { parseAddress, portName, type SerialAddress } from "../../../../server/devices/transports/address.ts";
import { openPty } from "../../../../server/devices/transports/pty.ts";
import { loadSerialLibrary, openSerial } from "../../../../server/devices/transports/serial.ts";
import { poller } from "../../../../server/devices/transports/unix_poller.ts";
import { listSerialPorts, type SerialPort } from "../../../../server/devices/transports/serial_ports.ts";
import { contextOf } from "../../../cli_fixture.ts";
import { eventually } from "../../../fixture.ts";

const linux = Deno.build.os === "linux";
// Here, and not in the first test that lists ports: it stays.
if (Deno.build.os !== "windows") loadSerialLibrary();

/** Folders with these files and these links; a text that begins with an arrow is a link. */
async function folders(files: Record<string, string>) {
  const top = await Deno.makeTempDir();
  for (const [path, content] of Object.entries({ "dev/null": "", "sys/none": "", ...files })) {
    await Deno.mkdir(`${top}/${path.replace(/[^/]*$/, "")}`, { recursive: true });
    if (content.startsWith("→")) await Deno.symlink(content.slice(1), `${top}/${path}`);
    else await Deno.writeTextFile(`${top}/${path}`, content);
  }
  return {
    top,
    list: async () => {
      const ports = await listSerialPorts({ devices: `${top}/dev`, knowledge: `${top}/sys/class/tty` });
      return ports.map((port) => ({ ...port, path: port.path.slice(top.length) }));
    },
    [Symbol.asyncDispose]: () => Deno.remove(top, { recursive: true }),
  };
}

const usbDevice = {
  "sys/devices/usb1/idVendor": "0403\n",
  "sys/devices/usb1/idProduct": "6001\n",
  "sys/devices/usb1/manufacturer": "FTDI\n",
  "sys/devices/usb1/product": "FT232R USB UART\n",
  "sys/devices/usb1/serial": "A50285BI\n",
};

Deno.test({
  name: "serial ports: adapters, USB devices and boards' own, in the order of their numbers",
  ignore: !linux,
  async fn() {
    await using machine = await folders({
      "dev/ttyUSB10": "",
      "dev/ttyUSB2": "",
      "dev/ttyACM0": "",
      "dev/ttyAMA0": "",
      "dev/rfcomm0": "",
      // Consoles, pseudo terminals and others are none.
      "dev/tty": "",
      "dev/tty1": "",
      "dev/ttyUSB": "",
      "dev/ttyprintk": "",
      "dev/ptmx": "",
      "dev/pts/0": "",
    });
    deepStrictEqual((await machine.list()).map(({ path }) => path), [
      "/dev/rfcomm0",
      "/dev/ttyACM0",
      "/dev/ttyAMA0",
      "/dev/ttyUSB2",
      "/dev/ttyUSB10",
    ]);
  },
});

Deno.test({
  name: "serial ports: a ttyS counts where there is a chip behind it",
  ignore: !linux,
  async fn() {
    await using machine = await folders({
      "dev/ttyS0": "",
      "sys/class/tty/ttyS0/type": "4\n",
      "dev/ttyS1": "",
      "sys/class/tty/ttyS1/type": "0\n",
      "dev/ttyS2": "",
    });
    deepStrictEqual(await machine.list(), [{ path: "/dev/ttyS0", description: "serial port of this computer" }]);
  },
});

Deno.test({
  name: "serial ports: a stable name and what the device says of itself, for both kinds of USB device",
  ignore: !linux,
  async fn() {
    await using machine = await folders({
      ...usbDevice,
      "dev/ttyUSB0": "",
      "sys/devices/usb1/interface/ttyUSB0/port_number": "0",
      "sys/class/tty/ttyUSB0/device": "→../../../devices/usb1/interface/ttyUSB0",
      "dev/ttyACM3": "",
      "sys/class/tty/ttyACM3/device": "→../../../devices/usb1/interface",
      "dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0": "→../../ttyUSB0",
      // A kind of port that nobody has thought of, and a link that leads nowhere any more.
      "dev/ttyNEW0": "",
      "dev/serial/by-id/usb-New": "→../../ttyNEW0",
      "dev/usbtmc1": "",
      "sys/class/usbmisc/usbtmc1/device": "→../../../devices/usb1/interface",
      "dev/serial/by-id/usb-Old": "→../../ttyUSB9",
      "dev/serial/by-id/usb-Elsewhere": "→../../../sys/none",
    });
    const description = "FTDI FT232R USB UART, serial number A50285BI";
    const stable = (name: string) => `${machine.top}/dev/serial/by-id/${name}`;
    deepStrictEqual(await machine.list(), [
      { path: "/dev/ttyACM3", description, serialNumber: "A50285BI" },
      { path: "/dev/ttyNEW0", stablePath: stable("usb-New"), description: "serial port of this computer" },
      {
        path: "/dev/ttyUSB0",
        stablePath: stable("usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"),
        description,
        serialNumber: "A50285BI",
      },
      { path: "/dev/usbtmc1", description: `usbtmc:///dev/usbtmc1, ${description}`, serialNumber: "A50285BI" },
    ]);
  },
});

Deno.test({
  name: "serial ports: one is found by its adapter's serial number, also in another socket",
  ignore: !linux,
  async fn() {
    const pty = await openPty();
    const adapter = {
      ...usbDevice,
      "sys/devices/usb1/interface/ttyUSB0/port_number": "0",
      "sys/class/tty/ttyUSB0/device": "→../../../devices/usb1/interface/ttyUSB0",
      "sys/class/tty/ttyUSB7/device": "→../../../devices/usb1/interface/ttyUSB0",
    };
    try {
      const { kind, serial } = parseAddress("serial://usb:A50285BI?baud=19200") as SerialAddress;
      deepStrictEqual([kind, serial.path, serial.baud], ["serial", "usb:A50285BI", 19_200]);
      strictEqual(portName(parseAddress("gpib://usb:PX8X3YR6/14")), "gpib://usb:PX8X3YR6/14");
      for (const socket of ["ttyUSB0", "ttyUSB7"]) {
        await using machine = await folders({ ...adapter, [`dev/${socket}`]: `→${pty.path}` });
        const at = { devices: `${machine.top}/dev`, knowledge: `${machine.top}/sys/class/tty` };
        const line = await openSerial(serial, at);
        await line.write(new Uint8Array([65]));
        deepStrictEqual(await pty.line.read(), new Uint8Array([65]), socket);
        line.close();
        const other = openSerial({ ...serial, path: "usb:B1" }, at);
        await rejects(other, /No adapter with the serial number B1 is plugged in; there are .*ttyUSB\d \(FTDI FT232R/);
      }
      await using machine = await folders({ ...adapter, "dev/ttyUSB0": "", "dev/ttyUSB7": "" });
      const at = { devices: `${machine.top}/dev`, knowledge: `${machine.top}/sys/class/tty` };
      await rejects(openSerial(serial, at), /A50285BI has several serial ports: say which by .*ttyUSB0.*, .*ttyUSB7/);
    } finally {
      pty.close();
      await poller.idle();
    }
  },
});

Deno.test({
  name: "serial ports: a USB device without names is called by its numbers",
  ignore: !linux,
  async fn() {
    await using machine = await folders({
      "dev/ttyUSB0": "",
      "sys/devices/usb1/idVendor": "1a86\n",
      "sys/devices/usb1/idProduct": "7523\n",
      "sys/devices/usb1/interface/ttyUSB0/port_number": "0",
      "sys/class/tty/ttyUSB0/device": "→../../../devices/usb1/interface/ttyUSB0",
    });
    deepStrictEqual(await machine.list(), [{ path: "/dev/ttyUSB0", description: "USB device 1a86:7523" }]);
  },
});

Deno.test({
  name: "serial ports: this computer's own are listed, whatever they are",
  ignore: Deno.build.os === "windows",
  async fn() {
    for (const { path, description } of await listSerialPorts()) {
      match(path, /^\/dev\//);
      ok(description !== "");
    }
    deepStrictEqual(await listSerialPorts({ devices: "/does/not/exist" }), []);
  },
});

Deno.test({
  name: "serial ports: on macOS, those that do not wait for a modem",
  ignore: Deno.build.os !== "darwin",
  async fn() {
    await using machine = await folders({
      "dev/cu.usbserial-A5": "",
      "dev/tty.usbserial-A5": "",
      "dev/cu.Bluetooth": "",
    });
    deepStrictEqual(await machine.list(), [
      { path: "/dev/cu.Bluetooth", description: "Bluetooth" },
      { path: "/dev/cu.usbserial-A5", description: "USB serial port" },
    ]);
  },
});

/** What `heliograph ports` writes while the ports are these, one list after the other. */
async function shown(lists: SerialPort[][], flags: { watch?: boolean; json?: boolean } = {}): Promise<string> {
  let out = "";
  let at = 0;
  const stop = new AbortController();
  const context = {
    ...contextOf(),
    process: { ...contextOf().process, stdout: { write: (text: string) => void (out += text) } },
  };
  await showPorts(context, { watch: false, json: false, ...flags }, () => {
    if (at >= lists.length - 1) stop.abort();
    return Promise.resolve(lists[Math.min(at++, lists.length - 1)]!);
  }, stop.signal);
  return out;
}

const adapter = { path: "/dev/ttyUSB0", stablePath: "/dev/serial/by-id/usb-FTDI", description: "FTDI FT232R" };
const board = { path: "/dev/ttyAMA0", description: "serial port of this computer" };

Deno.test("heliograph ports: a table, JSON, and what to check where there is none", async () => {
  strictEqual(
    await shown([[board, adapter]]),
    "port          stable name                 what it is\n" +
      "/dev/ttyAMA0                              serial port of this computer\n" +
      "/dev/ttyUSB0  /dev/serial/by-id/usb-FTDI  FTDI FT232R\n",
  );
  deepStrictEqual(JSON.parse(await shown([[board, adapter]], { json: true })), [board, adapter]);
  match(await shown([[]]), /^There is no serial port\. Check that the device is plugged in/);
  strictEqual(await shown([[]], { json: true }), "[]\n");
  // What a device calls itself does not steer the terminal.
  ok(!(await shown([[{ path: "/dev/ttyUSB0", description: "\x1b[2J" }]])).includes("\x1b"));
});

Deno.test("heliograph ports --watch: says which port appeared and which went", async () => {
  const lists = [[board], [board, adapter], [board, adapter], [board]];
  strictEqual(
    (await shown(lists, { watch: true })).split("\n").slice(2).join("\n"),
    "+ /dev/ttyUSB0 (/dev/serial/by-id/usb-FTDI) appeared\n- /dev/ttyUSB0 went\n",
  );
  const lines = (await shown([[], [adapter], []], { watch: true, json: true })).trim().split("\n");
  deepStrictEqual(lines.map((line) => JSON.parse(line)), [
    [],
    { event: "appeared", ...adapter },
    { event: "went", ...adapter },
  ]);
});

Deno.test({
  name: "heliograph ports --watch: sees a device that is really plugged in and pulled",
  ignore: !linux,
  async fn() {
    await using machine = await folders({});
    let out = "";
    const context = {
      ...contextOf(),
      process: { ...contextOf().process, stdout: { write: (text: string) => void (out += text) } },
    };
    const stop = new AbortController();
    const watching = showPorts(context, { watch: true, json: false }, machine.list, stop.signal);
    await eventually(() => out.includes("no serial port"), "it looked");
    await Deno.writeTextFile(`${machine.top}/dev/ttyUSB0`, "");
    await eventually(() => out.includes("+ /dev/ttyUSB0 (USB serial port) appeared\n"), "it appeared");
    await Deno.remove(`${machine.top}/dev/ttyUSB0`);
    await eventually(() => out.includes("- /dev/ttyUSB0 went\n"), "it went");
    stop.abort();
    await watching;
  },
});
