/**
 * Loads a bench file, and makes its instruments.
 *
 * @module
 */

import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { defined } from "../../protocol/defined.ts";
import { describedInstrument } from "../devices/described/described_instrument.ts";
import { computedInstrument, isComputed } from "../devices/described/computed_instrument.ts";
import { DescriptionError } from "../devices/described/description_error.ts";
import { type Pattern, wholePattern } from "../devices/described/pattern.ts";
import { type Description, descriptionSchema } from "../devices/described/schema.ts";
import { builtInDrivers } from "../devices/drivers/drivers.ts";
import type { Driver } from "../devices/drivers/driver.ts";
import type { FleetWords } from "../fleet/fleet_schema.ts";
import { compileGuards } from "../guards/compiled.ts";
import { handOn } from "../guards/handed_on.ts";
import type { GuardsWords } from "../guards/guards_schema.ts";
import { checkMessages, secretFilesOf, withFiles } from "../messages/ways.ts";
import type { MessagesWords } from "../messages/messages_schema.ts";
import { checkDriven } from "../mqtt/mqtt_commands.ts";
import { mqttFiles, type MqttWords } from "../mqtt/mqtt_schema.ts";
import { compileFields } from "../expressions/computed_fields.ts";
import type { UnknownName } from "../expressions/bench_environment.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { automationFields } from "../bench/automation_fields.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import { NobodyElsewhere } from "../bench/elsewhere.ts";
import { Instrument } from "../bench/instrument.ts";
import { mainNames } from "../bench/declaration.ts";
import { didYouMean, identifierOf, listed, nearestFirst } from "../bench/names.ts";
import { DescribedSimulator } from "../devices/simulators/described_simulator.ts";
import type { DescriptionSimulator, Simulator } from "../devices/simulators/simulator.ts";
import {
  type Address,
  fileOf,
  misplacedWords,
  nobodyAt,
  parseAddress,
  portName,
  serialPortOf,
  settledFormat,
} from "../devices/transports/address.ts";
import { completed, shapeIn, shapeProblem } from "../devices/transports/framing.ts";
import { lineCodec, withBytes } from "../devices/transports/line_codec.ts";
import { unitIn } from "../devices/transports/modbus_address.ts";
import { type LineFormat, Port } from "../devices/transports/port.ts";
import { DriverProcesses } from "../devices/driver_process/driver_processes.ts";
import { settled } from "../../protocol/setting.ts";
import type { SandboxOptions } from "../code/options.ts";
import { besideBench, notABench } from "./beside.ts";
import { driverApi } from "../devices/driver_process/driver_api.ts";
import { CalibrationFiles } from "./calibration_files.ts";
import { readDrawing } from "./drawing.ts";
import { bindTo } from "./drawing_words.ts";
import { dataLogOptions } from "./data_log_settings.ts";
import { mergeDescription } from "./merge.ts";
import { isModule, loadModule } from "../devices/driver_process/modules.ts";
import { type GivenDriver, OwnDrivers } from "./own_drivers.ts";
import { readyMade } from "./ready_made.ts";
import { recordsOptions } from "./records_settings.ts";
import { chosenBy } from "../bench/field_choice.ts";
import { benchSchema, driverSchema, type InstrumentEntry } from "./schema.ts";
import { type AccessWords, accessWordsOf } from "./access_words.ts";
import { roles } from "../../protocol/vocabulary.ts";
import { type ServerSettings, serverSettings } from "./server_settings.ts";
import { BenchFileError, type Path, type Problem, Source } from "../files/source.ts";
import { textOf } from "../files/text_encoding.ts";
import { type SoundEntry, soundParts, without } from "./sound_parts.ts";
import { type Declared, nowhere, someParameter, somewhere, standIn } from "./stand_in.ts";
import { formProblems } from "./validate.ts";

/**
 * A bench as its file describes it.
 *
 * @example
 * ```ts
 * import { type LoadedBench, loadBench } from "@heliograph/heliograph";
 *
 * // The titles of what stands on a bench; it is not served.
 * async function titles(file: string): Promise<string[]> {
 *   const bench: LoadedBench = await loadBench(file);
 *   await bench.close();
 *   return bench.instruments.map(({ title }) => title);
 * }
 * ```
 */
export interface LoadedBench {
  /** What it is called; `undefined` where the file does not say. */
  readonly name: string | undefined;
  /** What stands on it. */
  readonly instruments: Instrument[];
  /** Where the server listens, as far as the file says. */
  readonly server: Partial<ServerSettings>;
  /** What code may do, as far as the file says. */
  readonly code: Partial<Omit<SandboxOptions, "permissions" | "hostCommand">> & SandboxOptions["permissions"];
  /** Who may do what, as far as the file says: roles, the roles of addresses, and whether this PC needs tokens. */
  readonly access?: {
    /** The roles of this bench, besides those that every bench has. */
    readonly roles?: Readonly<Record<string, readonly string[]>> | undefined;
    /** Addresses and networks, and the names of roles. */
    readonly addresses?: Readonly<Record<string, string>> | undefined;
    /** Whether who is on this PC may do everything, or needs a token. @default "open" */
    readonly loopback?: "open" | "token" | undefined;
    /** A certificate of one's own and its key: the absolute paths of PEM files. @default the server makes its own */
    readonly tls?: { readonly cert: string; readonly key: string } | undefined;
    /** An institute whose people may sign in, with OpenID Connect. @default none */
    readonly openid?: object | undefined;
    /** The addresses of proxies before the web port that are believed. @default none */
    readonly trustedProxies?: readonly string[] | undefined;
  };
  /** What is kept of what happens; `undefined` where it is to be nothing. */
  readonly records: {
    /** The absolute path of the folder; it is made where it is not there. */
    readonly folder: string;
    /** For how long the journal is kept, in days. @default 3650: ten years */
    readonly journalDays?: number;
    /** The room that the journal may take, in bytes; of more, the oldest are forgotten. @default 2 GB */
    readonly journalBytes?: number;
    /** For how long single readings are kept, in days; minutes of them stay. @default 90 */
    readonly rawDays?: number;
    /** For how long what is left of them by minutes is kept, in days. @default 3650: ten years */
    readonly minutesDays?: number;
    /** The room that the journal and the readings may take together, in bytes. @default 10 GB */
    readonly bytes?: number;
  } | undefined;
  /** Into which folder PyOpticon's data log is written, an absolute path; and what of it begins with the server. */
  readonly datalog: {
    readonly folder: string;
    readonly start?: {
      /** A file of the folder. @default PyOpticon's name, of the time when it begins */
      readonly name?: string | undefined;
      /** How often a row is written. @default "0:00:10" */
      readonly every?: string | undefined;
      /** Instruments, and fields as `INSTRUMENT.FIELD`. @default all that belongs into a log */
      readonly fields?: readonly string[] | undefined;
    } | undefined;
  };
  /** Where on Earth the bench stands, if it says so: in degrees, and metres above the sea. */
  readonly site?: { readonly latitude: number; readonly longitude: number; readonly elevation?: number | undefined };
  /** The serial ports that it names: no other is ever opened. */
  readonly serialPorts: string[];
  /** Files that other programs write, and instruments are read from. */
  readonly files: string[];
  /** What it says of guards, for the server; `undefined` where it says nothing. */
  readonly guards?: object | undefined;
  /** The fields of other PCs that guards speak of, which cannot be checked before those are there. @default none */
  readonly unchecked?: readonly string[] | undefined;
  /** What it says of messages, for the server; `undefined` where it says nothing. */
  readonly messages?: object | undefined;
  /** What it says of its fleet, for the server; `undefined` where it is in none. */
  readonly fleet?: object | undefined;
  /** What it says of MQTT, for the server; `undefined` where it says nothing. */
  readonly mqtt?: object | undefined;
  /** The drawing of the bench, if it has one: the SVG, and the absolute path of its file. */
  readonly overview?: { readonly svg: string; readonly file?: string };
  /** Absolute paths of the folders that images may be written to. */
  readonly imageFolders: readonly string[];
  /**
   * Files with secrets that are not there: the bench is served all the same.
   *
   * @internal
   */
  readonly missing: readonly Problem[];
  /**
   * The ports of its instruments by title, of those that have one.
   *
   * @internal
   */
  readonly ports: ReadonlyMap<string, Port>;
  /** Ends the processes of its drivers, where it is not served: a bench that stops ends them too. */
  close(): Promise<void>;
}

/**
 * Loads a bench file.
 *
 * @example
 * ```ts
 * import { HeliographServer, loadBench } from "@heliograph/heliograph";
 *
 * const file = await Deno.makeTempFile({ suffix: ".json" });
 * await Deno.writeTextFile(file, `{ "instruments": [{ "title": "Telescope", "driver": "simulated-telescope" }] }`);
 * const { instruments } = await loadBench(file);
 * await using server = new HeliographServer({ instruments, commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * console.log(await server.commandServer.command("list")); // OK telescope
 * await Deno.remove(file);
 * ```
 *
 * @param file JSON with comments; or `.ts` or `.js`, which exports the same as a value, or a function that is given
 * heliograph and returns it. There `instruments` may also hold instruments that were made by `defineInstrument`.
 * @param redirect Changes an instrument's address before its port is made, to a simulator's for example. It is given
 * the address as the bench file has it, what makes the instrument's simulator where its driver has one, what people
 * call it, and what makes a simulator of its description; `missing` says what of that is not simulated. @default as they
 * are
 * @param imageFolders Absolute paths of the folders that images may be written to. @default what the file says, or
 * `images` beside it
 * @returns The bench. No port has been opened; drivers that are code have been loaded, each in its process.
 * @throws {BenchFileError} With all that is wrong, where, and what would be right.
 */
export function loadBench(
  file: string,
  redirect?: (
    address: string,
    simulator: (() => Simulator) | undefined,
    title: string,
    described: (() => Simulator & { readonly missing: readonly string[] }) | undefined,
  ) => string,
  imageFolders?: readonly string[],
): Promise<LoadedBench> {
  return loadBenchWith(new DriverProcesses(), file, redirect, imageFolders);
}

type Redirect = NonNullable<Parameters<typeof loadBench>[1]>;

/** Changes the description of an instrument before it is made. */
export type Describing = (description: Description, title: string) => Description;

/**
 * Loads a bench file whose drivers that are code are run by what is given.
 *
 * @param drivers What runs them; it is closed where the file cannot be loaded.
 * @param describing Changes descriptions. @default as they are
 */
export async function loadBenchWith(
  drivers: DriverProcesses,
  file: string,
  redirect: Redirect = (address) => address,
  imageFolders?: readonly string[],
  describing: Describing = (description) => description,
): Promise<LoadedBench> {
  const message = notABench(file);
  if (message !== undefined) throw new BenchFileError([{ file, where: "", message }]);
  const problems: Problem[] = [];
  const source = await readSource(file, problems);
  try {
    return await new Loader(source, redirect, imageFolders, drivers, problems, describing).load();
  } catch (error) {
    await drivers.close();
    throw error;
  }
}

/**
 * Loads a bench file, or a description in a file of its own, for what simulates its instruments.
 *
 * @param file JSON with comments, or a module as of {@linkcode loadBench}.
 * @param parameters What fills the places of a description's commands, where it has no defaults.
 * @param redirect As of {@linkcode loadBench}; what it returns is not connected to.
 * @param drivers Run the drivers of one's own that stand beside it.
 * @throws {BenchFileError} With all that is wrong, where, and what would be right.
 */
export async function loadSimulated(
  file: string,
  parameters: Readonly<Record<string, string>>,
  redirect: Redirect,
  drivers: DriverProcesses = new DriverProcesses(),
): Promise<void> {
  try {
    if (isModule(file) || isBench(Source.read(file, await readBytes(file)).value)) {
      await loadBenchWith(drivers, file, redirect);
      return;
    }
    const path = resolve(file);
    const instrument = { title: basename(path), driver: basename(path), port: "tcp://127.0.0.1:1", parameters };
    const source = Source.ofValue(join(dirname(path), "bench.json"), { instruments: [instrument] });
    await new Loader(source, redirect, undefined, drivers, []).load();
  } finally {
    await drivers.close();
  }
}

/**
 * What a bench file says of who may do what; nothing else of it is looked at.
 *
 * @param file The bench file.
 * @throws {BenchFileError} Where it cannot be read.
 */
export async function readAccessWords(file: string): Promise<AccessWords> {
  const words = accessWordsOf((await readSource(file, [])).value);
  if (words !== undefined) return words;
  const message = "what it says of roles or addresses is wrong; “heliograph check” tells what";
  throw new BenchFileError([{ file, where: "", message }]);
}

/** An instrument that stands on the bench already, and stays as it is. */
export interface Standing {
  /** It. */
  readonly instrument: Instrument;
  /** Its port, where it has one. */
  readonly port: Port | undefined;
}

/**
 * Loads a bench whose file is changed while it runs: only what does not stand there yet is made, without reading a file.
 *
 * @param source The file as it is to be.
 * @param standing What stands there, by the place in the file.
 * @param options `redirect` as of {@linkcode loadBench}; where images may be written; the overview drawing.
 * @throws {BenchFileError} With all that is wrong, where, and what would be right.
 */
export async function loadChanged(
  source: Source,
  standing: ReadonlyMap<number, Standing>,
  { redirect = (address) => address, imageFolders, drawing, beside = [] }: {
    readonly redirect?: Redirect | undefined;
    readonly imageFolders: readonly string[];
    /** The overview drawing, as SVG, that is to fit what it becomes. @default it is not looked at */
    readonly drawing?: string | undefined;
    /** Ports that are used where they are named, besides those of what stands there. @default none */
    readonly beside?: readonly Port[];
  },
): Promise<LoadedBench> {
  const drivers = new DriverProcesses();
  try {
    const loader = new Loader(source, redirect, imageFolders, drivers, [], undefined, standing);
    for (const port of beside) loader.useToo(port);
    loader.useDrawing(drawing);
    return await loader.load();
  } finally {
    await drivers.close();
  }
}

/**
 * Loads a description in a file of its own, to check it: somewhere it is given a port of the kind that its words need, and
 * its parameters what they may be.
 *
 * @returns `undefined` where the file is a bench file, or code.
 * @throws {BenchFileError} With all that is wrong, where, and what would be right.
 */
export async function loadDescription(drivers: DriverProcesses, file: string): Promise<Instrument | undefined> {
  if (isModule(file) || notABench(file) !== undefined) return undefined;
  let value: unknown;
  try {
    value = Source.read(file, await readBytes(file)).value;
  } catch (error) {
    // What is wrong with its form is told where it is read as a bench file.
    if (error instanceof BenchFileError) return undefined;
    throw error;
  }
  const isDescription = typeof value === "object" && value !== null && !isBench(value) &&
    ["fields", "commands"].some((word) => Object.hasOwn(value, word)) && !Object.hasOwn(value, "port");
  if (!isDescription) return undefined;
  const path = resolve(file);
  const parsed = driverSchema.safeParse(value);
  const declared = Object.entries((value as { parameters?: Declared }).parameters ?? {});
  const instrument = {
    title: "It",
    driver: basename(path),
    port: parsed.success ? somewhere(parsed.data) : nowhere,
    parameters: Object.fromEntries(declared.map(([name, spec]) => [name, someParameter(spec)])),
  };
  const bench = join(dirname(path), "bench.json");
  const source = Source.ofValue(bench, { instruments: [instrument] });
  try {
    return (await new Loader(source, (address) => address, undefined, drivers, []).load()).instruments[0];
  } catch (error) {
    if (!(error instanceof BenchFileError)) throw error;
    throw new BenchFileError(
      error.problems.map((problem) =>
        problem.file === bench
          ? { file, where: problem.where.replace(/^instruments\[0\]\.?/, ""), message: problem.message }
          : { ...problem, file: problem.file === path ? file : problem.file }
      ),
    );
  } finally {
    await drivers.close();
  }
}

/** Whether somebody wrote one instrument where a bench should be. */
function isOneInstrument(value: unknown): boolean {
  return typeof value === "object" && value !== null && "title" in value && ("port" in value || "driver" in value);
}

function isBench(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "instruments");
}

/** What a section says; a module may say that something is `undefined`, which says nothing. */
function told<T extends object>(section: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return defined(section) as never;
}

async function readSource(file: string, problems: Problem[]): Promise<Source> {
  if (!isModule(file)) return Source.read(file, await readBytes(file), problems);
  const exported = await loadModule(file);
  if (typeof exported !== "function") return Source.ofValue(file, exported);
  try {
    return Source.ofValue(file, await exported(driverApi));
  } catch (error) {
    const { name, message } = error as Error;
    throw new BenchFileError([{ file, where: "", message: `its function failed: ${name}: ${message}` }]);
  }
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(file);
  } catch (error) {
    const message = error instanceof Deno.errors.NotFound
      ? 'there is no such file; "heliograph init" writes one to begin with'
      : error instanceof Deno.errors.IsADirectory || (error as Error).message.includes("Is a directory")
      ? "is a folder; name the file in it"
      : `cannot be read: ${(error as Error).message}`;
    throw new BenchFileError([{ file, where: "", message }]);
  }
}

/** A bench file whose form is right. */
function wellFormed(described: unknown): ReturnType<typeof soundParts> {
  const bench = benchSchema.parse(described);
  const { instruments } = described as { instruments: SoundEntry["raw"][] };
  return { bench, entries: bench.instruments.map((entry, index) => ({ entry, raw: instruments[index]! })) };
}

/** The most mistakes in one description that are told at once: it is read anew after each. */
const mostMistakes = 200;

/** Names that heliograph's own instruments will have; `api` has its own already. */
const reserved: ReadonlySet<string> = new Set(["automation", "fleet", "guards", "messages"]);

/** A description with where its parts come from. */
interface Found {
  readonly description: Readonly<Record<string, unknown>>;
  readonly driver: Driver | undefined;
  /** The driver's own file, for problems that are in it. */
  readonly source: Source | undefined;
}

class Loader {
  readonly #source: Source;
  readonly #redirect: Redirect;
  readonly #problems: Problem[];
  readonly #missing: Problem[] = [];
  readonly #ports = new Map<string, { port: Port; title: string; process: string }>();
  readonly #describing: Describing;
  readonly #portOf = new Map<string, Port>();
  readonly #drivers: DriverProcesses;
  readonly #own: OwnDrivers;
  readonly #calibrations = new CalibrationFiles();
  readonly #standing: ReadonlyMap<number, Standing>;
  #named: Readonly<Record<string, string>> = {};
  /** The drawing, where its file is not to be read. */
  #drawing: { readonly svg: string | undefined } | undefined;
  /** The drivers' own files, by the places of their instruments. */
  readonly #sources = new Map<number, Source>();
  /** The places of the instruments that are described, by whomever. */
  readonly #described = new Set<number>();
  #imageFolders: readonly string[] | undefined;
  #benchName = "heliograph";

  constructor(
    source: Source,
    redirect: Redirect,
    imageFolders: readonly string[] | undefined,
    drivers: DriverProcesses,
    problems: Problem[],
    describing: Describing = (description) => description,
    standing: ReadonlyMap<number, Standing> = new Map(),
  ) {
    this.#describing = describing;
    this.#standing = standing;
    this.#problems = problems;
    this.#drivers = drivers;
    this.#own = new OwnDrivers(drivers);
    this.#source = source;
    this.#redirect = redirect;
    this.#imageFolders = imageFolders;
  }

  /** An instrument on this port shares it with what runs. */
  useToo(port: Port): void {
    this.#ports.set(port.name, { port, title: "what runs on it now", process: "" });
  }

  /** The drawing was read already, and its file is not read. @param svg It. @default none is looked at */
  useDrawing(svg: string | undefined): void {
    this.#drawing = { svg };
  }

  async load(): Promise<LoadedBench> {
    const source = this.#source;
    // Instruments made by code are not described, and are checked where they were made.
    const made = new Map<number, Instrument>();
    const given = (source.value as { instruments?: unknown } | undefined)?.instruments;
    const entries = Array.isArray(given) ? given : [];
    for (const [index, entry] of entries.entries()) if (entry instanceof Instrument) made.set(index, entry);
    const described = made.size === 0 ? source.value : {
      ...source.value as object,
      instruments: entries.map((entry, index) => made.has(index) ? { title: made.get(index)!.title } : entry),
    };
    const wrong = given === undefined && isOneInstrument(described)
      ? [source.problem([], 'is one instrument: a bench has a list of them, { "instruments": [ {…} ] }')]
      : formProblems(benchSchema, described, source);
    this.#problems.push(...wrong);
    const { bench, entries: sound } = wrong.length > 0 ? soundParts(described) : wellFormed(described);
    this.#named = bench.ports ?? {};
    this.#benchName = bench.name ?? this.#benchName;
    const beside = dirname(resolve(source.file));
    this.#imageFolders ??= settled(serverSettings, bench.server ?? {}).imageFolders.map((folder) =>
      resolve(beside, folder)
    );
    const instruments: (Instrument | undefined)[] = [];
    for (const [index, { instrument, port }] of this.#standing) {
      made.set(index, instrument);
      if (port === undefined) continue;
      const { title, driver } = entries[index] as { title: string; driver?: string };
      // A driver that is code has a process of its own.
      const process = driver !== undefined && isModule(driver) ? title : "";
      if (!this.#ports.has(port.name)) this.#ports.set(port.name, { port, title, process });
      this.#portOf.set(title, port);
    }
    for (const [index, each] of sound.entries()) {
      instruments[index] = made.get(index) ??
        (each && await this.#collect(() => this.#instrument(each.entry, each.raw, index)));
    }
    this.#checkNames(entries);
    this.#checkRoles(bench);
    for (const [index, instrument] of await this.#own.load((problems) => this.#problems.push(...problems))) {
      instruments[index] = instrument;
    }
    this.#checkComputed(instruments, entries);
    const elsewhere = bench.fleet && new NobodyElsewhere("other PCs are not asked when a file is checked");
    const guards = this.#guards(bench, instruments, elsewhere);
    const messages = await this.#messages(bench.messages, beside);
    for (const [index, each] of sound.entries()) this.#setMain(instruments[index], each?.entry.main, index);
    const overview = await this.#overview(bench.overview, instruments.flatMap((instrument) => instrument ?? []));
    this.#stop();
    for (const [index, each] of sound.entries()) {
      if (each?.entry.caption !== undefined) instruments[index]!.caption = each.entry.caption;
      if (each?.entry.polling === false && !this.#standing.has(index)) {
        const { away, contact } = switchedOff;
        if (instruments[index]!.contact?.restarts === true) instruments[index]!.away = away;
        else this.#problem(["instruments", index, "polling"], contact);
      }
    }
    this.#checkFields(
      ["datalog", "fields"],
      bench.datalog?.fields,
      instruments.flatMap((instrument) => instrument ?? []),
    );
    for (const [name, person] of Object.entries(bench.messages?.people ?? {})) {
      if (person.mqtt === undefined || bench.mqtt !== undefined) continue;
      this.#problem(["messages", "people", name, "mqtt"], 'needs a broker: say "mqtt" in the bench file');
    }
    const mqtt = await this.#mqtt(bench.mqtt, instruments.flatMap((instrument) => instrument ?? []), beside);
    this.#stop();
    handOn(instruments.flatMap((instrument) => instrument ?? []), guards);
    const addresses = [...this.#ports.values()].map(({ port }) => port.address);
    return {
      name: bench.name,
      instruments: instruments.flatMap((instrument) => instrument ?? []),
      server: told(bench.server ?? {}),
      code: told(bench.code ?? {}),
      access: {
        roles: bench.roles,
        addresses: bench.addresses,
        loopback: bench.loopback,
        tls: bench.tls && { cert: resolve(beside, bench.tls.cert), key: resolve(beside, bench.tls.key) },
        openid: bench.openid && {
          ...bench.openid,
          clientSecretFile: bench.openid.clientSecretFile && resolve(beside, bench.openid.clientSecretFile),
        },
        trustedProxies: bench.trustedProxies,
      },
      imageFolders: this.#imageFolders,
      records: recordsOptions(bench.records, beside, besideBench(resolve(source.file)).records),
      ...(guards === undefined ? {} : { guards }),
      unchecked: elsewhere?.named ?? [],
      ...(messages === undefined ? {} : { messages }),
      ...(bench.fleet === undefined ? {} : {
        fleet: {
          ...bench.fleet,
          credentials: bench.fleet.credentials && resolve(beside, bench.fleet.credentials),
          authority: bench.fleet.authority && resolve(beside, bench.fleet.authority),
          gather: bench.fleet.gather && resolve(beside, bench.fleet.gather),
        },
      }),
      ...(mqtt === undefined ? {} : { mqtt }),
      datalog: dataLogOptions(bench.datalog, beside),
      ...(bench.site === undefined ? {} : { site: bench.site }),
      ...(overview === undefined ? {} : { overview }),
      missing: this.#missing,
      ports: this.#portOf,
      serialPorts: addresses.flatMap((address) => serialPortOf(address) ?? []),
      files: addresses.flatMap((address) => fileOf(address) ?? []),
      close: () => this.#drivers.close(),
    };
  }

  /** Reads the drawing, and checks what it names. */
  async #overview(name: string | undefined, instruments: readonly Instrument[]): Promise<LoadedBench["overview"]> {
    if (name === undefined) return undefined;
    const wrongAlready = this.#problems.length > 0;
    const folder = dirname(resolve(this.#source.file));
    const file = join(folder, name);
    if (isAbsolute(name) || dirname(file) !== folder || !/\.svg$/i.test(name)) {
      this.#problem(["overview"], `is ${name}; it must be the name of an SVG file beside the bench file`);
      return undefined;
    }
    let svg: string | undefined;
    try {
      svg = this.#drawing === undefined ? textOf(await Deno.readFile(file)) : this.#drawing.svg;
    } catch (error) {
      const message = error instanceof Deno.errors.NotFound
        ? `there is no file ${file}`
        : `${file} cannot be read: ${(error as Error).message}`;
      this.#problem(["overview"], message);
      return undefined;
    }
    if (svg === undefined) return undefined;
    const { drawing, problems } = readDrawing(svg, bindTo(instruments));
    // Of a bench that is wrong itself, not all is there that may be named.
    if (drawing === undefined || !wrongAlready) this.#problems.push(...problems.map((each) => ({ file, ...each })));
    return { svg, file };
  }

  /** Checks which fields are named somewhere, once all of the bench is known. */
  #checkFields(path: Path, fields: readonly string[] = [], instruments: readonly Instrument[]): void {
    for (const [index, entry] of fields.entries()) {
      try {
        chosenBy(instruments, entry);
      } catch (error) {
        this.#problem([...path, index], (error as Error).message);
      }
    }
  }

  #stop(): void {
    if (this.#problems.length === 0) return;
    // In the order of the file, as people go through it.
    throw new BenchFileError(
      this.#problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
    );
  }

  /** Addresses and groups have roles that there are. */
  #checkRoles(
    { roles: named = {}, addresses = {}, openid, fleet, mqtt }: AccessWords & {
      readonly fleet?: FleetWords | undefined;
      readonly mqtt?: MqttWords | undefined;
    },
  ): void {
    const known = [...roles, ...Object.keys(named)];
    const check = (path: Path, roles: Readonly<Record<string, string>>) => {
      for (const [whose, role] of Object.entries(roles)) {
        if (known.includes(role)) continue;
        this.#problem([...path, whose], `is ${role}${didYouMean(role, known)}; roles are ${known.join(", ")}`);
      }
    };
    check(["addresses"], addresses);
    check(["openid", "groups"], openid?.groups ?? {});
    check(["fleet", "roles"], fleet?.roles ?? {});
    check(["mqtt"], mqtt?.role === undefined ? {} : { role: mqtt.role });
  }

  #problem(path: Path, message: string): void {
    this.#problems.push(this.#source.problem(path, message));
  }

  async #collect<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BenchFileError)) throw error;
      this.#problems.push(...error.problems);
      return undefined;
    }
  }

  /** Checks what is computed, once all of the bench is known. */
  #checkComputed(instruments: readonly (Instrument | undefined)[], entries: readonly unknown[]): void {
    const wrongAlready = this.#problems.length > 0;
    const there = instruments.flatMap((instrument) => instrument ?? []);
    for (const { instrument, field, message, unknown } of compileFields(there).problems) {
      // What is wrong itself is not there, and that is told already.
      if (wrongAlready && unknown !== undefined && mayBeMeant(entries, unknown)) continue;
      const index = instruments.indexOf(instrument);
      const path = ["fields", field.title, "compute"];
      const at: Path = ["instruments", index];
      const driver = this.#sources.get(index);
      if (this.#source.has([...at, ...path])) this.#problem([...at, ...path], message);
      else if (driver?.has(path)) this.#problems.push(driver.problem(path, message));
      else this.#problem(at, `${path.join(".")}: ${message}`);
    }
  }

  /** Checks the guards, once all of the bench is known; what is wrong itself is told first. */
  #guards(
    bench: GuardsWords,
    instruments: readonly (Instrument | undefined)[],
    elsewhere: NobodyElsewhere | undefined,
  ): GuardsWords | undefined {
    const { interlocks, safeState, watchdogs, alarms, limits } = bench;
    const alarmed = instruments.some((each) => each?.allFields.some(({ spec }) => spec.alarm !== undefined));
    if (!alarmed && (interlocks ?? safeState ?? watchdogs ?? alarms ?? limits) === undefined) return undefined;
    if (this.#problems.length > 0) return undefined;
    const words = { interlocks, safeState, watchdogs, alarms, limits };
    // What is served by a file has runs, whose fields conditions may speak of.
    const automation = defineInstrument({ title: "automation", fields: automationFields });
    const all = [...instruments.flatMap((each) => each ?? []), automation];
    for (const { path, message } of compileGuards(words, all, undefined, elsewhere).problems) {
      this.#problem(path, message);
    }
    return words;
  }

  /** Checks who is told of alarms; a file with a secret that is not there keeps no bench from being served. */
  async #messages(given: MessagesWords | undefined, beside: string): Promise<MessagesWords | undefined> {
    if (given === undefined) return undefined;
    checkMessages(given, (path, message) => this.#problem(["messages", ...path], message));
    for (const { path, file } of this.#standing.size > 0 ? [] : secretFilesOf(given)) {
      const found = resolve(beside, file);
      const isThere = await Deno.stat(found).then(({ isFile }) => isFile, () => false);
      if (!isThere) this.#missing.push(this.#source.problem(["messages", ...path], `there is no file ${found}`));
    }
    return withFiles(given, (file) => resolve(beside, file));
  }

  /** Checks what is published and driven by MQTT; a file that is not there keeps no bench from being served. */
  async #mqtt(
    given: MqttWords | undefined,
    instruments: readonly Instrument[],
    beside: string,
  ): Promise<MqttWords | undefined> {
    if (given === undefined) return undefined;
    // Of a bench that is wrong itself, not all is there that may be named.
    if (this.#problems.length === 0) {
      this.#checkFields(["mqtt", "fields"], given.fields, instruments);
      checkDriven(given.commands ?? [], instruments, (index, why) => this.#problem(["mqtt", "commands", index], why));
    }
    if (given.passwordFile !== undefined && given.user === undefined) {
      this.#problem(["mqtt", "user"], "is missing: MQTT takes no password without a user");
    }
    if ((given.certificateFile === undefined) !== (given.keyFile === undefined)) {
      this.#problem(["mqtt"], "certificateFile and keyFile belong together: give both, or neither");
    } else if (given.certificateFile !== undefined && /^mqtt:/i.test(given.broker)) {
      this.#problem(["mqtt", "broker"], "must be mqtts:// where this PC proves itself by a certificate");
    }
    const words: { -readonly [word in keyof MqttWords]: MqttWords[word] } = { ...given };
    for (const word of mqttFiles) {
      const file = given[word];
      if (file === undefined) continue;
      const found = words[word] = resolve(beside, file);
      if (this.#standing.size > 0) continue;
      const isThere = await Deno.stat(found).then(({ isFile }) => isFile, () => false);
      if (!isThere) this.#missing.push(this.#source.problem(["mqtt", word], `there is no file ${found}`));
    }
    return words;
  }

  /** Has an instrument that code makes show what its entry names; a described one does so already. */
  #setMain(instrument: Instrument | undefined, given: readonly string[] | undefined, index: number): void {
    if (instrument === undefined || given === undefined || this.#described.has(index)) return;
    const titles = instrument.allFields.map(({ title }) => title);
    instrument.main = mainNames(
      given,
      titles,
      (at, why) => this.#problem(["instruments", index, "main", at], why),
    );
  }

  #checkNames(entries: readonly unknown[]): void {
    const seen = new Map<string, string>([["api", "api, which answers commands without an instrument"]]);
    for (const [index, entry] of entries.entries()) {
      const title = (entry as { title?: unknown } | null)?.title;
      if (typeof title !== "string" || !/[a-z0-9]/i.test(title)) continue;
      const name = identifierOf(title);
      if (reserved.has(name)) {
        const instead = `Bench ${title.trim()}`;
        this.#problem(
          ["instruments", index, "title"],
          `${title} is called ${name}, and that name is kept for an instrument of heliograph's own; ` +
            `give another title, for example ${instead}, which clients reach as ${identifierOf(instead)}`,
        );
      }
      const other = seen.get(name);
      if (other !== undefined) {
        this.#problem(["instruments", index, "title"], `${title} is called ${name}, as is ${other}`);
      }
      seen.set(name, title);
    }
  }

  async #instrument(
    entry: InstrumentEntry,
    raw: SoundEntry["raw"],
    index: number,
  ): Promise<Instrument | undefined> {
    const at: Path = ["instruments", index];
    const { title, driver: driverName, port: portText, options, parameters } = entry;
    if (driverName !== undefined && isModule(driverName)) return await this.#ownDriver(entry, index, at);
    const wrong = (path: Path, message: string) =>
      new BenchFileError([this.#source.problem([...at, ...path], message)]);
    for (const word of ["permissions", "memory"] as const) {
      if (entry[word] !== undefined) {
        this.#problem([...at, word], "has a meaning only beside a driver that is code (.ts or .js)");
      }
    }
    if (driverName !== undefined && Object.hasOwn(readyMade, driverName)) return this.#readyMade(driverName, entry, at);
    if (options !== undefined) {
      const meaning = "has a meaning only beside a driver that is code (.ts or .js), or a ready-made one";
      this.#problem([...at, "options"], meaning);
    }
    this.#described.add(index);
    const found = await this.#driver(driverName, at);
    if (found.source !== undefined) this.#sources.set(index, found.source);
    const { title: _, caption: _c, driver: _driver, port: _port, options: _options, polling: _p, ...described } = raw;
    const { parameters: _parameters, ...over } = described;
    const merged = mergeDescription(found.description, over);
    if (isEmpty(merged.fields) && isEmpty(merged.commands)) {
      const drivers = [...Object.keys(builtInDrivers), ...Object.keys(readyMade)].join(", ");
      throw wrong([], `${title} has neither fields nor commands; describe them, or name a driver: ${drivers}`);
    }
    const problems = formProblems(descriptionSchema, merged, this.#source, at);
    if (problems.length > 0) throw new BenchFileError(problems);
    const parsed = this.#withUnit(descriptionSchema.parse(merged), portText, at);
    const filled = await this.#calibrations.fill(
      parsed,
      (path) => dirname((this.#isOfDriver(path, at, found.source) ? found.source! : this.#source).file),
      (path, message) => void this.#problems.push(this.#partProblem(path, message, at, found.source)),
      (inTable) => void this.#problems.push(...inTable),
    );
    const description = this.#describing(filled, title);
    if (portText === undefined && isComputed(description)) {
      try {
        return computedInstrument(title, description);
      } catch (error) {
        throw this.#descriptionProblem(error, at, found.source);
      }
    }
    const values = this.#parameters(found.description.parameters as Declared | undefined, parameters, at);
    const simulated = this.#simulated(found, over, description, values);
    const port = this.#portOrStandIn(portText, description, found.driver, title, at, simulated);
    const before = this.#problems.length;
    for (let rest: Description | undefined = description; rest !== undefined;) {
      try {
        const { driver } = found;
        return describedInstrument({
          title,
          description: rest,
          parameters: values,
          port,
          ...(driver?.commands === undefined ? {} : { commands: driver.commands }),
        });
      } catch (error) {
        const failure = this.#descriptionProblem(error, at, found.source);
        if (!(failure instanceof BenchFileError)) throw failure;
        this.#problems.push(...failure.problems);
        const enough = this.#problems.length - before >= mostMistakes;
        rest = error instanceof DescriptionError && !enough ? without(rest, error.path) : undefined;
      }
    }
    return undefined;
  }

  #descriptionProblem(error: unknown, at: Path, driver: Source | undefined): unknown {
    if (error instanceof DescriptionError) {
      return new BenchFileError([this.#partProblem(error.path, error.message, at, driver)]);
    }
    if (error instanceof TypeError) return new BenchFileError([this.#source.problem(at, error.message)]);
    return error;
  }

  /** Whether a part of a description is what a driver's own file says. */
  #isOfDriver(path: Path, at: Path, driver: Source | undefined): boolean {
    return !this.#source.has([...at, ...path]) && driver !== undefined && driver.has(path);
  }

  #partProblem(path: Path, message: string, at: Path, driver: Source | undefined): Problem {
    return this.#isOfDriver(path, at, driver)
      ? driver!.problem(path, message)
      : this.#source.problem([...at, ...path], message);
  }

  /** The description that a driver's name stands for. */
  async #driver(name: string | undefined, at: Path): Promise<Found> {
    if (name === undefined) return { description: {}, driver: undefined, source: undefined };
    const driver = Object.hasOwn(builtInDrivers, name) ? builtInDrivers[name] : undefined;
    if (driver !== undefined) return { description: driver.description, driver, source: undefined };
    if (!name.endsWith(".json") && !name.endsWith(".jsonc")) {
      const known = [...Object.keys(builtInDrivers), ...Object.keys(readyMade)];
      const message = `there is no driver ${name}${didYouMean(name, known)}: it is ${
        nearestFirst(name, known).join(", ")
      }, or a file (.json, .ts, .js)`;
      throw new BenchFileError([this.#source.problem([...at, "driver"], message)]);
    }
    const file = join(dirname(this.#source.file), name);
    await this.#checkThere(file, at);
    const source = Source.read(file, await readBytes(file));
    const problems = formProblems(driverSchema, source.value, source);
    if (problems.length > 0) throw new BenchFileError(problems);
    const { $schema: _schema, ...description } = source.value as Record<string, unknown>;
    return { description, driver: undefined, source };
  }

  async #checkThere(file: string, at: Path): Promise<void> {
    try {
      await Deno.stat(file);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new BenchFileError([this.#source.problem([...at, "driver"], `there is no file ${file}`)]);
    }
  }

  /** An instrument that heliograph itself makes by code. */
  #readyMade(driver: string, entry: InstrumentEntry, at: Path): Instrument {
    const { title, caption: _, main: _main, driver: _driver, options = {}, polling: _polling, ...others } = entry;
    const extra = Object.keys(others).find((key) => others[key as keyof typeof others] !== undefined);
    if (extra !== undefined) {
      throw new BenchFileError([
        this.#source.problem(
          [...at, extra],
          `has no meaning beside ${driver}: it takes title and options, caption and main`,
        ),
      ]);
    }
    const { options: form, make } = readyMade[driver]!;
    const problems = formProblems(form, options, this.#source, [...at, "options"]);
    if (problems.length > 0) throw new BenchFileError(problems);
    try {
      const { state: stateFolder } = besideBench(resolve(this.#source.file));
      return make(options, {
        title,
        imageFolders: this.#imageFolders ?? [],
        benchName: this.#benchName,
        stateFolder,
      });
    } catch (error) {
      if (!(error instanceof HeliographError)) throw error;
      throw new BenchFileError([this.#source.problem([...at, "options"], error.message)]);
    }
  }

  /** An instrument whose driver is code: it is loaded when all that share its process are known. */
  async #ownDriver(entry: InstrumentEntry, index: number, at: Path): Promise<undefined> {
    const { title, caption: _, main: _main, driver, port: portText, options = {}, line, ...rest } = entry;
    const { permissions = {}, memory, polling: _polling, ...others } = rest;
    const extra = Object.keys(others).find((key) => others[key as keyof typeof others] !== undefined);
    if (extra !== undefined) {
      throw new BenchFileError([
        this.#source.problem([...at, extra], `has no meaning beside a driver that is code: use options`),
      ]);
    }
    const beside = dirname(resolve(this.#source.file));
    const file = resolve(beside, driver!);
    await this.#checkThere(file, at);
    const paths = (given: readonly string[] = []) => given.map((path) => resolve(beside, path));
    const { net = [], read, write } = permissions;
    const granted = { net, read: paths(read), write: paths(write) };
    const given: GivenDriver = { index, file, title, options, granted, memory, imageFolders: this.#imageFolders ?? [] };
    const process = this.#own.processOf(given);
    const port = portText === undefined ? undefined : this.#port(portText, { line }, undefined, title, at, process);
    this.#own.add(given, port);
    return undefined;
  }

  /** The parameters of an instrument's commands: what the bench file gives, or the driver's defaults. */
  #parameters(declared: Declared | undefined, given: InstrumentEntry["parameters"], at: Path): Record<string, string> {
    const values: Record<string, string> = {};
    // Without a driver, the bench file declares its parameters itself.
    const table: Declared = declared ?? given ?? {};
    for (const [name, value] of Object.entries(declared === undefined ? {} : given ?? {})) {
      if (table[name] === undefined) {
        const meant = didYouMean(name, Object.keys(table));
        this.#problem([...at, "parameters", name], `is no parameter of this driver${meant}`);
      } else if (typeof value === "string") values[name] = value;
    }
    for (const [name, spec] of Object.entries(table)) {
      const { default: fallback = "", pattern = "[A-Za-z0-9_]+" } = typeof spec === "string" ? { default: spec } : spec;
      const value = values[name] ??= fallback;
      const where = [...at, "parameters", name];
      let allowed: Pattern;
      try {
        allowed = wholePattern(pattern);
      } catch (error) {
        this.#problem(where, `its pattern ${(error as Error).message}`);
        continue;
      }
      if (value === "") this.#problem(where, `is missing: it should match ${pattern}`);
      else if (!allowed.test(value)) this.#problem(where, `is ${JSON.stringify(value)}, and should match ${pattern}`);
    }
    return values;
  }

  /** A description with the Modbus unit that its address names. */
  #withUnit(description: Description, portText: string | undefined, at: Path): Description {
    const unit = portText === undefined ? undefined : unitIn(this.#named[portText] ?? portText);
    if (unit === undefined) return description;
    const { line = {} } = description;
    if (line.unit !== undefined && line.unit !== unit) {
      this.#problem([...at, "line", "unit"], `is ${line.unit}, and the address says unit=${unit}`);
    }
    return { ...description, line: { ...line, unit } };
  }

  /**
   * What simulates a description; beside a built-in driver, which has its own simulator, what the bench file adds to
   * that, or says of its ends. `undefined` where it says nothing of the kind.
   */
  #simulated(
    { driver, description: ofDriver }: Found,
    over: Readonly<Record<string, unknown>>,
    description: Description,
    values: Readonly<Record<string, string>>,
  ): (() => DescriptionSimulator) | undefined {
    if (driver === undefined) return () => new DescribedSimulator(description, values);
    const added = <T>(key: "fields" | "commands", table: Readonly<Record<string, T>> = {}) => {
      const [known, told] = [ofDriver[key] ?? {}, over[key] ?? {}] as Readonly<Record<string, object>>[];
      const words = ["read", "write", "listen", "send", "ask"];
      const isAdded = (name: string) =>
        Object.hasOwn(told!, name) &&
        (!Object.hasOwn(known!, name) || words.some((word) => Object.hasOwn(told![name]!, word)));
      return Object.fromEntries(Object.entries(table).filter(([name]) => isAdded(name)));
    };
    const fields = added("fields", description.fields);
    const commands = added("commands", description.commands);
    const ends = (over.line ?? {}) as Partial<Record<"sendEnd" | "receiveEnd", string>>;
    if (isEmpty(fields) && isEmpty(commands) && ends.sendEnd === undefined && ends.receiveEnd === undefined) {
      return undefined;
    }
    return () => {
      const { commandEnd, answerEnd } = driver.simulator();
      const line = { ...description.line, sendEnd: commandEnd, receiveEnd: answerEnd, ...ends };
      return new DescribedSimulator({ line, fields, commands }, values);
    };
  }

  /** Its port; where that is wrong, one in its place, so that the rest of it is checked too. */
  #portOrStandIn(
    text: string | undefined,
    description: Description,
    driver: Driver | undefined,
    title: string,
    at: Path,
    simulated: (() => DescriptionSimulator) | undefined,
  ): Port {
    try {
      if (text !== undefined) return this.#port(text, description, driver, title, at, "", simulated);
      const example = driver?.address ?? "tcp://192.168.1.5:5025";
      this.#problem(at, `port is missing: where ${title} is, for example ${example}`);
    } catch (error) {
      if (!(error instanceof BenchFileError)) throw error;
      this.#problems.push(...error.problems);
    }
    return standIn(this.#named[text ?? ""] ?? text ?? "", description);
  }

  #port(
    text: string,
    { line = {} }: Pick<Description, "line">,
    driver: Driver | undefined,
    title: string,
    at: Path,
    process = "",
    described?: () => DescriptionSimulator,
  ): Port {
    const { serial, gap = 0, settle = 0, gateway = false, connection } = line;
    const named = Object.hasOwn(this.#named, text) ? this.#named[text] : undefined;
    let address: Address;
    try {
      const given = named ?? text;
      const real = parseAddress(given, defined(serial ?? {}));
      // A built-in driver's simulator speaks as its instrument does, whatever way that is.
      const nobody = driver === undefined ? nobodyAt(real) : undefined;
      const isModbus = real.kind.startsWith("modbus");
      const unsimulated = () => wrong(`nothing simulates ${real.kind}://`);
      const redirected = nobody === undefined || isModbus
        ? this.#redirect(given, driver?.simulator, title, described)
        : this.#redirect(given, undefined, title, unsimulated);
      if (redirected === given) address = real;
      // What is simulated of a Modbus device speaks Modbus.
      else if (nobody !== undefined && !redirected.startsWith("modbus")) address = nobody;
      else address = parseAddress(redirected, defined(serial ?? {}));
    } catch (error) {
      const path = named === undefined ? [...at, "port"] : ["ports", text];
      const names = Object.keys(this.#named);
      const hint = named === undefined && !text.includes("://") && names.length > 0
        ? `; ports has ${listed(names)}${didYouMean(text, names)}`
        : "";
      throw new BenchFileError([this.#source.problem(path, (error as Error).message + hint)]);
    }
    for (const [key, reason] of misplacedWords(address, line)) this.#problem([...at, "line", key], reason);
    if ((address.kind === "http" || address.kind === "https") && line.headers !== undefined) {
      address = { ...address, headers: line.headers };
    }
    const { encoding = address.kind === "file" ? "utf8" : "latin1" } = line;
    // What ends answers, and is said of a line as a whole.
    const { receiveEnd: _, ...shape } = shapeIn(line) ?? {};
    const { receiveEnd } = completed({ ...shape, receiveEnd: line.receiveEnd }, "\n");
    const problem = shapeProblem({ ...shape, ...(line.prompt === undefined ? { receiveEnd } : {}) });
    if (problem !== undefined) {
      throw new BenchFileError([this.#source.problem([...at, "line", problem.word], problem.message)]);
    }
    const [sent, received] = (["sendEnd", "receiveEnd"] as const).map((key) => {
      const given = key === "sendEnd" ? line.sendEnd ?? "\n" : receiveEnd;
      const end = withBytes(given, lineCodec(encoding).byte);
      try {
        lineCodec(encoding).encode(end);
      } catch (error) {
        throw new BenchFileError([this.#source.problem([...at, "line", key], (error as Error).message)]);
      }
      return end;
    });
    const release = connection === undefined
      ? {}
      : { release: connection === "each question" ? 0 : connection.releaseAfter };
    const framing = {
      ...(Object.keys(shape).length === 0 ? {} : { shape }),
      ...defined({ prompt: line.prompt && withBytes(line.prompt, lineCodec(encoding).byte), echo: line.echo }),
    };
    const format: LineFormat = {
      sendEnd: sent!,
      receiveEnd: received!,
      gap,
      settle,
      gateway,
      encoding,
      ...release,
      ...framing,
      ...settledFormat(address),
    };
    const shared = this.#ports.get(portName(address));
    if (shared === undefined) {
      const port = new Port(address, format);
      this.#ports.set(port.name, { port, title, process });
      this.#portOf.set(title, port);
      return port;
    }
    if (shared.process !== process) {
      throw new BenchFileError([
        this.#source.problem(
          [...at, "port"],
          `${title} and ${shared.title} share this port, and do not run in the same process: a driver that is code ` +
            `shares its port only with others of the same "permissions"`,
        ),
      ]);
    }
    if (!isDeepStrictEqual(shared.port.format, format) || !isDeepStrictEqual(shared.port.address, address)) {
      throw new BenchFileError([
        this.#source.problem(
          [...at, "port"],
          `${title} and ${shared.title} share this port, and speak on it differently`,
        ),
      ]);
    }
    this.#portOf.set(title, shared.port);
    return shared.port;
  }
}

/** The words for an instrument that is not polled. */
const switchedOff = {
  away: "switched off in the bench file; its port is free",
  contact: "false has a meaning only where the instrument has a port and its driver is not code of one's own",
};

/** Whether a name that is not on the bench is in its file, or may be in a driver. */
function mayBeMeant(entries: readonly unknown[], { instrument, field }: UnknownName): boolean {
  return entries.some((entry) => {
    const { title, driver, fields } = (entry ?? {}) as { title?: unknown; driver?: unknown; fields?: object };
    if (typeof title !== "string" || identifierOf(title) !== identifierOf(instrument)) return false;
    const wanted = identifierOf(field ?? "");
    return wanted === "" || driver !== undefined ||
      Object.keys(fields ?? {}).some((name) => identifierOf(name) === wanted);
  });
}

function isEmpty(table: unknown): boolean {
  return typeof table !== "object" || table === null || Object.keys(table).length === 0;
}

function wrong(message: string): never {
  throw new TypeError(message);
}
