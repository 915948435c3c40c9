/** `heliograph history`: what fields were, as a plot, as JSON and as CSV, at a server and in a folder without one. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { plotLines, pointsAcross } from "../../cli/plot.ts";
import { defineInstrument } from "../../mod.ts";
import type { Points } from "../../protocol/readings.ts";
import { run } from "../cli_fixture.ts";
import { startServer } from "../fixture.ts";

Deno.test("cli: history shows numbers as a plot, others as their changes, and each reading as JSON and CSV", async () => {
  const folder = Deno.makeTempDirSync();
  const records = join(folder, "lab.records");
  const check = async (where: readonly string[]) => {
    const history = (...words: string[]) => run(["history", ...words, ...where]);
    const { code, out, err } = await history("Cold Plate", "Temperature", "valve", "--since", "5m");
    deepStrictEqual([code, err], [0, ""]);
    match(out, /^cold_plate\.temperature, K: 3 readings, last 4\.5\n +5\.5 ┤/);
    match(out, /\n +4\.2 ┤.*\n +└[╌─]+\n +\d{4}-\d\d-\d\d|\n +4\.2 ┤.*\n +└[╌─]+\n +\d\d:\d\d:\d\d/);
    match(out, /cold_plate\.valve: 2 changes\n {2}\S+ \S+ {2}Open\n {2}\S+ \S+ {2}a, "b"\n/);
    const csv = await history("cold_plate", "temperature", "valve", "--since", "5m", "--csv", "--utc");
    const lines = csv.out.trimEnd().split("\n");
    strictEqual(lines[0], "time,field,value,quality");
    ok(lines.slice(1).every((line) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z,/.test(line)));
    deepStrictEqual(lines.slice(1).map((line) => line.replace(/^[^,]*,/, "")).sort(), [
      "cold_plate.temperature,,error",
      "cold_plate.temperature,4.2,good",
      "cold_plate.temperature,4.5,good",
      "cold_plate.temperature,5.5,good",
      'cold_plate.valve,"a, ""b""",good',
      "cold_plate.valve,Open,good",
    ]);
    const json = JSON.parse((await history("cold_plate", "temperature", "--since", "5m", "--json")).out);
    deepStrictEqual(json.series[0].samples.values, [4.2, 5.5, null, 4.5]);
    const wrong = async (...words: string[]) => (await history(...words)).err;
    match(
      await wrong("cold_plate", "pressure"),
      /^No readings of pressure are kept: kept of cold_plate are .*temperature/,
    );
    match(await wrong("warm_plate", "pressure"), /no instrument of that name is in the records/);
    match(await wrong("cold_plate", "valve", "--since", "soon"), /^Cannot tell when --since soon is: write a time ago/);
    match(await wrong("cold_plate", "valve", "--since", "1h", "--until", "2h"), /since must be before until/);
    match(await wrong("cold_plate", "valve", "--csv", "--json"), /"Cannot write both JSON and CSV/);
  };
  try {
    const plate = defineInstrument({
      title: "Cold Plate",
      fields: { Temperature: { type: "float", unit: "K" }, Valve: { type: "choice", choices: ["Open", 'a, "b"'] } },
    });
    {
      await using server = startServer({ instruments: [plate], records: { folder: records } });
      await server.ready;
      const [temperature, valve] = plate.allFields;
      temperature!.update(4.2);
      temperature!.update(5.5);
      temperature!.fail("cut");
      temperature!.update(4.5);
      valve!.update("Open");
      valve!.update('a, "b"');
      await check(["--port", String(server.dashboardServer.port)]);
    }
    await check(["--read", records]);
    match(
      (await run(["history", "a", "b", "--read", folder])).err,
      /^No readings are in .*: there is no readings\.sqlite\n$/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("cli: a plot has every spike, holds what was before, and shows gaps", () => {
  const columns = 34;
  const across = pointsAcross(columns);
  strictEqual(across, 40);
  const times = [4, 5, 20, 24, 30];
  const values = [1, 9, null, 1, 5];
  const points: Points = {
    times: times.map((at) => at * 1000),
    lowest: [1, 1, null, 1, 5],
    highest: values,
    first: values,
    last: [1, 1, null, 1, 5],
    mean: values,
    count: [1, 5, 0, 1, 1],
    gaps: [2],
  };
  const lines = plotLines(points, { time: -1, value: 1, quality: "good" }, {
    since: 0,
    until: across * 1000,
    columns,
    rows: 3,
    textOf: String,
    timeOf: (time) => `${time / 1000} s`,
  });
  deepStrictEqual(lines.map((line) => line.trimEnd()), [
    "           9 ┤  ⢸",
    "             │  ⢸            ⡤⠤⠤⠤⠤",
    "           1 ┤⣀⣀⣸⣀⣀⣀⣀⣀⣀⣀  ⣀⣀⣀⡇",
    "             └──────────╌╌────────",
    "              0 s     20 s    40 s",
  ]);
});
