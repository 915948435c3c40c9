/**
 * The conversation of azcam's console package with azcam, through all its tools' methods, replayed against our server
 * line by line on one connection, and compared by what the console makes of the replies.
 */
import { ok, strictEqual } from "node:assert/strict";
import { split } from "npm:shlex@3.0.0";
import { type Clock, systemClock } from "../../../../server/camera/clock.ts";
import { demoInstruments } from "../../../../server/config/demo_bench.ts";
import { RawClient, startServer, top } from "../../../fixture.ts";
import { departures, namesHere, ofTheMoment, ofThisBench } from "./console_departures.ts";

interface Entry {
  readonly send: string;
  readonly reply: string;
}

/** What the console makes of one part of a reply: `int`, `float`, or text. */
function typeOf(token: string): string {
  if (/^\d+$/.test(token)) return "int";
  return token !== "" && Number.isFinite(Number(token)) ? "float" : "text";
}

/** A line with the names of filters and lamps that the demo bench has. */
function translated(line: string): string {
  return line.replace(/\b[A-Za-z]+\b/g, (word) => namesHere[word] ?? word);
}

/** The type of each value of a status, which the console reads as JSON. */
function keysOf(json: string): [key: string, type: string][] {
  return Object.entries(JSON.parse(json)).map(([key, value]) => [key, typeof value]);
}

/** The parts that the console splits a reply into; `undefined` where it fails at that. */
function words(reply: string): string[] | undefined {
  try {
    return split(reply);
  } catch {
    return undefined;
  }
}

/**
 * Tells how our reply differs from azcam's in what a console makes of it.
 *
 * @param values Whether the values are compared too: those of another bench are others.
 * @returns `undefined` where it does not.
 */
function difference(ours: string, azcams: string, values: boolean): string | undefined {
  const [mine, theirs] = [words(ours), words(azcams)];
  if (mine === undefined) return "the console cannot split it";
  if (theirs === undefined) return "the console cannot split azcam's";
  if (mine[0] !== theirs[0]) return "another status";
  // Each has its own words for what went wrong.
  if (mine[0] !== "OK") return undefined;
  if (azcams.startsWith("OK {")) {
    if (!ours.startsWith("OK {")) return "no JSON";
    const [my, their] = [ours, azcams].map((reply) => JSON.stringify(keysOf(reply.slice(3))));
    return my === their ? undefined : `other keys or types: ${my}`;
  }
  if (mine.length !== theirs.length) return `${mine.length - 1} parts instead of ${theirs.length - 1}`;
  if (mine.map(typeOf).join() !== theirs.map(typeOf).join()) return "other types";
  return values && mine.join("\0") !== theirs.join("\0") ? "other values" : undefined;
}

Deno.test("transcripts: azcam's console, by meaning but for the named departures", async () => {
  const entries = JSON.parse(
    await Deno.readTextFile(new URL("tests/data/azcam-console.json", top)),
  ) as Entry[];
  const named = new Map<number, { readonly ours: RegExp; readonly always: boolean }>();
  const tables = [...departures, ...ofTheMoment, ...ofThisBench].flatMap(({ at }) => at);
  strictEqual(new Set(tables).size, tables.length, "no line is named twice");
  for (const { ours, at } of departures) for (const line of at) named.set(lineNumber(line), { ours, always: true });
  for (const { ours, at } of ofTheMoment) for (const line of at) named.set(lineNumber(line), { ours, always: false });
  const bench = new Set(ofThisBench.flatMap(({ at }) => at.map(lineNumber)));

  /** The number of a line of the table, which says the line itself too. */
  function lineNumber(line: string): number {
    const number = Number(line.split(" ", 1)[0]);
    strictEqual(line, `${number} ${entries[number]?.send.replace(/\n$/, "")}`, "every line is one of the conversation");
    return number;
  }

  const folder = await Deno.makeTempDir();
  // The recording's camera, so that its geometry is the same; its exposures take a tenth of their time.
  const chip = { columns: 2048, rows: 2048, cosmicRays: 0 };
  const clock: Clock = {
    ...systemClock,
    now: () => 10 * systemClock.now(),
    wait: (seconds, signal) => systemClock.wait(seconds / 10, signal),
  };
  const camera = { chip, clock, overscanColumns: 20, readoutRate: 1e8, flushSeconds: 0, imageFolders: [folder] };
  const server = startServer({ instruments: demoInstruments({ camera, hostName: "vm" }), poll: true });
  // The mechanisms' time passes quickly; the conversation goes on when they have arrived.
  const time = setInterval(() => server.bench.step(1), 5);
  try {
    await server.ready;
    using client = await RawClient.connect(server.commandServer.port);
    const unnamed: string[] = [];
    const noLonger: string[] = [];
    for (const [number, { send, reply }] of entries.entries()) {
      await client.send(translated(send));
      const ours = (await client.lines(1))[0]!;
      const azcams = translated(reply.replace(/\r\n$/, ""));
      const departs = difference(ours, azcams, !bench.has(number));
      const name = `${number} ${send.replace(/\n$/, "")}`;
      const told = `${name}\n    ours:  ${ours}\n    azcam: ${azcams}`;
      const departure = named.get(number);
      if (departure !== undefined) {
        if (departs === undefined && departure.always) noLonger.push(told);
        else if (departs !== undefined && !departure.ours.test(ours)) {
          unnamed.push(`${told}\n    named: ${departure.ours}`);
        }
      } else if (departs !== undefined) unnamed.push(`${told}\n    ${departs}`);
    }
    const list = (what: string, lines: readonly string[]) =>
      lines.length === 0 ? [] : [`${what} (${lines.length}):`, ...lines.map((line) => `  ${line}`)];
    const told = [
      ...list("departs without being named", unnamed),
      ...list("is named and departs no longer", noLonger),
    ];
    ok(told.length === 0, `\n${told.join("\n")}`);
  } finally {
    clearInterval(time);
    await server.stop();
    await Deno.remove(folder, { recursive: true });
  }
});
