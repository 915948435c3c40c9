/** Bench files of any size, depth and name: what they say is kept, or refused with its place. */
import { match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { loadBench } from "../../../server/config/bench_file.ts";
import { Source } from "../../../server/files/source.ts";
import { defineInstrument } from "../../../server/bench/define_instrument.ts";
import { run } from "../../cli_fixture.ts";
import { dashboardClient, RawClient, startServer } from "../../fixture.ts";

async function withFile(text: string, work: (file: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "bench.json");
  await Deno.writeTextFile(file, text);
  await work(file).finally(() => Deno.remove(folder, { recursive: true }));
}

Deno.test("bench file: one that is nested too deep is told with its place, however deep it is", async () => {
  for (const depth of [65, 100_000]) {
    const text = `{ "instruments": [\n  ${"[".repeat(depth)}${"]".repeat(depth)}\n] }`;
    await withFile(text, async (file) => {
      await rejects(loadBench(file), {
        name: "BenchFileError",
        message: `${file}:2:65: is nested deeper than 64 levels here; a bench file needs ten`,
      });
    });
  }
  const deepEnough = `${"[".repeat(64)}${"]".repeat(64)}`;
  ok(Array.isArray(Source.parse("bench.json", deepEnough).value));
});

Deno.test("bench file: a field that would be lost for its name is told", async () => {
  const text = `{ "instruments": [{ "title": "Meter", "port": "tcp://127.0.0.1:1", "fields": {
    "__proto__": { "read": "V?" } } }] }`;
  await withFile(text, async (file) => {
    await rejects(loadBench(file), {
      message: `${file}:2:5: __proto__ cannot be a name: it has a meaning of its own in JavaScript; choose another one`,
    });
  });
});

Deno.test("fields: those that are called as what every object has are there like any other, on every wire", async () => {
  const titles = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const fields = Object.fromEntries(
    titles.map((title, index) => [title, { type: "int", initial: index, write: () => {} } as const]),
  );
  await using server = startServer({ instruments: [defineInstrument({ title: "Meter", fields })] });
  await using client = dashboardClient(server);
  using lines = await RawClient.connect(server.commandServer.port);
  using raw = await RawClient.connect(server.dashboardServer.port);
  for (const [index, title] of titles.entries()) {
    strictEqual(await lines.ask(`meter.get ${title}`), `OK ${index}`);
    strictEqual(await lines.ask(`meter.set ${title} ${index + 10}`), "OK");
    strictEqual(await client.getField("Meter", title), index + 10);
    await raw.send(JSON.stringify({ cmd: "Get", widget_nickname: "Meter", field_name: title }));
    strictEqual(await raw.until((text) => text !== ""), `${index + 10}`);
    const { port } = server.webServer;
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/instruments/meter/fields/${title}`);
    strictEqual((await response.json()).value, index + 10, title);
  }
  const { fields: described } = await client.describe("Meter");
  strictEqual(described.map(({ title }) => title).join(), titles.join());
});

Deno.test("check: five thousand instruments are listed in columns, and each mistake is told", async () => {
  const wrong = (problems: boolean) =>
    JSON.stringify(
      {
        instruments: Array.from({ length: 5000 }, (_, index) => ({
          title: `Meter ${index}`,
          port: `tcp://127.0.0.1:${1 + index}`,
          fields: { V: { read: "V?", ...(problems ? { typ: "x" } : {}) } },
        })),
      },
      null,
      1,
    );
  await withFile(wrong(false), async (file) => {
    const { out } = await run(["check", file]);
    const rows = out.trimEnd().split("\n").slice(1);
    strictEqual(rows.length, 5001);
    // The columns stand where the first ones do, over all the parts that are drawn.
    const column = rows[0]!.indexOf("port");
    ok(rows.slice(1).every((row) => row.indexOf("tcp://") === column));
  });
  await withFile(wrong(true), async (file) => {
    const { err } = await run(["check", file]);
    strictEqual(err.trimEnd().split("\n").length, 5000);
    match(err, /:49999:\d+: instruments\[4999\]\.fields\.V\.typ: is not known here/);
  });
});

Deno.test("check: thousands of names that no port has are told in little", async () => {
  const count = 1000;
  const text = JSON.stringify({
    ports: Object.fromEntries(Array.from({ length: count }, (_, index) => [`line ${index}`, "tcp://127.0.0.1:1"])),
    instruments: Array.from({ length: count }, (_, index) => ({
      title: `Meter ${index}`,
      port: `lime ${index}`,
      fields: { V: { read: "V?" } },
    })),
  });
  await withFile(text, async (file) => {
    const { err } = await run(["check", file]);
    const problems = err.trimEnd().split("\n");
    strictEqual(problems.length, count);
    match(problems[0]!, /ports has line 0, line 1, .*, line 9 and 990 more \(did you mean line 0\?\)$/);
    ok(err.length < count * 500, `${err.length} characters`);
  });
});

Deno.test("http: bodies that are nested however deep are answered, and the server goes on", async () => {
  await using server = startServer();
  const address = `http://127.0.0.1:${server.webServer.port}`;
  const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
  const headers = { "Content-Type": "application/json" };
  const sent: [method: string, path: string, body: string][] = [
    ["PUT", "/api/v1/arrangement", `{"tiles":${deep}}`],
    ["POST", "/api", `{"command":"help","args":[${deep}]}`],
    ["POST", "/api", `{"command":"parameters.set_par","args":["imagetitle",${deep}]}`],
    ["PUT", "/api/v1/instruments/uv_light/fields/status_selection", `{"value":${deep}}`],
  ];
  for (const [method, path, body] of sent) {
    const response = await fetch(address + path, { method, headers, body });
    match(await response.text(), /"(?:error|message)"/, `${method} ${path}`);
  }
  strictEqual((await fetch(`${address}/healthz`).then((response) => response.json())).status, "ok");
});
