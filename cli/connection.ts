/**
 * Connects the client subcommands to a server: the flags that they share, and opening a client with them.
 *
 * @module
 */

import { PyOpticonSocketClient } from "../client/pyopticon_client.ts";
import type { PyOpticonSocketClientOptions } from "../client/pyopticon_options.ts";
import type { Wire } from "../client/secure.ts";
import { usualDeadline } from "../protocol/description.ts";
import { fleetName } from "../protocol/fleet.ts";
import { BenchWords } from "./bench_words.ts";
import type { CliContext } from "./context.ts";
import { didYouMean, listed } from "../server/bench/names.ts";
import { knownServer, knownServers } from "./known_servers.ts";

/** The flags of a connection: address, timeout, JSON output, and the client's name. */
export interface ConnectionFlags {
  readonly host: string;
  readonly port: number;
  /** In seconds; where nobody gives it, a reply is waited for as long as what was asked may take. */
  readonly timeout?: number;
  readonly json: boolean;
  readonly name?: string;
  /** A server that this PC was paired with; it goes before host and port. */
  readonly server?: string;
}

/** The time within which a server answers what takes no time, in seconds. */
export const usualTimeout = 5;

/** The time that a reply needs beyond the deadline of what was asked, in seconds. */
const grace = 2;

/**
 * How long to wait for what may take some time.
 *
 * @param flags A time that was given comes first.
 * @param deadline The server answers by then, in seconds.
 */
export function patience({ timeout }: Pick<ConnectionFlags, "timeout">, deadline = usualDeadline): { timeout: number } {
  return { timeout: timeout ?? deadline + grace };
}

/**
 * A command line of this program for the same server, as people type it.
 *
 * @param context How this program was started.
 * @param flags Where the server is.
 * @param words The subcommand and its arguments.
 */
export function sameServer(
  { program }: CliContext,
  { host, port, name, server }: ConnectionFlags,
  ...words: string[]
): string {
  const { host: usualHost, port: usualPort } = dashboardFlags;
  const where = [
    ...(server === undefined ? [] : ["--server", server]),
    ...(host === usualHost.default ? [] : ["--host", host]),
    ...(String(port) === usualPort.default ? [] : ["--port", String(port)]),
    ...(name === undefined ? [] : ["--name", name]),
  ];
  return [program, ...[...words, ...where].map(typedWord)].join(" ");
}

/** A word as it is typed in a shell, quoted where it needs that. */
export function typedWord(word: string): string {
  if (/^[\w.,:=/@%+-]+$/.test(word)) return word;
  return /["$`\\!]/.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : `"${word}"`;
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
    server: {
      kind: "parsed",
      parse: String,
      optional: true,
      placeholder: "NAME",
      brief: "A server on another PC that this one was paired with, instead of host and port",
      proposeCompletions(this: CliContext): readonly string[] {
        return serverNames(this);
      },
    },
    timeout: {
      kind: "parsed",
      parse: parseSeconds,
      optional: true,
      brief: "How many seconds to wait for a reply [default = 5, or as long as what is called may take]",
    },
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

/** Where a client connects, and how. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly authority?: string };
  readonly token?: string;
  /** Another PC of that server's fleet. */
  readonly pc?: NonNullable<PyOpticonSocketClientOptions["pc"]>;
}

/**
 * Where the flags say that the server is.
 *
 * @param wire Which of its ports is meant, where it is one that this PC was paired with.
 */
export function targetOf(
  context: CliContext,
  { host, port, server }: Pick<ConnectionFlags, "host" | "port" | "server">,
  wire: Wire = "dashboard",
): Target {
  if (server === undefined) return { host, port };
  // Who was not paired with may be another PC of the fleet, which this PC's own server asks.
  const paired = Object.keys(knownServers(context));
  if (wire === "dashboard" && fleetName.test(server) && !paired.includes(server)) {
    const names = paired.length === 0 ? "none yet" : `${listed(paired)}${didYouMean(server, paired)}`;
    return { host, port, pc: { name: server, otherwise: `By “heliograph connect”, this PC was paired with ${names}` } };
  }
  const { authority, token, ports, ...known } = knownServer(context, server);
  return {
    host: known.host,
    // One port serves all wires, and carries more.
    port: ports.tls ?? ports[wire] ?? port,
    tls: authority === undefined ? {} : { authority },
    token,
  };
}

/** The servers that this PC was paired with, for completion: nothing rather than an error. */
function serverNames(context: CliContext): readonly string[] {
  try {
    return Object.keys(knownServers(context));
  } catch {
    return [];
  }
}

/** A client with the flags' settings, whose errors are thrown. */
export function dashboardClient(context: CliContext, flags: ConnectionFlags): PyOpticonSocketClient {
  const { port, ...target } = targetOf(context, flags);
  return new PyOpticonSocketClient({
    ...target,
    socketNumber: port,
    timeout: flags.timeout ?? usualTimeout,
    handleErrors: "exception",
    name: clientName(context, flags),
    ...(context.subcommand === undefined ? {} : { purpose: context.subcommand }),
  });
}

/** The proposals for a word of a command about the bench. @param propose What could stand there. */
function proposed(propose: (bench: BenchWords, before: readonly string[], partial: string) => readonly string[]) {
  return async function (this: CliContext, partial: string): Promise<readonly string[]> {
    return propose(await benchForCompletion(this), this.typed.words, partial);
  };
}

/** An instrument as one of several words on the command line, completed from the server. */
export const instrumentParameter = {
  placeholder: "INSTRUMENT",
  brief: "Its name or title",
  parse: String,
  proposeCompletions: proposed((bench) => bench.instruments()),
} as const;

/** A field of the instrument that is the word before it. */
export const fieldParameter = {
  placeholder: "FIELD",
  brief: "Its title or name",
  parse: String,
  proposeCompletions: proposed((bench, [instrument]) => bench.fields(instrument)),
} as const;

/** A setting of the instrument that is the word before it. */
export const settingParameter = {
  ...fieldParameter,
  proposeCompletions: proposed((bench, [instrument]) => bench.fields(instrument, true)),
} as const;

/** A value for the setting that is the word before it. */
export const valueParameter = {
  placeholder: "VALUE",
  brief: "The new value",
  parse: String,
  proposeCompletions: proposed((bench, [instrument, field]) => bench.values(instrument, field)),
} as const;

/** The words of a call, from the instrument to the last argument. */
export const callParameter = {
  placeholder: "INSTRUMENT COMMAND [ARGUMENT…] [NAME=VALUE…]",
  brief: '"describe" tells the commands of an instrument, and their arguments',
  parse: String,
  proposeCompletions: proposed((bench, [instrument, command, ...given], partial) =>
    instrument === undefined
      ? bench.instruments()
      : command === undefined
      ? bench.commands(instrument)
      : bench.arguments(instrument, command, given, partial)
  ),
} as const;

/** Describes the bench of the server that the line is about, for completion: nothing rather than an error, and soon. */
async function benchForCompletion(context: CliContext): Promise<BenchWords> {
  const { host, port, server } = context.typed;
  try {
    const { port: socketNumber, ...target } = targetOf(context, {
      host: host ?? dashboardFlags.host.default,
      port: parsePort(port ?? dashboardFlags.port.default),
      ...(server === undefined ? {} : { server }),
    });
    await using client = new PyOpticonSocketClient({ ...target, socketNumber, timeout: 0.5 });
    return new BenchWords(await client.describe());
  } catch {
    return new BenchWords([]);
  }
}
