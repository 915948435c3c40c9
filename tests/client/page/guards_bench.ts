/** A bench with guards and alarms, for the tests of the page. */
import { benchOf, type Devices } from "../../server/guards/lab.ts";

const guards = {
  safeState: [{ set: "oven.power", to: 0 }, { set: "gas.setpoint", to: 0 }, { call: "gas.close" }],
  watchdogs: { Night: { within: "10m", summary: "The night's run says that it is alive" } },
  interlocks: {
    "Too hot": {
      when: "probe.temperature > 300 || gas.pressure > 3",
      until: "probe.temperature < 290",
      latched: true,
      summary: "The sample melts at 320 °C",
      forbids: ["gas", { set: "oven.power", above: 20 }, "oven.ramp", "oven.program"],
      trips: [{ set: "gas.setpoint", to: 0 }, { call: "gas.close" }],
    },
    "No water": {
      must: "water.flow > 2.5",
      forbids: [{ call: "oven.ramp", above: 100 }],
      trips: [{ set: "oven.power", to: 0 }],
    },
  },
  limits: {
    "oven.program": { slew: "5/min" },
    "water.rate": { slew: { up: "5/min" }, follow: { time: "1s" } },
    "water.pump": { duty: { on: "1s", in: "1h" } },
    "water.flush": { often: { times: 1, in: "10m" } },
  },
  alarms: {
    "Bottle empty": {
      when: "gas.pressure < 0.5",
      severity: "low",
      text: "Change the bottle: the spare one stands in the corridor",
    },
  },
};

/** The bench. */
export function guardedBench(devices: Devices) {
  const bench = benchOf(devices, guards);
  const [probe, water] = bench.instruments;
  const limited = {
    Rate: {
      ...{ type: "float", unit: "L/min", initial: 5, decimals: 0, write: "SET F {value}" },
      readback: { field: "Flow", tolerance: 0.5, within: 1 },
    },
    Pump: { type: "switch", initial: false, on: "1", off: "0", write: "SET P {value}" },
  };
  Object.assign(water!.fields, limited);
  Object.assign(water!, { commands: { flush: { summary: "Flush the hoses", send: "FLUSH" } } });
  // A busy PC reads late; what is not known would trip, and move what a test is about to click.
  for (const each of bench.instruments) if ("staleAfter" in each) Object.assign(each, { staleAfter: 10 });
  Object.assign(probe!.fields.Temperature!, {
    alarm: { high: 250, highHigh: 295, deadband: 2, severity: "medium", text: "Lower the power" },
  });
  return bench;
}
