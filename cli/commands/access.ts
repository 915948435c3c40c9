/**
 * `heliograph access`: who may do what on a bench. It works on the file itself; a running server takes changes at once.
 *
 * @module
 */

import { resolve } from "node:path";
import { buildCommand } from "../usage.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { printable } from "../../protocol/printable.ts";
import { rightWords } from "../../protocol/vocabulary.ts";
import { nameKey } from "../../server/access/access_file.ts";
import { AccessStore, type KnownPerson } from "../../server/access/access_store.ts";
import { OwnerAccess } from "../../server/files/owner_access.ts";
import { Roles } from "../../server/access/rights.ts";
import { readAccessWords } from "../../server/config/read_bench.ts";
import { besideBench } from "../../server/config/beside.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { type Cell, painter, table, writeJson } from "../output.ts";

interface AccessFlags {
  readonly bench?: string;
  readonly role?: string;
  readonly instruments?: readonly string[];
  readonly days?: number;
  readonly purpose?: string;
  readonly json: boolean;
}

const actions = ["add", "list", "revoke", "renew", "roles"] as const;
type Action = (typeof actions)[number];

/** The file of who may do what on the demo bench, which has no file of its own. */
export const demoAccessFile = "demo.access.json";

/** The absolute path of the file of who may do what on a bench. @param bench The bench file. @default the demo bench */
export function accessFileOf(bench: string | undefined): string {
  return bench === undefined ? resolve(demoAccessFile) : besideBench(resolve(bench)).access;
}

/** Whose access it is about. */
export const benchFlag = {
  kind: "parsed",
  parse: String,
  optional: true,
  brief: `The bench file [default = the demo bench, ${demoAccessFile} in this folder]`,
  placeholder: "FILE",
} as const;

/** The roles of a bench. @param bench The bench file. @default the demo bench */
export async function rolesOf(bench: string | undefined): Promise<Roles> {
  return new Roles(bench === undefined ? {} : (await readAccessWords(bench)).roles);
}

function parseDays(text: string): number {
  const days = Number(text);
  if (text.trim() !== "" && days > 0 && days <= 36_500) return days;
  throw new Error(`${text} is no number of days: give one above 0, 90 for example`);
}

/** Names on the command line, with commas between. */
export function parseNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => name !== "")) return names;
  throw new Error(`${text} is no list of instruments: give their names with commas between, as in tempcon,exposure`);
}

/** `heliograph access` */
export const accessCommand = buildCommand({
  docs: {
    brief: "Say who may do what: add NAME, list, revoke NAME, renew NAME, roles",
    fullDescription:
      "Say who may do what on a bench. It works on the file beside the bench file, lab.access.json for lab.json, and a " +
      "running server takes it at once: whoever may write that file can always make a new admin.\n" +
      "add NAME: print a token for a person or a program, once; only its SHA-256 is kept.\n" +
      "list: who has a token, their role, when and from where it was last used.\n" +
      "revoke NAME: take the token away, and end the connections made by it.\n" +
      "renew NAME: print a new token in the place of the old one.\n" +
      "roles: what each role may do.",
  },
  parameters: {
    flags: {
      bench: benchFlag,
      role: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "For add: observer, operator, admin, or a role of the bench file [default = observer]",
        placeholder: "ROLE",
      },
      instruments: {
        kind: "parsed",
        parse: parseNames,
        optional: true,
        brief: "For add: the instruments they may drive, by name, with commas between [default = all]",
        placeholder: "NAMES",
      },
      days: {
        kind: "parsed",
        parse: parseDays,
        optional: true,
        brief: "For add and renew: for how many days [default = until it is revoked]",
        placeholder: "DAYS",
      },
      purpose: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "For add: what it is for, to be read in the list",
        placeholder: "TEXT",
      },
      json: { kind: "boolean", default: false, brief: "Print JSON, for scripts" },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "ACTION",
        brief: "add, list, revoke, renew or roles [default = list]",
        parse: String,
        optional: true,
        proposeCompletions: () => [...actions],
      }, {
        placeholder: "NAME",
        brief: "For add, revoke and renew: the person or program",
        parse: String,
        optional: true,
      }],
    },
  },
  async func(this: CliContext, flags: AccessFlags, word?: string, name?: string): Promise<void> {
    const given = word ?? "list";
    const action = actions.find((known) => known === given);
    if (action === undefined) throw new UsageError(`Cannot ${given} access: give ${actions.join(", ")}`);
    checkFlags(action, flags, name);
    const roles = await rolesOf(flags.bench);
    if (action === "roles") return tellRoles(this, roles, flags);
    const file = accessFileOf(flags.bench);
    const store = new AccessStore({ file, roles });
    try {
      if (action === "list") await tellPeople(this, store, flags);
      else await change(this, store, action, name!, flags);
    } finally {
      await store.stop();
    }
  },
});

/** Refuses what would be left out silently. */
function checkFlags(action: Action, flags: AccessFlags, name: string | undefined): void {
  const named = action === "add" || action === "revoke" || action === "renew";
  if (named && name === undefined) {
    throw new UsageError(`Cannot ${action} nobody: give a name, as in access ${action} ana`);
  }
  if (!named && name !== undefined) throw new UsageError(`Cannot ${action} ${name}: access ${action} takes no name`);
  const taken: Readonly<Record<Action, readonly (keyof AccessFlags)[]>> = {
    add: ["role", "instruments", "days", "purpose"],
    renew: ["days"],
    list: [],
    revoke: [],
    roles: [],
  };
  for (const flag of taken.add) {
    if (flags[flag] !== undefined && !taken[action].includes(flag)) {
      throw new UsageError(
        `Cannot ${action} with --${flag}: that is for access ${flag === "days" ? "add and renew" : "add"}`,
      );
    }
  }
}

async function change(
  context: CliContext,
  store: AccessStore,
  action: "add" | "revoke" | "renew",
  name: string,
  flags: AccessFlags,
): Promise<void> {
  const { write } = context.process.stdout;
  if (action === "revoke") {
    await store.revoke(name);
    if (flags.json) writeJson(context, { name });
    else write(`${printable(name)} has no access any more\n`);
    return;
  }
  const { role = "observer", instruments, days, purpose } = flags;
  const token = action === "add"
    ? await store.add({ name, role, instruments, days, purpose })
    : await store.renew(name, days);
  const { until, ...person } = store.people.find((one) => nameKey(one.name) === nameKey(name))!;
  if (flags.json) return writeJson(context, { ...person, until: until ?? null, token });
  const which = person.instruments === undefined ? "" : ` of ${person.instruments.join(", ")}`;
  const end = until === undefined ? "until it is revoked" : `until ${until.slice(0, 10)}`;
  write(`${token}\n`);
  context.process.stderr.write(
    `${
      printable(`${person.name} is ${person.role}${which}, ${end}`)
    }. This token is told once: keep it like a password.\n`,
  );
  if (Deno.build.os === "windows" && OwnerAccess.usual?.protects(store.file!) !== true) {
    context.process.stderr.write(
      `Make sure that nobody else may read ${printable(store.file!)}: see docs/security.md\n`,
    );
  }
}

async function tellPeople(context: CliContext, store: AccessStore, { json }: AccessFlags): Promise<void> {
  try {
    await store.load();
  } catch (error) {
    throw new HeliographError("command_failed", (error as Error).message, { cause: error });
  }
  const { people } = store;
  if (json) return writeJson(context, people);
  const { write } = context.process.stdout;
  if (people.length === 0) return void write("Nobody has a token\n");
  const head = ["NAME", "ROLE", "DRIVES", "UNTIL", "LAST USED", "FROM", "FOR"];
  write(table(head, people.map(row), painter(context.colour)));
}

function row({ name, role, instruments, until, used, from, purpose }: KnownPerson): Cell[] {
  const minute = (time: string | undefined) => time === undefined ? "never" : time.slice(0, 16).replace("T", " ");
  const ended = until !== undefined && Date.parse(until) <= Date.now();
  return [
    name,
    role,
    instruments === undefined ? "all" : instruments.join(" "),
    until === undefined ? "revoked" : `${until.slice(0, 10)}${ended ? " (over)" : ""}`,
    minute(used),
    from ?? "",
    purpose ?? "",
  ];
}

function tellRoles(context: CliContext, roles: Roles, { json }: AccessFlags): void {
  const all = roles.all.map(({ roleName, rights }) => ({ role: roleName, rights: [...rights] }));
  if (json) return writeJson(context, all);
  for (const { role, rights } of all) {
    context.process.stdout.write(`${printable(role)}: ${rights.map((right) => rightWords[right]).join(", ")}\n`);
  }
}
