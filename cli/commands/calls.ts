/**
 * The subcommands that run commands: `call` on the dashboard socket, `command` on azcam's.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { printable } from "../../protocol/printable.ts";
import { usualDeadline } from "../../protocol/description.ts";
import { AzcamClient } from "../../client/azcam_client.ts";
import type { PyOpticonSocketClient, RequestOptions } from "../../client/pyopticon_client.ts";
import {
  callParameter,
  type ConnectionFlags,
  connectionFlags,
  dashboardClient,
  dashboardFlags,
  patience,
  targetOf,
  usualTimeout,
} from "../connection.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit_codes.ts";
import { painter, result, writeJson } from "../output.ts";

const keywordArgument = /^([A-Za-z_]\w*)=(.*)$/s;

/** Splits `ARG… KEY=VALUE…` into the two kinds. */
export function splitArguments(words: readonly string[]): { args: string[]; keywords: Record<string, string> } {
  const args: string[] = [];
  const keywords: [string, string][] = [];
  for (const word of words) {
    const keyword = keywordArgument.exec(word);
    if (keyword === null) args.push(word);
    else keywords.push([keyword[1]!, keyword[2]!]);
  }
  return { args, keywords: Object.fromEntries(keywords) };
}

/** How long the reply to a call may take, in seconds: as given, or by the command's declared deadline. */
export async function callTimeout(
  flags: ConnectionFlags,
  client: PyOpticonSocketClient,
  instrument: string,
  command: string,
  options: RequestOptions = {},
): Promise<number> {
  if (flags.timeout !== undefined) return flags.timeout;
  // The default instrument answers for others, which know how long that takes.
  const described = instrument === "api"
    ? await client.describe(undefined, options)
    : [await client.describe(instrument, options)];
  const deadlines = described.flatMap(({ commands }) => commands.find(({ name }) => name === command)?.deadline ?? []);
  return patience(flags, Math.max(usualDeadline, ...deadlines)).timeout;
}

/** `heliograph call INSTRUMENT COMMAND [ARG…] [KEY=VALUE…]` */
export const callCommand = buildCommand({
  docs: { brief: "Call a command of an instrument, and wait as long as it may take" },
  parameters: {
    flags: dashboardFlags,
    positional: {
      kind: "array",
      minimum: 2,
      parameter: callParameter,
    },
  },
  async func(this: CliContext, flags: ConnectionFlags, ...[instrument, command, ...rest]: string[]): Promise<void> {
    const { args, keywords } = splitArguments(rest);
    await using client = dashboardClient(this, flags);
    const value = await client.call(instrument!, command!, args, keywords, {
      timeout: await callTimeout(flags, client, instrument!, command!),
    });
    if (flags.json) writeJson(this, value);
    else this.process.stdout.write(result(value, painter(this.colour)));
  },
});

const { name, ...otherFlags } = connectionFlags(2402);
const lineFlags = { ...otherFlags, name: { ...name, brief: "A name to register before [default = none]" } };

/** `heliograph command "LINE"` */
export const commandCommand = buildCommand({
  docs: { brief: "Send one azcam command line, to any azcam-style server" },
  parameters: {
    flags: lineFlags,
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "LINE", brief: "The line, quoted as one word", parse: String }],
    },
  },
  async func(this: CliContext, flags: ConnectionFlags, line: string): Promise<void> {
    await using client = new AzcamClient({ ...targetOf(this, flags, "line"), timeout: flags.timeout ?? usualTimeout });
    // Only a name that was asked for: an azcam-style server need not know of any.
    const registered = flags.name === undefined ? "OK" : await client.exchange(`register ${flags.name}`);
    const reply = registered.startsWith("OK") ? await client.exchange(line) : registered;
    const status = /^\w+/.exec(reply)?.[0] ?? "";
    if (flags.json) writeJson(this, { status, reply: reply.slice(status.length).trimStart() });
    else this.process.stdout.write(`${printable(reply)}\n`);
    if (status === "ERROR") this.process.exitCode = exitCodes.refused.code;
  },
});
