/**
 * Connects the client subcommands to a server: the flags that they share, and opening a client with them.
 *
 * @module
 */

import { PyOpticonSocketClient } from "../client/pyopticon_client.ts";
import type { InstrumentDescription } from "../protocol/description.ts";
import type { CliContext } from "./context.ts";

/** The flags of a connection: address, timeout, JSON output, and the client's name. */
export interface ConnectionFlags {
  readonly host: string;
  readonly port: number;
  readonly timeout: number;
  readonly json: boolean;
  readonly name?: string;
}

/** A TCP port from the command line. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Error(`${text} is not a port: give a number from 0 to 65535`);
}

/** A number of seconds from the command line. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds > 0 && seconds <= 86_400) return seconds;
  throw new Error(`${text} is not a time: give seconds, more than 0 and at most 86400`);
}

/** A client's name from the command line. */
export function parseName(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is refused
  if (text !== "" && text.length <= 64 && !/[\x00-\x20\x7f]/.test(text)) return text;
  throw new Error("a name is 1 to 64 printable characters without spaces");
}

/** The name that a client subcommand goes by, or empty. */
export function clientName(context: CliContext, { name }: ConnectionFlags): string {
  return name ?? context.clientName ?? "";
}

/**
 * The flags of a client subcommand.
 *
 * @param port The default port.
 */
export function connectionFlags(port: number) {
  return {
    host: { kind: "parsed", parse: String, default: "127.0.0.1", brief: "The server's name or address" },
    port: { kind: "parsed", parse: parsePort, default: String(port), brief: "The server's port" },
    timeout: { kind: "parsed", parse: parseSeconds, default: "5", brief: "How many seconds to wait for a reply" },
    json: { kind: "boolean", default: false, brief: "Print JSON, for scripts" },
    name: {
      kind: "parsed",
      parse: parseName,
      optional: true,
      brief: "Your name, by which you take and drive instruments [default = HELIOGRAPH_NAME, or the user's]",
    },
  } as const;
}

/** The flags of the subcommands that use the dashboard socket. */
export const dashboardFlags = connectionFlags(12345);

/** A client with the flags' settings, whose errors are thrown. */
export function dashboardClient(context: CliContext, flags: ConnectionFlags): PyOpticonSocketClient {
  return new PyOpticonSocketClient({
    host: flags.host,
    socketNumber: flags.port,
    timeout: flags.timeout,
    handleErrors: "exception",
    name: clientName(context, flags),
  });
}

/** An instrument as one of several words on the command line, completed from the server. */
export const instrumentParameter = {
  placeholder: "INSTRUMENT",
  brief: "Its name or title",
  parse: String,
  proposeCompletions: async function (this: CliContext): Promise<string[]> {
    return (await describedForCompletion()).map(({ name }) => name);
  },
} as const;

/** A field of the instrument that is the word before it. */
export const fieldParameter = {
  placeholder: "FIELD",
  brief: "Its title or name",
  parse: String,
  proposeCompletions: async function (this: CliContext): Promise<string[]> {
    const instrument = (await describedForCompletion()).find(({ name, title }) =>
      name === this.words.at(-1) || title === this.words.at(-1)
    );
    return instrument?.fields.map(({ name }) => name) ?? [];
  },
} as const;

/** Describes the bench of this PC's server, for completion: an empty list rather than an error, and soon. */
async function describedForCompletion(): Promise<InstrumentDescription[]> {
  try {
    await using client = new PyOpticonSocketClient({ timeout: 0.5 });
    return await client.describe();
  } catch {
    return [];
  }
}
