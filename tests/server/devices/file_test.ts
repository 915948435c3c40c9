/** Files that another program writes, on the real file system. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { FileTail } from "../../../server/files/file_tail.ts";
import { eventually } from "../../fixture.ts";
import { ServedBench } from "./devices.ts";

const windows = Deno.build.os === "windows";
const append = (file: string, text: string) => Deno.writeTextFileSync(file, text, { append: true });

/** What a look tells, as text. */
function looked(tail: FileTail): string {
  const found = tail.look();
  if (!found.there) return found.reason;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return (found.first === undefined ? "" : `[${text(found.first)}]`) + text(found.lines);
}

Deno.test("a file that is followed: whole lines as they come, and on from the last one when it is rotated, truncated or rewritten", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "log.csv");
  const tail = new FileTail(file);
  assert.equal(looked(tail), "it is not there");
  append(file, "t,");
  assert.equal(looked(tail), "", "half a line");
  append(file, "ppm\n1,10\n2,20\n3,");
  assert.equal(looked(tail), "[t,ppm\n]2,20\n", "the last line of a file that was not known");
  append(file, "30\n4,40\n5");
  assert.equal(looked(tail), "3,30\n4,40\n", "every line that is appended");
  assert.equal(looked(tail), "");

  // Another takes its place; what was still written to the old one counts, where it can be read.
  append(file, ",50\n");
  Deno.renameSync(file, join(folder, "log.1"));
  append(file, "t,ppm\n6,60\n");
  if (!windows) assert.equal(looked(tail), "5,50\n");
  assert.equal(looked(tail), "[t,ppm\n]6,60\n");
  append(file, "7,70\n");
  assert.equal(looked(tail), "7,70\n");

  // Truncated, as copytruncate does, and on from its beginning.
  Deno.truncateSync(file);
  assert.equal(looked(tail), "");
  append(file, "8,80\n");
  assert.equal(looked(tail), "[8,80\n]8,80\n");

  // Written anew and longer than before.
  Deno.writeTextFileSync(file, "t,ppm\n9,90\n10,100\n");
  assert.equal(looked(tail), "[t,ppm\n]10,100\n");
  // Replaced by a copy with one more line, as editors and careful programs save.
  Deno.writeTextFileSync(join(folder, "part"), "t,ppm\n9,90\n10,100\n11,110\n");
  Deno.renameSync(join(folder, "part"), file);
  assert.equal(looked(tail), "11,110\n", "what was read already is not told again");

  Deno.removeSync(file);
  assert.equal(looked(tail), "it is not there");
  append(file, "t,ppm\n12,120\n");
  assert.equal(looked(tail), "[t,ppm\n]12,120\n");
  Deno.removeSync(file);
  Deno.mkdirSync(file);
  assert.match(looked(tail), /it is no file/);
  tail.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a gas chromatograph's file: waited for, columns by name and number, rotation and strange lines", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "gc run.csv");
  try {
    await using bench = await ServedBench.one({
      title: "GC FID",
      port: pathToFileURL(file).href,
      line: { separator: ";" },
      reconnect: { first: 0.05, longest: 0.1 },
      staleAfter: 3600,
      fields: {
        "CH4 (ppm)": { listen: { column: "CH4 area" }, scale: 0.1, decimal: "," },
        "CO2 (ppm)": { listen: { column: 3, bad: { "-": "no peak" } }, scale: 0.5 },
        Sample: { type: "text", listen: { column: "Sample" } },
        Wrong: { listen: { column: "CH4 are" } },
        Hour: { type: "int", listen: { column: 1, pattern: "T(\\d\\d):" } },
      },
    });
    const contact = bench.server.bench.find("gc_fid")!.contact!;
    await eventually(() => contact.state === "lost", "that it is not there");
    assert.match(contact.reason, /cannot read .*gc run\.csv: it is not there/);
    const values = async () => {
      const got = [];
      for (const field of ["CH4 (ppm)", "CO2 (ppm)", "Sample", "Hour"]) {
        got.push((await bench.ask(`gc_fid.get "${field}"`)).replace("OK ", ""));
      }
      return got.join(" | ");
    };
    const become = async (expected: string) => {
      let last = "";
      await eventually(async () => (last = await values()) === expected, expected).catch((error) => {
        throw new Error(`${error.message}: ${last}, ${contact.state} ${contact.reason}`);
      });
    };
    append(file, '\ufeffTime;CH4 area;CO2 area;"Sample"\r\n2026-11-28T09:00;1234,5;100;"a; ""b"""\r\n');
    await become(`123.45 | 50.0 | 'a; "b"' | 9`);
    assert.match(
      bench.field("gc_fid", "Wrong").reason,
      /no column "CH4 are"; it has "Time", "CH4 area".*did you mean CH4/,
    );
    append(file, "# calibrated\r\n\r\n2026-11-28T10:00;2;-;c\r\n2026-11-28T11:00;3;");
    await eventually(() => bench.field("gc_fid", "CO2 (ppm)").quality === "error", "the bad value");
    assert.match(bench.field("gc_fid", "CO2 (ppm)").reason, /"-" means no peak/);
    append(file, "4;d\r\n");
    await become("0.3 | 2.0 | d | 11");
    Deno.renameSync(file, join(folder, "gc.1"));
    append(file, "Time;Sample;CO2 area;CH4 area\r\n");
    append(file, "2026-11-28T12:00;e;8;50\r\n");
    await become("5.0 | 4.0 | e | 12");
    append(file, "2026-11-28T13:00;f\r\n");
    await eventually(() => bench.field("gc_fid", "CH4 (ppm)").quality === "error", "a line with too few columns");
    assert.match(bench.field("gc_fid", "CH4 (ppm)").reason, /a line has 2 columns, and no 4: /);
    append(file, "2026-11-28T14:00;g;9;60;\r\n");
    await become("6.0 | 4.5 | g | 14");
    append(file, "2026-11-28T15:00;h;again;10;70\r\n");
    await eventually(() => bench.field("gc_fid", "CH4 (ppm)").quality === "error", "a line with too many columns");
    assert.match(
      bench.field("gc_fid", "CH4 (ppm)").reason,
      /a line has 5 columns, and the file's first line has 4, so that it is not known which is "CH4 area": "2026.*70"; a ";" within a value has to stand in quotes/,
    );
    Deno.removeSync(file);
    await eventually(() => contact.state === "lost", "that it has gone");
    assert.match(contact.reason, /is gone: it is not there|cannot read/);
    append(file, "CH4 area;x;CO2 area;Sample\n1;T14:;2;g\n");
    await eventually(() => contact.state === "connected", "the new one");
    await eventually(() => bench.field("gc_fid", "Sample").value === "g", "its line");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
