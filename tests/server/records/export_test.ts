/** What is kept, taken elsewhere: tables, Prometheus' API, the notebook; from a server and from a folder of records. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { defineInstrument } from "../../../mod.ts";
import { AccessStore } from "../../../server/access/access_store.ts";
import { Access } from "../../../server/access/admit.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import type { HeliographServer } from "../../../server/server.ts";
import { run } from "../../cli_fixture.ts";
import { canRun, dashboardClient, eventually, runProgram, startServer } from "../../fixture.ts";

class Folder implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync();
  readonly records = join(this.path, "lab.records");

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

function gauge() {
  return defineInstrument({
    title: "Upper Gauge",
    fields: {
      Pressure: { type: "float", unit: "mbar", decimals: 2 },
      Mode: { type: "text" },
      Lamp: { type: "switch" },
    },
  });
}

/** Waits for the next millisecond, so that what is read next has a time of its own. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  await eventually(() => Date.now() > now, "time passes");
}

/** A server whose gauge has read this and that. */
async function pastServer(folder: Folder, access = new Access()): Promise<HeliographServer> {
  const server = startServer({ instruments: [gauge()], records: { folder: folder.records } }, { access });
  await server.ready;
  const [pressure, mode, lamp] = ["pressure", "mode", "lamp"].map((name) =>
    server.bench.find("upper_gauge")!.field(name)
  );
  for (const step of [1.5, 'a, "b"', -2.25, undefined, true, 3e-7]) {
    await nextMillisecond();
    if (step === undefined) pressure!.fail("no answer");
    else (typeof step === "number" ? pressure : typeof step === "string" ? mode : lamp)!.update(step);
  }
  return server;
}

const told = [
  "upper_gauge,pressure,1.5,mbar,good",
  'upper_gauge,mode,"a, ""b""",,good',
  "upper_gauge,pressure,-2.25,mbar,good",
  "upper_gauge,pressure,,mbar,error",
  "upper_gauge,lamp,true,,good",
  "upper_gauge,pressure,3e-7,mbar,good",
];

/** The rows of a table of readings without their times, and without what is told of the server's own. */
function rowsOf(csv: string): string[] {
  const [head, ...rows] = csv.trimEnd().split("\n");
  strictEqual(head, "time,instrument,field,value,unit,quality");
  const times = rows.map((row) => Date.parse(row.split(",")[0]!));
  deepStrictEqual(times, times.toSorted((a, b) => a - b));
  return rows.map((row) => row.slice(row.indexOf(",") + 1)).filter((row) =>
    !row.endsWith(",none") && !/,,\w*,stale$/.test(row)
  );
}

Deno.test("export: what the page downloads needs the cookie of who has signed in, or a token, and nothing else", async () => {
  await using folder = new Folder();
  const store = new AccessStore();
  await using server = await pastServer(folder, new Access({ store, loopback: "token" }));
  const token = await store.add({ name: "ana", role: "observer" });
  const { host, port } = server.webServer;
  const api = `http://${host}:${port}/api/v1`;
  const signedIn = await fetch(`${api}/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
  await signedIn.body?.cancel();
  const Cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
  const download = (headers: Record<string, string>) => fetch(`${api}/export?field=upper_gauge`, { headers });
  deepStrictEqual(rowsOf(await (await download({ Cookie })).text()), told);
  deepStrictEqual(rowsOf(await (await download({ Authorization: `Bearer ${token}` })).text()), told);
  await store.revoke("ana");
  for (const headers of [{}, { Cookie }, { Authorization: `Bearer ${token}` }]) {
    const refused = await download(headers);
    strictEqual(refused.status, 401);
    ok(!(await refused.text()).includes("upper_gauge"));
  }
});

Deno.test("export: each reading is a row, in the order of times, from a server, over HTTP and from its folder", async () => {
  await using folder = new Folder();
  const parquet = join(folder.path, "a.parquet");
  {
    await using server = await pastServer(folder);
    const at = ["--port", String(server.dashboardServer.port)];
    const csv = await run(["export", "--since", "1h", "--utc", ...at]);
    deepStrictEqual([csv.code, csv.err], [0, ""]);
    deepStrictEqual(rowsOf(csv.out), told);
    match(csv.out.split("\n")[1]!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z,/);
    const local = await run(["export", "--fields", "Upper Gauge.Mode", ...at]);
    deepStrictEqual(rowsOf(local.out), [told[1]]);
    match(local.out.split("\n").at(-2)!, /^[\d-]+T[\d:.]+[+-]\d\d:\d\d,upper_gauge,mode/);
    const lines = (await run(["export", "--fields", "upper_gauge", "--format", "jsonl", ...at])).out.trimEnd().split(
      "\n",
    );
    const values = lines.map((line) => JSON.parse(line)).filter(({ quality }) =>
      quality !== "none" && quality !== "stale"
    );
    deepStrictEqual(values.map(({ value }) => value), [1.5, 'a, "b"', -2.25, null, true, 3e-7]);
    const out = await run(["export", "--out", parquet, ...at]);
    match(out.err, /^Wrote \d+ rows into .*a\.parquet\n$/);
    match(
      (await run(["export", "--out", parquet, ...at])).err,
      /Cannot write .*a\.parquet: a file of that name is there already; name a new/,
    );
    match((await run(["export", "--format", "parquet", ...at])).err, /Parquet is written into a file.*give --out FILE/);
    match(
      (await run(["export", "--fields", "upper_gauge.pressur", ...at])).err,
      /upper_gauge has no field pressur \(did you mean pressure\?\)/,
    );
    match((await run(["export", "--since", "1h", "--until", "2h", ...at])).err, /--since must be before --until/);
    const { host, port } = server.webServer;
    const api = `http://${host}:${port}/api/v1/export`;
    const http = await fetch(`${api}?field=upper_gauge&field=Upper Gauge.Lamp`);
    strictEqual(http.headers.get("content-type"), "text/csv; charset=utf-8");
    match(http.headers.get("content-disposition")!, /^attachment; filename="readings-\d{4}-\d\d-\d\d\.csv"$/);
    deepStrictEqual(rowsOf(await http.text()), told);
    const whole = new Uint8Array(await (await fetch(`${api}?format=parquet`)).arrayBuffer());
    strictEqual(new TextDecoder().decode(whole.slice(0, 4)) + new TextDecoder().decode(whole.slice(-4)), "PAR1PAR1");
    const refused = async (query: string) => (await (await fetch(`${api}?${query}`)).json()).error.message;
    match(await refused("format=xls"), /"format" must be one of csv, jsonl, parquet/);
    match(await refused("field=dome"), /Cannot find readings of dome: no instrument is called dome/);
    match(await refused("since=2000&until=1000"), /"since" must be before "until"/);
  }
  deepStrictEqual(rowsOf((await run(["export", "--read", folder.records])).out), told);
  if (Deno.build.os === "windows") return;
  const script = `
    import { DuckDBInstance } from "npm:@duckdb/node-api@1.5.6-r.1";
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    const query = "select field, value, text, unit, quality from '${parquet}' where quality not in ('none', 'stale') order by time";
    console.log(JSON.stringify((await connection.runAndReadAll(query)).getRowsJson()));`;
  const { stdout, stderr } = await runProgram(Deno.execPath(), ["eval", "--no-lock", script]);
  deepStrictEqual(stdout === "" ? stderr : JSON.parse(stdout), [
    ["pressure", 1.5, null, "mbar", "good"],
    ["mode", null, 'a, "b"', "", "good"],
    ["pressure", -2.25, null, "mbar", "good"],
    ["pressure", null, null, "mbar", "error"],
    ["lamp", 1, "true", "", "good"],
    ["pressure", 3e-7, null, "mbar", "good"],
  ]);
});

Deno.test("export: the headers of images are a table, with a column for each keyword", async () => {
  await using folder = new Folder();
  const images = join(folder.path, "images");
  const instruments = demoInstruments({ camera: { imageFolders: [images] } });
  {
    await using server = startServer({ instruments, records: { folder: folder.records }, poll: true });
    await server.ready;
    await using dashboard = dashboardClient(server, "ana");
    const exposed = instruments.find(({ name }) => name === "exposure")!;
    exposed.field("imagetest").update(0);
    for (const title of ["M31", "M33, <b>west</b>"]) {
      await dashboard.call("exposure", "expose", ["0.1", "object", title], {}, { timeout: 30 });
    }
    await dashboard.note("<script>alert('|x|')</script> & *stars*");
    const port = String(server.dashboardServer.port);
    const html = (await run(["notebook", "--html", "--port", port])).out;
    match(html, /<h1>The night of \d{4}-\d\d-\d\d<\/h1>/);
    match(html, /&lt;script&gt;alert\(&#39;\|x\|&#39;\)&lt;\/script&gt; &amp; \*stars\*/);
    match(
      html,
      /0001\.fits<\/td><td>M31<\/td>[^]*0002\.fits<\/td><td>M33, &lt;b&gt;west&lt;\/b&gt;<\/td><td>object<\/td><td>0\.1 s<\/td>/,
    );
    match(html, /<td>exposure\.expose 0\.1 object M31<\/td><td>OK<\/td>/);
    ok(!/<script|<b>|onerror|https?:/.test(html));
    match(
      html,
      /<h2>Plots<\/h2>[^]*<figcaption>tempcon: camtemp \(°C\): -?[\d.]+ to -?[\d.]+<\/figcaption>[^]*<path d="M[\d.]+ [\d.]+L/,
    );
    const file = join(folder.path, "night.md");
    match(
      (await run(["notebook", "--out", file, "--port", port, "--fields", "tempcon.camtemp"])).err,
      /^Wrote .*night\.md\n$/,
    );
    const markdown = await Deno.readTextFile(file);
    match(markdown, /^# The night of /);
    match(markdown, /&lt;script&gt;alert\('\\\|x\\\|'\)&lt;\/script&gt; &amp; \\\*stars\\\*/);
    match(markdown, /\| tempcon: camtemp \(°C\) \| -?[\d.]+ \| -?[\d.]+ \| -?[\d.]+ \| `[ ▁-█]{48}` \|/);
    match((await run(["notebook", "--out", "night.doc", "--port", port])).err, /its name ends in \.html or \.md/);
    match((await run(["notebook", "--night", "soon", "--port", port])).err, /Cannot tell which night --night soon is/);
  }
  match((await run(["notebook", "--read", folder.records])).out, /\| M31 \| object \| 0\.1 s \|/);
  Deno.writeTextFileSync(join(images, "broken.fits"), "no image");
  const { out, err } = await run(["export", "--images", images, "--format", "jsonl", "--utc"]);
  match(err, /^Cannot read .*broken\.fits: /);
  const rows = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  deepStrictEqual(rows.map(({ OBJECT, EXPREQ }) => [OBJECT, EXPREQ]), [["M31", 0.1], ["M33, <b>west</b>", 0.1]]);
  ok(rows.every(({ time, file }) => Date.now() - Date.parse(time) < 600_000 && /\.fits$/.test(file)));
  strictEqual((await run(["export", "--images", images, "--until", "1h"])).out, "time,file\n");
  match((await run(["export", "--images", join(folder.path, "gone")])).err, /there is no such folder/);
});

const promtool = await canRun("promtool");

Deno.test({
  name: "prometheus: promtool asks for what was, at a time, over a range, and which series there are",
  ignore: !promtool, // needs Debian's prometheus
  async fn() {
    await using folder = new Folder();
    await using server = await pastServer(folder);
    const { host, port } = server.webServer;
    const url = `http://${host}:${port}/prometheus`;
    const ask = async (...args: string[]) => {
      const { code, stdout, stderr } = await runProgram("promtool", args);
      strictEqual(code, 0, stderr);
      return stdout.trimEnd();
    };
    const series = 'heliograph_field_value{field="pressure", instrument="upper_gauge", unit="mbar"}';
    match(
      await ask("query", "instant", url, 'heliograph_field_value{field=~"press.*"}'),
      /^heliograph_field_value\{.*\} => 0\.0000003 @\[\d+(\.\d+)?\]$/,
    );
    strictEqual((await ask("query", "instant", url, "1+1")).split("@")[0], "scalar: 2 ".slice(0, 10));
    const now = Date.now() / 1000;
    const range = await ask(
      "query",
      "range",
      `--start=${now - 20}`,
      `--end=${now}`,
      "--step=1s",
      url,
      "heliograph_field_value",
    );
    const [head, ...lines] = range.split("\n");
    strictEqual(head, `${series} =>`);
    ok(lines.length >= 1 && lines.at(-1)!.startsWith("0.0000003 @["), range);
    match(await ask("query", "series", url, '--match={instrument="upper_gauge"}'), /field="pressure"/);
    strictEqual(await ask("query", "labels", url, "field"), "pressure");
    const raw = await ask("query", "instant", url, "heliograph_field_value[1h]");
    deepStrictEqual([...raw.matchAll(/^([\d.-]+) @/gm)].map(([, value]) => Number(value)), [1.5, -2.25, 3e-7]);
    const refused = runProgram("promtool", ["query", "instant", url, "rate(heliograph_field_value[5m])"]);
    match((await refused).stderr, /bad_data: Cannot run the query at .*only selectors are offered/);
    const json = async (path: string) => await (await fetch(`${url}/api/v1/${path}`)).json();
    deepStrictEqual((await json("labels")).data, ["__name__", "field", "instrument", "unit"]);
    deepStrictEqual((await json("label/__name__/values")).data, ["heliograph_field_value"]);
    match(
      (await json("query_range?query=a&start=0&end=100000&step=1")).error,
      /means 100001 points for each series, and 11000 are the most/,
    );
    match((await json("query_range?query=a&start=0&end=1&step=x")).error, /Cannot read "step"/);
    match((await json("query?query=a&time=soon")).error, /Cannot read the time "time": give seconds since 1970/);
    match((await json("series")).error, /"match\[\]" is missing/);
  },
});
