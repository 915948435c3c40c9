/**
 * `heliograph simulate`: serves a simulated instrument on a real line.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { buildCommand } from "../usage.ts";
import { builtInDrivers } from "../../server/devices/drivers/drivers.ts";
import { loadSimulated } from "../../server/config/description_file.ts";
import { SimulatedLines } from "../../server/config/simulators.ts";
import { didYouMean } from "../../server/bench/names.ts";
import { type FaultKind, faultKinds, type Faults } from "../../server/devices/simulators/faults.ts";
import {
  type RunningSimulator,
  simulatePty,
  simulateSerial,
  simulateTcp,
  simulateUdp,
} from "../../server/devices/simulators/serve.ts";
import type { Simulator } from "../../server/devices/simulators/simulator.ts";
import { parseAddress } from "../../server/devices/transports/address.ts";
import { openSerial } from "../../server/devices/transports/serial.ts";
import { parsePort, parseSeconds } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { driverProcesses } from "../driver_processes.ts";
import { UsageError } from "../exit_codes.ts";
import { untilSignal } from "../signals.ts";

interface SimulateFlags {
  readonly port?: number;
  readonly udp?: number;
  readonly pty: boolean;
  readonly serial?: string;
  readonly host: string;
  readonly fault?: readonly FaultKind[];
  readonly faultShare: number;
  readonly faultDelay: number;
  readonly instrument?: string;
  readonly parameter?: readonly (readonly [name: string, value: string])[];
}

const kinds = Object.keys(builtInDrivers);

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() !== "" && share > 0 && share <= 1) return share;
  throw new Error(`${text} is no share: give more than 0 and at most 1`);
}

function parseParameter(text: string): readonly [string, string] {
  const [, name, value] = /^([a-z]\w*)=(.*)$/is.exec(text) ?? [];
  if (name === undefined) throw new Error(`${text} is no parameter: give NAME=VALUE`);
  return [name, value!];
}

/** `heliograph simulate KIND` */
export const simulateCommand = buildCommand({
  docs: {
    brief: `Pretend to be an instrument, until Ctrl-C: ${kinds.join(", ")}, or what a file describes`,
  },
  parameters: {
    flags: {
      port: {
        kind: "parsed",
        parse: parsePort,
        optional: true,
        brief: "On a TCP port; 0 takes any free one; the default",
      },
      udp: { kind: "parsed", parse: parsePort, optional: true, brief: "On a UDP port; 0 takes any free one" },
      pty: { kind: "boolean", default: false, brief: "On a pseudo terminal, a serial port without hardware" },
      serial: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "On a serial port, for example one of a pair of virtual COM ports: serial://COM5?baud=9600",
        placeholder: "ADDRESS",
      },
      host: { kind: "parsed", parse: String, default: "127.0.0.1", brief: "The address to listen on" },
      fault: {
        kind: "enum",
        values: Object.keys(faultKinds) as FaultKind[],
        variadic: ",",
        optional: true,
        brief: `What goes wrong: ${Object.entries(faultKinds).map(([name, what]) => `${name} (${what})`).join(", ")}`,
      },
      faultShare: {
        kind: "parsed",
        parse: parseShare,
        default: "1",
        brief: "The share of answers that go wrong, for example 0.1",
      },
      faultDelay: { kind: "parsed", parse: parseSeconds, default: "3", brief: "How late a slow answer is, in seconds" },
      instrument: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Which instrument of a bench file, by its title",
        placeholder: "TITLE",
      },
      parameter: {
        kind: "parsed",
        parse: parseParameter,
        variadic: true,
        optional: true,
        brief: "A parameter of the description: address=1",
        placeholder: "NAME=VALUE",
      },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "KIND",
        brief: "A built-in driver, a description or a bench file (.json)",
        parse: String,
        proposeCompletions: (partial: string) => kinds.filter((kind) => kind.startsWith(partial)),
      }],
    },
  },
  async func(this: CliContext, flags: SimulateFlags, kind: string): Promise<void> {
    const { simulator, driver } = await simulatorOf(kind, flags, (text) => this.process.stderr.write(text));
    const faults: Faults = { kinds: flags.fault ?? [], share: flags.faultShare, delay: flags.faultDelay };
    const running = await start(simulator, flags, faults);
    const { write } = this.process.stdout;
    for (const { address } of running) write(`${kind} is simulated on ${address}\n`);
    const faulty = faults.kinds.map((fault) => faultKinds[fault]).join(", ");
    if (faulty !== "") {
      write(`${faults.share === 1 ? "Always" : `${faults.share * 100} % of the time`}: it ${faulty}\n`);
    }
    const words = driver === undefined ? "" : ` "driver": "${driver}",`;
    write(`In a bench file: { "title": "…",${words} "port": "${running[0]!.address}" }\n`);
    write("Stop with Ctrl-C.\n");
    await untilSignal();
    await Promise.all(running.map((each) => each.close()));
  },
});

/** What is simulated, and how a bench file names it; `undefined` where that is described in the bench file itself. */
interface Simulated {
  readonly simulator: Simulator;
  readonly driver: string | undefined;
}

async function simulatorOf(kind: string, flags: SimulateFlags, tell: (text: string) => void): Promise<Simulated> {
  if (Object.hasOwn(builtInDrivers, kind)) return { simulator: builtInDrivers[kind]!.simulator(), driver: kind };
  if (!/\.(?:jsonc?|[jt]s)$/.test(kind)) {
    throw new UsageError(
      `Cannot simulate ${kind}${await meant(kind)}: there is ${kinds.join(", ")}, or a file (.json)`,
    );
  }
  const lines = new SimulatedLines();
  const titles: string[] = [];
  const only = flags.instrument;
  const parameters = Object.fromEntries(flags.parameter ?? []);
  await loadSimulated(kind, parameters, (address, driver, title, described) => {
    titles.push(title);
    if (only === undefined || only === title) lines.add(address, driver, title, described);
    return address;
  }, driverProcesses());
  for (const part of lines.missing) tell(`Not simulated: ${part}\n`);
  const [first, ...more] = lines.all;
  if (first === undefined) {
    throw new UsageError(
      only === undefined || titles.includes(only)
        ? `Cannot simulate ${kind}: nothing of it can be`
        : `Cannot simulate ${only}${didYouMean(only, titles)}: on the bench of ${kind} is ${titles.join(", ")}`,
    );
  }
  if (more.length > 0) {
    throw new UsageError(
      `Cannot simulate ${kind} on one port: it has several; choose with --instrument (${titles.join(", ")}), ` +
        `or simulate all of it: server --bench ${kind} --simulate`,
    );
  }
  return { simulator: first, driver: titles[0] === basename(kind) ? kind : undefined };
}

/** What somebody meant who wrote the name of a driver without its model, or a file's with a wrong letter. */
async function meant(kind: string): Promise<string> {
  const begun = kinds.find((each) => each.replaceAll("-", "").startsWith(kind.replace(/[\s_-]/g, "").toLowerCase()));
  if (begun !== undefined && kind.length > 2) return ` (did you mean ${begun}?)`;
  const folder = dirname(kind);
  const files: string[] = [];
  if (kind.includes(".")) {
    try {
      for await (const { name } of Deno.readDir(folder)) if (/\.(?:jsonc?|[jt]s)$/.test(name)) files.push(name);
    } catch {
      // A folder that is not there holds nothing that could be meant.
    }
  }
  const file = didYouMean(basename(kind), files);
  return file === "" ? didYouMean(kind, kinds) : file;
}

async function start(simulator: Simulator, flags: SimulateFlags, faults: Faults): Promise<RunningSimulator[]> {
  const running: RunningSimulator[] = [];
  try {
    const elsewhere = flags.udp !== undefined || flags.pty || flags.serial !== undefined;
    const port = flags.port ?? (elsewhere ? undefined : 0);
    if (port !== undefined) running.push(simulateTcp(simulator, port, faults, flags.host));
    if (flags.udp !== undefined) running.push(await simulateUdp(simulator, flags.udp, faults, flags.host));
    if (flags.pty) running.push(await simulatePty(simulator, faults));
    if (flags.serial !== undefined) {
      const address = parseAddress(flags.serial);
      if (address.kind !== "serial") {
        throw new UsageError(`Cannot use --serial ${flags.serial}: that is no serial port`);
      }
      running.push(simulateSerial(simulator, await openSerial(address.serial), flags.serial, faults));
    }
  } catch (error) {
    await Promise.all(running.map((simulator) => simulator.close()));
    if (error instanceof Deno.errors.AddrInUse) throw new UsageError(`The port is in use; give another one`);
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
  return running;
}
