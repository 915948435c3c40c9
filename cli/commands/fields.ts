/**
 * The subcommands that read and set fields: `get`, `set`, `confirm`.
 *
 * @module
 */

import { buildCommand } from "npm:@stricli/core@1.3.0";
import {
  type ConnectionFlags,
  dashboardClient,
  dashboardFlags,
  fieldParameter,
  instrumentParameter,
} from "../connection.ts";
import type { CliContext } from "../context.ts";
import { painter, result, writeJson } from "../output.ts";

/** `heliograph get INSTRUMENT FIELD` */
export const getCommand = buildCommand({
  docs: { brief: "Read a field" },
  parameters: {
    flags: dashboardFlags,
    positional: { kind: "tuple", parameters: [instrumentParameter, fieldParameter] },
  },
  async func(this: CliContext, flags: ConnectionFlags, instrument: string, field: string): Promise<void> {
    await using client = dashboardClient(flags);
    if (flags.json) return writeJson(this, await client.getField(instrument, field));
    this.process.stdout.write(result(await client.call(instrument, "get", [field]), painter(this.colour)));
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
    await using client = dashboardClient(flags);
    await client.setField(instrument, field, value);
    if (flags.confirm) await client.doConfirm(instrument);
    if (flags.json) writeJson(this, await client.getField(instrument, field));
  },
});

/** `heliograph confirm INSTRUMENT` */
export const confirmCommand = buildCommand({
  docs: { brief: "Apply the settings that wait" },
  parameters: { flags: dashboardFlags, positional: { kind: "tuple", parameters: [instrumentParameter] } },
  async func(this: CliContext, flags: ConnectionFlags, instrument: string): Promise<void> {
    await using client = dashboardClient(flags);
    const done = await client.doConfirm(instrument);
    if (flags.json) writeJson(this, done);
  },
});
