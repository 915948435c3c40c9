/**
 * One channel of an Agilent or Keysight 34970A (or 34972A) data acquisition unit.
 *
 * @module
 */

import { Noise } from "../simulated/physics.ts";
import { nr3, ScpiError, scpiNumber, ScpiSimulator } from "../simulators/scpi.ts";
import type { Driver } from "./driver.ts";
import { scpiBad, scpiErrors } from "./scpi.ts";

/** What stands on the channels of the simulated one: multiplexers in slots 1 and 2, a multifunction module in 3. */
function simulator(): ScpiSimulator {
  const noise = new Noise(34970);
  const closed = new Set<number>();
  const outputs = new Map<number, number>([[304, 0], [305, 0]]);
  let byte = 0;
  /** The channels of `(@101,103:105)`. */
  const channels = (text: string, known: (channel: number) => boolean): number[] => {
    const [, list] = /\(@([\d,:]+)\)\s*$/.exec(text) ?? [];
    if (list === undefined) throw new ScpiError(-102, "Syntax error");
    const found = list.split(",").flatMap((part) => {
      const [first = 0, last = first] = part.split(":").map(Number);
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
    });
    if (!found.every(known)) throw new ScpiError(112, "Channel list: channel number out of range");
    return found;
  };
  const multiplexed = (channel: number) => /^[12](?:0[1-9]|1\d|20)$/.test(String(channel));
  const measured = (value: (channel: number) => number) => (text: string) =>
    channels(text, multiplexed).map((channel) => nr3(value(channel) + noise.normal(1e-3))).join(",");
  return new ScpiSimulator("HEWLETT-PACKARD,34970A,0,13-2-2", () => closed.clear(), {
    "MEASure:TEMPerature?": (text) => {
      if (!/^(?:TC,[BEJKNRST]|RTD,\d+|FRTD,\d+|THER,\d+)\b/i.test(text)) throw new ScpiError(-109, "Missing parameter");
      // Nothing is wired to the last channel: an open thermocouple.
      return measured((channel) => channel % 100 === 20 ? 9.9e37 : 20 + channel % 100)(text);
    },
    "MEASure:VOLTage[:DC]?": measured((channel) => 0.05 + (channel % 100) / 10),
    "MEASure:VOLTage:AC?": measured(() => 0.01),
    "MEASure:RESistance?": measured((channel) => 100 * (channel % 100)),
    "MEASure:FRESistance?": measured((channel) => 100 * (channel % 100)),
    "MEASure:FREQuency?": measured(() => 50),
    "ROUTe:CLOSe": (text) => channels(text, multiplexed).forEach((channel) => closed.add(channel)),
    "ROUTe:OPEN": (text) => channels(text, multiplexed).forEach((channel) => closed.delete(channel)),
    "ROUTe:CLOSe?": (text) => channels(text, multiplexed).map((each) => closed.has(each) ? "1" : "0").join(","),
    "SOURce:VOLTage": (text) => {
      const value = scpiNumber(text.split(",")[0]!, -12, 12);
      for (const channel of channels(text, (each) => outputs.has(each))) outputs.set(channel, value);
    },
    "SOURce:VOLTage?": (text) => nr3(outputs.get(channels(text, (each) => outputs.has(each))[0]!)!),
    "SOURce:DIGital:DATA[:BYTE]": (text) => {
      channels(text, (channel) => channel === 301 || channel === 302);
      byte = scpiNumber(text.split(",")[0]!, 0, 255);
    },
    "SENSe:DIGital:DATA[:BYTE]?": (text) => {
      channels(text, (channel) => channel === 301 || channel === 302);
      return nr3(byte);
    },
    "SENSe:TOTalize:DATA?": (text) => channels(text, (channel) => channel === 303).map(() => nr3(42)).join(","),
    "ABORt": () => {},
  });
}

const channel = {
  type: "int",
  minimum: 101,
  maximum: 399,
  summary: "slot and channel: 101 is the first of slot 1",
} as const;

/** One channel of a 34970A: serial, 9600 bits per second, or GPIB; several channels share the port. */
export const agilent34970a: Driver = {
  address: "serial:///dev/ttyUSB0",
  simulator,
  description: {
    summary: "Agilent 34970A channel",
    parameters: {
      channel: { summary: "slot and channel", pattern: "[1-3][0-4]\\d", default: "101" },
      function: {
        summary: "what is measured: VOLT:DC, VOLT:AC, CURR:DC, RES, FRES, FREQ, TEMP",
        pattern: "VOLT:[AD]C|CURR:[AD]C|F?RES|FREQ|PER|TEMP",
        default: "VOLT:DC",
      },
      settings: {
        summary: "its range or sensor: AUTO, 10; TC,K or RTD,85 or THER,5000 for TEMP",
        pattern: "[A-Z0-9.,]+",
        default: "AUTO",
      },
    },
    line: { timeout: 5, serial: { flowControl: "software" } },
    handshake: { ask: "*IDN?", pattern: ",3497[02]A," },
    initialize: ["*CLS"],
    afterWrite: scpiErrors,
    pollInterval: 10,
    fields: {
      Reading: {
        decimals: 4,
        summary: "of the channel; its unit is what is measured: say it in the bench file",
        read: { ask: "MEAS:{function}? {settings},(@{channel})", pattern: "^([^,]+)$", bad: scpiBad },
      },
    },
    commands: {
      close: { summary: "Close a relay", arguments: { relay: channel }, send: "ROUT:CLOS (@{relay})" },
      open: { summary: "Open a relay", arguments: { relay: channel }, send: "ROUT:OPEN (@{relay})" },
      is_closed: {
        summary: "Tell whether a relay is closed",
        arguments: { relay: channel },
        ask: "ROUT:CLOS? (@{relay})",
        returns: { type: "switch" },
        role: "observer",
      },
      source_voltage: {
        summary: "Set an analog output of the multifunction module, the channels 4 and 5 of its slot",
        arguments: { output: channel, voltage: { type: "float", unit: "V", minimum: -12, maximum: 12 } },
        send: "SOUR:VOLT {voltage:.4f},(@{output})",
      },
      write_byte: {
        summary: "Set the eight lines of a digital port, the channels 1 and 2 of the multifunction module",
        arguments: { port: channel, byte: { type: "int", minimum: 0, maximum: 255 } },
        send: "SOUR:DIG:DATA:BYTE {byte},(@{port})",
      },
      read_byte: {
        summary: "Read the eight lines of a digital port",
        arguments: { port: channel },
        ask: "SENS:DIG:DATA:BYTE? (@{port})",
        returns: { type: "int" },
      },
      totalize: {
        summary: "Tell what the counter of the multifunction module, channel 3 of its slot, has counted",
        arguments: { counter: channel },
        ask: "SENS:TOT:DATA? (@{counter})",
        returns: { type: "float" },
        role: "observer",
      },
      abort: { summary: "Stop a scan", send: "ABOR", stop: true },
      identify: { summary: "Tell make, model and firmware", ask: "*IDN?", role: "observer" },
    },
  },
};
