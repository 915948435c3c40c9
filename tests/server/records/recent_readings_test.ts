/** The last hour of every number: what is kept of it, and how clients ask for it. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { defineInstrument } from "../../../mod.ts";
import { History, placeAt } from "../../../protocol/history.ts";
import { RawClient, startServer } from "../../fixture.ts";
import { ask, WebClient } from "../faces/web/web_fixture.ts";

const begin = 1_700_000_000_000;

/** The points of a history: times in seconds after `begin`. */
function pointsOf(history: History): [number, number][] {
  return Array.from({ length: history.size }, (_, at) => [(history.time(at) - begin) / 1000, history.value(at)]);
}

Deno.test("history: an hour of one value a second is kept whole, and what held when it began", () => {
  const history = new History();
  for (let second = 0; second <= 7200.5; second++) history.add(begin + 1000 * second + 500, second / 10);
  const points = pointsOf(history);
  deepStrictEqual(points[0], [3599.5, 359.9]);
  deepStrictEqual(points, Array.from(points, (_, at) => [3599.5 + at, (3599 + at) / 10]));
  strictEqual(points.length, 3602);
});

Deno.test("history: a value holds for ever, also after months", () => {
  const history = new History();
  history.add(begin, 1);
  history.add(begin + 90 * 86_400_000, 2);
  strictEqual(history.value(0), 1);
  deepStrictEqual(pointsOf(history).at(-1), [90 * 86_400, 2]);
  strictEqual(placeAt(history, begin + 90 * 86_400_000 - 1), 0);
});

Deno.test("history: of a fast number the lowest, the highest and the last of each while are kept, for an hour", () => {
  const history = new History();
  const spikes = [500, 1234.5, 2000.25, 3599];
  const dips = [1500.75, 2500.5];
  const gap = 3001;
  for (let step = 0; step < 20 * 4000; step++) {
    const second = step / 20;
    const value = spikes.includes(second)
      ? 1000
      : dips.includes(second)
      ? -1000
      : second === gap
      ? NaN
      : Math.sin(step);
    history.add(begin + 50 * step, value);
  }
  // Then it rests at what it was last.
  const points = pointsOf(history);
  ok(points.length <= 4096, `${points.length} points`);
  ok(points[0]![0] <= 400.1, `since ${points[0]![0]} s`);
  deepStrictEqual(points.filter(([, value]) => value === 1000).map(([time]) => time), spikes);
  deepStrictEqual(points.filter(([, value]) => value === -1000).map(([time]) => time), dips);
  deepStrictEqual(points.filter(([, value]) => Number.isNaN(value)).map(([time]) => time), [gap]);
  ok(points.every(([time], at) => at === 0 || time > points[at - 1]![0]), "times run forwards");
  const [, last] = points.findLast(([time]) => time < 3400)!;
  strictEqual(last, Math.sin(20 * 3400 - 1));
  // The newest are all there.
  deepStrictEqual(points.slice(-200).map(([time]) => time), Array.from({ length: 200 }, (_, at) => 3990 + at / 20));
});

Deno.test("history: a gap is one point, and the clocks of two PCs lose neither it nor the value after it", () => {
  const history = new History();
  history.add(begin, NaN);
  history.add(begin, 1);
  history.add(begin, 1);
  // It was noticed on a clock that is behind, and told twice.
  history.add(begin - 5, NaN);
  history.add(begin + 900, NaN);
  history.add(begin - 2, 2);
  history.add(begin + 1000, Infinity);
  deepStrictEqual(pointsOf(history), [[0, 1], [0.001, NaN], [0.002, 2], [1, NaN]]);
  // A clock that was set back: the old times mean nothing any more.
  history.add(begin - 86_400_000, 3);
  deepStrictEqual(pointsOf(history), [[-86_400, 3]]);
});

function gauge() {
  return defineInstrument({
    title: "Gauge",
    fields: {
      Pressure: { type: "float", unit: "mbar", access: "readout" },
      Target: { type: "int", initial: 7, needsConfirm: true, write: () => {} },
      State: { type: "text", initial: "on", access: "readout" },
    },
  });
}

Deno.test("history: clients are told what a field was before they came, over both wires and HTTP", async () => {
  const instrument = gauge();
  await using server = startServer({ instruments: [instrument] });
  const before = Date.now();
  instrument.fields.Pressure.update(1.5);
  await new Promise((resolve) => setTimeout(resolve, 3));
  instrument.field("Pressure").fail("cut");
  await new Promise((resolve) => setTimeout(resolve, 3));
  instrument.fields.Pressure.update(2.5);
  using client = await RawClient.connect(server.dashboardServer.port);
  const history = { id: 1, cmd: "History", instrument: "Gauge", field: "Pressure" };
  const { value } = await client.request(history) as { value: { times: number[]; values: unknown[] } };
  deepStrictEqual(value.values, [1.5, null, 2.5]);
  ok(value.times.every((time, at) => time * 1000 >= before && (at === 0 || time > value.times[at - 1]!)));
  await using web = await WebClient.connect(server);
  deepStrictEqual((await web.request(history)).value, value);
  const path = "/api/v1/instruments/gauge/fields/pressure/history";
  deepStrictEqual((await ask(server, "GET", path)).json, value);
  // Of a shorter time: what held when it began, and what came since.
  deepStrictEqual((await ask(server, "GET", `${path}?seconds=0.001`)).json.values, [2.5]);

  // A setting has what it began with; what waits for confirm is not yet.
  await client.request({ id: 2, cmd: "Set", instrument: "Gauge", field: "Target", new_value: 9 });
  const target = { id: 3, cmd: "History", instrument: "gauge", field: "target" };
  deepStrictEqual((await client.request(target) as { value: { values: unknown } }).value.values, [7]);
  await client.request({ id: 4, cmd: "Confirm", instrument: "Gauge" });
  deepStrictEqual((await client.request(target) as { value: { values: unknown } }).value.values, [7, 9]);
});

Deno.test("history: what cannot be told is refused with a reason", async () => {
  await using server = startServer({ instruments: [gauge()] });
  using client = await RawClient.connect(server.dashboardServer.port);
  const refusals: [Record<string, unknown>, string, RegExp][] = [
    [
      { instrument: "Gauge", field: "State" },
      "bad_argument",
      /^Cannot tell the history of State: only numbers have one, and it is of the type text$/,
    ],
    [{ instrument: "Gauge", field: "Presure" }, "unknown_field", /did you mean Pressure/],
    [{ instrument: "Gaug", field: "State" }, "unknown_instrument", /did you mean Gauge/],
    [{ instrument: "Gauge" }, "bad_message", /"field_name" is missing/],
    [{ instrument: "Gauge", field: "Pressure", seconds: 0 }, "bad_message", /"seconds" must be a number above 0/],
  ];
  for (const [message, code, text] of refusals) {
    const { error } = await client.request({ id: 1, cmd: "History", ...message }) as {
      error: { code: string; message: string };
    };
    strictEqual(error.code, code);
    match(error.message, text);
  }
  const path = "/api/v1/instruments/gauge/fields";
  strictEqual((await ask(server, "GET", `${path}/state/history`)).status, 400);
  strictEqual((await ask(server, "GET", `${path}/pressure/history?seconds=x`)).status, 400);
  strictEqual((await ask(server, "GET", `${path}/x/history`)).status, 404);
});

Deno.test("history: many long replies at once reach a client that reads", async () => {
  const instrument = gauge();
  await using server = startServer({ instruments: [instrument] });
  const realNow = Date.now;
  const end = realNow();
  try {
    for (let second = 3600; second > 0; second--) {
      Date.now = () => end - 1000 * second;
      instrument.fields.Pressure.update(Math.sin(second));
    }
  } finally {
    Date.now = realNow;
  }
  await using web = await WebClient.connect(server);
  for (let id = 0; id < 8; id++) {
    web.send(JSON.stringify({ id, cmd: "History", instrument: "gauge", field: "pressure" }));
  }
  const lengths = (await web.messages(8)).map(({ value }) => (value as { times: number[] }).times.length);
  ok(lengths.every((length) => length >= 3590), String(lengths));
});
