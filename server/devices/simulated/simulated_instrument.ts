/**
 * azcam's `instrument`, simulated: filters and a monochromator, focus, shutter, comparison lamps, pressure, light.
 *
 * @module
 */

import { type Command, command } from "../../bench/command.ts";
import { defineInstrument } from "../../bench/define_instrument.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { azcamToolCommands, toolId } from "./azcam_tool.ts";
import { SimulatedLamps } from "./simulated_lamps.ts";
import { focusCommands } from "./focus_commands.ts";
import { Mover, Noise } from "./physics.ts";
import { Wavelengths } from "./wavelengths.ts";

const reading = { role: "observer", immediate: true } as const;

/** The light that comes out, and what measures it. */
class Light {
  readonly #noise = new Noise(5);
  /** The shutter of the instrument. */
  shutter = false;

  /** The power in W/cm². @param wavelength In nm: the lamp is brightest at 500. */
  power(wavelength: number): number {
    return 1.5e-9 * Math.exp(-(((wavelength - 500) / 300) ** 2)) * (1 + this.#noise.normal(0.01));
  }

  /** The current of the diode in A. @param open Whether light falls on it. */
  current(open: boolean, wavelength: number): number {
    return this.power(wavelength) * (open ? 1.7e-3 : 1e-6);
  }
}

/** A gauge, and what holds the pressure. */
class Pressure {
  readonly #noise = new Noise(4);
  #held = 2.3e-6;

  /** The pressure in mbar. */
  read(): number {
    return this.#held * (1 + this.#noise.normal(0.02));
  }

  commands(): Record<string, Command> {
    const pressure_id = toolId("the gauge");
    return {
      get_pressures: command({
        ...reading,
        summary: "Tell the pressures in mbar",
        returns: "float",
        run: () => [this.read()],
      }),
      get_pressure: command({
        ...reading,
        summary: "Tell a pressure in mbar",
        arguments: { pressure_id },
        returns: "float",
        run: () => this.read(),
      }),
      set_pressure: command({
        summary: "Set the pressure that is held",
        arguments: {
          pressure: { type: "float", unit: "mbar", minimum: 1e-9, maximum: 1100, default: -1, summary: "-1: as it is" },
          pressure_id,
        },
        run: ({ pressure }) => void (this.#held = pressure < 0 ? this.#held : pressure),
      }),
    };
  }
}

function lightCommands(light: Light, wavelength: () => number): Record<string, Command> {
  return {
    set_shutter: command({
      summary: "Open (1) or close (0) the shutter",
      arguments: { state: { type: "switch" }, shutter_id: toolId("the shutter") },
      run: ({ state }) => void (light.shutter = state),
    }),
    get_power: command({
      ...reading,
      summary: "Tell the power at a wavelength in W/cm²",
      arguments: {
        wavelength: { type: "float", unit: "nm", minimum: 0, default: -1, summary: "-1: the one that is set" },
        power_id: toolId("the power meter"),
      },
      returns: "float",
      run: (args) => light.power(args.wavelength < 0 ? wavelength() : args.wavelength),
    }),
    get_current: command({
      summary: "Measure the current of the diode in A",
      arguments: {
        shutter_state: {
          type: "int",
          minimum: -1,
          maximum: 2,
          default: 1,
          summary: "the shutter meanwhile: 1 open, 0 closed, 2 or -1 as it is",
        },
        diode_id: toolId("the diode"),
      },
      returns: "float",
      run: ({ shutter_state }) =>
        light.current(shutter_state === 0 ? false : shutter_state === 1 || light.shutter, wavelength()),
    }),
    get_currents: command({
      ...reading,
      summary: "Tell the currents of the diodes in A, with the shutter as it is",
      returns: "float",
      run: () => [light.current(light.shutter, wavelength())],
    }),
  };
}

/**
 * A filter wheel, a monochromator, a focus stage, a shutter, comparison lamps, a pressure gauge, a power meter and a
 * diode: azcam's `instrument`.
 *
 * `set_filter` and `set_focus` answer when the mechanism has arrived: the wheel takes half a second for each
 * position, the focus a second for each 500 units.
 *
 * @param title What people call it.
 */
export function simulatedInstrument(title = "instrument"): Instrument {
  const wavelengths = new Wavelengths();
  const lamps = new SimulatedLamps(["HeNe", "Ar"]);
  const pressure = new Pressure();
  const light = new Light();
  const focus = new Mover(0, 500);
  const instrument: Instrument = defineInstrument({
    title,
    summary: "filter wheel, focus, shutter and comparison lamps (simulated)",
    main: ["filter", "focus"],
    fields: {
      filter: {
        type: "choice",
        choices: Wavelengths.filters,
        initial: "r",
        access: "setting",
        summary: "the filter in the beam",
        keyword: "FILTER",
        read: () => wavelengths.filter,
        write: (name, signal) => wavelengths.toFilter(name, signal),
      },
      wavelength: {
        type: "float",
        unit: "nm",
        minimum: Wavelengths.shortest,
        maximum: Wavelengths.longest,
        decimals: 1,
        summary: "the wavelength that comes through",
        read: () => wavelengths.wavelength,
        write: (wavelength, signal) => wavelengths.toWavelength(String(wavelength), signal),
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
      shutter: {
        type: "switch",
        initial: false,
        summary: "the instrument's shutter",
        read: () => light.shutter,
        write: (open) => void (light.shutter = open),
      },
      ...lamps.fields(),
      pressure: {
        type: "float",
        unit: "mbar",
        summary: "pressure in the cryostat",
        keyword: "PRESSURE",
        read: () => pressure.read(),
      },
    },
    commands: {
      ...wavelengths.commands(),
      ...focusCommands(focus, -5000, 5000),
      ...pressure.commands(),
      ...lightCommands(light, () => wavelengths.wavelength),
      ...lamps.commands(),
      ...azcamToolCommands(() => {
        lamps.reset();
        light.shutter = false;
      }, () => instrument),
    },
    step: (seconds) => {
      wavelengths.wheel.step(seconds);
      focus.step(seconds);
      lamps.step(seconds);
    },
  });
  return instrument;
}
