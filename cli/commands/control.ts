/**
 * The subcommands that take and release control of instruments: `take`, `release`; and free
 * their ports for other programs: `off`, `on`.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { parseDuration } from "../../protocol/duration.ts";
import { printable } from "../../protocol/printable.ts";
import {
  clientName,
  type ConnectionFlags,
  dashboardClient,
  dashboardFlags,
  instrumentParameter,
} from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { clock, writeJson } from "../output.ts";

interface ControlFlags extends ConnectionFlags {
  readonly force: boolean;
}

const controlFlags = {
  ...dashboardFlags,
  force: { kind: "boolean", default: false, brief: "Also from somebody else; needs the right to take over" },
} as const;

function givenDuration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** `heliograph take INSTRUMENT [DURATION]` */
export const takeCommand = buildCommand({
  docs: { brief: "Take control of an instrument: others read it but do not drive it" },
  parameters: {
    flags: controlFlags,
    positional: {
      kind: "tuple",
      parameters: [instrumentParameter, {
        placeholder: "DURATION",
        brief: "How long after your last request it ends: 90, 90s, 10m or 2h [default = 10m]",
        parse: String,
        optional: true,
        proposeCompletions: () => ["10m", "30m", "1h", "2h"],
      }, {
        placeholder: "UNIT",
        brief: "Its unit, where that is a word of its own: seconds, minutes or hours",
        parse: String,
        optional: true,
      }],
    },
  },
  async func(
    this: CliContext,
    flags: ControlFlags,
    instrument: string,
    duration?: string,
    unit?: string,
  ): Promise<void> {
    const seconds = givenDuration(`${duration ?? "10m"} ${unit ?? ""}`);
    if (clientName(this, flags) === "") {
      throw new UsageError(
        `Cannot take ${instrument} without a name: control would end with this program. ` +
          "Give --name NAME, or set HELIOGRAPH_NAME",
      );
    }
    await using client = dashboardClient(this, flags);
    // Says what is wrong with a name that the server does not take.
    await client.hello();
    const lease = await client.take(instrument, { seconds, force: flags.force });
    if (flags.json) return writeJson(this, lease);
    const { name, until } = lease.holder;
    this.process.stdout.write(
      `${printable(`${name} has control of ${lease.instrument}`)} until ${
        clock(until)
      }, or longer: each request renews it\n`,
    );
  },
});

/** `heliograph release INSTRUMENT` */
export const releaseCommand = buildCommand({
  docs: { brief: "Release an instrument: everybody may drive it again" },
  parameters: { flags: controlFlags, positional: { kind: "tuple", parameters: [instrumentParameter] } },
  async func(this: CliContext, flags: ControlFlags, instrument: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    await client.release(instrument, { force: flags.force });
    if (flags.json) writeJson(this, null);
  },
});

/** `heliograph off INSTRUMENT` */
export const offCommand = buildCommand({
  docs: { brief: "Free an instrument's port for another program, until it is switched on or the server stops" },
  parameters: { flags: dashboardFlags, positional: { kind: "tuple", parameters: [instrumentParameter] } },
  async func(this: CliContext, flags: ConnectionFlags, instrument: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    await client.call("api", "switch_off", [instrument]);
    const { title, contact } = await client.describe(instrument);
    if (flags.json) return writeJson(this, contact);
    this.process.stdout.write(`${printable(`${title} is ${contact?.reason ?? "off"}`)}\n`);
  },
});

/** `heliograph on INSTRUMENT` */
export const onCommand = buildCommand({
  docs: { brief: "Take an instrument's port again that was freed by off" },
  parameters: { flags: dashboardFlags, positional: { kind: "tuple", parameters: [instrumentParameter] } },
  async func(this: CliContext, flags: ConnectionFlags, instrument: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    await client.call("api", "switch_on", [instrument]);
    if (flags.json) writeJson(this, null);
  },
});
