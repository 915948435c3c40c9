/**
 * The subcommand that lists this computer's serial ports: `ports`.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { printable } from "../../protocol/printable.ts";
import { listSerialPorts, type SerialPort } from "../../server/devices/transports/serial_ports.ts";
import type { CliContext } from "../context.ts";
import { painter, table, writeJson } from "../output.ts";

/** The flags of `heliograph ports`. */
export interface PortsFlags {
  readonly watch: boolean;
  readonly json: boolean;
}

const none = "There is no serial port. Check that the device is plugged in and switched on, that its cable carries " +
  "data, and that its driver is installed; `--watch` shows when it appears.\n";
const watchMilliseconds = 500;

/** `heliograph ports` */
export const portsCommand = buildCommand({
  docs: { brief: "List this computer's serial ports" },
  parameters: {
    flags: {
      watch: { kind: "boolean", default: false, brief: "Go on, and tell which one appears or goes, until Ctrl-C" },
      json: { kind: "boolean", default: false, brief: "Print JSON, for scripts" },
    },
  },
  async func(this: CliContext, flags: PortsFlags): Promise<void> {
    await showPorts(this, flags);
  },
});

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
