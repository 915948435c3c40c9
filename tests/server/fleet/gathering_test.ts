/** The records of all PCs in one place: nothing is lost, doubled or out of order, whoever is killed or cut off. */
import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";
import type { JournalRecord } from "../../../protocol/records.ts";
import { copyAfter, RecordsCopy } from "../../../server/records/copying.ts";
import { JournalStore } from "../../../server/records/journal_store.ts";
import { encodeRun, type Run } from "../../../server/records/readings/codec.ts";
import { HistoryFolder } from "../../../server/records/readings/history_folder.ts";
import { ReadingsStore } from "../../../server/records/readings/readings_store.ts";
import { RecordsFolder } from "../../../server/records/records_folder.ts";
import { run } from "../../cli_fixture.ts";
import { eventually } from "../../fixture.ts";
import { hasNats, NatsServer } from "../../nats.ts";
import { inFolder } from "../guards/lab.ts";
import { gauge, Pc } from "./pc.ts";

function journalOf(folder: string): JournalRecord[] {
  using records = new RecordsFolder(folder);
  deepStrictEqual(records.verify().problems, []);
  return records.find({ limit: 10_000 });
}

async function pressuresOf(folder: string): Promise<unknown> {
  await using history = new HistoryFolder(folder);
  const { series } = await history.readings({
    fields: ["gauge.pressure"],
    since: 0,
    until: Date.now() + 1e6,
    limit: 10_000,
  });
  return series;
}

Deno.test("fleet: a gatherer has the records of all PCs, also of what they did while they were cut off", {
  ignore: !hasNats,
}, () =>
  inFolder(async (folder) => {
    await using broker = await NatsServer.start();
    const [own, gathered] = [join(folder, "cold"), join(folder, "gathered")];
    const cold = (instrument = gauge().instrument) =>
      new Pc(broker, "cold-lab", [instrument], {}, { records: { folder: own } });
    const gatherer = () => new Pc(broker, "warm-lab", [gauge("Other").instrument], { gather: gathered });
    const copy = join(gathered, "cold-lab");
    const notes = () => journalOf(copy).filter(({ kind }) => kind === "note").map(({ text }) => text);
    const arrives = (text: string) =>
      eventually(() => {
        try {
          return notes().includes(text);
        } catch {
          return false;
        }
      }, `${text} is gathered`);
    const expected: string[] = [];
    const note = async (pc: Pc, text: string) => {
      expected.push(text);
      strictEqual(await pc.line(`note ${text}`), "OK");
    };
    {
      const { instrument } = gauge();
      await using pc = cold(instrument);
      await note(pc, "before anybody gathers");
      {
        await using warm = gatherer();
        await arrives("before anybody gathers");
        await broker.kill();
        for (let each = 0; each < 20; each++) {
          await note(pc, `cut off ${each}`);
          instrument.fields.Pressure.update(each);
        }
        await broker.start();
        await arrives("cut off 19");
        const list = JSON.parse((await warm.line("fleet.list")).slice(3));
        strictEqual(list.gathered.folder, gathered);
        const told = await run(["fleet", "records", "--port", String(warm.server.dashboardServer.port)]);
        match(told.out, /cold-lab +\d+ .* well\n/, told.err);
        const read = await run(["journal", "--read", copy, "--find", "cut off 7"]);
        match(read.out, /cut off 7/, read.err);
        const none = await run(["fleet", "records", "--port", String(pc.server.dashboardServer.port)]);
        match(none.err, /This PC gathers no records: say "gather"/);
        deepStrictEqual(list.gathered.pcs.map((each: { name: string }) => each.name), ["cold-lab"]);
      }
      await note(pc, "while the gatherer was away");
    }
    // What was on the spool is in the database now.
    await using pc = cold();
    await note(pc, "after its own restart");
    await using _warm = gatherer();
    await arrives("after its own restart");
    deepStrictEqual(notes(), expected, "all of them once, in their order");
    const last = journalOf(copy).at(-1)!.number;
    deepStrictEqual(journalOf(copy), journalOf(own).filter(({ number }) => number <= last));
    let series: unknown;
    await eventually(async () => {
      try {
        series = await pressuresOf(copy);
      } catch {
        return false;
      }
      return JSON.stringify(series).includes("19");
    }, "the readings are there");
    match(JSON.stringify(series), /\b0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19\b/);
  }));

Deno.test(
  "fleet: a disk that is nearly full of gathered records is an alarm",
  { ignore: !hasNats || Deno.build.os === "windows" },
  () =>
    inFolder(async (folder) => {
      const gathered = join(folder, "gathered");
      await Deno.mkdir(gathered);
      const mount = await new Deno.Command("mount", { args: ["-t", "tmpfs", "-o", "size=1m", "tmpfs", gathered] })
        .output()
        .catch(() => undefined);
      if (mount?.success !== true) return console.log("skipped: only root of a Linux can make a small disk");
      try {
        await Deno.writeFile(join(gathered, "ballast"), new Uint8Array(1_000_000));
        await using broker = await NatsServer.start();
        await using warm = new Pc(broker, "warm-lab", [gauge().instrument], { gather: gathered }, { guards: {} });
        await eventually(
          async () =>
            /Disk of gathered records nearly full.*is nearly full: 0 MB/.test(await warm.line("guards.alarms")),
          "it is told",
        );
      } finally {
        await new Deno.Command("umount", { args: [gathered] }).output();
      }
    }),
);

/** Readings of an hour: one each second, or so many. */
function runOf(hour: number, values: readonly number[]): Run {
  return {
    times: Float64Array.from(values, (_, at) => hour * 3_600_000 + at * 1000),
    values: Float64Array.from(values),
    qualities: new Uint8Array(values.length),
  } as unknown as Run;
}

Deno.test("records: a copy takes parts and whole hours once, in messages of any size, and an hour again that has changed", () =>
  inFolder((folder) => {
    const [own, there] = [join(folder, "own"), join(folder, "copy")];
    Deno.mkdirSync(own);
    using journal = new JournalStore(own);
    using store = new ReadingsStore(own);
    const field = { instrument: "gauge", title: "P", instrumentTitle: "Gauge", unit: "mbar", type: "float" } as const;
    const ids = ["p", "q", "r"].map((name) => store.fieldNumber({ ...field, field: name }));
    const record = (number: number): JournalRecord => ({
      number,
      kind: "note",
      time: new Date(number * 1000).toISOString(),
      level: "info",
      client: "ana",
      instrument: "",
      text: `note ${number} ${"x".repeat(200)}`,
    });
    journal.append(Array.from({ length: 50 }, (_, at) => record(at + 1)));
    for (const hour of [400_000, 400_001]) {
      for (const id of ids) store.put("raw", hour, id, encodeRun(runOf(hour, [id, hour, 3])));
    }
    store.addPart(ids[0]!, 400_002, runOf(400_002, [1, 2]));
    /** Pulls all there is. @returns In how many messages. */
    const pull = (bytes: number): number => {
      // As after a kill: the copy knows itself where it is.
      for (let messages = 1;; messages++) {
        using copy = new RecordsCopy(there);
        const part = copyAfter(own, copy.cursor, bytes);
        ok(!part.other);
        copy.add(JSON.parse(JSON.stringify(part)));
        // What comes a second time changes nothing.
        copy.add(part);
        if (!part.more) return messages;
      }
    };
    const same = () => {
      using copied = new ReadingsStore(there, true);
      for (const table of ["fields", "raw"]) {
        const rows = (of: ReadingsStore) => of.prepare(`SELECT * FROM ${table} ORDER BY 1`).all();
        deepStrictEqual(rows(copied), rows(store), table);
      }
      const parts = (of: ReadingsStore) =>
        of.prepare("SELECT field, hour, data FROM parts ORDER BY hour, field").all().map((row) => JSON.stringify(row));
      deepStrictEqual(parts(copied).sort(), parts(store).sort());
    };
    ok(pull(1500) > 10, "little by little");
    same();
    strictEqual(pull(1_000_000), 1);
    same();
    // The hour is over: its parts are a whole hour now. Another one has had more read in it, by a clock that was set back.
    store.dropParts(ids[0]!, 400_002);
    store.put("raw", 400_002, ids[0]!, encodeRun(runOf(400_002, [1, 2, 3])));
    store.put("raw", 400_000, ids[1]!, encodeRun(runOf(400_000, [1, 2, 3, 4, 5, 6, 7])));
    store.addPart(ids[2]!, 400_003, runOf(400_003, [9]));
    pull(1_000_000);
    same();
    journal.append([record(51)]);
    pull(1_000_000);
    using copy = new RecordsCopy(there);
    deepStrictEqual(copy.state.records, 51);
    // What somebody has changed on the way is not written down.
    const part = copyAfter(own, { ...copy.cursor, journal: { number: 0, digest: "0".repeat(64) } }, 1_000_000);
    journal.append([record(52)]);
    const [[text, digest]] = copyAfter(own, copy.cursor, 1_000_000).journal as [[string, string]];
    throws(
      () => copy.add({ ...part, journal: [[text.replace("note 52", "note 99"), digest]] }),
      /record 52 is not what was written/,
    );
    // Records that were begun anew are not added to others.
    using another = new JournalStore(undefined);
    strictEqual(another.goesOnAfter(copy.cursor.journal), false);
    return Promise.resolve();
  }));
