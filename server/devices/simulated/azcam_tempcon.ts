/**
 * azcam's `tempcon` tool, over any temperature controller.
 *
 * @module
 */

import { type Command, command } from "../../bench/command.ts";
import type { Instrument } from "../../bench/instrument.ts";
import type { ValueSpec } from "../../bench/values.ts";
import { azcamToolCommands } from "./azcam_tool.ts";

/** azcam's number for a temperature that could not be read, in °C. */
export const badTemperature = -999.9;

/**
 * azcam's commands of a temperature controller.
 *
 * @param tempcon The instrument, with the fields `camtemp`, `dewtemp` and `control_temperature`, all in °C.
 * @param limits What the control temperature may be.
 * @returns The commands, for the instrument's `commands`.
 */
export function tempconCommands(tempcon: () => Instrument, limits: ValueSpec<"float">): Record<string, Command> {
  const reading = (name: "camtemp" | "dewtemp" | "control_temperature") => {
    const { value, quality } = tempcon().field(name);
    return quality === "error" || value === undefined ? badTemperature : Number(value);
  };
  const sensor = { type: "int", default: 0, minimum: 0, summary: "the sensor it is meant for" } as const;
  return {
    get_temperatures: command({
      summary: `Tell the temperatures of camtemp and dewtemp in °C; ${badTemperature} where there is no reading`,
      role: "observer",
      immediate: true,
      returns: "float",
      run: () => [reading("camtemp"), reading("dewtemp")],
    }),
    get_temperature: command({
      summary: "Tell one sensor's temperature in °C",
      arguments: {
        temperature_id: { type: "int", default: 0, minimum: 0, maximum: 1, summary: "0 camtemp, 1 dewtemp" },
      },
      role: "observer",
      immediate: true,
      returns: "float",
      run: ({ temperature_id }) => reading(temperature_id === 0 ? "camtemp" : "dewtemp"),
    }),
    get_control_temperature: command({
      summary: "Tell the control temperature (set point) in °C",
      arguments: { temperature_id: sensor },
      role: "observer",
      immediate: true,
      returns: "float",
      run: () => reading("control_temperature"),
    }),
    set_control_temperature: command({
      summary: "Set the control temperature (set point)",
      arguments: { temperature: limits, temperature_id: sensor },
      run: ({ temperature }, { signal }) => tempcon().set("control_temperature", temperature, signal),
    }),
    ...azcamToolCommands(() => {}, tempcon),
  };
}
