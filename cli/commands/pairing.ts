/**
 * `heliograph pair`, `connect` and `forward`: this PC's server for another PC, and another PC's server here.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { pairWith } from "../../client/pairing.ts";
import { secureConnect } from "../../client/secure.ts";
import { printable } from "../../protocol/printable.ts";
import { newPairingCode } from "../../protocol/pairing.ts";
import { AccessStore } from "../../server/access/access_store.ts";
import { hostName } from "../../server/config/server_settings.ts";
import { accessFileOf, benchFlag, parseNames, rolesOf } from "./access.ts";
import { dashboardFlags, parseName, parsePort, targetOf, typedWord, usualTimeout } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { Forwarder } from "../forwarder.ts";
import { keepServer, type KnownServer, knownServer } from "../known_servers.ts";
import { writeJson } from "../output.ts";
import { stopSignals } from "../signals.ts";

/** For how long a code is good, in minutes. */
const codeMinutes = 5;

interface PairFlags {
  readonly bench?: string;
  readonly role: string;
  readonly instruments?: readonly string[];
  readonly json: boolean;
}

/** A name that no other PC has: letters that are read as nothing else. */
function newName(): string {
  return `pc-${newPairingCode().slice(0, 4).toLowerCase()}`;
}

/** `heliograph pair` */
export const pairCommand = buildCommand({
  docs: {
    brief: "On the PC of the instruments: show a code by which another PC gets access",
    fullDescription:
      `On the PC of the instruments: show a code by which another PC gets access. It is good for ${codeMinutes} minutes, ` +
      "once. On the other PC, “heliograph connect THIS-PC CODE” makes itself known by it, and learns by which keys this " +
      "PC is known. The server must be reached from there: heliograph server --bench FILE --host 0.0.0.0.",
  },
  parameters: {
    flags: {
      bench: benchFlag,
      role: {
        kind: "parsed",
        parse: String,
        default: "operator",
        brief: "What the other PC may do: observer, operator, admin, or a role of the bench file",
        placeholder: "ROLE",
      },
      instruments: {
        kind: "parsed",
        parse: parseNames,
        optional: true,
        brief: "The instruments it may drive, by name, with commas between [default = all]",
        placeholder: "NAMES",
      },
      json: { kind: "boolean", default: false, brief: "Print JSON, for scripts" },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "NAME",
        brief: "What the other PC is called here [default = one that nobody has]",
        parse: parseName,
        optional: true,
      }],
    },
  },
  async func(this: CliContext, { bench, role, instruments, json }: PairFlags, given?: string): Promise<void> {
    const name = given ?? newName();
    const store = new AccessStore({ file: accessFileOf(bench), roles: await rolesOf(bench) });
    const code = newPairingCode();
    try {
      await store.load();
      if (store.isTaken(name)) {
        throw new UsageError(`Cannot pair ${name}: somebody of that name has a token. Revoke it, or give another name`);
      }
      await store.invite({ kind: "pairing", name, role, instruments, seconds: codeMinutes * 60 }, code);
    } finally {
      await store.stop();
    }
    if (json) return writeJson(this, { code, name, role, seconds: codeMinutes * 60 });
    const { write } = this.process.stdout;
    write(`The code, for ${codeMinutes} minutes and once: ${code}\n`);
    write(`Within that time, on the other PC:\n  heliograph connect ${typedWord(hostName() ?? "THIS-PC")} ${code}\n`);
    write(
      printable(`It is called ${name} here, and may do what ${role} may. “access revoke ${name}” ends that.`) + "\n",
    );
  },
});

interface ConnectFlags {
  readonly port: number;
  readonly as?: string;
  readonly authority?: string;
  readonly json: boolean;
}

/** `heliograph connect` */
export const connectCommand = buildCommand({
  docs: {
    brief: "Pair this PC with a server on another one, by the code that “pair” shows there",
    fullDescription:
      "Pair this PC with a server on another one, by the code that “heliograph pair” shows there. Both sides prove that " +
      "they know the code before anything is kept. From then on every subcommand takes --server NAME.",
  },
  parameters: {
    flags: {
      port: { ...dashboardFlags.port, brief: "Any port of that server" },
      as: {
        kind: "parsed",
        parse: parseName,
        optional: true,
        brief: "What the server is called here, for --server [default = its host]",
        placeholder: "NAME",
      },
      authority: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "The authority's certificate, a PEM file, where it has a certificate of an institute's own",
        placeholder: "FILE",
      },
      json: { kind: "boolean", default: false, brief: "Print JSON, for scripts" },
    },
    positional: {
      kind: "tuple",
      parameters: [
        { placeholder: "HOST", brief: "The server's name or address", parse: String },
        {
          placeholder: "CODE",
          brief: "The code [default = it is read from standard input]",
          parse: String,
          optional: true,
        },
      ],
    },
  },
  async func(this: CliContext, flags: ConnectFlags, host: string, given?: string): Promise<void> {
    const { port, as = host, json } = flags;
    const code = given ?? (await this.readInput()).trim();
    if (code === "") throw new UsageError("Cannot connect without a code: “heliograph pair” shows one on that PC");
    const authority = flags.authority === undefined ? undefined : await Deno.readTextFile(flags.authority);
    const paired = await pairWith(host, port, code, { timeout: usualTimeout }, authority);
    const { authority: learned, ports: told, name, role, title, token } = paired;
    // The ports that others see may be other ones than the server's own.
    const { tls, ...ports } = Object.values(told).includes(port) ? told : { dashboard: port };
    const direct = tls !== undefined && await reaches(host, tls, learned, token);
    const server: KnownServer = {
      host,
      ports: direct ? { ...ports, tls } : ports,
      ...(learned === undefined ? {} : { authority: learned }),
      token,
      name,
      role,
      title,
    };
    const file = keepServer(this, as, server);
    if (json) return writeJson(this, { server: as, host, name, role, title, file });
    const { write } = this.process.stdout;
    write(printable(`Paired with ${title} on ${host}: this PC is ${name} there, and may do what ${role} may`) + "\n");
    if (tls !== undefined && !direct) {
      write(`Its port ${tls}, which carries more, is not reached from here, by a firewall perhaps: others are used\n`);
    }
    write(printable(`Kept in ${file}. Try:\n`).replaceAll("\\n", "\n"));
    write(`  ${this.program} list --server ${typedWord(as)}\n`);
    write(`  ${this.program} forward ${typedWord(as)}      for programs that know no TLS\n`);
  },
});

/** Whether the port of all wires can be reached: firewalls may let others through alone. */
async function reaches(host: string, port: number, authority: string | undefined, token: string): Promise<boolean> {
  try {
    const first = { wire: "line", token };
    (await secureConnect(host, port, { authority, first }, { timeout: usualTimeout })).connection.close();
    return true;
  } catch {
    return false;
  }
}

interface ForwardFlags {
  readonly commandPort?: number;
  readonly dashboardPort?: number;
  readonly webPort?: number;
  readonly imagePort?: number;
}

const usualPorts = { line: 2402, dashboard: 12345, web: 2403, image: 6543 };

function portFlag(what: string, port: number) {
  return {
    kind: "parsed",
    parse: parsePort,
    optional: true,
    brief: `The port here for ${what}; 0 takes any free one [default = ${port}]`,
    placeholder: "PORT",
  } as const;
}

/** `heliograph forward` */
export const forwardCommand = buildCommand({
  docs: {
    brief: "Let programs of this PC drive another PC's instruments as if they were here, until Ctrl-C",
    fullDescription:
      "Let programs of this PC drive another PC's instruments as if they were here, until Ctrl-C: azcam's and PyOpticon's " +
      "clients, and a browser, connect to 127.0.0.1, and what they say is carried to the server by TLS with this PC's " +
      "token. Whoever can run programs on this PC can do so, too.",
  },
  parameters: {
    flags: {
      commandPort: portFlag("azcam's clients", usualPorts.line),
      dashboardPort: portFlag("PyOpticon's clients", usualPorts.dashboard),
      webPort: portFlag("the page", usualPorts.web),
      imagePort: portFlag("images that are sent to the server, where it receives some", usualPorts.image),
    },
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "NAME",
        brief: "The server, as it is called here",
        parse: String,
        proposeCompletions: dashboardFlags.server.proposeCompletions,
      }],
    },
  },
  async func(this: CliContext, flags: ForwardFlags, name: string): Promise<void> {
    const target = (wire: keyof typeof usualPorts) =>
      targetOf(this, { host: "", port: usualPorts[wire], server: name }, wire);
    const { commandPort = usualPorts.line, dashboardPort = usualPorts.dashboard, webPort = usualPorts.web } = flags;
    const images = knownServer(this, name).ports.image !== undefined;
    if (flags.imagePort !== undefined && !images) {
      throw new UsageError(
        `Cannot forward images to ${name}: it received none when this PC was paired. Start it with --image-port, and pair anew`,
      );
    }
    const imagePort = flags.imagePort ?? usualPorts.image;
    const forwarder = new Forwarder(usualTimeout, (text) => this.process.stderr.write(`${printable(text)}\n`));
    forwarder.start([
      { wire: "line", port: commandPort, flag: "--command-port", target: target("line") },
      { wire: "dashboard", port: dashboardPort, flag: "--dashboard-port", target: target("dashboard") },
      { wire: "web", port: webPort, flag: "--web-port", target: target("web") },
      ...images ? [{ wire: "image", port: imagePort, flag: "--image-port", target: target("image") } as const] : [],
    ]);
    const { write } = this.process.stdout;
    write(printable(`Forwarding to ${name} (${target("line").host}):`) + "\n");
    write(`  azcam clients, nc and telnet   127.0.0.1:${forwarder.port("line")}\n`);
    write(`  PyOpticon clients              127.0.0.1:${forwarder.port("dashboard")}\n`);
    write(`  the page, in a browser         http://127.0.0.1:${forwarder.port("web")}\n`);
    if (images) write(`  images in azcam's format       127.0.0.1:${forwarder.port("image")}\n`);
    write("Stop with Ctrl-C.\n");
    const stopped = Promise.withResolvers<void>();
    for (const signal of stopSignals) Deno.addSignalListener(signal, stopped.resolve);
    await stopped.promise;
    for (const signal of stopSignals) Deno.removeSignalListener(signal, stopped.resolve);
    await forwarder.stop();
  },
});
