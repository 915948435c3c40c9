/**
 * Finds what a bench file or a run names: an instrument, a setting, a command.
 *
 * @module
 */

import type { Command } from "./command.ts";
import type { BenchField } from "./field.ts";
import type { Instrument } from "./instrument.ts";
import { didYouMean, identifierOf, listed, ownInstruments } from "./names.ts";

/** An instrument as a file of people names it. @throws {TypeError} Where there is none. */
export function instrumentCalled(name: string, instruments: readonly Instrument[]): Instrument {
  const others = instruments.filter((each) => !ownInstruments.has(each.name));
  const wanted = identifierOf(name);
  const found = others.find((each) => each.name === wanted);
  if (found !== undefined) return found;
  if (ownInstruments.has(wanted)) throw new TypeError(`${wanted} is heliograph's own, and is not driven`);
  const names = others.map((each) => each.name);
  throw new TypeError(`there is no instrument ${name}${didYouMean(name, names)}; there is ${listed(names)}`);
}

/** The two halves of `INSTRUMENT.NAME`. */
export function placeOf(text: string, instruments: readonly Instrument[]): [instrument: Instrument, name: string] {
  const [instrument = "", name = ""] = text.split(".");
  return [instrumentCalled(instrument, instruments), name];
}

/** A setting of an instrument. @throws {TypeError} Where there is none. */
export function settingOf(instrument: Instrument, name: string): BenchField {
  const wanted = identifierOf(name);
  const settings = instrument.allFields.filter(({ access }) => access === "setting");
  const field = instrument.allFields.find((each) => each.name === wanted);
  if (field?.access === "setting") return field;
  const names = settings.map((each) => each.name);
  const there = names.length === 0 ? "it has no settings" : `its settings are ${listed(names)}`;
  if (field !== undefined) throw new TypeError(`${field.title} of ${instrument.title} is a readout; ${there}`);
  throw new TypeError(`${instrument.title} has no setting ${name}${didYouMean(name, names)}; ${there}`);
}

/** A command of an instrument, its own. @throws {TypeError} Where there is none. */
export function commandOf(instrument: Instrument, name: string): Command {
  const command = instrument.commands.get(name);
  if (command !== undefined) return command;
  const names = [...instrument.commands.keys()];
  const there = names.length === 0 ? "it has none of its own" : `it has ${listed(names)}`;
  throw new TypeError(`${instrument.title} has no command ${name}${didYouMean(name, names)}; ${there}`);
}
