/** What happens when cables are pulled: the instrument's trouble is its own, and everything stays consistent. */
import assert from "node:assert/strict";
import { eventually, RawClient } from "../../fixture.ts";
import { type Behaviour, type Device, ptyDevice, ServedBench, tcpDevice } from "./devices.ts";
import { type ModbusBehaviour, modbusRtuDevice, modbusTcpDevice, words } from "./fakes/modbus_device.ts";
import { busInstrument, gpibController } from "./fakes/gpib_controller.ts";
import { hislipServer } from "./fakes/hislip_server.ts";
import { vxi11Server } from "./fakes/vxi11_server.ts";

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const ends = { commandEnd: "\n", answerEnd: "\n" };

/** Says back whatever it is told, and counts its initialisations. */
class Echo {
  greetings = 0;
  initialisations = 0;
  stored = 0;
  readonly behaviour = (command: string): string | undefined => {
    const [word, value] = command.split(" ");
    if (word === "ID?") {
      this.greetings++;
      return "echo";
    }
    if (word === "INIT") this.initialisations++;
    if (word === "SET") this.stored = Number(value);
    return word === "E" ? value : word === "GET?" ? String(this.stored) : undefined;
  };
}

/** Where an instrument is, and how to pull its cable and put it back. */
interface Cable {
  readonly address: string;
  pull(): Promise<void>;
  plug(): Promise<void>;
}

/** The cable of a device that listens. @param listen Makes the device, at a port where one is given. */
function networkCable(listen: (port?: number) => AsyncDisposable & { readonly address: string }): Cable {
  let device: ReturnType<typeof listen> | undefined = listen();
  const { address } = device;
  const port = Number(/:(\d+)(?:\/|$)/.exec(address)![1]);
  return {
    address,
    async pull() {
      await device?.[Symbol.asyncDispose]();
      device = undefined;
    },
    async plug() {
      for (;;) {
        try {
          device = listen(port);
          return;
        } catch (error) {
          if (!(error instanceof Deno.errors.AddrInUse)) throw error;
          await wait(5);
        }
      }
    },
  };
}

const tcpCable = (echo: Echo) => networkCable((port) => tcpDevice(echo.behaviour, ends, port));

/** An instrument of a way in on which each message is one answer. */
const withEnd = (echo: Echo): Behaviour => (command) => {
  const answer = echo.behaviour(command);
  return answer === undefined ? undefined : `${answer}\n`;
};

const gpibCable = (echo: Echo) =>
  networkCable((port) => gpibController({ instruments: { "14": busInstrument(withEnd(echo)) }, port: port ?? 0 }));

const hislipCable = (echo: Echo) => networkCable((port = 0) => hislipServer(withEnd(echo), { port }));
const vxi11Cable = (echo: Echo) => networkCable((port = 0) => vxi11Server(withEnd(echo), { port }));

/** The port keeps its name, as those in /dev/serial/by-id do. */
async function ptyCable(echo: Echo, folder: string): Promise<Cable> {
  const link = `${folder}/usb-echo`;
  let device: Device | undefined = await ptyDevice(echo.behaviour, ends);
  await Deno.symlink(device.address.slice("serial://".length), link);
  return {
    address: `serial://${link}`,
    async pull() {
      if (device === undefined) return;
      // The name goes first: another cable's line may get the number of this one.
      await Deno.remove(link);
      device.hangUp();
      device = undefined;
    },
    async plug() {
      device = await ptyDevice(echo.behaviour, ends);
      await Deno.symlink(device.address.slice("serial://".length), link);
    },
  };
}

const echoed = {
  summary: "Say it back",
  arguments: { number: { type: "int" } },
  returns: { type: "int" },
  deadline: 5,
};

const instrument = {
  pollInterval: 0.05,
  line: { timeout: 0.3 },
  reconnect: { first: 0.02, longest: 0.1 },
  handshake: { ask: "ID?", pattern: "^echo$" },
  initialize: ["INIT"],
  fields: { Stored: { type: "int", read: "GET?", write: "SET {value}" } },
  commands: { echo: { ...echoed, ask: "E {number}" } },
};

/** A Modbus device that says back the number of an input register. */
const modbusEcho = (echo: Echo): ModbusBehaviour => ({ code, address, count }) => {
  const command = { 2: "ID?", 3: "GET?", 4: `E ${address}`, 5: "INIT", 6: `SET ${count}` }[code]!;
  const answer = echo.behaviour(command);
  if (code === 2) return [1, 1];
  return code < 5 ? words(Number(answer)) : [address >> 8, address & 255, count >> 8, count & 255];
};

const modbusCable = (echo: Echo) => networkCable((port) => modbusTcpDevice(modbusEcho(echo), port));

const modbusInstrument = {
  handshake: { ask: "discrete 0", pattern: "discrete 1$" },
  initialize: ["coil 0 = 1"],
  fields: { Stored: { type: "int", register: "holding 0", writable: true } },
  commands: { echo: { ...echoed, ask: "input {number}", returns: { type: "text" } } },
};

/** As on a serial line, of which the port keeps its name. */
async function rtuCable(echo: Echo, folder: string): Promise<Cable> {
  const link = `${folder}/usb-modbus`;
  const plugged = async () => {
    const device = await modbusRtuDevice(modbusEcho(echo));
    await Deno.symlink(device.address.slice("modbus+serial://".length), link);
    return device;
  };
  let device: AsyncDisposable | undefined = await plugged();
  return {
    address: `modbus+serial://${link}?baud=115200`,
    async pull() {
      if (device === undefined) return;
      await Deno.remove(link);
      await device[Symbol.asyncDispose]();
      device = undefined;
    },
    async plug() {
      device = await plugged();
    },
  };
}

/** A web API; its cable is pulled while an answer may be on its way. */
const webCable = (echo: Echo) =>
  networkCable((port = 0) => {
    const pulled = new AbortController();
    const server = Deno.serve(
      { hostname: "127.0.0.1", port, signal: pulled.signal, onListen() {} },
      ({ url, method }) => {
        const { pathname, search } = new URL(url);
        const [, word = "", value = ""] = pathname.split("/");
        const command = { id: "ID?", init: "INIT", e: `E ${value}`, stored: "GET?" }[word];
        return new Response(echo.behaviour(method === "PUT" ? `SET ${search.slice(1)}` : command!) ?? "");
      },
    );
    return {
      address: `http://127.0.0.1:${server.addr.port}`,
      commands: [],
      hangUp() {},
      send() {},
      async [Symbol.asyncDispose]() {
        pulled.abort();
        await server.finished;
      },
    };
  });

const webInstrument = {
  handshake: { ask: "GET /id", pattern: "^200 echo$" },
  initialize: ["POST /init"],
  fields: { Stored: { type: "int", read: "GET /stored", write: "PUT /stored?{value}" } },
  commands: { echo: { ...echoed, ask: "GET /e/{number}" } },
};

async function pulledHundredTimes(
  makeCable: (echo: Echo, folder: string) => Cable | Promise<Cable>,
  own: Record<string, unknown> = {},
  says: (number: number) => string = String,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const echo = new Echo();
  const steady = new Echo();
  await using neighbour = tcpDevice(steady.behaviour, ends);
  const cable = await makeCable(echo, folder);
  try {
    await using bench = await ServedBench.of({
      instruments: [
        { title: "Echo", port: cable.address, ...instrument, ...own },
        { title: "Neighbour", port: neighbour.address, ...instrument },
      ],
    });
    const contact = bench.server.bench.find("echo")!.contact!;
    const connected = () => contact.state === "connected";
    await eventually(connected, "contact");
    let running = true;
    let number = 0;
    let answered = 0;
    let refused = 0;
    let neighbours = 0;
    const clear =
      /^ERROR Echo(:| is not connected:) .*(broke|closed|no answer|open|connect|does not exist|serial port|left a question|late answer|was not asked)/;
    const unexpected: string[] = [];
    /** Every reply is the right number or a clear error, whatever happens to the cable. */
    const drive = async (name: string) => {
      using client = await RawClient.connect(bench.server.commandServer.port);
      while (running) {
        const mine = ++number % 60_000;
        const reply = await client.ask(`${name}.echo ${mine}`);
        if (name === "neighbour") {
          // The others need the processor more.
          await wait(2);
        }
        if (reply === `OK ${name === "echo" ? says(mine) : mine}`) name === "echo" ? answered++ : neighbours++;
        else {
          if (!clear.test(reply)) unexpected.push(reply);
          refused++;
          await wait(2);
        }
      }
    };
    const driving = Promise.all([drive("echo"), drive("echo"), drive("neighbour")]);
    for (let pull = 0; pull < 100; pull++) {
      await eventually(connected, `contact after ${pull} pulls: ${contact.reason}`);
      // Nothing answers to that: a busy PC may not have read it when the cable is pulled.
      await eventually(() => echo.initialisations > pull, `it is initialised after ${pull} pulls`);
      await wait(Math.random() * 20);
      await cable.pull();
      await eventually(() => contact.state === "lost", "the loss to be noticed");
      await cable.plug();
    }
    await eventually(connected, "contact in the end");
    const before = answered;
    await eventually(() => answered > before + 10, "answers after it");
    running = false;
    await driving;
    assert.deepEqual(unexpected, []);
    assert.ok(refused >= 100, `${refused} commands met the pulled cable`);
    assert.ok(echo.greetings >= 101 && echo.initialisations >= 101, "each time it was greeted and initialised again");
    assert.ok(echo.initialisations <= echo.greetings, "and never initialised without being greeted");
    assert.equal(steady.initialisations, 1, "the neighbour never noticed");
    assert.ok(neighbours > 200, `the neighbour answered ${neighbours} commands meanwhile`);
    assert.equal(await bench.ask("echo.set Stored 42"), "OK");
    await eventually(async () => await bench.ask("echo.get Stored") === "OK 42", "the readback");
  } finally {
    await cable.pull();
    await Deno.remove(folder, { recursive: true });
  }
}

const hexadecimal = (number: number) => number.toString(16).padStart(4, "0");

Deno.test("the cable of a TCP instrument is pulled a hundred times in the middle of commands", () =>
  pulledHundredTimes(tcpCable));

// At the same time: most of it is waiting.
Deno.test({
  name:
    "the cables of a serial instrument and of a serial Modbus device are pulled a hundred times in the middle of commands",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await Promise.all([pulledHundredTimes(ptyCable), pulledHundredTimes(rtuCable, modbusInstrument, hexadecimal)]);
  },
});

Deno.test("the cables of a GPIB controller and of instruments by HiSLIP and VXI-11 are pulled a hundred times", async () => {
  await Promise.all([gpibCable, hislipCable, vxi11Cable].map((cable) => pulledHundredTimes(cable)));
});

Deno.test("the cables of a Modbus device and of a web API are pulled a hundred times", async () => {
  await Promise.all([
    pulledHundredTimes(modbusCable, modbusInstrument, hexadecimal),
    pulledHundredTimes(webCable, webInstrument),
  ]);
});

Deno.test("an instrument that is lost: its fields go stale, then to error with the reason, and come back by themselves", async () => {
  const echo = new Echo();
  const cable = tcpCable(echo);
  await using bench = await ServedBench.one({
    title: "Echo",
    port: cable.address,
    ...instrument,
    staleAfter: 0.5,
    errorAfter: 2,
  });
  try {
    const field = bench.field("echo", "Stored");
    await eventually(() => field.quality === "good", "the first reading");
    await cable.pull();
    await eventually(() => field.quality === "stale", "stale");
    assert.match(field.reason, /^not read for more than 0\.5 s: /);
    assert.equal(await bench.ask("echo.get Stored"), "OK 0", "the last value is still told");
    await eventually(() => field.quality === "error", "error");
    assert.match(field.reason, /^not read for more than 2 s: cannot connect to tcp:.*nothing listens there/);
    assert.equal(await bench.ask("echo.get Stored"), "OK Read Error");
    const before = performance.now();
    assert.match(
      await bench.ask("echo.set Stored 1"),
      /^ERROR Echo is not connected: cannot connect to tcp:.*; the next try is in \d+ s$/,
    );
    assert.ok(performance.now() - before < 2000, "a command is refused at once");
    await cable.plug();
    await eventually(() => field.quality === "good", "the reading to come back");
    assert.equal(await bench.ask("echo.set Stored 1"), "OK");
  } finally {
    await cable.pull();
  }
});

Deno.test("a silent instrument: commands fail by their deadline, and it is greeted again when it speaks", async () => {
  let silent = false;
  const echo = new Echo();
  await using device = tcpDevice((command) => silent ? undefined : echo.behaviour(command), ends);
  await using bench = await ServedBench.one({ title: "Echo", port: device.address, ...instrument });
  const contact = bench.server.bench.find("echo")!.contact!;
  await eventually(() => contact.state === "connected", "contact");
  silent = true;
  assert.match(await bench.ask("echo.echo 1"), /^ERROR .*no answer to "E 1" within 0\.3 s|not connected/);
  await eventually(() => contact.state === "lost", "the loss");
  assert.match(contact.reason, /no answer to/);
  silent = false;
  await eventually(() => contact.state === "connected", "contact again");
  assert.equal(await bench.ask("echo.echo 2"), "OK 2");
  assert.ok(echo.initialisations >= 2);
});

Deno.test("a command goes before the rest of a poll, and polls of a slow instrument do not pile up", async () => {
  const order: string[] = [];
  await using device = tcpDevice((command, send) => {
    order.push(command);
    setTimeout(() => send("1"), 50);
    return undefined;
  }, ends);
  const fields = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`F${index}`, { read: `F${index}?` }]));
  await using bench = await ServedBench.one({
    title: "Slow",
    port: device.address,
    pollInterval: 0.05,
    fields: { ...fields, Level: { write: "LEVEL {value}" } },
  });
  await eventually(() => order.includes("F3?"), "a poll");
  const from = order.length;
  assert.equal(await bench.ask("slow.set Level 3"), "OK");
  assert.ok(order.indexOf("LEVEL 3") <= from + 1, `after ${order.slice(from).join(" ")}`);
  await eventually(() => order.includes("F9?"), "the rest of the poll");
  const level = order.indexOf("LEVEL 3");
  const next = order.slice(level + 1, level + 3);
  assert.notEqual(next[0], "F0?", "the poll goes on where it was");
  // Ten fields take half a second, ten times the interval: polls that pile up would be two dozen.
  await wait(1200);
  const polls = order.filter((command) => command === "F0?").length;
  assert.ok(polls <= 12, `${polls} polls`);
  await bench.server.stop();
  // The last answer of the device.
  await wait(100);
});
