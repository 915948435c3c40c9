/** How long the command line waits, and what it says of what waits or was never there. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { callTimeout } from "../../cli/commands/calls.ts";
import { dashboardFlags, patience, sameServer } from "../../cli/connection.ts";
import { command, defineInstrument } from "../../mod.ts";
import { contextOf, run } from "../cli_fixture.ts";
import { dashboardClient, eventually, startServer } from "../fixture.ts";
import { ServedBench } from "../server/devices/devices.ts";

const flags = { host: dashboardFlags.host.default, port: Number(dashboardFlags.port.default), json: false };

Deno.test("call: waits as long as the command may take, unless a time was given", async () => {
  const press = defineInstrument({
    title: "press",
    fields: {},
    commands: () => ({
      cure: command({ summary: "Cure", deadline: 600, run: () => "cured" }),
      hang: command({ summary: "Hang", deadline: 0.2, run: () => new Promise(() => {}) }),
    }),
  });
  await using server = startServer({ instruments: [press] });
  await using client = dashboardClient(server);
  const timeout = (given: number | undefined, instrument: string, name: string) =>
    callTimeout(given === undefined ? flags : { ...flags, timeout: given }, client, instrument, name);
  deepStrictEqual([
    await timeout(undefined, "press", "cure"),
    await timeout(1.5, "press", "cure"),
    // What every instrument has, and what the server will refuse, have the usual deadline.
    await timeout(undefined, "press", "confirm"),
    await timeout(undefined, "press", "nosuch"),
    await timeout(undefined, "api", "cure"),
    patience({}).timeout,
  ], [602, 1.5, 32, 32, 602, 32]);
  const at = ["--port", String(server.dashboardServer.port)];
  deepStrictEqual(await run(["call", ...at, "press", "cure"]), { code: 0, out: "cured\n", err: "" });
  // The server's answer, not the client's impatience.
  const hung = await run(["call", ...at, "press", "hang"]);
  deepStrictEqual([hung.code, hung.out], [1, ""]);
  match(hung.err, /hang .*within 0\.2 s/);
  const given = await run(["call", ...at, "--timeout", "0.05", "press", "hang"]);
  strictEqual(given.code, 4, given.err);
});

Deno.test("set: a setting that waits says so, and tells the line that confirms it", async () => {
  await using server = startServer();
  const at = ["--port", String(server.dashboardServer.port)];
  deepStrictEqual(await run(["set", ...at, "UV Light", "Status Selection", "On", "--name", "ann"]), {
    code: 0,
    out: "",
    err: `Status Selection of UV Light waits for confirm: heliograph confirm "UV Light" ${at.join(" ")} --name ann\n`,
  });
  deepStrictEqual((await run(["set", ...at, "UV Light", "Status Selection", "On", "--confirm"])).err, "");
  deepStrictEqual((await run(["set", ...at, "tempcon", "control_temperature", "-90"])).err, "");
  // The line can be typed as it is.
  strictEqual(sameServer(contextOf(), flags, "confirm", "uv_light"), "heliograph confirm uv_light");
  strictEqual(
    sameServer(
      { ...contextOf(), program: "npx -y deno@2.9.6 task heliograph" },
      { ...flags, host: "pc" },
      "confirm",
      "it's $5",
    ),
    `npx -y deno@2.9.6 task heliograph confirm 'it'\\''s $5' --host pc`,
  );
});

Deno.test("get: an instrument that was never reached is an error with its reason, and no value", async () => {
  await using bench = await ServedBench.one({
    title: "Meter",
    port: "tcp://127.0.0.1:1",
    fields: { Voltage: { read: "V?" }, Range: { write: "R {value}", initial: 5, needsConfirm: true } },
  });
  await eventually(() => bench.server.bench.find("meter")!.contact!.state === "lost", "the contact is lost");
  const at = ["--port", String(bench.server.dashboardServer.port)];
  const reason =
    /^Cannot read Voltage of Meter: it has not been reached on tcp:\/\/127\.0\.0\.1:1: .*nothing listens there\n$/;
  const { code, out, err } = await run(["get", ...at, "meter", "voltage"]);
  deepStrictEqual([code, out], [1, ""]);
  match(err, reason);
  const json = await run(["get", ...at, "--json", "meter", "voltage"]);
  deepStrictEqual([json.code, json.out, JSON.parse(json.err).error.code], [1, "", "not_connected"]);
  match(await bench.ask("meter.get voltage"), /^ERROR Cannot read Voltage of Meter: it has not been reached on /);
  // A setting has its value, whoever is there.
  strictEqual((await run(["get", ...at, "meter", "range"])).code, 0);
});
