/**
 * `heliograph server`: serves the bench until it is stopped.
 *
 * @module
 */

import { getLogger, type Logger } from "npm:@logtape/logtape@2.4.2";
import { buildCommand } from "../usage.ts";
import { basename, dirname, join, resolve } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";
import { printable } from "../../protocol/printable.ts";
import { settled } from "../../protocol/setting.ts";
import { version } from "../../protocol/version.ts";
import { besideBench } from "../../server/config/beside.ts";
import { loadBenchWith } from "../../server/config/bench_file.ts";
import type { LoadedBench } from "../../server/config/loaded_bench.ts";
import type { EditedBench } from "../../server/config/editing/bench_editor.ts";
import { Simulators } from "../../server/config/simulators.ts";
import {
  hostName,
  type ProgramSettings,
  programSettings,
  type ServerSettings,
  serverSettings,
} from "../../server/config/server_settings.ts";
import type { DataLogOptions } from "../../server/config/data_log_settings.ts";
import type { RecordsOptions } from "../../server/config/records_settings.ts";
import { Journal } from "../../server/records/journal.ts";
import { demoOverview } from "../../server/config/demo_overview.ts";
import { demoGuards, demoInstruments } from "../../server/config/demo_bench.ts";
import { ownInstruments } from "../../server/bench/names.ts";
import type { Instrument } from "../../server/bench/instrument.ts";
import { outliveFaults } from "../../server/processes/process_faults.ts";
import { DriverContact } from "../../server/devices/driver_process/driver_contact.ts";
import { prepareFile } from "../../server/devices/transports/file.ts";
import { isModule } from "../../server/devices/driver_process/modules.ts";
import { loadSerialLibrary } from "../../server/devices/transports/serial.ts";
import { giveUpPermissions } from "../../server/processes/permissions.ts";
import { ignoreInspectorSignal } from "../../server/processes/inspector_signal.ts";
import { Processes } from "../../server/processes/processes.ts";
import { isLoopback } from "../../server/network/loopback.ts";
import { codeSettings, sandboxOf, type SandboxOptions } from "../../server/code/options.ts";
import type { RehearsalsOptions } from "../../server/rehearsal/rehearsals.ts";
import { HeliographServer } from "../../server/server.ts";
import { urlOf } from "../../server/faces/web/request_guard.ts";
import { Access, openRole } from "../../server/access/admit.ts";
import { AccessStore } from "../../server/access/access_store.ts";
import { AddressRoles } from "../../server/access/addresses.ts";
import { OpenId } from "../../server/access/openid.ts";
import type { ServerKeys } from "../../server/access/keys.ts";
import type { Doorway } from "../../server/network/first_byte.ts";
import { signInAddress } from "../../protocol/pairing.ts";
import { Roles } from "../../server/access/rights.ts";
import type { AccessWords } from "../../server/config/access_words.ts";
import { OwnerAccess } from "../../server/files/owner_access.ts";
import { isReadableByOthers } from "../../server/files/secret_file.ts";
import type { CliContext } from "../context.ts";
import { accessFileOf } from "./access.ts";
import { typedWord } from "../connection.ts";
import { driverProcesses } from "../driver_processes.ts";
import { driverHostWord, launcherWord, rehearsalHostWord, sandboxHostWord } from "../hidden_words.ts";
import { exitCodes, UsageError } from "../exit_codes.ts";
import { painter } from "../output.ts";
import { checkGivenKeys, doorwayOf, type KeySettings, keysFolder, openKeys } from "../server_keys.ts";
import { startServerLog } from "../server_log.ts";
import { flagsOf, type ReadFlags, saidBy } from "../setting_flags.ts";
import { stopSignals } from "../signals.ts";

const { bench: benchSetting, simulate: simulateSetting, ...otherSettings } = programSettings;

/** `heliograph server` */
export const serverCommand = buildCommand({
  docs: { brief: "Serve a bench to azcam's and PyOpticon's clients, until Ctrl-C" },
  parameters: {
    flags: flagsOf(
      { bench: benchSetting, simulate: simulateSetting },
      serverSettings,
      otherSettings,
      codeSettings,
    ),
  },
  async func(this: CliContext, read: ReadFlags): Promise<void> {
    const flags = settled(programSettings, saidBy(read, programSettings));
    const journal = new Journal();
    await startServerLog(this, flags, journal);
    const log = getLogger(["heliograph", "server"]);
    await using simulators = new Simulators();
    await using processes = await openProcesses(flags);
    const setup = await setUp(flags, read, simulators, processes);
    if (simulators.missing.length > 0) {
      log.warning("Not simulated: {titles}", { titles: simulators.missing.join("; ") });
    }
    const access = accessOf(setup);
    const beyond = !isLoopback(setup.host) && !flags.insecureOpen;
    await access.openId?.open();
    // Before anything is written for it.
    if (beyond && !await mayListen(setup.host)) throw notPermitted(setup.host, this.program);
    const keys = beyond ? await openKeys(keySettings(setup)) : undefined;
    if (!beyond) await checkGivenKeys(keySettings(setup));
    const told = () => ({ title: setup.name, ports: server.ports });
    const doorway = keys && doorwayOf(keys, access, told);
    const server: HeliographServer = makeServer(setup, journal, processes, access, doorway);
    // A fault in one instrument's code does not end a server that others observe with.
    using _faults = outliveFaults();
    try {
      server.bind();
    } catch (error) {
      const { cause } = error as Error;
      throw cause instanceof Deno.errors.NotCapable ? notPermitted(setup.host, this.program, cause) : error;
    }
    // Nobody is served before that is given up which is needed no more.
    await server.prepare();
    tellWhoMay(setup.access, access.store, log);
    await ignoreInspectorSignal();
    processes.seal();
    await giveUpPermissions();
    server.start();
    announce(this, setup, server);
    if (keys !== undefined && !flags.jsonLogs) await tellNextSteps(this, setup, server, access.store, keys);
    if (setup.flags.insecureOpen && !isLoopback(setup.host)) {
      const may = setup.flags.insecureRole === "observer" ? "look on" : "drive the instruments";
      log.warning(
        "Insecure: everybody who reaches {host} may {may}, and who is on the way reads along (--insecure-open)",
        {
          host: setup.host,
          may,
        },
      );
    }
    const stop = stopOnSignals(() => log.info("Stopping: finishing what runs, then closing every connection"), server);
    await server.finished;
    keys?.stop();
    stop();
    log.info("Stopped");
  },
});

/** The settings of the server, from flags and bench file together. */
interface Setup extends Omit<ServerSettings, "imageFolders"> {
  readonly flags: ProgramSettings;
  /** Where received images go. */
  readonly receivedFolder: string | undefined;
  /** What is kept, and where; `undefined` for nothing. */
  readonly records: RecordsOptions | undefined;
  /** Where data logs are written. */
  readonly datalog: DataLogOptions;
  /** Where on Earth the bench stands. */
  readonly site: LoadedBench["site"];
  readonly name: string;
  readonly instruments: Instrument[];
  /** What the bench file says of guards. */
  readonly guards: LoadedBench["guards"];
  /** What the bench file says of its fleet. */
  readonly fleet: LoadedBench["fleet"];
  /** What the bench file says of MQTT. */
  readonly mqtt: LoadedBench["mqtt"];
  /** What the bench file says of messages. */
  readonly messages: LoadedBench["messages"];
  /** Its file, where it is changed by that. */
  readonly edited: EditedBench | string;
  readonly sandbox: SandboxOptions;
  /** What the bench file says of who may do what. */
  readonly access: AccessWords;
  /** Who says that no code is run, where none is. */
  readonly noCodeSaidBy: string;
}

async function setUp(
  flags: ProgramSettings,
  read: ReadFlags,
  simulators: Simulators,
  processes: Processes,
): Promise<Setup> {
  if (flags.bench === undefined && flags.simulate) {
    throw new UsageError("--simulate needs --bench FILE: the demo bench is simulated as it is");
  }
  const serverFlags = saidBy(read, serverSettings);
  const codeFlags = saidBy(read, codeSettings);
  const bench: Omit<LoadedBench, "close"> = flags.bench === undefined
    ? demoBench(settled(serverSettings, serverFlags).imageFolders.map((folder) => resolve(folder)))
    : await loadBenchWith(
      driverProcesses(processes),
      flags.bench,
      flags.simulate ? simulators.redirect : undefined,
      serverFlags.imageFolders?.map((folder) => resolve(folder)),
    );
  simulators.leaveOut(bench.instruments);
  // From here on the ports that the bench names can be opened although the permission for it is given up.
  const edited = await editedBench(flags, bench, simulators);
  if (bench.serialPorts.length > 0) loadSerialLibrary();
  // An instrument that is added later may be on any port, where this program may open them at all.
  else if (typeof edited !== "string" && await mayOpenLibraries()) loadSerialLibrary();
  await Promise.all(bench.files.map(prepareFile));
  const { imageFolders: _folders, ...listen } = settled(serverSettings, serverFlags, bench.server);
  const sandbox = sandboxOf(settled(codeSettings, codeFlags, bench.code));
  return {
    flags,
    ...listen,
    receivedFolder: bench.imageFolders[0],
    records: recordsOf(flags.records, bench.records),
    datalog: bench.datalog,
    site: bench.site,
    webNames: [...listen.webNames, ...isLoopback(listen.host) ? [] : ownNames()],
    name: bench.name ?? "heliograph",
    instruments: bench.instruments,
    ...(bench.overview === undefined ? {} : { overview: bench.overview }),
    guards: bench.guards,
    fleet: bench.fleet,
    mqtt: bench.mqtt,
    messages: bench.messages,
    edited,
    access: (bench.access ?? {}) as AccessWords,
    sandbox: Deno.build.standalone ? { ...sandbox, hostCommand: [Deno.execPath(), sandboxHostWord] } : sandbox,
    noCodeSaidBy: codeFlags.languages === undefined ? "the bench file says so" : "--eval none",
  };
}

async function mayOpenLibraries(): Promise<boolean> {
  return (await Deno.permissions.query({ name: "ffi" })).state === "granted";
}

/** The file by which the bench is changed from the page, or why it is not. */
async function editedBench(
  { bench, simulate }: ProgramSettings,
  loaded: Omit<LoadedBench, "close">,
  simulators: Simulators,
): Promise<EditedBench | string> {
  if (bench === undefined) {
    return "The demo bench has no file. Write one with “heliograph init”, and start the server with --bench FILE";
  }
  if (isModule(bench)) return `${basename(bench)} is code, and is changed where it is written`;
  return {
    // What stands behind a link is written, and not a file in the link's place.
    file: await Deno.realPath(bench),
    previous: besideBench(resolve(bench)).previous,
    loaded,
    ...(simulate ? { redirect: simulators.redirect } : {}),
  };
}

/** What is kept, and where: the flag goes before the bench file. */
function recordsOf(flag: string | undefined, file: RecordsOptions | undefined): RecordsOptions | undefined {
  if (flag === undefined) return file;
  return flag === "none" ? undefined : { ...file, folder: resolve(flag) };
}

/** The names of this PC that are known to it: nobody else's DNS can make one another name. */
function ownNames(): string[] {
  const name = hostName();
  return name === undefined ? [] : [name, `${name}.local`];
}

/** The demo bench, whose camera writes where images may be written. */
function demoBench(imageFolders: readonly string[]): Omit<LoadedBench, "close"> {
  const instruments = demoInstruments({ camera: { imageFolders }, hostName: hostName() });
  return {
    name: "demo bench",
    instruments,
    server: {},
    code: {},
    serialPorts: [],
    files: [],
    imageFolders,
    // Bounded: who tries heliograph does not want to clean up after it.
    records: { folder: resolve("records"), journalBytes: 100_000_000, bytes: 500_000_000 },
    datalog: { folder: resolve("logs") },
    overview: { svg: demoOverview },
    guards: demoGuards,
    missing: [],
    ports: new Map(),
  };
}

/** Starts the launcher, which starts the processes beside the server. */
async function openProcesses({ jsonLogs }: ProgramSettings): Promise<Processes> {
  return await Processes.launched(jsonLogs, Deno.build.standalone ? [Deno.execPath(), launcherWord] : undefined);
}

function makeServer(
  setup: Setup,
  journal: Journal,
  processes: Processes,
  access: Access,
  doorway: Doorway | undefined,
): HeliographServer {
  const { flags, receivedFolder, records, noCodeSaidBy: _said, edited, access: { trustedProxies }, ...options } = setup;
  const { bench, imagePort } = flags;
  const insecureOpen = flags.insecureOpen && flags.insecureRole;
  if (imagePort !== undefined && receivedFolder === undefined) {
    throw new UsageError("--image-port needs a folder for the images: give --image-folder FOLDER");
  }
  const images = imagePort === undefined || receivedFolder === undefined
    ? {}
    : { images: { port: imagePort, folder: receivedFolder } };
  try {
    return new HeliographServer({
      ...options,
      // Nobody shall take what a simulator says for what stands in the laboratory.
      simulated: flags.simulate,
      insecureOpen,
      ...images,
      ...records === undefined ? {} : { records },
      ...(bench === undefined ? {} : {
        arrangementFile: besideBench(resolve(bench)).page,
        guardsFile: join(besideBench(resolve(bench)).state, "guards.json"),
        messagesFile: join(besideBench(resolve(bench)).state, "messages.json"),
        runFiles: { state: join(besideBench(resolve(bench)).state, "runs.json"), folder: dirname(resolve(bench)) },
      }),
    }, {
      journal,
      processes,
      edited,
      rehearsals: bench === undefined ? undefined : rehearsalsOf(resolve(bench), options.instruments),
      access,
      trustedProxies,
      doorway,
    });
  } catch (error) {
    throw error instanceof HeliographError && error.code === "bad_argument" ? new UsageError(error.message) : error;
  }
}

/** By which file runs are rehearsed, and what starts the processes for that. */
function rehearsalsOf(bench: string, instruments: readonly Instrument[]): RehearsalsOptions {
  const startsDrivers = isModule(bench) || instruments.some(({ contact }) => contact instanceof DriverContact);
  if (!Deno.build.standalone) return { bench, startsDrivers };
  const own = Deno.execPath();
  return { bench, startsDrivers, hostCommand: [own, rehearsalHostWord], driverCommand: [own, driverHostWord] };
}

async function mayListen(host: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "net", host: host.includes(":") ? `[${host}]` : host })).state ===
    "granted";
}

function notPermitted(host: string, program: string, cause?: Error): HeliographError {
  return new HeliographError(
    "cannot_listen",
    `Cannot listen on ${host}: this task may only listen on 127.0.0.1. Use the executable, or "${program} server"`,
    { cause },
  );
}

function announce(
  context: CliContext,
  { flags, name, sandbox, webNames, noCodeSaidBy }: Setup,
  server: HeliographServer,
): void {
  const { commandServer, dashboardServer, webServer, bench } = server;
  const command = `${commandServer.host}:${commandServer.port}`;
  const dashboard = `${dashboardServer.host}:${dashboardServer.port}`;
  // Nobody's browser can go to 0.0.0.0.
  const anywhere = webServer.host === "0.0.0.0" || webServer.host === "::";
  const scheme = isLoopback(webServer.host) || flags.insecureOpen ? "http" : "https";
  const web = urlOf(anywhere ? webNames[0] ?? "127.0.0.1" : webServer.host, webServer.port, scheme);
  if (flags.jsonLogs) {
    const ready = { version, command, dashboard, web };
    getLogger(["heliograph", "server"]).info(
      "heliograph {version} is ready: azcam on {command}, PyOpticon on {dashboard}, HTTP on {web}",
      ready,
    );
    return;
  }
  const paint = painter(context.colour);
  const titles = bench.instruments.map(({ title }) => title).filter((title) => !ownInstruments.has(title));
  const at = dashboardServer.port === 12345 ? "" : ` --port ${dashboardServer.port}`;
  const { write } = context.process.stdout;
  const what = flags.bench === undefined
    ? `the demo bench: ${titles.length} simulated instruments`
    : `${printable(`${name} (${flags.bench})`)}: ${titles.length} instrument${titles.length === 1 ? "" : "s"}`;
  write(
    `${paint.bold(`heliograph ${version}`)} serves ${what}${
      flags.simulate ? ", simulated: no hardware is touched" : ""
    }\n`,
  );
  write(`  azcam clients, nc and telnet   ${paint.green(command)}\n`);
  write(`  PyOpticon clients              ${paint.green(dashboard)}\n`);
  write(`  the page, in a browser         ${paint.green(web)}\n`);
  const code = sandbox.languages.length === 0
    ? `is not run (${noCodeSaidBy})`
    : `${sandbox.languages.join(" and ")}, in a sandbox`;
  if (server.imageServer !== undefined) {
    const { host, port } = server.imageServer;
    write(`  images in azcam's format       ${paint.green(`${host}:${port}`)}\n`);
  }
  if (server.ports.tls !== undefined) {
    write(`  heliograph on other PCs        ${paint.green(`${commandServer.host}:${server.ports.tls}`)}\n`);
  }
  write(`  code that clients send         ${code}\n`);
  const { kept, folder, hint } = server.records;
  write(
    `  what happens is kept           ${
      kept ? `in ${printable(folder)}` : `nowhere${hint === "" ? "" : `: ${printable(hint)}`}`
    }\n`,
  );
  write(`On the bench: ${printable(titles.join(", "))}\n`);
  write(`Try in another terminal${Deno.build.standalone ? "" : ", in this folder"}:\n`);
  write(`  ${context.program} list${at}\n`);
  const example = flags.bench === undefined ? "tempcon" : bench.instruments[0]!.name;
  write(`  ${context.program} watch ${example}${at}\n`);
  if (flags.bench === undefined) write(`  ${context.program} guards${at}\n`);
  const line = flags.bench === undefined ? "tempcon.get_temperatures" : `${example}.help`;
  write(`  nc ${commandServer.host} ${commandServer.port}      then type: ${line}, or help\n`);
  write("Stop with Ctrl-C.\n");
}

function keySettings({ flags, access, webNames, host }: Setup): KeySettings {
  const { bench, tlsCert, tlsKey } = flags;
  return { bench, tlsCert, tlsKey, fromFile: access.tls, names: webNames, host };
}

/** For how long the first link for a browser is good, in minutes. */
const linkMinutes = 15;

/** Tells how people of other PCs get in, and gives the first of them a link. */
async function tellNextSteps(
  { program, process: { stdout: { write } } }: CliContext,
  { flags, webNames, host }: Setup,
  { webServer }: HeliographServer,
  store: AccessStore,
  { authority }: ServerKeys,
): Promise<void> {
  const ofBench = flags.bench === undefined ? "" : ` --bench ${typedWord(flags.bench)}`;
  const anywhere = host === "0.0.0.0" || host === "::";
  const name = anywhere ? webNames[0] ?? hostName() ?? "THIS-PC" : host;
  write("Other PCs come by TLS, and need a token:\n");
  write(`  another PC with heliograph     ${program} pair${ofBench}\n`);
  write(`  a person or a program          ${program} access add NAME --role operator${ofBench}\n`);
  if (authority !== undefined) {
    write(`  for other programs' TLS        ${join(keysFolder(flags.bench), "authority.pem")}\n`);
  }
  if (store.people.length > 0) return;
  try {
    const seconds = linkMinutes * 60;
    const secret = await store.invite({ kind: "link", name: "admin", role: "admin", seconds });
    const link = signInAddress(urlOf(name, webServer.port, "https"), secret);
    write(`Nobody has a token yet. The first admin's browser, once, within ${linkMinutes} minutes:\n  ${link}\n`);
  } catch (error) {
    write(`Nobody has a token yet, and no link could be made: ${printable((error as Error).message)}\n`);
  }
}

/** Who may do what, as flags, bench file and the file beside it say. */
function accessOf({ access: { roles: named, addresses, loopback, openid }, flags }: Setup): Access {
  const file = accessFileOf(flags.bench);
  // A demo that may touch next to nothing knows nobody.
  const isDenied = flags.bench === undefined &&
    Deno.permissions.querySync({ name: "read", path: file }).state !== "granted";
  const roles = new Roles(named);
  return new Access({
    store: new AccessStore({ file: isDenied ? undefined : file, roles }),
    openId: openid && new OpenId(openid, roles),
    addresses: new AddressRoles(addresses),
    open: openRole(flags.insecureOpen && flags.insecureRole),
    ...loopback === undefined ? {} : { loopback },
  });
}

/** Tells at each start who may do something without a token, where that is not what everybody expects. */
function tellWhoMay({ addresses = {}, loopback }: AccessWords, { file = "", people }: AccessStore, log: Logger): void {
  for (const [address, role] of Object.entries(addresses)) {
    log.warning("Whoever comes from {address} is {role} without a token (addresses in the bench file)", {
      address,
      role,
    });
  }
  if (loopback === "token") log.info("This PC needs a token as well (loopback in the bench file)");
  if (people.length === 0) return;
  if (Deno.build.os === "windows") {
    if (OwnerAccess.usual?.protects(file) !== true) {
      log.warning("Make sure that nobody else may read and write {file}", { file });
    }
  } else if (isReadableByOthers(file)) log.warning("Others may read {file}: chmod 600 {file}", { file });
}

/** A signal stops the server; a second one ends the program at once. */
function stopOnSignals(tell: () => void, server: HeliographServer): () => void {
  let stopping = false;
  const stop = () => {
    if (stopping) Deno.exit(exitCodes.refused.code);
    stopping = true;
    tell();
    void server.stop();
  };
  for (const signal of stopSignals) Deno.addSignalListener(signal, stop);
  return () => stopSignals.forEach((signal) => Deno.removeSignalListener(signal, stop));
}
