/**
 * azcam's `tempcon` tool, over any temperature controller.
 *
 * @module
 */

import { type Command, command } from "../../bench/command.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import type { Instrument } from "../../bench/instrument.ts";
import type { ValueSpec } from "../../bench/values.ts";
import { azcamToolCommands, toolId } from "./azcam_tool.ts";
import { numberList } from "./number_lists.ts";

/** azcam's number for a temperature that could not be read, in °C. */
export const badTemperature = -999.9;

/** The sensors, in azcam's order. */
const sensors = ["camtemp", "dewtemp"] as const;

/** How many calibration curves azcam numbers: DT670, AD590, 1N4148 and 1N914. */
const curves = 4;

/** Corrects what the sensors read: corrected = read × scale + offset. */
export class TemperatureCorrections {
  #offsets: readonly number[] = [];
  #scales: readonly number[] = [];
  #active = false;

  /**
   * Sets them.
   *
   * @param offsets In °C, one for each sensor; `undefined` leaves them as they are.
   * @param scales One for each sensor; `undefined` leaves them as they are. Without both nothing is corrected any more.
   */
  set(offsets: readonly number[] | undefined, scales: readonly number[] | undefined): void {
    this.#active = offsets !== undefined || scales !== undefined;
    this.#offsets = offsets ?? this.#offsets;
    this.#scales = scales ?? this.#scales;
  }

  /**
   * A temperature as it is to be told.
   *
   * @param field The name of the field that it is of; only the sensors' are corrected.
   * @param temperature As it was read, in °C.
   */
  apply(field: string, temperature: number): number {
    const sensor = sensors.findIndex((name) => name === field);
    if (!this.#active || sensor < 0) return temperature;
    const corrected = temperature * (this.#scales[sensor] ?? 1) + (this.#offsets[sensor] ?? 0);
    // Without the last digits of a product of two decimal numbers: 20.040000000000003.
    return Number(corrected.toFixed(6));
  }
}

/**
 * azcam's commands of a temperature controller.
 *
 * @param tempcon The instrument, with the fields `camtemp`, `dewtemp` and `control_temperature`, all in °C.
 * @param limits What the control temperature may be.
 * @param corrections What `set_corrections` sets, for the readings of camtemp and dewtemp.
 * @returns The commands, for the instrument's `commands`.
 */
export function tempconCommands(
  tempcon: () => Instrument,
  limits: ValueSpec<"float">,
  corrections: TemperatureCorrections,
): Record<string, Command> {
  const reading = (name: typeof sensors[number] | "control_temperature") => {
    const { value, quality } = tempcon().field(name);
    return quality === "error" || value === undefined ? badTemperature : Number(value);
  };
  const sensor = toolId("the sensor it is meant for");
  const telling = { role: "observer", immediate: true, returns: "float" } as const;
  return {
    get_temperatures: command({
      ...telling,
      summary: `Tell the temperatures of camtemp and dewtemp in °C; ${badTemperature} where there is no reading`,
      run: () => sensors.map(reading),
    }),
    get_temperature: command({
      ...telling,
      summary: "Tell one sensor's temperature in °C",
      arguments: { temperature_id: { ...toolId("0 camtemp, 1 dewtemp"), maximum: 1 } },
      run: ({ temperature_id }) => reading(sensors[Math.max(0, temperature_id)]!),
    }),
    get_control_temperature: command({
      ...telling,
      summary: "Tell the control temperature (set point) in °C",
      arguments: { temperature_id: sensor },
      run: () => reading("control_temperature"),
    }),
    set_control_temperature: command({
      summary: "Set the control temperature (set point)",
      arguments: {
        temperature: { ...limits, default: badTemperature, summary: "None or nothing keeps it" },
        temperature_id: sensor,
      },
      run: ({ temperature }, { signal }) =>
        temperature === badTemperature ? undefined : tempcon().set("control_temperature", temperature, signal),
    }),
    set_calibrations: command({
      summary: "Tell the sensors' calibration curves, 0 to 3 each; these sensors tell °C themselves: nothing changes",
      takesMore: true,
      run: (_, { more, moreKeywords }) => {
        const given = more.length > 1 ? more : more[0] ?? moreKeywords.get("cals");
        const numbers = numberList(given, "the calibration curves", sensors.length) ?? [];
        if (numbers.every((curve) => Number.isInteger(curve) && curve >= 0 && curve < curves)) return;
        throw new HeliographError(
          "bad_argument",
          `Cannot set the calibration curves to ${numbers.join(", ")}: 0 DT670, 1 AD590, 2 1N4148, 3 1N914`,
        );
      },
    }),
    set_corrections: command({
      summary: "Correct the temperatures: OFFSETS SCALES, lists such as [0.5,-0.2]; read × scale + offset; none: not",
      takesMore: true,
      run: (_, { more, moreKeywords }) => {
        const [offsets, scales, another] = more;
        if (another !== undefined) {
          throw new HeliographError(
            "bad_argument",
            "Cannot take three lists: write set_corrections OFFSETS SCALES, each a list without spaces, as in [0.5,-0.2]",
          );
        }
        const list = (given: unknown, keyword: string) =>
          numberList(given ?? moreKeywords.get(keyword), keyword.replace("_", " "), sensors.length);
        corrections.set(list(offsets, "temperature_offsets"), list(scales, "temperature_scales"));
      },
    }),
    ...azcamToolCommands(() => {}, tempcon),
  };
}
