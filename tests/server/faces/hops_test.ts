/** The way of a command, function by function: it is short, and docs/developer/house.md tells it as it is. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { command, defineInstrument } from "../../../mod.ts";
import { RawClient, startServer, top } from "../../fixture.ts";
import { WebClient } from "./web/web_fixture.ts";

/** The server's functions on a stack, from the socket on. */
function functionsOf(stack: string): string[] {
  const server = `(${new URL("server/", top).href}`;
  const frames = stack.split("\n").filter((line) => line.includes(server));
  return frames.map((line) => line.replace(/^ *at (?:async )?/, "").replace(/ .*$/, "")).reverse();
}

/** A table of the house: the number that its head tells, and the functions that it lists. */
function tableOf(house: string, name: string): [number: number, functions: string[]] {
  const table = house.slice(house.indexOf(`| ${name}, `)).split("\n\n")[0]!;
  return [Number(/, (\d+)/.exec(table)?.[1]), [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, each]) => each!)];
}

Deno.test("hops: a line takes twelve functions from its socket to the instrument, a setting of the page fifteen", async () => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  let stack = "";
  let value: unknown;
  const look = (given: unknown) => {
    stack = new Error().stack!;
    value = given;
  };
  const stage = defineInstrument({
    title: "Stage",
    fields: { Position: { type: "float", access: "setting", write: look } },
    commands: {
      move: command({ summary: "Move it", arguments: { to: { type: "float" } }, run: ({ to }) => look(to) }),
    },
  });
  try {
    await using server = startServer({ instruments: [stage] });
    const house = await Deno.readTextFile(new URL("docs/developer/house.md", top));

    using client = await RawClient.connect(server.commandServer.port);
    strictEqual(await client.ask("stage.move 3.5"), "OK");
    strictEqual(value, 3.5);
    deepStrictEqual([12, functionsOf(stack)], tableOf(house, "an azcam line"));

    await using page = await WebClient.connect(server);
    const set = { id: 1, cmd: "Set", instrument: "stage", field: "Position", new_value: 4.5 };
    deepStrictEqual(await page.request(set), { id: 1, ok: true, value: null });
    strictEqual(value, 4.5);
    const functions = functionsOf(stack);
    deepStrictEqual(
      [15, functions.slice(0, functions.indexOf("Instrument.set"))],
      tableOf(house, "a setting from the page"),
    );
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
});
