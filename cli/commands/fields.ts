/**
 * The subcommands that read and set fields: `get`, `set`, `confirm`, `revert`.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { printable } from "../../protocol/printable.ts";
import type { PyOpticonSocketClient, RequestOptions } from "../../client/pyopticon_client.ts";
import type { FieldReading } from "../../protocol/description.ts";
import {
  type ConnectionFlags,
  dashboardClient,
  dashboardFlags,
  fieldParameter,
  instrumentParameter,
  patience,
  sameServer,
  settingParameter,
  valueParameter,
} from "../connection.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit_codes.ts";
import { clock, painter, qualityStyle, writeJson } from "../output.ts";

/**
 * Writes what a field holds: the value, for people with its unit, quality and time. Why a value is not good goes to
 * standard error, so that no script takes it for a good one unnoticed.
 */
export function showReading(context: CliContext, reading: FieldReading, json: boolean): void {
  const { stdout, stderr } = context.process;
  const { text, unit, quality, time, reason = "" } = reading;
  const good = quality === "good";
  const paint = painter(context.colour);
  if (json) writeJson(context, reading);
  else if (context.terminal) {
    const notes = [quality, reading.staged ? "waits for confirm" : "", clock(time)].filter((note) => note !== "");
    const value = printable(`${text}${good && unit !== undefined ? ` ${unit}` : ""}`);
    stdout.write(`${qualityStyle(quality, paint)(value)}  ${paint.dim(`(${notes.join(", ")})`)}\n`);
  } else stdout.write(text === "" ? "" : `${printable(text)}\n`);
  if (!good) stderr.write(`${paint.yellow(`${quality}: ${printable(reason)}`)}\n`);
}

/** What stands behind a client, and how to show what it tells. */
interface Asking {
  readonly context: CliContext;
  readonly client: PyOpticonSocketClient;
  readonly json: boolean;
  readonly options?: RequestOptions;
}

/**
 * Reads a field and writes what it holds.
 *
 * @returns Whether there is a value.
 * @throws {HeliographError} `not_connected` where its instrument was never reached.
 */
export async function readAndShow(
  { context, client, json, options = {} }: Asking,
  instrument: string,
  field: string,
): Promise<boolean> {
  const reading = await client.readField(instrument, field, options);
  if (typeof reading === "string") {
    const { stdout } = context.process;
    if (json) writeJson(context, { value: reading, text: reading });
    else stdout.write(`${printable(reading)}\n`);
    return true;
  }
  // The command says why there is nothing, where the instrument was never reached.
  if (reading.quality !== "good" && reading.time === null) await client.call(instrument, "get", [field], {}, options);
  showReading(context, reading, json);
  return reading.quality !== "error";
}

/**
 * Says of a setting that was set that it waits, and what applies it.
 *
 * @param confirm The line that does.
 */
export async function tellStaged(
  { context, client, options = {} }: Asking,
  instrument: string,
  field: string,
  confirm: string,
): Promise<void> {
  const { stderr } = context.process;
  if (await client.isOriginal(options)) {
    stderr.write(`An original PyOpticon dashboard sends it to the device at the confirm: ${confirm}\n`);
    return;
  }
  const { staged } = await client.getReading(instrument, field, { ...options, printout: false });
  if (staged) stderr.write(`${printable(`${field} of ${instrument} waits for confirm`)}: ${confirm}\n`);
}

/** `heliograph get INSTRUMENT FIELD` */
export const getCommand = buildCommand({
  docs: { brief: "Read a field" },
  parameters: {
    flags: dashboardFlags,
    positional: { kind: "tuple", parameters: [instrumentParameter, fieldParameter] },
  },
  async func(this: CliContext, flags: ConnectionFlags, instrument: string, field: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    const there = await readAndShow({ context: this, client, json: flags.json }, instrument, field);
    if (!there) this.process.exitCode = exitCodes.refused.code;
  },
});

/** `heliograph set INSTRUMENT FIELD VALUE [--confirm]` */
export const setCommand = buildCommand({
  docs: { brief: "Set a field; one that needs it waits for confirm" },
  parameters: {
    flags: {
      ...dashboardFlags,
      confirm: { kind: "boolean", default: false, brief: "Confirm the instrument's settings as well" },
    },
    positional: {
      kind: "tuple",
      parameters: [instrumentParameter, settingParameter, valueParameter],
    },
  },
  async func(
    this: CliContext,
    flags: ConnectionFlags & { readonly confirm: boolean },
    instrument: string,
    field: string,
    value: string,
  ): Promise<void> {
    await using client = dashboardClient(this, flags);
    await client.setField(instrument, field, value, patience(flags));
    if (flags.confirm) await client.doConfirm(instrument, patience(flags));
    const asking = { context: this, client, json: flags.json };
    if (flags.json) await readAndShow(asking, instrument, field);
    else if (!flags.confirm) {
      await tellStaged(asking, instrument, field, sameServer(this, flags, "confirm", instrument));
    }
  },
});

/** `heliograph revert INSTRUMENT` */
export const revertCommand = buildCommand({
  docs: { brief: "Put the settings that wait back to what they were" },
  parameters: { flags: dashboardFlags, positional: { kind: "tuple", parameters: [instrumentParameter] } },
  async func(this: CliContext, flags: ConnectionFlags, instrument: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    await client.revert(instrument, patience(flags));
    if (flags.json) writeJson(this, null);
  },
});

/** `heliograph confirm INSTRUMENT` */
export const confirmCommand = buildCommand({
  docs: { brief: "Apply the settings that wait" },
  parameters: { flags: dashboardFlags, positional: { kind: "tuple", parameters: [instrumentParameter] } },
  async func(this: CliContext, flags: ConnectionFlags, instrument: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    const done = await client.doConfirm(instrument, patience(flags));
    if (flags.json) writeJson(this, done);
  },
});
