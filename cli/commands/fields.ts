/**
 * The subcommands that read and set fields: `get`, `set`, `confirm`, `revert`.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { printable } from "../../protocol/printable.ts";
import type { FieldReading } from "../../protocol/description.ts";
import {
  type ConnectionFlags,
  dashboardClient,
  dashboardFlags,
  fieldParameter,
  instrumentParameter,
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

/** `heliograph get INSTRUMENT FIELD` */
export const getCommand = buildCommand({
  docs: { brief: "Read a field" },
  parameters: {
    flags: dashboardFlags,
    positional: { kind: "tuple", parameters: [instrumentParameter, fieldParameter] },
  },
  async func(this: CliContext, flags: ConnectionFlags, instrument: string, field: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    const reading = await client.getReading(instrument, field);
    showReading(this, reading, flags.json);
    if (reading.quality === "error") this.process.exitCode = exitCodes.refused.code;
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
      parameters: [instrumentParameter, fieldParameter, {
        placeholder: "VALUE",
        brief: "The new value",
        parse: String,
      }],
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
    await client.setField(instrument, field, value);
    if (flags.confirm) await client.doConfirm(instrument);
    if (flags.json) showReading(this, await client.getReading(instrument, field), true);
  },
});

/** `heliograph revert INSTRUMENT` */
export const revertCommand = buildCommand({
  docs: { brief: "Put the settings that wait back to what they were" },
  parameters: { flags: dashboardFlags, positional: { kind: "tuple", parameters: [instrumentParameter] } },
  async func(this: CliContext, flags: ConnectionFlags, instrument: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    await client.revert(instrument);
    if (flags.json) writeJson(this, null);
  },
});

/** `heliograph confirm INSTRUMENT` */
export const confirmCommand = buildCommand({
  docs: { brief: "Apply the settings that wait" },
  parameters: { flags: dashboardFlags, positional: { kind: "tuple", parameters: [instrumentParameter] } },
  async func(this: CliContext, flags: ConnectionFlags, instrument: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    const done = await client.doConfirm(instrument);
    if (flags.json) writeJson(this, done);
  },
});
