/**
 * Makes a bench of what its file says: first the instruments, then what speaks of them.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { defined } from "../../../protocol/defined.ts";
import { settled } from "../../../protocol/setting.ts";
import { mainNames } from "../../bench/declaration.ts";
import { NobodyElsewhere } from "../../bench/elsewhere.ts";
import type { Instrument } from "../../bench/instrument.ts";
import type { DriverProcesses } from "../../devices/driver_process/driver_processes.ts";
import { isModule } from "../../devices/driver_process/modules.ts";
import type { Port } from "../../devices/transports/port.ts";
import type { Problem, Source } from "../../files/source.ts";
import { handOn } from "../../guards/handed_on.ts";
import { accessOptions } from "../access_words.ts";
import { besideBench } from "../beside.ts";
import { dataLogOptions } from "../data_log_settings.ts";
import type { LoadedBench } from "../loaded_bench.ts";
import { OwnDrivers } from "../own_drivers.ts";
import { recordsOptions } from "../records_settings.ts";
import type { BenchDescription } from "../schema.ts";
import { serverSettings } from "../server_settings.ts";
import { checkComputed } from "./computed.ts";
import { checkForm } from "./form.ts";
import { checkGuards } from "./guards.ts";
import { type Describing, InstrumentMaker } from "./instrument_maker.ts";
import { checkReached, readMessages } from "./messages.ts";
import { readMqtt } from "./mqtt.ts";
import { checkNamedFields } from "./named_fields.ts";
import { checkNames } from "./names.ts";
import { type KnownDrawing, readOverview } from "./overview.ts";
import { Ports, type Redirect } from "./ports.ts";
import { Problems } from "./problems.ts";
import { checkRoles } from "./roles.ts";

/** An instrument that stands on the bench already, and stays as it is. */
export interface Standing {
  /** It. */
  readonly instrument: Instrument;
  /** Its port, where it has one. */
  readonly port: Port | undefined;
}

/** How a bench is made. */
export interface LoadOptions {
  /** Run the drivers that are code. */
  readonly drivers: DriverProcesses;
  /** What was wrong when the file was read. @default nothing */
  readonly problems?: readonly Problem[];
  /** Changes addresses, as of `loadBench`. @default as they are */
  readonly redirect?: Redirect | undefined;
  /** Absolute paths of the folders that images may be written to. @default what the file says */
  readonly imageFolders?: readonly string[] | undefined;
  /** Changes descriptions. @default as they are */
  readonly describing?: Describing | undefined;
  /** What stands on the bench already, by the place in the file. @default nothing */
  readonly standing?: ReadonlyMap<number, Standing>;
  /** Ports that are used where they are named, besides those of what stands there. @default none */
  readonly ports?: readonly Port[];
  /** The drawing, where its file is not to be read. @default it is */
  readonly drawing?: KnownDrawing;
}

/** The words for an instrument that is not polled. */
const switchedOff = {
  away: "switched off in the bench file; its port is free",
  contact: "false has a meaning only where the instrument has a port and its driver is not code of one's own",
};

/**
 * Makes a bench of what its file says.
 *
 * @throws {BenchFileError} With all that is wrong, where, and what would be right.
 */
export async function loadSource(source: Source, options: LoadOptions): Promise<LoadedBench> {
  const { drivers, redirect = (address) => address, standing = new Map<number, Standing>() } = options;
  const { describing = (description) => description } = options;
  const problems = new Problems(source, options.problems);
  const { bench, entries, given, made } = checkForm(problems);
  const beside = dirname(resolve(source.file));
  const imageFolders = options.imageFolders ??
    settled(serverSettings, bench.server ?? {}).imageFolders.map((folder) => resolve(beside, folder));
  const ports = new Ports(problems, bench.ports ?? {}, redirect);
  for (const port of options.ports ?? []) ports.share(port, "what runs on it now");
  for (const [index, { port }] of standing) {
    if (port === undefined) continue;
    const { title, driver } = given[index] as { title: string; driver?: string };
    // A driver that is code has a process of its own.
    ports.share(port, title, driver !== undefined && isModule(driver) ? title : "");
    ports.byTitle.set(title, port);
  }
  const own = new OwnDrivers(drivers);
  const { name: benchName = "heliograph" } = bench;
  const maker = new InstrumentMaker(problems, ports, own, { describing, imageFolders, benchName });
  const instruments: (Instrument | undefined)[] = [];
  for (const [index, each] of entries.entries()) {
    instruments[index] = standing.get(index)?.instrument ?? made.get(index) ??
      (each && await problems.collect(() => maker.make(each, index)));
  }
  checkNames(given, problems);
  checkRoles(bench, problems);
  for (const [index, instrument] of await own.load((wrong) => problems.addAll(wrong))) instruments[index] = instrument;
  const all = instruments.flatMap((instrument) => instrument ?? []);
  checkComputed(instruments, given, (index) => maker.driverFile(index), problems);
  const elsewhere = bench.fleet && new NobodyElsewhere("other PCs are not asked when a file is checked");
  const guards = checkGuards(bench, all, elsewhere, problems);
  const messages = await readMessages(bench.messages, beside, standing.size === 0, problems);
  for (const [index, each] of entries.entries()) {
    const instrument = instruments[index];
    const main = each?.entry.main;
    // A described one shows what its entry names already.
    if (instrument === undefined || main === undefined || maker.isDescribed(index)) continue;
    const titles = instrument.allFields.map(({ title }) => title);
    instrument.main = mainNames(main, titles, (at, why) => problems.add(["instruments", index, "main", at], why));
  }
  const overview = await readOverview(bench.overview, options.drawing, all, problems);
  problems.stop();
  for (const [index, each] of entries.entries()) {
    const { caption, polling } = each?.entry ?? {};
    const instrument = instruments[index]!;
    if (caption !== undefined) instrument.caption = caption;
    if (polling !== false || standing.has(index)) continue;
    if (instrument.contact?.restarts === true) instrument.away = switchedOff.away;
    else problems.add(["instruments", index, "polling"], switchedOff.contact);
  }
  checkNamedFields(["datalog", "fields"], bench.datalog?.fields, all, problems);
  checkReached(bench.messages, bench.mqtt !== undefined, problems);
  const mqtt = await readMqtt(bench.mqtt, all, beside, standing.size === 0, problems);
  problems.stop();
  handOn(all, guards);
  return {
    name: bench.name,
    instruments: all,
    server: told(bench.server ?? {}),
    code: told(bench.code ?? {}),
    access: accessOptions(bench, beside),
    imageFolders,
    records: recordsOptions(bench.records, beside, besideBench(resolve(source.file)).records),
    ...(guards === undefined ? {} : { guards }),
    unchecked: elsewhere?.named ?? [],
    ...(messages === undefined ? {} : { messages }),
    ...(bench.fleet === undefined ? {} : { fleet: fleetOptions(bench.fleet, beside) }),
    ...(mqtt === undefined ? {} : { mqtt }),
    datalog: dataLogOptions(bench.datalog, beside),
    ...(bench.site === undefined ? {} : { site: bench.site }),
    ...(overview === undefined ? {} : { overview }),
    missing: problems.missing,
    ports: ports.byTitle,
    serialPorts: ports.serialPorts,
    files: ports.files,
    close: () => drivers.close(),
  };
}

/** What a section says; a module may say that something is `undefined`, which says nothing. */
function told<T extends object>(section: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return defined(section) as never;
}

/** What a bench file says of its fleet, with absolute paths. */
function fleetOptions(words: NonNullable<BenchDescription["fleet"]>, beside: string): LoadedBench["fleet"] {
  return {
    ...words,
    credentials: words.credentials && resolve(beside, words.credentials),
    authority: words.authority && resolve(beside, words.authority),
    gather: words.gather && resolve(beside, words.gather),
  };
}
