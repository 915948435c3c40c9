/**
 * Makes the instruments of a bench file's entries: described ones, ready-made ones, and those whose driver is code.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { HeliographError } from "../../../protocol/errors.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { computedInstrument, isComputed } from "../../devices/described/computed_instrument.ts";
import { describedInstrument } from "../../devices/described/described_instrument.ts";
import { DescriptionError } from "../../devices/described/description_error.ts";
import { type Description, descriptionSchema } from "../../devices/described/schema.ts";
import { isModule } from "../../devices/driver_process/modules.ts";
import { unitIn } from "../../devices/transports/modbus_address.ts";
import { BenchFileError, type Path, type Source } from "../../files/source.ts";
import { besideBench } from "../beside.ts";
import { CalibrationFiles } from "../calibration_files.ts";
import { mergeDescription } from "../merge.ts";
import type { GivenDriver, OwnDrivers } from "../own_drivers.ts";
import { readyMade } from "../ready_made.ts";
import type { InstrumentEntry } from "../schema.ts";
import { type SoundEntry, without } from "../sound_parts.ts";
import type { Declared } from "../stand_in.ts";
import { formProblems } from "../validate.ts";
import { DriverDescription, driverNames, mustBeThere } from "./driver_description.ts";
import { parameterValues } from "./parameters.ts";
import type { Ports } from "./ports.ts";
import type { Problems } from "./problems.ts";
import { simulationOf } from "./simulation.ts";

/** Changes the description of an instrument before it is made. */
export type Describing = (description: Description, title: string) => Description;

/** What instruments are made with, besides their entries. */
export interface MakerOptions {
  /** Changes descriptions. */
  readonly describing: Describing;
  /** Absolute paths of the folders that images may be written to. */
  readonly imageFolders: readonly string[];
  /** What the bench is called. */
  readonly benchName: string;
}

/** The most mistakes in one description that are told at once: it is read anew after each. */
const mostMistakes = 200;

/** Makes instruments from the entries of a bench file. */
export class InstrumentMaker {
  readonly #problems: Problems;
  readonly #ports: Ports;
  readonly #own: OwnDrivers;
  readonly #options: MakerOptions;
  readonly #calibrations = new CalibrationFiles();
  /** The places of the instruments that are described, by whomever, with their drivers' own files. */
  readonly #described = new Map<number, Source | undefined>();

  /** Has made none. @param own Takes the drivers that are code, which are loaded when all of them are known. */
  constructor(problems: Problems, ports: Ports, own: OwnDrivers, options: MakerOptions) {
    this.#problems = problems;
    this.#ports = ports;
    this.#own = own;
    this.#options = options;
  }

  /** Whether an instrument is made from a description. @param index Its place in the file. */
  isDescribed(index: number): boolean {
    return this.#described.has(index);
  }

  /** The file of an instrument's driver that is a description, where it has one. @param index Its place in the file. */
  driverFile(index: number): Source | undefined {
    return this.#described.get(index);
  }

  /**
   * Makes an instrument.
   *
   * @param index Its place in the file.
   * @returns `undefined` where it is wrong, or its driver is code.
   * @throws {BenchFileError} Where too little is right to go on with it.
   */
  async make({ entry, raw }: SoundEntry, index: number): Promise<Instrument | undefined> {
    const at: Path = ["instruments", index];
    const { driver } = entry;
    if (driver !== undefined && isModule(driver)) return await this.#ownDriver(entry, index, at);
    for (const word of ["permissions", "memory"] as const) {
      if (entry[word] !== undefined) {
        this.#problems.add([...at, word], "has a meaning only beside a driver that is code (.ts or .js)");
      }
    }
    if (driver !== undefined && Object.hasOwn(readyMade, driver)) return this.#readyMade(driver, entry, at);
    if (entry.options !== undefined) {
      const meaning = "has a meaning only beside a driver that is code (.ts or .js), or a ready-made one";
      this.#problems.add([...at, "options"], meaning);
    }
    this.#described.set(index, undefined);
    const found = await DriverDescription.find(driver, at, this.#problems);
    this.#described.set(index, found.source);
    return await this.#describedBy(found, entry, raw, at);
  }

  /** An instrument that heliograph itself makes by code. */
  #readyMade(driver: string, entry: InstrumentEntry, at: Path): Instrument {
    const { title, caption: _, main: _main, driver: _driver, options = {}, polling: _polling, ...others } = entry;
    const extra = Object.keys(others).find((key) => others[key as keyof typeof others] !== undefined);
    if (extra !== undefined) {
      const meaning = `has no meaning beside ${driver}: it takes title and options, caption and main`;
      throw this.#problems.error([...at, extra], meaning);
    }
    const { source } = this.#problems;
    const { options: form, make } = readyMade[driver]!;
    const problems = formProblems(form, options, source, [...at, "options"]);
    if (problems.length > 0) throw new BenchFileError(problems);
    const { imageFolders, benchName } = this.#options;
    try {
      return make(options, { title, imageFolders, benchName, stateFolder: besideBench(resolve(source.file)).state });
    } catch (error) {
      if (!(error instanceof HeliographError)) throw error;
      throw this.#problems.error([...at, "options"], error.message);
    }
  }

  /** An instrument whose driver is code: it is loaded when all that share its process are known. */
  async #ownDriver(entry: InstrumentEntry, index: number, at: Path): Promise<undefined> {
    const { title, caption: _, main: _main, driver, port: text, options = {}, line, ...rest } = entry;
    const { permissions = {}, memory, polling: _polling, ...others } = rest;
    const extra = Object.keys(others).find((key) => others[key as keyof typeof others] !== undefined);
    if (extra !== undefined) {
      throw this.#problems.error([...at, extra], `has no meaning beside a driver that is code: use options`);
    }
    const beside = dirname(resolve(this.#problems.source.file));
    const file = resolve(beside, driver!);
    await mustBeThere(file, at, this.#problems);
    const paths = (given: readonly string[] = []) => given.map((path) => resolve(beside, path));
    const { net = [], read, write } = permissions;
    const granted = { net, read: paths(read), write: paths(write) };
    const { imageFolders } = this.#options;
    const given: GivenDriver = { index, file, title, options, granted, memory, imageFolders };
    const process = this.#own.processOf(given);
    this.#own.add(given, text === undefined ? undefined : this.#ports.of({ title, at, text, line, process }));
    return undefined;
  }

  /** An instrument from what its driver and its entry say of it. */
  async #describedBy(
    found: DriverDescription,
    { title, port: text, parameters }: InstrumentEntry,
    raw: SoundEntry["raw"],
    at: Path,
  ): Promise<Instrument | undefined> {
    const { title: _, caption: _c, driver: _driver, port: _port, options: _options, polling: _p, ...described } = raw;
    const { parameters: _parameters, ...over } = described;
    const merged = mergeDescription(found.words, over);
    if (isEmpty(merged.fields) && isEmpty(merged.commands)) {
      const instead = `describe them, or name a driver: ${driverNames.join(", ")}`;
      throw this.#problems.error(at, `${title} has neither fields nor commands; ${instead}`);
    }
    const problems = formProblems(descriptionSchema, merged, this.#problems.source, at);
    if (problems.length > 0) throw new BenchFileError(problems);
    const filled = await this.#calibrations.fill(
      this.#withUnit(descriptionSchema.parse(merged), text, at),
      (path) => dirname(found.fileOf(path)),
      (path, message) => this.#problems.addAll([found.problem(path, message)]),
      (inTable) => this.#problems.addAll(inTable),
    );
    const description = this.#options.describing(filled, title);
    if (text === undefined && isComputed(description)) {
      try {
        return computedInstrument(title, description);
      } catch (error) {
        throw found.placed(error);
      }
    }
    const declared = found.words.parameters as Declared | undefined;
    const values = parameterValues(
      declared,
      parameters,
      (name, message) => this.#problems.add([...at, "parameters", name], message),
    );
    const simulated = simulationOf(found, over, description, values);
    const { line } = description;
    const port = this.#ports.orStandIn({ title, at, text, line, driver: found.builtIn, simulated }, description);
    const { commands } = found.builtIn ?? {};
    const before = this.#problems.count;
    for (let rest: Description | undefined = description; rest !== undefined;) {
      try {
        return describedInstrument({
          title,
          description: rest,
          parameters: values,
          port,
          ...(commands === undefined ? {} : { commands }),
        });
      } catch (error) {
        const failure = found.placed(error);
        if (!(failure instanceof BenchFileError)) throw failure;
        this.#problems.addAll(failure.problems);
        const enough = this.#problems.count - before >= mostMistakes;
        rest = error instanceof DescriptionError && !enough ? without(rest, error.path) : undefined;
      }
    }
    return undefined;
  }

  /** A description with the Modbus unit that its address names. */
  #withUnit(description: Description, text: string | undefined, at: Path): Description {
    const unit = text === undefined ? undefined : unitIn(this.#ports.addressOf(text));
    if (unit === undefined) return description;
    const { line = {} } = description;
    if (line.unit !== undefined && line.unit !== unit) {
      this.#problems.add([...at, "line", "unit"], `is ${line.unit}, and the address says unit=${unit}`);
    }
    return { ...description, line: { ...line, unit } };
  }
}

function isEmpty(table: unknown): boolean {
  return typeof table !== "object" || table === null || Object.keys(table).length === 0;
}
