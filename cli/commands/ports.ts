/**
 * The subcommand that lists this computer's serial ports, and finds out what is on one: `ports`.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { printable } from "../../protocol/printable.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { type Address, parseAddress } from "../../server/devices/transports/address.ts";
import type { SerialOptions } from "../../server/devices/transports/serial.ts";
import { dashboardFlags, parseSeconds, sameServer } from "../connection.ts";
import { UsageError } from "../exit_codes.ts";
import { heldBy } from "../held_ports.ts";
import { benchEntry, probe } from "../probe.ts";
import { ProgressLine } from "../terminal.ts";
import { listSerialPorts, type SerialPort } from "../../server/devices/transports/serial_ports.ts";
import type { CliContext } from "../context.ts";
import { painter, table, writeJson } from "../output.ts";

/** The flags of `heliograph ports`. */
export interface PortsFlags {
  readonly watch: boolean;
  readonly json: boolean;
}

/** The flags of `heliograph ports --probe`. */
interface ProbeFlags {
  readonly probe?: string;
  readonly timeout: number;
  readonly host: string;
  readonly port: number;
}

const none = "There is no serial port. Check that the device is plugged in and switched on, that its cable carries " +
  "data, and that its driver is installed; `--watch` shows when it appears.\n";
const watchMilliseconds = 500;

/** `heliograph ports` */
export const portsCommand = buildCommand({
  docs: { brief: "List this computer's serial ports, or find out which instrument is on one" },
  parameters: {
    flags: {
      watch: { kind: "boolean", default: false, brief: "Go on, and tell which one appears or goes, until Ctrl-C" },
      probe: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "PORT",
        brief: "Ask on this port alone, serial or tcp://HOST:PORT, who is there, and propose a driver",
      },
      timeout: {
        kind: "parsed",
        parse: parseSeconds,
        default: "0.5",
        brief: "How many seconds each answer may take, with --probe",
      },
      json: { kind: "boolean", default: false, brief: "Print JSON, for scripts" },
      host: { ...dashboardFlags.host, brief: "The server that is asked whether it holds the port, with --probe" },
      port: { ...dashboardFlags.port, brief: "That server's port" },
    },
  },
  async func(this: CliContext, flags: PortsFlags & ProbeFlags): Promise<void> {
    if (flags.probe !== undefined) return await showProbe(this, flags, flags.probe);
    await showPorts(this, flags);
  },
});

/** Finds out what is on a port. */
async function showProbe(context: CliContext, flags: ProbeFlags & PortsFlags, port: string): Promise<void> {
  const { stdout } = context.process;
  let address: Address;
  try {
    address = parseAddress(/^(?:\/|COM\d+$)/i.test(port) ? `serial://${port}` : port);
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
  const holding = await heldBy(address, flags);
  if (holding !== undefined) {
    throw new HeliographError(
      "unavailable",
      `Cannot ask on ${port}: the server on ${flags.host}:${flags.port} holds it, for ${holding.title}; "${
        sameServer(context, { host: flags.host, port: flags.port, json: false }, "off", holding.name)
      }" frees it`,
    );
  }
  let asking = "";
  using progress = new ProgressLine(context, () => asking);
  const found = await probe({
    address,
    onlyThese: port.includes("?"),
    timeout: flags.timeout,
    asking(text) {
      asking = printable(`asking ${text}`);
      progress.changed();
    },
  });
  progress.clear();
  if (found === undefined) {
    throw new HeliographError(
      "no_reply",
      (address.kind === "serial"
        ? `Nothing that answers is on ${port}, at the usual rates. Is it switched on, is the cable the right one ` +
          "(straight or crossed), and is it set to remote? Then type to it: "
        : `Nothing that answers is on ${port}. Is it set to remote, and is this its port for commands? It may want ` +
          "another end of them; type to it: ") +
        `${context.program} talk ${talkAddress(port)}${address.kind === "serial" ? "" : " --end CRLF"}`,
    );
  }
  const entry = benchEntry(found, port);
  const { asked, answered, driver } = found;
  if (flags.json) return writeJson(context, { asked, answered, driver: driver ?? null, instrument: entry });
  const rate = found.serial === undefined ? "" : ` at ${serialText(found.serial)}`;
  stdout.write(asked === "" ? `It says ${answered}${rate}\n` : `Asked ${asked}, it answered ${answered}${rate}\n`);
  stdout.write(
    driver === undefined
      ? "No built-in driver is known for it. To begin with, in a bench file:\n"
      : `The driver ${driver} fits. In a bench file:\n`,
  );
  stdout.write(`${printable(JSON.stringify(entry))}\n`);
}

function talkAddress(port: string): string {
  return port.includes("://") ? port : `serial://${port}`;
}

function serialText({ baud, dataBits, parity, stopBits }: SerialOptions): string {
  return `${baud} baud, ${dataBits} data bits, parity ${parity}, stop bits ${stopBits}`;
}

/**
 * Lists the serial ports, and with `watch` what changes, until the signal.
 *
 * @param context Where to write.
 * @param flags How.
 * @param list What there is now.
 * @param signal Ends the watching.
 * @throws {HeliographError} The system's library cannot be opened.
 */
export async function showPorts(
  context: CliContext,
  { watch, json }: PortsFlags,
  list: () => Promise<SerialPort[]> = () => listSerialPorts(),
  signal?: AbortSignal,
): Promise<void> {
  let known = await list();
  const paint = painter(context.colour);
  const { stdout } = context.process;
  if (json) writeJson(context, known);
  else if (known.length === 0) stdout.write(none);
  else {
    const rows = known.map((port) => [port.path, port.stablePath ?? "", port.description].map(printable));
    stdout.write(table(["port", "stable name", "what it is"], rows, paint));
  }
  while (watch && !(signal?.aborted ?? false)) {
    await new Promise((resolve) => setTimeout(resolve, watchMilliseconds));
    const now = await list();
    for (const port of now.filter((port) => !includes(known, port))) {
      if (json) writeJson(context, { event: "appeared", ...port });
      else {stdout.write(
          paint.green(`+ ${printable(`${port.path} (${port.stablePath ?? port.description})`)} appeared\n`),
        );}
    }
    for (const port of known.filter((port) => !includes(now, port))) {
      if (json) writeJson(context, { event: "went", ...port });
      else stdout.write(paint.red(`- ${printable(port.path)} went\n`));
    }
    known = now;
  }
}

// The stable name comes a moment after the port itself; that is no change.
function includes(ports: readonly SerialPort[], { path }: SerialPort): boolean {
  return ports.some((port) => port.path === path);
}
