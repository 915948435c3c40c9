/**
 * azcam's `tempcon`, `instrument` and `telescope` tools, simulated.
 *
 * @module
 */

import { command } from "../../bench/command.ts";
import { defineInstrument } from "../../bench/define_instrument.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { didYouMean } from "../../bench/names.ts";
import { tempconCommands } from "./azcam_tempcon.ts";
import { azcamToolCommands } from "./azcam_tool.ts";
import { CryostatPhysics } from "./cryostat_physics.ts";
import { Mover, Noise } from "./physics.ts";

const mechanism = (summary: string) => ({ type: "int", default: 0, minimum: 0, summary } as const);

/**
 * A cryostat with its temperature controller: azcam's `tempcon`, with the sensors camtemp and dewtemp.
 *
 * @param title What people call it.
 */
export function simulatedTempcon(title = "tempcon"): Instrument {
  const noise = new Noise(3);
  const limits = { type: "float", unit: "°C", minimum: -200, maximum: 50 } as const;
  const cryostat = new CryostatPhysics();
  const sensor = (temperature: () => number) => ({
    type: "float" as const,
    unit: "°C",
    decimals: 2,
    // Two decimals, as a Cryo-con answers.
    read: () => Math.round((temperature() + noise.normal(0.02)) * 100) / 100,
  });
  const tempcon: Instrument = defineInstrument({
    title,
    summary: "cryostat temperature controller (simulated)",
    fields: {
      camtemp: { ...sensor(() => cryostat.detector), summary: "detector temperature", keyword: "CAMTEMP" },
      dewtemp: { ...sensor(() => cryostat.finger), summary: "cold finger temperature", keyword: "DEWTEMP" },
      control_temperature: {
        ...limits,
        decimals: 2,
        summary: "the set point",
        keyword: "SETTEMP",
        initial: cryostat.control,
        read: () => cryostat.control,
        write: (value) => void (cryostat.control = value),
      },
    },
    commands: () => tempconCommands(() => tempcon, limits),
    step: (seconds) => cryostat.step(seconds),
  });
  return tempcon;
}

/**
 * A filter wheel, a focus stage, a shutter, comparison lamps and a pressure gauge: azcam's `instrument`.
 *
 * `set_filter` and `set_focus` answer when the mechanism has arrived: the wheel takes half a second for each
 * position, the focus a second for each 500 units.
 *
 * @param title What people call it.
 */
export function simulatedInstrument(title = "instrument"): Instrument {
  const noise = new Noise(4);
  const filters = ["u", "g", "r", "i", "z", "clear"];
  const wavelengths = [354, 477, 623, 763, 905, 600];
  const lamps = ["HeNeAr", "ThAr", "quartz"];
  const wheel = new Mover(2, 2);
  const focus = new Mover(0, 500);
  let active: string[] = [];
  let lampsOn = false;
  let shutter = false;
  const pressure = () => 2.3e-6 * (1 + noise.normal(0.02));
  const filterIndex = (name: string) => {
    const number = /^\d+$/.test(name) ? Number(name) : filters.indexOf(name);
    if (number >= 0 && number < filters.length) return number;
    throw new HeliographError(
      "bad_argument",
      `Cannot set the filter to ${name}: not one of ${filters.join(", ")}${didYouMean(name, filters)}`,
    );
  };
  const currentFilter = () => filters[Math.round(wheel.position)]!;
  const instrument: Instrument = defineInstrument({
    title,
    summary: "filter wheel, focus, shutter and comparison lamps (simulated)",
    fields: {
      filter: {
        type: "choice",
        choices: filters,
        initial: "r",
        access: "setting",
        summary: "the filter in the beam",
        keyword: "FILTER",
        read: currentFilter,
        write: (name, signal) => wheel.moveTo(filterIndex(name), signal),
      },
      focus: {
        type: "float",
        minimum: -5000,
        maximum: 5000,
        decimals: 1,
        initial: 0,
        summary: "the instrument's focus position",
        keyword: "FOCUS",
        read: () => focus.position,
        write: (position, signal) => focus.moveTo(position, signal),
      },
      shutter: { type: "switch", initial: false, read: () => shutter, write: (open) => void (shutter = open) },
      lamps: { type: "switch", initial: false, read: () => lampsOn, write: (lit) => void (lampsOn = lit) },
      pressure: {
        type: "float",
        unit: "mbar",
        summary: "pressure in the cryostat",
        keyword: "PRESSURE",
        read: pressure,
      },
    },
    commands: {
      get_filters: command({
        summary: "List the filters of the wheel",
        arguments: { filter_id: mechanism("the wheel") },
        role: "observer",
        immediate: true,
        run: () => filters,
      }),
      get_filter: command({
        summary: "Tell the filter in the beam",
        arguments: { filter_id: mechanism("the wheel") },
        role: "observer",
        immediate: true,
        run: currentFilter,
      }),
      set_filter: command({
        summary: "Move a filter into the beam, by name or position; answers when it is there",
        arguments: { filter_name: { type: "text" }, filter_id: mechanism("the wheel") },
        run: ({ filter_name }, { signal }) => wheel.moveTo(filterIndex(filter_name), signal),
      }),
      get_wavelengths: command({
        summary: "List the filters' central wavelengths in nm",
        arguments: { wavelength_id: mechanism("the wheel") },
        role: "observer",
        immediate: true,
        run: () => wavelengths,
      }),
      get_wavelength: command({
        summary: "Tell the central wavelength in the beam in nm",
        arguments: { wavelength_id: mechanism("the wheel") },
        role: "observer",
        immediate: true,
        run: () => wavelengths[Math.round(wheel.position)],
      }),
      set_wavelength: command({
        summary: "Move the filter of that central wavelength into the beam",
        arguments: { wavelength: { type: "int", unit: "nm" }, wavelength_id: mechanism("the wheel") },
        run: ({ wavelength }, { signal }) => {
          const position = wavelengths.indexOf(wavelength);
          if (position >= 0) return wheel.moveTo(position, signal);
          throw new HeliographError(
            "bad_argument",
            `Cannot set the wavelength to ${wavelength} nm: the wheel has ${wavelengths.join(", ")}`,
          );
        },
      }),
      ...focusCommands(focus, -5000, 5000),
      get_pressures: command({
        summary: "Tell the pressures in mbar",
        role: "observer",
        immediate: true,
        returns: "float",
        run: () => [pressure()],
      }),
      get_pressure: command({
        summary: "Tell a pressure in mbar",
        arguments: { pressure_id: mechanism("the gauge") },
        role: "observer",
        immediate: true,
        returns: "float",
        run: pressure,
      }),
      set_shutter: command({
        summary: "Open (1) or close (0) the shutter",
        arguments: { state: { type: "switch" }, shutter_id: mechanism("the shutter") },
        run: ({ state }) => void (shutter = state),
      }),
      get_all_comps: command({
        summary: "List the comparison lamps",
        role: "observer",
        immediate: true,
        run: () => lamps,
      }),
      get_comps: command({
        summary: "List the comparison lamps chosen for comps_on",
        role: "observer",
        immediate: true,
        run: () => active,
      }),
      set_comps: command({
        summary: "Choose the comparison lamps for comps_on",
        takesMore: true,
        run: (_, { more }) => {
          const chosen = more.flatMap((names) => String(names).split(/\s+/));
          const unknown = chosen.find((name) => !lamps.includes(name));
          if (unknown !== undefined) {
            throw new HeliographError(
              "bad_argument",
              `Cannot choose the lamp ${unknown}: not one of ${lamps.join(", ")}${didYouMean(unknown, lamps)}`,
            );
          }
          active = chosen;
        },
      }),
      comps_on: command({
        summary: "Turn the chosen comparison lamps on",
        run: () => void (lampsOn = active.length > 0),
      }),
      comps_off: command({ summary: "Turn the comparison lamps off", run: () => void (lampsOn = false) }),
      ...azcamToolCommands(() => {
        active = [];
        lampsOn = shutter = false;
      }, () => instrument),
    },
    step: (seconds) => {
      wheel.step(seconds);
      focus.step(seconds);
    },
  });
  return instrument;
}

/** `get_focus` and `set_focus`, as azcam's `instrument` and `telescope` have them. */
function focusCommands(focus: Mover, minimum: number, maximum: number) {
  return {
    get_focus: command({
      summary: "Tell the focus position",
      arguments: { focus_id: mechanism("the focus mechanism") },
      role: "observer",
      immediate: true,
      returns: "float",
      run: () => focus.position,
    }),
    set_focus: command({
      summary: "Move the focus to a position, or by a step; answers when it is there",
      arguments: {
        focus_position: { type: "float" },
        focus_id: mechanism("the focus mechanism"),
        focus_type: { type: "choice", choices: ["absolute", "step"], default: "absolute" },
      },
      run: ({ focus_position, focus_type }, { signal }) => {
        const target = focus_type === "step" ? focus.position + focus_position : focus_position;
        if (target >= minimum && target <= maximum) return focus.moveTo(target, signal);
        throw new HeliographError(
          "out_of_limits",
          `Cannot move the focus to ${target}: it goes from ${minimum} to ${maximum}`,
        );
      },
    }),
  };
}

/** A telescope with a focus: azcam's `telescope`. @param title What people call it. */
export function simulatedTelescope(title = "telescope"): Instrument {
  const focus = new Mover(1200, 400);
  const telescope: Instrument = defineInstrument({
    title,
    summary: "telescope focus (simulated)",
    fields: {
      focus: {
        type: "float",
        minimum: 0,
        maximum: 3000,
        decimals: 1,
        initial: 1200,
        summary: "the telescope's focus position",
        keyword: "TELFOCUS",
        read: () => focus.position,
        write: (position, signal) => focus.moveTo(position, signal),
      },
    },
    commands: {
      ...focusCommands(focus, 0, 3000),
      ...azcamToolCommands(() => {}, () => telescope),
    },
    step: (seconds) => focus.step(seconds),
  });
  return telescope;
}
