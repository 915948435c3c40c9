/** The expressions in the documents, each with the value that stands beside it. */
import { ok, strictEqual } from "node:assert/strict";
import { loadBench } from "../../../mod.ts";
import { BenchEnvironment } from "../../../server/expressions/bench_environment.ts";
import { compile } from "../../../server/expressions/compile.ts";
import { codeBlocks, readFile } from "../../documents.ts";
import { startServer } from "../../fixture.ts";

Deno.test("docs: expressions are worth what the document says, and its bench computes", async () => {
  const document = "docs/describe-your-instrument.md";
  const [block, ...more] = (await codeBlocks(document)).filter(({ code }) => code.includes('"compute": "voltage'));
  strictEqual(more.length, 0);
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(file, block!.code);
  const { instruments } = await loadBench(file);
  await Deno.remove(file);
  await using server = startServer({ instruments });
  const [supply, picarro, sums] = instruments;
  for (
    const [name, value] of [["voltage", 12.5], ["current", 2], ["steps", 7], ["output", true], ["mode", "CV"]] as const
  ) {
    supply!.field(name).update(value);
  }
  picarro!.field("ch4_ppm").update(2);
  strictEqual(server.bench.find("Bench Sums"), sums);
  strictEqual(sums!.field("Energy per ppm").value, 12.5);
  strictEqual(sums!.field("Lamp Ready").value, true);
  const rows = [...(await readFile(document)).matchAll(/^\| `(.+?)` +\| `(.+?)` *\|/gm)]
    .filter(([row]) => /[*/(&?]|\bin\b/.test(row!.split("`")[1]!));
  ok(rows.length >= 12, `${rows.length} rows`);
  const environment = new BenchEnvironment(instruments).of(supply);
  for (const [, text, value] of rows) {
    const outcome = compile(text!, environment).evaluate();
    strictEqual(outcome.quality === "good" ? String(outcome.value) : outcome.reason, value, text);
  }
});
