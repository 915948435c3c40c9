/**
 * Simulates a filter wheel and a monochromator, as azcam's `instrument` has them.
 *
 * @module
 */

import { type Command, command } from "../../bench/command.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { didYouMean } from "../../bench/names.ts";
import { isNumber, shown } from "../../bench/values.ts";
import { toolId } from "./azcam_tool.ts";
import { Mover } from "./physics.ts";

const reading = { role: "observer", immediate: true } as const;

/** Whether an argument says that all stays as it is. */
function isKept(text: string): boolean {
  return text === "" || Number(text) === -1;
}

/** Filters and a monochromator: a filter in the beam, or any wavelength of the monochromator's. */
export class Wavelengths {
  static readonly filters = ["u", "g", "r", "i", "z", "clear"];
  /** The filters' central wavelengths, in nm. */
  static readonly centres = [354, 477, 623, 763, 905, 600];
  /** The limits of the monochromator, in nm. */
  static readonly shortest = 200;
  static readonly longest = 1200;
  readonly wheel: Mover = new Mover(2, 2);
  /** What the monochromator is set to; `undefined` while the filter decides. */
  #tuned: number | undefined;

  /** The filter in the beam. */
  get filter(): string {
    return Wavelengths.filters[Math.round(this.wheel.position)]!;
  }

  /** What comes through, in nm. */
  get wavelength(): number {
    return this.#tuned ?? Wavelengths.centres[Math.round(this.wheel.position)]!;
  }

  /** Moves a filter into the beam. @param name Its name or its position, from 0. */
  toFilter(name: string, signal: AbortSignal): Promise<void> {
    const { filters } = Wavelengths;
    const exact = filters.indexOf(name);
    const position = /^\d+$/.test(name) ? Number(name) : exact >= 0 ? exact : filters.indexOf(name.toLowerCase());
    if (position >= 0 && position < filters.length) return this.#toPosition(position, signal);
    throw new HeliographError(
      "bad_argument",
      `Cannot set the filter to ${shown(name)}: not one of ${filters.join(", ")}${didYouMean(name, filters)}`,
    );
  }

  /** Sets a wavelength in nm, by a filter where one has it at its centre, or by a filter's name. */
  async toWavelength(wanted: string, signal: AbortSignal): Promise<void> {
    const { filters, centres, shortest, longest } = Wavelengths;
    const wavelength = isNumber(wanted) ? Number(wanted) : undefined;
    if (wavelength === undefined && filters.includes(wanted)) return await this.toFilter(wanted, signal);
    if (wavelength !== undefined && centres.includes(wavelength)) {
      return await this.#toPosition(centres.indexOf(wavelength), signal);
    }
    if (wavelength !== undefined && wavelength >= shortest && wavelength <= longest) {
      this.#tuned = wavelength;
      return;
    }
    throw new HeliographError(
      wavelength === undefined ? "bad_argument" : "out_of_limits",
      `Cannot set the wavelength to ${shown(wanted)}: write ${shortest} to ${longest} nm, or one of ${
        filters.join(", ")
      }`,
    );
  }

  async #toPosition(position: number, signal: AbortSignal): Promise<void> {
    await this.wheel.moveTo(position, signal);
    this.#tuned = undefined;
  }

  /** azcam's commands for them. */
  commands(): Record<string, Command> {
    const filter_id = toolId("the wheel");
    const wavelength_id = toolId("the wheel or monochromator");
    return {
      get_filters: command({
        ...reading,
        summary: "List the filters of the wheel",
        arguments: { filter_id },
        run: () => Wavelengths.filters,
      }),
      get_filter: command({
        ...reading,
        summary: "Tell the filter in the beam",
        arguments: { filter_id },
        run: () => this.filter,
      }),
      set_filter: command({
        summary: "Move a filter into the beam, by name or position; answers when it is there",
        arguments: { filter_name: { type: "text", default: "", summary: "-1, None or nothing: as it is" }, filter_id },
        run: ({ filter_name }, { signal }) => isKept(filter_name) ? undefined : this.toFilter(filter_name, signal),
      }),
      get_wavelengths: command({
        ...reading,
        summary: "List the filters' central wavelengths in nm",
        arguments: { wavelength_id },
        returns: "float",
        run: () => Wavelengths.centres,
      }),
      get_wavelength: command({
        ...reading,
        summary: "Tell the wavelength that comes through in nm",
        arguments: { wavelength_id },
        returns: "float",
        run: () => this.wavelength,
      }),
      set_wavelength: command({
        summary: "Set the wavelength: a filter's by moving it into the beam, any other by the monochromator",
        arguments: {
          wavelength: {
            type: "text",
            default: "",
            summary: "in nm, or a filter's name; -1, None or nothing: as it is",
          },
          wavelength_id,
        },
        run: ({ wavelength }, { signal }) => isKept(wavelength) ? undefined : this.toWavelength(wavelength, signal),
      }),
    };
  }
}
