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
  const [probe] = bench.instruments;
  // A busy PC reads late; what is not known would trip, and move what a test is about to click.
  for (const each of bench.instruments) if ("staleAfter" in each) Object.assign(each, { staleAfter: 10 });
  Object.assign(probe!.fields.Temperature!, {
    alarm: { high: 250, highHigh: 295, deadband: 2, severity: "medium", text: "Lower the power" },
  });
  return bench;
}
