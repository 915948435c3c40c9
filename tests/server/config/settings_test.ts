/** Settings: written once, they are the same in the bench file, on the command line, in the check and in the documents. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { loadBench } from "../../../server/config/bench_file.ts";
import { besideBench } from "../../../server/config/beside.ts";
import { benchJsonSchema } from "../../../server/config/schema.ts";
import { programSettings, serverSettings } from "../../../server/config/server_settings.ts";
import { settingsTables } from "../../../server/config/tables.ts";
import { codeSettings } from "../../../server/code/options.ts";
import { fileText, helpText, type Setting, settled } from "../../../protocol/setting.ts";
import { run } from "../../cli_fixture.ts";
import { top } from "../../fixture.ts";

const meter = '{ "title": "Meter", "port": "tcp://127.0.0.1:1", "fields": { "Voltage": { "read": "V?" } } }';

async function withBench(text: string, work: (file: string) => Promise<void>, name = "bench.json"): Promise<void> {
  const folder = await Deno.makeTempDir();
  const file = join(folder, name);
  await Deno.writeTextFile(file, text);
  await work(file).finally(() => Deno.remove(folder, { recursive: true }));
}

const all = (settings: object) => Object.entries(settings) as [name: string, setting: Setting<unknown>][];

/** The command line's name of a flag. */
const dashed = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

Deno.test("settings: a flag goes before the bench file, and the bench file before the default", () => {
  const { host, commandPort, webPort } = settled(
    serverSettings,
    { commandPort: 0 },
    { commandPort: 2412, host: "127.0.0.2", webPort: undefined },
  );
  deepStrictEqual([host, commandPort, webPort], ["127.0.0.2", 0, undefined]);
  const code = settled(codeSettings, { read: [] }, { read: ["/data"], languages: [], atOnce: 2 });
  deepStrictEqual([code.read, code.languages, code.atOnce, code.memory], [[], [], 2, 256]);
});

Deno.test("settings: each default may be said, in the bench file and to the server", () => {
  for (const [name, { schema, default: value }] of [...all(serverSettings), ...all(codeSettings)]) {
    if (value !== undefined) ok(schema.safeParse(value).success, name);
  }
});

Deno.test("settings: the server's help has each flag, with its words and its default", async () => {
  const { out } = await run(["server", "--help"]);
  const help = out.replace(/ {2,}/g, " ");
  for (const [, setting] of [...all(programSettings), ...all(serverSettings), ...all(codeSettings)]) {
    const begin = `[${dashed(setting.flag!.name)}]${setting.flag!.kind === "texts" ? "..." : ""} `;
    ok(help.includes(begin + helpText(setting)), `${begin}${helpText(setting)}`);
  }
  match(help, /\[--command-port\] azcam's port; 0 takes any free one \[default: 2402\]/);
});

Deno.test("settings: the bench file's JSON Schema has each word, with its words, its default and its limits", () => {
  const { server, code } = (benchJsonSchema() as {
    properties: Record<string, { properties: Record<string, { description: string; minimum?: number }> }>;
  }).properties;
  deepStrictEqual(Object.keys(server!.properties), Object.keys(serverSettings));
  deepStrictEqual(Object.keys(code!.properties), Object.keys(codeSettings));
  for (const [name, setting] of all(serverSettings)) {
    strictEqual(server!.properties[name]!.description, fileText(setting));
  }
  for (const [name, setting] of all(codeSettings)) strictEqual(code!.properties[name]!.description, fileText(setting));
  strictEqual(
    server!.properties.commandPort!.description,
    "azcam's port; default 2402, 0 takes any free one",
  );
  strictEqual(code!.properties.memory!.minimum, 192);
});

Deno.test("settings: the check of a bench file and the flag refuse a number with the same limits and words", async () => {
  const words = "it is a number of MiB from 192 to 65536";
  const bench = `{\n  "code": { "memory": 10 },\n  "instruments": [${meter}]\n}`;
  await withBench(bench, async (file) => {
    const checked = await run(["check", file]);
    deepStrictEqual([checked.code, checked.err.trim()], [
      5,
      `${file}:2:13: code.memory: should be at least 192, and is 10: ${words}`,
    ]);
  });
  const { code, err } = await run(["server", "--command-port", "0", "--dashboard-port", "0", "--eval-memory", "10"]);
  deepStrictEqual([code, err], [2, `Cannot run evaluations with memory 10: ${words}\n`]);
});

Deno.test("settings: the documents' tables of settings are the program's", async () => {
  const documents = [new URL("README.md", top)];
  for await (const { name } of Deno.readDir(new URL("docs/", top))) {
    if (name.endsWith(".md")) documents.push(new URL(`docs/${name}`, top));
  }
  const texts = await Promise.all(
    documents.map(async (document) => [document.pathname, await Deno.readTextFile(document)]),
  );
  for (const [name, render] of Object.entries(settingsTables)) {
    const table = render();
    const head = table.slice(0, table.indexOf("\n"));
    const cells = (text: string) => text.replace(/ {2,}/g, " ");
    const having = texts.filter(([, text]) => cells(text!).includes(cells(head)));
    ok(having.length > 0, `no document has the table of ${name}:\n${table}`);
    for (const [path, text] of having) {
      ok(text!.includes(table), `${path} has another table of ${name} than this:\n${table}`);
    }
  }
});

Deno.test("beside: what belongs to a bench has its bench file's name, whatever that ends in", () => {
  deepStrictEqual(besideBench("/lab.d/lab.json"), {
    page: "/lab.d/lab.page.json",
    access: "/lab.d/lab.access.json",
    keys: "/lab.d/lab.keys",
    state: "/lab.d/lab.state",
    records: "/lab.d/lab.records",
    previous: "/lab.d/lab.previous.json",
  });
  strictEqual(besideBench("/lab.d/lab.ts").page, "/lab.d/lab.page.json");
  strictEqual(besideBench("/lab.d/lab").page, "/lab.d/lab.page.json");
  strictEqual(besideBench("C:\\lab.d\\lab").keys, "C:\\lab.d\\lab.keys");
});

Deno.test("beside: a file whose name belongs to another bench is no bench file, and init writes none", async () => {
  for (const name of ["lab.page.json", "lab.access.json"]) {
    await withBench(`{ "instruments": [${meter}] }`, async (file) => {
      const { code, err } = await run(["check", file]);
      strictEqual(code, 5);
      match(
        err,
        /lab\.\w+\.json: is no bench file: a file of this name stands beside lab\.json and says .*; give lab\.json/,
      );
      await Deno.remove(file);
      const written = await run(["init", file]);
      strictEqual(written.code, 2);
      match(written.err, /^Cannot write .*lab\.\w+\.json: it is no bench file: .*give lab\.json, or another name\n$/);
      await rejects(Deno.stat(file), Deno.errors.NotFound);
    }, name);
  }
  // These hold benches: what was before the last change, and one that is called page.
  for (const name of ["lab.previous.json", "page.json"]) {
    await withBench(`{ "instruments": [${meter}] }`, async (file) => await (await loadBench(file)).close(), name);
  }
});

Deno.test("bench file: the names of heliograph's own instruments are kept, and another one is proposed", async () => {
  const cases = [["Automation", "automation", "bench_automation"], ["guards", "guards", "bench_guards"]] as const;
  for (const [title, name, instead] of cases) {
    const text = `{\n  "instruments": [\n    ${meter.replace("Meter", title)}\n  ]\n}`;
    await withBench(text, async (file) => {
      await rejects(loadBench(file), {
        message: `${file}:3:7: instruments[0].title: ${title} is called ${name}, and that name is kept for an ` +
          `instrument of heliograph's own; give another title, for example Bench ${title}, which clients reach as ${instead}`,
      });
      await Deno.writeTextFile(file, text.replace(`"${title}"`, `"Bench ${title}"`));
      const { instruments, close } = await loadBench(file);
      await close();
      strictEqual(instruments[0]!.name, instead);
    });
  }
});
