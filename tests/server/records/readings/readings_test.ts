/** The readings: what every field was is kept over restarts and kills, and told as plots, one by one, or at a moment. */
import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { defineInstrument } from "../../../../mod.ts";
import { historyAnswer, momentAnswer } from "../../../../protocol/readings_schemas.ts";
import type { HistoryAnswer, MomentAnswer, RecordedField } from "../../../../protocol/readings.ts";
import type { HeliographServer } from "../../../../server/server.ts";
import { startServer } from "../../../fixture.ts";

/** A folder for records that is removed at the end. */
class Folder implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync();
  readonly records = join(this.path, "lab.records");

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

function fridge() {
  return defineInstrument({
    title: "Fridge",
    fields: {
      "Plate Temperature": { type: "float", unit: "K", decimals: 3 },
      Turns: { type: "int" },
      Message: { type: "text" },
      Valve: { type: "choice", choices: ["Open", "Closed"] },
      Heater: { type: "switch", initial: false },
      Noise: { type: "float", initial: 1, keep: false },
    },
  });
}

/** What `format_1.sqlite` holds of two fields, in days, hours and parts; then its server ended. */
const format1Values = [
  [4.2, 4.25, null, 4.3, 1e-9, 5, 6.125, 7, null],
  ["Open", "Closed", "Open", null],
];

async function get<T>(server: HeliographServer, path: string): Promise<T> {
  const { host, port } = server.webServer;
  const response = await fetch(`http://${host}:${port}/api/v1/${path}`);
  const body = await response.json();
  strictEqual(response.status, 200, JSON.stringify(body));
  return body as T;
}

const fields = ["plate_temperature", "Turns", "Message", "Valve", "Heater"];
const asked = (names: readonly string[]) => names.map((name) => `field=Fridge.${name}`).join("&");

Deno.test("readings: a field says for how long it is kept, in words that are checked", () => {
  const keep = (keep: string) => defineInstrument({ title: "Lab", fields: { A: { type: "int", keep } } });
  strictEqual(keep("2y").field("a").spec.keep, "2y");
  throws(
    () => keep("long"),
    /Cannot declare A of Lab: keep is the text "long", and should be false, or a period such as 90d, 12w or 10y/,
  );
});

Deno.test("readings: the format of version 0.2 is read and gone on with, and one that is newer is left alone", async () => {
  await using folder = new Folder();
  Deno.mkdirSync(folder.records);
  const file = join(folder.records, "readings.sqlite");
  Deno.writeFileSync(file, gunzipSync(Deno.readFileSync(new URL("format_1.sqlite.gz", import.meta.url))));
  const instrument = fridge();
  const options = { records: { folder: folder.records }, webPort: 0, instruments: [instrument] };
  {
    await using server = startServer(options);
    await server.ready;
    deepStrictEqual(server.records, { kept: true, folder: folder.records, hint: "" });
    instrument.field("plate_temperature").update(4.5);
    const query = `${asked(["plate_temperature", "valve"])}&since=2026-09-21&until=2026-09-25`;
    const { series } = await get<HistoryAnswer>(server, `history?${query}`);
    deepStrictEqual(series.map(({ samples }) => samples!.values), format1Values);
    const [now] = (await get<HistoryAnswer>(server, `history?${asked(["plate_temperature"])}`)).series;
    deepStrictEqual(now!.samples!.values, [4.5]);
  }
  {
    const database = new DatabaseSync(file);
    database.exec("PRAGMA user_version = 9");
    database.close();
  }
  await using server = startServer({ ...options, instruments: [fridge()] });
  await server.ready;
  match(
    server.records.hint,
    /^No readings are kept: the readings have the format 9, and this version of heliograph knows 1: use a newer one\.$/,
  );
});

Deno.test("readings: numbers, texts, choices and switches are kept over a restart, with their gaps", async () => {
  await using folder = new Folder();
  const begun = Date.now();
  const options = { records: { folder: folder.records }, webPort: 0 };
  {
    const instrument = fridge();
    await using server = startServer({ ...options, instruments: [instrument] });
    await server.ready;
    const [plate, turns, message, valve, heater] = instrument.allFields;
    for (const value of [4.2, 4.25, 4.25, 1e-9, -0]) plate!.update(value);
    plate!.fail("the line is cut");
    plate!.update(4.3);
    turns!.update(12_345_678);
    message!.update("größer, „anders“");
    valve!.update("Open");
    valve!.update("Closed");
    heater!.update(true);
    const { series } = await get<HistoryAnswer>(server, `history?${asked(fields)}&since=${begun}`);
    deepStrictEqual(series.map(({ samples }) => samples!.values), [
      [4.2, 4.25, 4.25, 1e-9, 0, null, 4.3],
      [12_345_678],
      ["größer, „anders“"],
      ["Open", "Closed"],
      [false, true],
    ]);
    deepStrictEqual(series[0]!.samples!.qualities, [[0, "good"], [5, "error"], [6, "good"]]);
  }
  const instrument = fridge();
  await using server = startServer({ ...options, instruments: [instrument] });
  await server.ready;
  instrument.field("plate_temperature").update(5);
  const answer = await get<HistoryAnswer>(server, `history?${asked(fields)}&since=${begun}`);
  deepStrictEqual(historyAnswer.parse(answer), answer);
  const [plate, , , valve] = answer.series;
  deepStrictEqual(plate!.samples!.values, [4.2, 4.25, 4.25, 1e-9, 0, null, 4.3, null, 5]);
  deepStrictEqual(plate!.samples!.qualities.slice(3), [[7, "none"], [8, "good"]]);
  strictEqual(plate!.unit, "K");
  deepStrictEqual(valve!.samples!.values, ["Open", "Closed", null]);
  const plot = await get<HistoryAnswer>(
    server,
    `history?${asked(fields)}&since=${begun}&points=1&until=${Date.now() + 1}`,
  );
  deepStrictEqual(historyAnswer.parse(plot), plot);
  const { times: _times, mean, ...points } = plot.series[0]!.points!;
  deepStrictEqual(points, { lowest: [0], highest: [5], first: [4.2], last: [5], count: [7], gaps: [0] });
  ok(Math.abs(mean[0]! - 22 / 7) < 1e-6, String(mean));
  deepStrictEqual(plot.series[3]!.samples!.values, ["Open", "Closed", null]);
  const now = await get<MomentAnswer>(server, "moment");
  deepStrictEqual(momentAnswer.parse(now), now);
  strictEqual(now.kept, true);
  deepStrictEqual(
    now.fields.filter(({ instrument }) => instrument === "fridge").map(({ field, value }) => [field, value]),
    [
      ["heater", false],
      ["plate_temperature", 5],
    ],
  );
  const then = await get<MomentAnswer>(server, `moment?at=${plate!.samples!.times[6]!}`);
  strictEqual(then.fields.find(({ field }) => field === "plate_temperature")!.value, 4.3);
  const wrong: [path: string, message: string][] = [
    ["history", "Cannot look back: name a field at least, as in tempcon.camtemp"],
    ["history?field=camtemp", 'Cannot look back at "camtemp": give an instrument and a field, as in tempcon.camtemp'],
    [
      "history?field=a.b&since=9&until=9",
      "Cannot look back: it would begin when it has ended: since must be before until",
    ],
    ["history?field=a.b&points=0", "Cannot look back: points must be from 1 to 20000"],
    ["history?field=a.b&limit=1000000", "Cannot look back: limit must be from 1 to 100000"],
    ["moment?at=noon", 'Cannot look back: "at" must be milliseconds since 1970, or a time as in 2026-11-27T03:12:40Z'],
  ];
  for (const [path, message] of wrong) {
    const response = await fetch(`http://127.0.0.1:${server.webServer.port}/api/v1/${path}`);
    deepStrictEqual([response.status, (await response.json()).error.message], [400, message]);
  }
  deepStrictEqual((await get<HistoryAnswer>(server, "history?field=nobody.knows")).series, []);
  const known = await get<RecordedField[]>(server, "history/fields");
  deepStrictEqual(known.filter(({ instrument }) => instrument === "fridge").map(({ field }) => field).sort(), [
    "heater",
    "message",
    "plate_temperature",
    "turns",
    "valve",
  ]);
});
