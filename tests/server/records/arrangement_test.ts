/** The arrangement of the page: its file, and what every wire says of it. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { noArrangement } from "../../../protocol/arrangement.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { admit } from "../../../server/access/admit.ts";
import { ArrangementStore } from "../../../server/records/arrangement.ts";
import { Bench } from "../../../server/bench/bench.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { Services } from "../../../server/services.ts";
import {
  hide,
  inColumns,
  move,
  normalise,
  sections,
  show,
  step,
  ungroup,
} from "../../../client/page/bench/arrangement.ts";
import { RawClient, startServer } from "../../fixture.ts";
import { ask, WebClient } from "../faces/web/web_fixture.ts";

/** A store with its file in a folder of its own; several may follow each other there, as a server that is started again. */
async function withFolder(
  work: (file: string, opened: (file?: string) => Promise<ArrangementStore>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const stores: ArrangementStore[] = [];
  try {
    await work(join(folder, "lab.page.json"), async (file = join(folder, "lab.page.json")) => {
      const store = new ArrangementStore(new Bench(demoInstruments()), file);
      stores.push(store);
      await store.open();
      return store;
    });
  } finally {
    for (const store of stores) await store.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

const cold = { groups: [{ title: "Cold", instruments: ["tempcon", "gone"] }], others: ["telescope"], hidden: ["api"] };

Deno.test("arrangement: it is kept in a file that people can read, and a server that is started again has it", async () => {
  await withFolder(async (file, opened) => {
    const store = await opened();
    deepStrictEqual(store.state, { arrangement: noArrangement, kept: true, hint: "", revision: 0 });
    // What a server that was killed has left is in nobody's way.
    await Deno.writeTextFile(`${file}.part`, "half of");
    const changes = [store.set({ groups: [], others: ["uv_light"], hidden: [] }), store.set(cold)];
    deepStrictEqual((await Promise.all(changes)).map(({ revision }) => revision), [2, 2]);
    strictEqual(await Deno.readTextFile(file), `${JSON.stringify({ version: 1, ...cold }, null, 2)}\n`);
    await store.stop();
    deepStrictEqual((await opened()).state, { arrangement: cold, kept: true, hint: "", revision: 0 });
    deepStrictEqual([...Deno.readDirSync(join(file, ".."))].map(({ name }) => name), ["lab.page.json"]);
  });
});

Deno.test("arrangement: plots are kept by name beside it, whoever arranges; what is wrong with one is told", async () => {
  await withFolder(async (_, opened) => {
    const store = await opened();
    await Promise.all([
      store.keepPlot("Night", "f=tempcon.camtemp&last=8h", false),
      store.set(cold),
      store.keepPlot(" Gas ", "f=argon_mfc.actual_flow&f=methane_mfc.actual_flow", false),
    ]);
    const refused = async (name: string, plot: string | null, over: boolean, message: RegExp) =>
      match(await store.keepPlot(name, plot, over).then(() => "kept", (error) => error.message), message);
    await refused(
      "night",
      "f=tempcon.dewtemp",
      false,
      /^Cannot keep the plot night: there is one called Night already$/,
    );
    await refused("Empty", "last=1h", false, /^Cannot keep the plot Empty: it names no field: f=INSTRUMENT\.FIELD$/);
    await refused(" ", "f=tempcon.camtemp", false, /^Cannot keep the plot: a title needs something to read$/);
    await refused("Noon", null, false, /^No plot is called Noon$/);
    await store.keepPlot("night", "f=tempcon.dewtemp", true);
    await store.keepPlot("GAS", null, false);
    await store.stop();
    deepStrictEqual((await opened()).state.arrangement, { ...cold, plots: { night: "f=tempcon.dewtemp" } });
  });
});

Deno.test("arrangement: a file that cannot be used is told of, left as it is, and renamed by the first change", async () => {
  for (
    const [text, reason] of [
      ["{ half of", /lab\.page\.json:1:3: /],
      [
        '{\n  "version": 2, "rooms": []\n}',
        /:2:3: version: a newer heliograph wrote this: it is 2, and this one knows 1/,
      ],
      ['{ "version": 1, "groups": [], "hiden": [] }', /hiden: is not known here \(did you mean hidden\?\)/],
    ] as const
  ) {
    await withFolder(async (file, opened) => {
      await Deno.writeTextFile(file, text);
      const store = await opened();
      deepStrictEqual(store.state.arrangement, noArrangement);
      match(store.state.hint, reason);
      strictEqual(await Deno.readTextFile(file), text);
      const { kept, hint } = await store.set(cold);
      // Only once: what is kept aside is what could not be used.
      await store.set(noArrangement);
      await store.set(cold);
      deepStrictEqual([kept, hint], [true, ""]);
      strictEqual(await Deno.readTextFile(`${file}.damaged`), text);
      await store.stop();
      deepStrictEqual((await opened()).state.arrangement, cold);
    });
  }
});

Deno.test("arrangement: where it cannot be written it counts until the server stops, and is written once it can be", async () => {
  await withFolder(async (file, opened) => {
    const folder = join(file, "..", "later");
    const store = await opened(join(folder, "lab.page.json"));
    strictEqual(store.state.kept, false);
    match(
      store.state.hint,
      /^It is kept until the server stops: cannot write .*lab\.page\.json: its folder does not exist/,
    );
    deepStrictEqual((await store.set(cold)).arrangement, cold);
    strictEqual(store.state.kept, false);
    await Deno.mkdir(folder);
    const { kept, hint } = await store.set({ ...cold, hidden: [] });
    deepStrictEqual([kept, hint], [true, ""]);
    match(await Deno.readTextFile(join(folder, "lab.page.json")), /"hidden": \[\]/);
  });
});

Deno.test("arrangement: one that is wrong is refused with what is wrong and where; titles of instruments are names", async () => {
  const store = new ArrangementStore(new Bench(demoInstruments()));
  const group = (title: string, ...instruments: string[]) => ({ title, instruments });
  const cases: [unknown, RegExp][] = [
    [[], /should be an object in \{ \}, and is a list/],
    [{}, /groups: is missing/],
    [{ groups: [{ title: "A" }] }, /groups\[0\]\.instruments: is missing/],
    [{ groups: [], colour: "red" }, /colour: is not known here; there is plots, groups, others, shown, hidden, main/],
    [{ groups: [group(" ")] }, /groups\[0\]\.title: a title needs something to read/],
    [{ groups: [group("two\nlines")] }, /groups\[0\]\.title: it is one line without control characters/],
    [{ groups: [group("turned \u202e round")] }, /groups\[0\]\.title: it is one line/],
    [{ groups: [group("x".repeat(81))] }, /groups\[0\]\.title: should be at most 80/],
    [{ groups: [group("Gas"), group("GAS")] }, /groups\[1\]\.title: there is a group called GAS already/],
    [{ groups: [group("A", "tempcon")], others: ["tempcon"] }, /others\[0\]: tempcon has a place already/],
    [{ groups: [group("A", "uv_light", "UV Light")] }, /groups\[0\]\.instruments\[1\]: uv_light has a place already/],
    [{ groups: [], hidden: ["api", "api"] }, /hidden\[1\]: api stands here twice/],
    [{ groups: [], others: [1] }, /others\[0\]: should be text in double quotes, and is 1/],
    [{ groups: [], others: Array.from({ length: 2001 }, (_, n) => `n${n}`) }, /others: should be at most 2000/],
    [{ groups: Array.from({ length: 101 }, (_, n) => group(`g${n}`)) }, /groups: should be at most 100/],
  ];
  for (const [value, message] of cases) {
    const error = await store.set(value).then(() => undefined, (error) => error);
    ok(error instanceof HeliographError, JSON.stringify(value));
    strictEqual(error.code, "bad_argument");
    match(error.message, /^Cannot take the arrangement: /);
    match(error.message, message);
  }
  strictEqual(store.state.revision, 0);
  const { arrangement } = await store.set({ groups: [group(" Gas ", "Argon MFC", "not there")] });
  deepStrictEqual(arrangement, { groups: [group("Gas", "argon_mfc", "not there")], others: [], hidden: [] });
});

Deno.test("arrangement: every watcher of the whole bench is told at once, whichever wire it was changed over", async () => {
  await using server = startServer({ webPort: 0 });
  await using page = await WebClient.connect(server);
  using narrow = await RawClient.connect(server.dashboardServer.port);
  await narrow.send('{"id":1,"cmd":"Watch","instrument":"telescope"}');
  page.send('{"id":1,"cmd":"Watch"}');
  const [, first] = await page.messages(2);
  strictEqual(first!.event, "arrangement", "a page waits for it");
  while ((await page.messages(1))[0]!.event !== "end-of-snapshot");
  const answer = await ask(server, "PUT", "/api/v1/arrangement", cold);
  const state = { arrangement: cold, kept: false, hint: answer.json.hint, revision: 1 };
  deepStrictEqual([answer.status, answer.json], [200, state]);
  deepStrictEqual(await page.messages(1), [{ id: 1, event: "arrangement", ...state }]);
  deepStrictEqual((await ask(server, "GET", "/api/v1/arrangement")).json, state);
  const reset = { groups: [], others: [], hidden: [] };
  page.send(JSON.stringify({ id: 2, cmd: "Arrange", arrangement: reset }));
  const told = await page.messages(2);
  const next = { ...state, arrangement: reset, revision: 2 };
  deepStrictEqual(told.find(({ id }) => id === 2), { id: 2, ok: true, value: next });
  deepStrictEqual(told.find(({ id }) => id === 1), { id: 1, event: "arrangement", ...next });
  const wrong = await ask(server, "PUT", "/api/v1/arrangement", { groups: 1 });
  deepStrictEqual([wrong.status, wrong.json.error.code], [400, "bad_argument"]);
  match(wrong.json.error.message, /groups: should be a list in \[ \], and is 1/);
  page.send('{"id":3,"cmd":"Arrange"}');
  match(JSON.stringify(await page.messages(1)), /Cannot run Arrange: \\"arrangement\\" is missing/);
  // Who watches one instrument is not told.
  const lines = await narrow.until((text) => text.includes("end-of-snapshot"));
  ok(!lines.includes("arrangement"));
  strictEqual((await narrow.request({ id: 9, cmd: "Status" })).id, 9);
});

Deno.test("arrangement: an observer may not change it", async () => {
  const services = new Services(demoInstruments());
  const observer = admit({ by: "line", id: 1, hostname: "127.0.0.1" }).deputy({ role: "observer" });
  const error = await Promise.resolve()
    .then(() => services.requests.run({ cmd: "Arrange", arrangement: cold }, observer))
    .then(() => undefined, (error) => error);
  deepStrictEqual([error.code, error.message], [
    "not_allowed",
    "Cannot do Arrange: it needs the role operator, and you are observer",
  ]);
  strictEqual(services.arrangement.state.revision, 0);
});

Deno.test("arrangement: a new instrument is last and never invisible, and one that was taken off comes back where it was", () => {
  const arrangement = { groups: [{ title: "A", instruments: ["x", "gone", "y"] }], others: ["z"], hidden: ["y"] };
  const bench = ["new", "x", "y", "z"];
  deepStrictEqual(sections(arrangement, bench), [
    { group: "A", names: ["x", "y"] },
    { group: undefined, names: ["z", "new"] },
  ]);
  const moved = move(arrangement, bench, "x", { group: undefined, before: "new" });
  deepStrictEqual(sections(moved, [...bench, "gone"]), [
    { group: "A", names: ["gone", "y"] },
    { group: undefined, names: ["z", "x", "new"] },
  ]);
  deepStrictEqual(show(hide(moved, "z"), { name: "y", aside: false }).hidden, ["z"]);
  deepStrictEqual(ungroup(arrangement, bench, "A").others, ["z", "new", "x", "gone", "y"]);
  strictEqual(normalise(moved, bench), moved);
  // By one: past the neighbour, and at the end of a group into the next.
  const shown = [{ group: "A", names: ["x", "y"] }, { group: "B", names: [] }, { group: undefined, names: ["z"] }];
  deepStrictEqual(step(shown, "y", -1), { group: "A", before: "x" });
  deepStrictEqual(step(shown, "x", 1), { group: "A", before: undefined });
  deepStrictEqual(step(shown, "y", 1), { group: "B", before: undefined });
  deepStrictEqual(step(shown, "z", -1), { group: "B", before: undefined });
  strictEqual(step(shown, "x", -1), undefined);
  strictEqual(step(shown, "z", 1), undefined);
});

Deno.test("arrangement: columns are filled one after the other, and the tallest is as short as it can be", () => {
  deepStrictEqual(inColumns([4, 4, 1, 1, 1, 5], 3, (height) => height), [[4], [4, 1, 1], [1, 5]]);
  deepStrictEqual(inColumns([1, 1], 3, (height) => height), [[1], [1], []]);
  deepStrictEqual(inColumns<number>([], 2, (height) => height), [[], []]);
});

Deno.test({
  name: "arrangement: a pipe in its place is no file, and keeps nobody waiting",
  ignore: Deno.build.os === "windows",
  async fn() {
    await withFolder(async (file, opened) => {
      strictEqual((await new Deno.Command("mkfifo", { args: [file] }).output()).success, true);
      match((await opened()).state.hint, /it is no file/);
    });
  },
});
