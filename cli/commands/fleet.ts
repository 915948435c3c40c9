/**
 * `heliograph fleet`: the PCs that are driven as one bench, and what their broker needs.
 *
 * @module
 */

import { join } from "node:path";
import type { FleetDescription, FleetMember } from "../../protocol/fleet.ts";
import type { ServerStatus } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { localTime } from "../../protocol/local_time.ts";
import { printable } from "../../protocol/printable.ts";
import { ownInstruments } from "../../server/bench/names.ts";
import { writeFleet, writeSite } from "../../server/fleet/broker_files.ts";
import { type ConnectionFlags, dashboardClient, dashboardFlags, parsePort } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { type Paint, painter, table, writeJson } from "../output.ts";
import { buildCommand, notOneOf } from "../usage.ts";
import { fleetCheck, fleetJoin } from "./fleet_join.ts";

/** A clock that is off by more, in seconds, is told. */
const clockOff = 2;

const startBroker = "  nats-server --config nats-server.conf\n";

interface FleetFlags extends ConnectionFlags {
  readonly broker?: string;
  readonly site?: string;
  readonly bench: string;
  readonly name?: string;
}

/** `heliograph fleet` */
export const fleetCommand = buildCommand({
  docs: {
    brief: "Show the PCs of the fleet: which are there, their instruments, and whether all is well",
    fullDescription:
      "Show the PCs of the fleet that the server is in, by the word “fleet” of its bench file. `fleet init FOLDER " +
      "--broker HOST PC…` writes what the broker needs, a NATS server, and what is carried to each PC; again with other " +
      "PCs, it adds them; with `--site NAME`, those of another site, which go to a broker of their own. `fleet join FOLDER` puts what was carried here into the bench file; `fleet check` says what is " +
      "wrong, and what to do. `fleet records` tells what is gathered of the records of all PCs, " +
      "`fleet page` prints the address at which a browser shows them; it opens none.",
  },
  parameters: {
    flags: {
      ...dashboardFlags,
      broker: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "For init: by which name or address, and port, the PCs reach the broker [default port = 4222]",
        placeholder: "HOST[:PORT]",
      },
      site: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "For init: the site whose own broker and PCs are written [default = the main broker and its PCs]",
        placeholder: "NAME",
      },
      bench: {
        kind: "parsed",
        parse: String,
        default: "bench.json",
        brief: "For join and check: the bench file",
        placeholder: "FILE",
      },
      name: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "For join: what this PC is called in the fleet [default = as the folder says]",
        placeholder: "NAME",
      },
    },
    positional: {
      kind: "array",
      parameter: {
        placeholder: "list | page | records | check | join FOLDER | init FOLDER PC…",
        brief: "What to do [default = list]",
        parse: String,
      },
    },
  },
  async func(this: CliContext, flags: FleetFlags, ...[action = "list", ...rest]: string[]): Promise<void> {
    if (action === "init") return await init(this, flags, rest);
    if (action === "join") return await fleetJoin(this, flags.json, flags.bench, rest, flags.name);
    if (action === "check" && rest.length === 0) return await fleetCheck(this, flags.json, flags.bench);
    if (!["list", "page", "records"].includes(action) || rest.length > 0) {
      const words = ["list", "page", "records", "check", "join FOLDER", "init FOLDER PC…"];
      throw notOneOf([action, ...rest].join(" "), "the fleet", words);
    }
    await using client = dashboardClient(this, flags);
    await client.hello();
    let fleet: FleetDescription;
    try {
      fleet = await client.call("fleet", "list") as FleetDescription;
    } catch (error) {
      if (!(error instanceof HeliographError) || error.code !== "unknown_instrument") throw error;
      throw new HeliographError(
        "unavailable",
        'This bench is in no fleet: say "fleet" in its bench file; “fleet init” writes what that needs',
      );
    }
    if (action === "records") return tellRecords(this, flags.json, fleet);
    if (action === "page") {
      const address = pageOf(await client.status());
      if (flags.json) return writeJson(this, { address });
      this.process.stdout.write(`${printable(address)}\n`);
      return;
    }
    if (flags.json) return writeJson(this, fleet);
    this.process.stdout.write(fleetText(fleet, painter(this.colour)));
  },
});

/** Where a browser on the server's PC shows the fleet. @throws {HeliographError} Where the server has no page. */
function pageOf({ listeners }: ServerStatus): string {
  const web = listeners.find(({ protocol }) => protocol === "web");
  if (web === undefined) throw new HeliographError("unavailable", "This server serves no page");
  const host = /^(?:0\.0\.0\.0|::)$/.test(web.host) ? "127.0.0.1" : web.host;
  return `http://${host.includes(":") ? `[${host}]` : host}:${web.port}/#/fleet`;
}

/** The fleet, as a table. */
export function fleetText({ broker, connected, reason, members }: FleetDescription, paint: Paint): string {
  const rows = members.map((member) => {
    const { name, self, here, version, started, title } = member;
    return [
      { text: printable(`${name}${self ? " (this PC)" : ""}`), style: here ? paint.bold : paint.dim },
      printable(title),
      {
        text: printable(stateOf(member)),
        style: !here ? paint.red : member.trouble === "" ? paint.green : paint.yellow,
      },
      version,
      localTime(new Date(started)).slice(0, 16),
      printable(member.instruments.filter((name) => !ownInstruments.has(name)).join(", ")),
    ];
  });
  const head = ["PC", "BENCH", "STATE", "VERSION", "SINCE", "INSTRUMENTS"];
  return (connected ? "" : `${paint.red(printable(`This PC is not in its fleet: ${reason}`))}\n`) +
    table(head, rows, paint) + paint.dim(`by ${printable(broker)}\n`);
}

/** Tells what is gathered of the records of other PCs. */
function tellRecords(context: CliContext, json: boolean, { gathered }: FleetDescription): void {
  if (gathered === undefined) {
    throw new HeliographError(
      "unavailable",
      'This PC gathers no records: say "gather": "fleet-records" in "fleet" of its bench file, or ask the PC that does',
    );
  }
  if (json) return writeJson(context, gathered);
  const paint = painter(context.colour);
  const told = (time: string | null) => time === null ? "" : localTime(new Date(time)).slice(0, 19);
  const rows = gathered.pcs.map(({ name, records, last, whole, reason }) => [
    { text: printable(name), style: paint.bold },
    String(records),
    told(last),
    told(whole),
    {
      text: printable(reason || (whole === null ? "not reached yet" : "well")),
      style: reason === "" ? paint.green : paint.red,
    },
  ]);
  context.process.stdout.write(
    table(["PC", "RECORDS", "LAST", "ALL UNTIL", "STATE"], rows, paint) +
      paint.dim(`in ${printable(gathered.folder)}; read one with --read ${printable(join(gathered.folder, "PC"))}\n`),
  );
}

function stateOf({ self, here, reason, trouble, clockAhead }: FleetMember): string {
  if (!here) return self ? "not in the fleet" : reason;
  const off = clockAhead === null || Math.abs(clockAhead) < clockOff
    ? ""
    : `its clock is ${Math.abs(clockAhead)} s ${clockAhead > 0 ? "ahead" : "behind"}`;
  return [trouble, off].filter((each) => each !== "").join("; ") || "well";
}

async function init(context: CliContext, flags: FleetFlags, [folder, ...names]: readonly string[]): Promise<void> {
  const { site } = flags;
  if (folder === undefined || names.length === 0 && (site === undefined || flags.broker === undefined)) {
    throw new UsageError(
      site === undefined
        ? "Cannot write a fleet: give a folder and the PCs, fleet init lab-fleet --broker nats.lab cold-lab reactor-lab"
        : "Cannot write a site: give the fleet's folder and the site's PCs, " +
          `fleet init lab-fleet --site ${site} --broker ${site}-nats.lab ${site}-camera`,
    );
  }
  const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(flags.broker ?? "") ?? [];
  const place = { host: host || undefined, port: port === undefined ? undefined : parsePort(port) };
  const written = site === undefined
    ? await writeFleet(folder, names, place)
    : await writeSite(folder, site, names, place);
  if (flags.json) return writeJson(context, written);
  const { write } = context.process.stdout;
  write(`For the ${written.startAnew ? "main " : ""}broker, in ${printable(folder)}:\n${startBroker}`);
  for (const name of Object.keys(written.sites)) {
    write(
      `For the broker of ${name}: carry ${printable(join(folder, name))} to it, and in that folder\n${startBroker}`,
    );
  }
  for (const name of Object.keys(written.pcs)) {
    const carried = printable(join(folder, name));
    write(`For ${name}: carry ${carried} to it, and there\n  ${context.program} fleet join ${name} --bench FILE\n`);
  }
  if (written.startAnew) {
    write("A main broker that runs has to be started anew; a site's reads it by nats-server --signal reload.\n");
  }
  if (names.length > 0) {
    write("Whoever has a fleet.seed is that PC: carry each to its own PC alone, and remove it here.\n");
  }
  if (Object.values(written.sites).flat().some((file) => file.endsWith("main-broker.conf"))) {
    write("Whoever has a main-broker.conf is that site: carry it to the site's broker alone, and remove it here.\n");
  }
}
