/**
 * `heliograph fleet join` and `heliograph fleet check`: what a bench file says of its fleet, put in and looked at.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import { printable } from "../../protocol/printable.ts";
import { EditedText } from "../../server/config/editing/edited_text.ts";
import { OwnerAccess } from "../../server/files/owner_access.ts";
import { BenchFileError, type Problem, Source } from "../../server/files/source.ts";
import { formProblems } from "../../server/config/validate.ts";
import { checkFleet } from "../../server/fleet/check.ts";
import { fleetSchema, type FleetWords } from "../../server/fleet/fleet_schema.ts";
import type { CliContext } from "../context.ts";
import { exitCodes, UsageError } from "../exit_codes.ts";
import { painter, writeJson } from "../output.ts";

/** The files that a PC gets from `fleet init`, besides its words. */
const carried = ["fleet.seed", "fleet-authority.pem"] as const;

/** What a bench file says of its fleet; files as absolute paths. @throws {BenchFileError} Where that cannot be. */
function fleetOf(file: string, text: string): { readonly words: FleetWords | undefined; readonly value: object } {
  const problems: Problem[] = [];
  const source = Source.parse(file, text, problems);
  const { value } = source;
  if (problems.length === 0 && (typeof value !== "object" || value === null || Array.isArray(value))) {
    problems.push(source.problem([], "should be a bench"));
  }
  const fleet = (value as { readonly fleet?: unknown } | undefined)?.fleet;
  if (fleet !== undefined) problems.push(...formProblems(fleetSchema, fleet, source, ["fleet"]));
  if (problems.length > 0) throw new BenchFileError(problems);
  if (fleet === undefined) return { words: undefined, value: value as object };
  const words = fleetSchema.parse(fleet);
  const beside = dirname(resolve(file));
  return {
    words: {
      ...words,
      credentials: words.credentials && resolve(beside, words.credentials),
      authority: words.authority && resolve(beside, words.authority),
    },
    value: value as object,
  };
}

/** Says what is wrong with a fleet, and what to do. @param bench The bench file. */
export async function fleetCheck(context: CliContext, json: boolean, bench: string): Promise<void> {
  const { words } = fleetOf(bench, await read(bench));
  if (words === undefined) {
    throw new UsageError(
      `${bench} says nothing of a fleet: “heliograph fleet join FOLDER --bench ${bench}” puts it there, with the folder ` +
        "that “fleet init” made for this PC",
    );
  }
  const findings = await checkFleet(words);
  if (findings.some(({ state }) => state === "wrong")) context.process.exitCode = exitCodes.refused.code;
  if (json) return writeJson(context, findings);
  const paint = painter(context.colour);
  const marks = { well: paint.green("well "), note: paint.yellow("note "), wrong: paint.red("wrong") };
  for (const { state, text } of findings) context.process.stdout.write(`${marks[state]}  ${printable(text)}\n`);
}

/**
 * Puts what a PC got from `fleet init` beside its bench file, and the words into that; then checks it.
 *
 * @param given The folder that was carried here, or where the broker is: `tls://nats.lab:4222`, several where there are.
 */
export async function fleetJoin(
  context: CliContext,
  json: boolean,
  bench: string,
  given: readonly string[],
  name: string | undefined,
): Promise<void> {
  const addresses = given.filter((each) => /^(?:nats|tls):\/\//i.test(each));
  const [folder, ...more] = given.filter((each) => !addresses.includes(each));
  if (given.length === 0 || more.length > 0 || folder === undefined && name === undefined) {
    throw new UsageError(
      "Cannot join a fleet: give the folder that “fleet init” made for this PC, fleet join cold-lab; or where the broker " +
        "is and what this PC is called, fleet join tls://nats.lab:4222 --name cold-lab",
    );
  }
  const text = await read(bench);
  const { value } = fleetOf(bench, text);
  const beside = dirname(resolve(bench));
  const kept = folder === undefined ? {} : wordsIn(folder, await read(join(folder, "fleet.json")));
  for (const file of folder === undefined || resolve(folder) === beside ? [] : carried) {
    const to = join(beside, file);
    const there = await Deno.readTextFile(to).catch(() => undefined);
    const carriedText = await read(join(folder!, file));
    if (there !== undefined && there !== carriedText) {
      throw new UsageError(`${to} is there already, and is another one: move it away first`);
    }
    await Deno.writeTextFile(to, carriedText, { mode: 0o600 });
    if (file === "fleet.seed" && Deno.build.os === "windows" && OwnerAccess.usual?.protect(to, "file") !== true) {
      context.process.stderr.write(`Make sure that nobody else may read ${printable(to)}: see docs/security.md\n`);
    }
  }
  const has = async (file: string) => await Deno.stat(join(beside, file)).then(() => true, () => false);
  const before = (value as { readonly fleet?: object }).fleet;
  const fleet = {
    ...before,
    ...kept,
    ...addresses.length === 0 ? {} : { broker: addresses.length === 1 ? addresses[0] : addresses },
    ...name === undefined ? {} : { name },
    ...folder === undefined && await has(carried[0]) ? { credentials: carried[0] } : {},
    ...folder === undefined && await has(carried[1]) ? { authority: carried[1] } : {},
  };
  const edited = new EditedText(text);
  edited.change([], value, { ...value, fleet });
  // What is wrong with it is told before anything is written.
  fleetOf(bench, edited.text);
  await Deno.writeTextFile(bench, edited.text);
  if (!json) {
    const called = printable((fleet as { readonly name: string }).name);
    context.process.stdout.write(
      `${printable(bench)} is in the fleet as ${called} once its server is started again.` +
        (folder === undefined ? "\n" : ` Remove ${printable(folder)} now: whoever has its fleet.seed is this PC.\n`),
    );
  }
  await fleetCheck(context, json, bench);
}

function wordsIn(folder: string, text: string): object {
  const file = join(folder, "fleet.json");
  try {
    const { fleet } = JSON.parse(text) as { readonly fleet?: object };
    if (typeof fleet === "object" && fleet !== null) return fleet;
  } catch {
    // It is told below.
  }
  throw new UsageError(`${file} is not as “fleet init” writes it for a PC: give the folder that is called as this PC`);
}

async function read(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UsageError(
      `There is no file ${file}: ${
        basename(file) === "fleet.json"
          ? "give the folder that “fleet init” made for this PC"
          : "say which, --bench lab.json"
      }`,
    );
  }
}
