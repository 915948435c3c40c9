/** Tables that are exported: the bytes of each form, and what other programs read in them. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import {
  type Column,
  type Row,
  type TableFormat,
  tableWriter,
  timeText,
} from "../../../server/records/export/table_writer.ts";
import { runProgram, top } from "../../fixture.ts";

const columns: Column[] = [
  { name: "time", kind: "time" },
  { name: "value", kind: "number" },
  { name: "text, quoted", kind: "text" },
];
const rows: Row[] = [
  [1_764_284_400_123, -100.5, 'a "b", c'],
  [1_764_284_400_124, undefined, " d\ne"],
  [1_764_284_400_125, 1e-7, undefined],
];

async function written(format: TableFormat, utc = true, rowsOf = rows): Promise<Uint8Array> {
  const writer = await tableWriter(format, columns, utc);
  const pieces = [writer.write(rowsOf.slice(0, 1)), writer.write([]), writer.write(rowsOf.slice(1)), writer.end()];
  return new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

Deno.test("table: CSV and lines of JSON hold every text and number, and nothing where nothing is", async () => {
  const text = async (format: TableFormat) => new TextDecoder().decode(await written(format));
  strictEqual(
    await text("csv"),
    'time,value,"text, quoted"\n2025-11-27T23:00:00.123Z,-100.5,"a ""b"", c"\n2025-11-27T23:00:00.124Z,," d\ne"\n' +
      "2025-11-27T23:00:00.125Z,1e-7,\n",
  );
  const lines = (await text("jsonl")).trimEnd().split("\n").map((line) => JSON.parse(line));
  deepStrictEqual(lines[0], { time: "2025-11-27T23:00:00.123Z", value: -100.5, "text, quoted": 'a "b", c' });
  deepStrictEqual(lines[2], { time: "2025-11-27T23:00:00.125Z", value: 1e-7, "text, quoted": null });
  const empty = await tableWriter("csv", columns, true);
  strictEqual(new TextDecoder().decode(empty.end()), 'time,value,"text, quoted"\n');
});

Deno.test({
  name: "table: the hour that comes twice is told apart, in any zone",
  ignore: Deno.build.os === "windows", // it has one zone for all programs
  fn: async () => {
    const script = `
    import { timeText } from ${JSON.stringify(new URL("server/records/export/table_writer.ts", top).href)};
    const times = Array.from({ length: 13 }, (_, at) => Date.UTC(2026, 9, 24, 23, 30) + at * 900_000);
    console.log(JSON.stringify(times.map((time) => timeText(time, false))));`;
    const read = async (zone: string) => {
      const args = ["eval", "--no-lock", script];
      const { stdout, stderr } = await runProgram(Deno.execPath(), args, { env: { TZ: zone, NO_COLOR: "1" } });
      strictEqual(stdout !== "", true, stderr);
      return JSON.parse(stdout) as string[];
    };
    const texts = await read("Europe/Berlin");
    strictEqual(new Set(texts).size, 13);
    deepStrictEqual([texts[5], texts[6]], ["2026-10-25T02:45:00.000+02:00", "2026-10-25T02:00:00.000+01:00"]);
    for (const [at, text] of texts.entries()) {
      strictEqual(Date.parse(text), Date.UTC(2026, 9, 24, 23, 30) + at * 900_000);
    }
    strictEqual((await read("America/St_Johns"))[0], "2026-10-24T21:00:00.000-02:30");
    strictEqual(timeText(0, true), "1970-01-01T00:00:00.000Z");
  },
});

Deno.test({
  name: "table: DuckDB reads Parquet as it was written, in several groups of rows",
  ignore: Deno.build.os === "windows", // it is a library of this system
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const file = join(folder, "a.parquet");
      const many: Row[] = Array.from({ length: 50_000 }, (_, at) => [1_764_284_400_000 + at, at / 8, `text ${at % 7}`]);
      await Deno.writeFile(file, await written("parquet", true, [...rows, ...many]));
      const script = `
        import { DuckDBInstance } from "npm:@duckdb/node-api@1.5.6-r.1";
        const connection = await (await DuckDBInstance.create(":memory:")).connect();
        const ask = async (query) => (await connection.runAndReadAll(query)).getRowsJson();
        const of = "from '${file}'";
        console.log(JSON.stringify([
          await ask(\`select epoch_ms(time), value, "text, quoted" \${of} limit 3\`),
          await ask(\`select count(*)::int, count(value)::int, sum(value), count(distinct time)::int, max(epoch_ms(time)) \${of}\`),
          await ask(\`describe select * \${of}\`),
        ]));`;
      // A program of its own: the library leaves threads behind.
      const args = ["eval", "--no-lock", script];
      const { stdout, stderr } = await runProgram(Deno.execPath(), args);
      strictEqual(stdout !== "", true, stderr);
      const [first, [sums], described] = JSON.parse(stdout);
      deepStrictEqual(first, rows.map(([time, value, text]) => [String(time), value ?? null, text ?? null]));
      const sum = many.reduce((all, [, value]) => all + (value as number), -100.5 + 1e-7);
      // DuckDB adds up in an order of its own.
      ok(Math.abs(sums[2] - sum) <= 1e-9 * Math.abs(sum), `${sums[2]} and ${sum}`);
      deepStrictEqual(sums.with(2, 0), [50_003, 50_002, 0, 50_000, String(1_764_284_400_000 + 49_999)]);
      deepStrictEqual(described.map((row: string[]) => row[1]), ["TIMESTAMP", "DOUBLE", "VARCHAR"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
