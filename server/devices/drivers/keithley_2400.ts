/**
 * Keithley 2400 SourceMeter: sources a voltage or a current, and measures both.
 *
 * @module
 */

import { Noise } from "../simulated/physics.ts";
import { nr3, ScpiError, scpiNumber, ScpiSimulator, scpiSwitch } from "../simulators/scpi.ts";
import type { Driver } from "./driver.ts";
import { scpiBad, scpiErrors } from "./scpi.ts";

const functions = { Voltage: "VOLT", Current: "CURR" };

/** What the simulated one is connected to, in ohms. */
const load = 1000;

function simulator(): ScpiSimulator {
  const noise = new Noise(2400);
  const factory = {
    source: "VOLT",
    voltage: 0,
    current: 0,
    mostVolts: 21,
    mostAmperes: 1.05e-4,
    on: false,
    wires: "0",
  };
  let now = { ...factory };
  /** What is at its terminals, and whether the compliance holds it there. */
  const terminals = () => {
    const voltage = now.source === "VOLT" ? now.voltage : now.current * load;
    const most = now.source === "VOLT" ? now.mostAmperes * load : now.mostVolts;
    const held = now.on && Math.abs(voltage) > most;
    return { volts: now.on ? Math.sign(voltage) * Math.min(Math.abs(voltage), most) : 0, held };
  };
  const reading = () => {
    if (!now.on) throw new ScpiError(803, "Not permitted with OUTPUT off");
    const { volts, held } = terminals();
    const amperes = volts / load + noise.normal(1e-9);
    return [volts, amperes, held ? 8 : 0].map(nr3).join(",");
  };
  const one = (text: string, known: readonly string[]) => {
    const found = known.find((each) => text.toUpperCase().startsWith(each));
    if (found === undefined) throw new ScpiError(-102, "Syntax error");
    return found;
  };
  return new ScpiSimulator(
    "KEITHLEY INSTRUMENTS INC.,MODEL 2400,1234567,C32   Oct  4 2010",
    () => now = { ...factory },
    {
      "SOURce:FUNCtion[:MODE]": (text) => void (now = { ...now, source: one(text, ["VOLT", "CURR"]), on: false }),
      "SOURce:FUNCtion[:MODE]?": () => now.source,
      "SOURce:VOLTage[:LEVel]": (text) => void (now.voltage = scpiNumber(text, -210, 210)),
      "SOURce:VOLTage[:LEVel]?": () => nr3(now.voltage),
      "SOURce:CURRent[:LEVel]": (text) => void (now.current = scpiNumber(text, -1.05, 1.05)),
      "SOURce:CURRent[:LEVel]?": () => nr3(now.current),
      "SENSe:CURRent:PROTection[:LEVel]": (text) => void (now.mostAmperes = scpiNumber(text, 1e-9, 1.05)),
      "SENSe:CURRent:PROTection[:LEVel]?": () => nr3(now.mostAmperes),
      "SENSe:CURRent:PROTection:TRIPped?": () => now.source === "VOLT" && terminals().held ? "1" : "0",
      "SENSe:VOLTage:PROTection[:LEVel]": (text) => void (now.mostVolts = scpiNumber(text, 0.2, 210)),
      "SENSe:VOLTage:PROTection[:LEVel]?": () => nr3(now.mostVolts),
      "SENSe:VOLTage:PROTection:TRIPped?": () => now.source === "CURR" && terminals().held ? "1" : "0",
      "SENSe:FUNCtion:CONCurrent": () => {},
      "SENSe:FUNCtion": () => {},
      "FORMat:ELEMents": () => {},
      "SYSTem:RSENse": (text) => void (now.wires = scpiSwitch(text) ? "1" : "0"),
      "SYSTem:RSENse?": () => now.wires,
      "OUTPut[:STATe]": (text) => void (now.on = scpiSwitch(text)),
      "OUTPut[:STATe]?": () => now.on ? "1" : "0",
      "READ?": reading,
    },
  );
}

/** The readings of `:READ?` in the order of `:FORM:ELEM`: volts, amperes, a word of bits. */
const elements = "^([^,]+),([^,]+),([^,]+)$";

/** Keithley 2400: serial, 9600 bits per second, or GPIB. */
export const keithley2400: Driver = {
  address: "serial:///dev/ttyUSB0",
  simulator,
  description: {
    summary: "Keithley 2400 SourceMeter",
    line: { timeout: 3 },
    handshake: { ask: "*IDN?", pattern: "^KEITHLEY INSTRUMENTS INC\\.,MODEL 24" },
    initialize: ["*CLS", ":SENS:FUNC:CONC ON", ":SENS:FUNC 'VOLT','CURR'", ":FORM:ELEM VOLT,CURR,STAT"],
    afterWrite: scpiErrors,
    fields: {
      "Source": {
        type: "choice",
        choices: functions,
        summary: "what it sources; another choice switches the output off",
        read: { ask: ":SOUR:FUNC?", pattern: "^(VOLT|CURR)$" },
        write: ":SOUR:FUNC {value}",
      },
      "Source Voltage": {
        unit: "V",
        decimals: 4,
        minimum: -210,
        maximum: 210,
        read: ":SOUR:VOLT?",
        write: ":SOUR:VOLT {value:.6e}",
      },
      "Source Current": {
        unit: "A",
        decimals: 9,
        minimum: -1.05,
        maximum: 1.05,
        read: ":SOUR:CURR?",
        write: ":SOUR:CURR {value:.6e}",
      },
      "Current Limit": {
        unit: "A",
        decimals: 9,
        minimum: 1e-9,
        maximum: 1.05,
        summary: "the compliance of a voltage",
        read: ":SENS:CURR:PROT?",
        write: ":SENS:CURR:PROT {value:.6e}",
      },
      "Voltage Limit": {
        unit: "V",
        decimals: 3,
        minimum: 0.2,
        maximum: 210,
        summary: "the compliance of a current",
        read: ":SENS:VOLT:PROT?",
        write: ":SENS:VOLT:PROT {value:.6e}",
      },
      "Output": { type: "switch", read: ":OUTP?", write: ":OUTP {value}" },
      "Voltage": {
        unit: "V",
        decimals: 6,
        summary: "measured while the output is on",
        when: { Output: "On" },
        read: { ask: ":READ?", pattern: elements, group: 1, bad: scpiBad },
      },
      "Current": {
        unit: "A",
        summary: "measured while the output is on",
        when: { Output: "On" },
        read: { ask: ":READ?", pattern: elements, group: 2, bad: scpiBad },
      },
      "Remote Sense": {
        type: "switch",
        summary: "four wires instead of two",
        read: ":SYST:RSEN?",
        write: ":SYST:RSEN {value}",
      },
      "At Current Limit": { type: "switch", read: ":SENS:CURR:PROT:TRIP?" },
      "At Voltage Limit": { type: "switch", read: ":SENS:VOLT:PROT:TRIP?" },
    },
    commands: {
      off: { summary: "Switch the output off, before everything that waits", send: ":OUTP OFF", stop: true },
      reset: {
        summary: "Go back to the factory settings, with the output off",
        send: "*RST",
        confirm: "All that was set is lost.",
      },
      identify: { summary: "Tell make, model, serial number and firmware", ask: "*IDN?", role: "observer" },
    },
  },
};
