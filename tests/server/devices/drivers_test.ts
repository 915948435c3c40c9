/** The built-in drivers and their simulators: the bytes of the instruments' manuals, over real lines. */
import assert from "node:assert/strict";
import { builtInDrivers } from "../../../server/devices/drivers/drivers.ts";
import { type FaultKind, noFaults } from "../../../server/devices/simulators/faults.ts";
import {
  type RunningSimulator,
  simulatePty,
  simulateTcp,
  simulateUdp,
} from "../../../server/devices/simulators/serve.ts";
import type { Simulator } from "../../../server/devices/simulators/simulator.ts";
import { poller } from "../../../server/devices/transports/unix_poller.ts";
import { eventually } from "../../fixture.ts";
import { type Behaviour, type Device, goodValues, ServedBench, tcpDevice } from "./devices.ts";
import { type Drive, moreConversations, moreDrives } from "./more_drivers.ts";

const windows = Deno.build.os === "windows";

/** What each simulator answers, byte for byte. */
const conversations: typeof moreConversations = {
  ...moreConversations,
  "aalborg-dpc": [
    ["G\r", "G:1,AR\r"],
    ["G,13\rG\r", "G:13,H2\r"],
    ["V,M\r", "VM:C\r"],
    ["V,M,A\rV,M\r", "VM:A\r"],
    ["SP,3.00e+01\rSP\r", "SP:30\r"],
    ["FM\r", /^>\d+\.\d\r$/],
  ],
  "mks-946": [
    ["@001QSFA1?;FF\r", "@001ACK1.00E+00;FF"],
    ["@001QSFA1!0.34;FF\r@001QSFA1?;FF\r", "@001ACK0.34;FF@001ACK3.40E-01;FF"],
    ["@001QMDA1?;FF\r", "@001ACKCLOSE;FF"],
    ["@001QMDA1!SETPOINT;FF\r@001QMDA1?;FF\r", "@001ACKSETPOINT;FF@001ACKSETPOINT;FF"],
    ["@001QSPA1!1.00e+02;FF\r@001QSPA1?;FF\r", "@001ACK1.00e+02;FF@001ACK1.00E+02;FF"],
    ["@001QSPB2?;FF\r", "@001ACK0.00E+00;FF"],
    ["@001FRA1?;FF\r", /^@001ACK\d\.\d\dE[+-]\d\d;FF$/],
    ["@001NONSENSE?;FF\r", "@001NAK160;FF"],
  ],
  "omega-usb-utc": [["C\r", /^>2\d\r\n$/]],
  "valco-valve": [["1CP\r", /^.*"A"\r$/], ["1GOB\r1CP\r", /^.*"B"\r$/], ["1GOA\r1CP\r", /^.*"A"\r$/]],
  "iot-relay": [["Q\n", "0\r\n"], ["1\nQ\n", "1\r\n"], ["0\nQ\n", "0\r\n"]],
  "cryocon-24": [
    ["*IDN?\r\n", /^Cryo-con.*\r\n$/],
    ["*IDN?;", /^Cryo-con.*\r\n$/],
    ["INPUT? A;", /^-?\d+\.\d\d\r\n$/],
    ["INPUT? C;", "-------\r\n"],
    ["Loop 1:SETPT -100;LOOP 1:TYPE PID;CONTrol;input A:units C;INPUT? D;", "-------\r\n"],
  ],
  "scpi-multimeter": [
    ["*IDN?\n", /^[^,]+,[^,]+,[^,]+,[^,]+\n$/],
    ["MEAS:VOLT:DC?\n", /^\+\d\.\d{8}E\+00\n$/],
    ["measure:voltage?\n", /^\+\d\.\d{8}E\+00\n$/],
    ["MEAS:RES?\n", "+9.90000000E+37\n"],
    ["NONSENSE\nSYST:ERR?\n", '-113,"Undefined header"\n'],
    ["SYST:ERR?\n", '+0,"No error"\n'],
    ["*OPC?;*ESR?\n", "1;32\n"],
  ],
  "scpi-power-supply": [
    ["SOUR:VOLT 1.5;VOLT?\n", "+1.50000000E+00\n"],
    ["VOLT 99\nSYST:ERR?\n", '-222,"Data out of range"\n'],
    ["VOLT\nSYST:ERR?\n", '-109,"Missing parameter"\n'],
    ["VOLT x\nSYST:ERR?\n", '-104,"Data type error"\n'],
    ["OUTP ON;OUTP?;:MEAS:VOLT?;CURR?\n", "1;+1.50000000E+00;+1.00000000E+00\n"],
    ["*RST\nOUTP?;VOLT?\n", "0;+0.00000000E+00\n"],
  ],
};

for (const [kind, exchanges] of Object.entries(conversations)) {
  Deno.test(`simulator ${kind}: answers the bytes of its manual`, async () => {
    const simulator = simulateTcp(builtInDrivers[kind]!.simulator(), 0);
    const connection = await Deno.connect({ port: Number(new URL(simulator.address).port) });
    try {
      for (const [sent, expected] of exchanges) {
        await connection.write(new TextEncoder().encode(sent));
        const matches = (text: string) => typeof expected === "string" ? text === expected : expected.test(text);
        let answer = "";
        const buffer = new Uint8Array(1000);
        const timer = setTimeout(() => connection.close(), 2000);
        while (!matches(answer)) {
          const count = await connection.read(buffer).catch(() => assert.fail(`${sent} was answered by ${answer}`));
          answer += new TextDecoder().decode(buffer.subarray(0, count ?? 0));
        }
        clearTimeout(timer);
      }
    } finally {
      connection.close();
      await simulator.close();
    }
  });
}

/** A simulator that also notes what it was told. */
function noting(simulator: Simulator): { simulator: Simulator; commands: string[] } {
  const commands: string[] = [];
  return {
    commands,
    simulator: {
      commandEnd: simulator.commandEnd,
      answerEnd: simulator.answerEnd,
      encoding: simulator.encoding ?? "utf8",
      registers: simulator.registers,
      ...(simulator.talk === undefined ? {} : { talk: simulator.talk }),
      step: (seconds) => simulator.step?.(seconds),
      answer(command) {
        commands.push(command);
        return simulator.answer(command);
      },
    },
  };
}

/** What is set on each driver, what the instrument must be told, and what is read back. */
const drives: Readonly<Record<string, Drive>> = {
  ...moreDrives,
  "aalborg-dpc": {
    set: { "Gas Selection": "H2", "Mode Selection": "Setpoint", "Setpoint Entry": "30" },
    told: ["G,13", "V,M,A", "SP,3.00e+01"],
    read: {
      "Device Gas": /^H2$/,
      "Device Mode": /^Setpoint$/,
      "Device Setpoint": /^30\.0$/,
      "Actual Flow": /^2\d\.\d$/,
    },
  },
  "mks-946": {
    set: { "Scale Factor Entry": "0.34", "Mode Selection": "Setpoint", "Setpoint Entry": "100" },
    told: ["@001QSFA1!0.34", "@001QMDA1!SETPOINT", "@001QSPA1!1.00e+02"],
    read: {
      "Device Scale Factor": /^0\.34$/,
      "Device Mode": /^Setpoint$/,
      "Device Setpoint": /^100\.0$/,
      "Actual Flow": /^[5-9]\d\.\d$/,
    },
  },
  "omega-usb-utc": { read: { Temperature: /^2\d$/ } },
  "valco-valve": { set: { "Position Selection": "B" }, told: ["1GOB"], read: { "Actual Position": /^B$/ } },
  "iot-relay": { set: { "Status Selection": "On" }, told: ["1"], read: { "Actual Status": /^On$/ } },
  "picarro-g2210": {
    read: { "CH4 (ppm)": /^[12]\.\d{4}$/, "H2O (vol %)": /^1\.\d{4}$/, "CO2 (ppm)": /^4[12]\d\.\d{4}$/ },
  },
  "cryocon-24": {
    set: { control_temperature: "-95.5" },
    told: ["input A:units C", "input B:units C", "Loop 1:SETPT -95.5"],
    read: { camtemp: /^-?\d+\.\d\d$/, dewtemp: /^-?\d+\.\d\d$/, control_temperature: /^-95\.50$/ },
  },
  "scpi-multimeter": { told: ["*CLS"], read: { "DC Voltage": /^[45]\.\d+$/ } },
  "scpi-power-supply": {
    set: { Voltage: "1.5", "Current Limit": "0.1", Output: "On" },
    told: ["*CLS", "SOUR:VOLT 1.5000", "SOUR:CURR 0.1000", "OUTP 1"],
    read: { Voltage: /^1\.500$/, "Measured Voltage": /^1\.000$/, "Measured Current": /^0\.100$/, Output: /^On$/ },
  },
};

Deno.test("every driver is tried", () => {
  assert.deepEqual(Object.keys(drives).sort(), Object.keys(builtInDrivers).sort());
});

for (const [kind, drive] of Object.entries(drives)) {
  const { parameters = {}, set = {}, told = [], read, then = [] } = drive;
  for (const line of ["its own line", "TCP"]) {
    // One line is enough for what differs in words only.
    const modbus = builtInDrivers[kind]!.address.startsWith("modbus");
    if (line === "TCP" && kind in moreDrives && !windows && !modbus) continue;
    const serial = builtInDrivers[kind]!.address.startsWith("serial");
    const udp = builtInDrivers[kind]!.address.startsWith("udp");
    if (line !== "TCP" && !serial && !udp) continue;
    Deno.test({
      name: `driver ${kind} on ${line}: drives its simulator, and reads it back`,
      ignore: windows && serial && line !== "TCP",
      async fn() {
        const { simulator, commands } = noting(builtInDrivers[kind]!.simulator());
        const running: RunningSimulator = line === "TCP"
          ? simulateTcp(simulator, 0)
          : serial
          ? await simulatePty(simulator)
          : await simulateUdp(simulator, 0);
        try {
          await using bench = await ServedBench.one({
            title: "It",
            driver: kind,
            port: running.address,
            parameters,
            line: drive.line,
            pollInterval: 0.5,
          });
          const contact = bench.server.bench.find("it")!.contact!;
          await eventually(() => contact.state === "connected", `contact: ${contact.reason}`);
          for (const [field, value] of Object.entries(set)) {
            assert.equal(await bench.ask(`it.set "${field}" "${value}"`), "OK");
          }
          assert.equal(await bench.ask("it.confirm"), "OK");
          // What was handed to a serial port arrives a little later.
          const last = told.at(-1);
          await eventually(() => last === undefined || commands.includes(last), "the last command to arrive");
          assert.deepEqual(commands.filter((command) => told.includes(command)), told);
          for (const [field, expected] of Object.entries(read)) {
            const text = () => bench.field("it", field).text;
            await eventually(() => expected.test(text()), `${field} to match ${expected}; it is ${text()}`);
          }
          for (const [asked, reply] of then) {
            if (asked.includes(".get ")) {
              // What a field says follows what was sent.
              await eventually(async () => reply.test(await bench.ask(asked)), `${asked} to say ${reply}`);
              continue;
            }
            let said = await bench.ask(asked);
            // What is immediate interrupts a reading, whose late answer may look like that of the error queue.
            if (/not known whether it was done/.test(said)) said = await bench.ask(asked);
            assert.match(said, reply);
          }
        } finally {
          await running.close();
          await poller.idle();
        }
      },
    });
  }
}

Deno.test("a Cryo-con is azcam's tempcon: its commands, -999.9 without a sensor, and a correction per sensor", async () => {
  const running = await simulateUdp(builtInDrivers["cryocon-24"]!.simulator(), 0);
  try {
    await using bench = await ServedBench.one({
      title: "tempcon",
      driver: "cryocon-24",
      port: running.address,
      parameters: { dewar: "C" },
      pollInterval: 0.2,
      fields: { camtemp: { scale: 1, offset: 1000 }, control_temperature: { minimum: -120 } },
    });
    await eventually(() => bench.field("tempcon", "camtemp").quality === "good", "the first reading");
    await eventually(() => bench.field("tempcon", "dewtemp").reason !== "not read yet", "and of the other one");
    assert.match(await bench.ask("tempcon.get_temperatures"), /^OK 10[12]\d\.\d+ -999\.9$/);
    assert.equal(bench.field("tempcon", "dewtemp").reason, '"-------" means no sensor');
    assert.equal(await bench.ask("get_control_temperature"), "OK -999.9", "nobody has set it");
    assert.equal(await bench.ask("tempcon.set_control_temperature -110"), "OK");
    assert.equal(await bench.ask("tempcon.get_control_temperature 0"), "OK -110.0");
    assert.match(await bench.ask("tempcon.set_control_temperature -121"), /below its minimum of -120 °C/);
    assert.equal(await bench.ask("tempcon.start_control"), "OK");
    assert.equal(await bench.ask("tempcon.stop_control"), "OK");
    assert.match(await bench.ask("tempcon.get_keyword CAMTEMP"), /^OK 10[12]\d\.\d+ 'detector temperature' float$/);
  } finally {
    await running.close();
  }
});

/** How makers say that the error queue is empty, each with how the same one says that a value is out of range. */
const queues = [
  ['0,"No error"', '-222,"Data out of range"'],
  ['+0,"No error."', '-222,"Data out of range;VOLT 99"'],
  ["0  No Error", "-222  Data out of range"],
  ["0 , No Error", "522 , Data out of range"],
  ["0", "-222"],
  ['"No error"', '"Data out of range"'],
  ["NO ERRORS", "0x20 RANGE"],
  ['"0,No error"', '"10,Out of range"'],
  ["000", "007 no error of mine"],
] as const;

Deno.test("SCPI drivers: every maker's empty error queue is one, and an error of the same shape is the command's", async () => {
  const supply = (none: string, error: string): Behaviour => {
    let voltage = 1;
    const errors: string[] = [];
    return (command) => {
      if (command === "*IDN?") return "ACME,SUPPLY,0,1";
      if (command === "SYST:ERR?") return errors.shift() ?? none;
      if (command.startsWith("SOUR:VOLT ")) {
        const asked = Number(command.slice(10));
        if (asked > 30) errors.push(error);
        else voltage = asked;
      } else if (command.endsWith("?")) return command === "SOUR:VOLT?" ? voltage.toFixed(3) : "0";
    };
  };
  const devices: Device[] = queues.map(([none, error]) => tcpDevice(supply(none, error)));
  try {
    await using bench = await ServedBench.of({
      instruments: devices.map(({ address }, at) => ({ title: `S${at}`, driver: "scpi-power-supply", port: address })),
    });
    for (const [at, [none, error]] of queues.entries()) {
      await eventually(() => bench.field(`s${at}`, "Voltage").quality === "good", `contact with one that says ${none}`);
      assert.equal(await bench.ask(`s${at}.set Voltage 2`), "OK", none);
      assert.equal(
        await bench.ask(`s${at}.set Voltage 99`),
        `ERROR AzcamError('S${at}: refused "SOUR:VOLT 99.0000": ${error}')`,
      );
      assert.equal(await bench.ask(`s${at}.get Voltage`), "OK 2.000");
    }
  } finally {
    for (const device of devices) await device[Symbol.asyncDispose]();
  }
});

Deno.test("several instruments on one port take turns, and do not hear each other's answers", async () => {
  const running = simulateTcp(builtInDrivers["mks-946"]!.simulator(), 0);
  try {
    const channel = (title: string, name: string) => ({
      title,
      driver: "mks-946",
      port: "shared",
      parameters: { channel: name },
      pollInterval: 0.05,
    });
    const names = ["A1", "A2", "B1", "B2", "C1", "C2"];
    await using bench = await ServedBench.of({
      ports: { shared: running.address },
      instruments: names.map((name) => channel(`MFC ${name}`, name)),
    });
    const all = () => bench.server.bench.instruments.filter(({ contact }) => contact !== undefined);
    await eventually(() => all().every(({ contact }) => contact!.state === "connected"), "contact with all");
    await Promise.all(names.map(async (name, index) => {
      const instrument = bench.server.bench.find(`MFC ${name}`)!;
      await instrument.set("Setpoint Entry", 10 + index, AbortSignal.timeout(9000));
      await instrument.confirm(AbortSignal.timeout(9000));
    }));
    for (const [index, name] of names.entries()) {
      await eventually(
        () => bench.field(`MFC ${name}`, "Device Setpoint").value === 10 + index,
        `the readback of ${name}`,
      );
    }
  } finally {
    await running.close();
  }
});

for (const kind of ["silent", "garbage", "slow", "drop", "length"] as FaultKind[]) {
  Deno.test(`a bad day: ${kind} one time in three; no reading is ever wrong, and what can be read is read`, async () => {
    const faults = { ...noFaults, kinds: [kind], share: 0.34, delay: 0.4 };
    const running = simulateTcp(builtInDrivers["aalborg-dpc"]!.simulator(), 0, faults);
    try {
      await using bench = await ServedBench.one({
        title: "MFC",
        driver: "aalborg-dpc",
        port: running.address,
        pollInterval: 0.2,
        line: { timeout: 0.2, gap: 0 },
        reconnect: { first: 0.05, longest: 0.2 },
      });
      const seen = goodValues(bench, "mfc");
      const fields = ["Device Gas", "Device Mode", "Device Setpoint"];
      await eventually(() => fields.every((field) => seen.has(field)), "a reading of every field");
      await new Promise((resolve) => setTimeout(resolve, 2000));
      assert.deepEqual([...seen.get("Device Gas")!], ["Ar"]);
      assert.deepEqual([...seen.get("Device Mode")!], ["Closed"]);
      // A byte more or less in a number without a check sum cannot be told from another number.
      if (kind !== "length") assert.deepEqual([...seen.get("Device Setpoint")!], [0]);
    } finally {
      await running.close();
    }
  });
}
