/** The records: what happened is kept over restarts and kills, found again, and shown to be as it was written. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import type { JournalEntry } from "../../../protocol/description.ts";
import type { JournalRecord } from "../../../protocol/records.ts";
import { command, defineInstrument } from "../../../mod.ts";
import { recordsOptions, recordsSchema } from "../../../server/config/records_settings.ts";
import { Flood } from "../../../server/records/flood.ts";
import { Journal } from "../../../server/records/journal.ts";
import { JournalStore } from "../../../server/records/journal_store.ts";
import { Records } from "../../../server/records/records.ts";
import { networkFileSystem } from "../../../server/records/network_file_system.ts";
import { ReadingsLookup } from "../../../server/records/readings/lookup.ts";
import { RecordsFolder } from "../../../server/records/records_folder.ts";
import { SteadyClock } from "../../../server/records/steady_clock.ts";
import { run } from "../../cli_fixture.ts";
import { dashboardClient, eventually, RawClient, startServer } from "../../fixture.ts";
import { programs, ServerProcess } from "../../server_process.ts";

/** A folder for records that is removed at the end. */
class Folder implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync();
  readonly records = join(this.path, "lab.records");

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

const started = /^heliograph \S+ has started$/;

/** What of a record is the same each time. */
function essence({ kind, client, instrument, text, answer, wire }: JournalRecord): unknown[] {
  return [kind, client.replace(/:\d+/, ""), wire, instrument, text.replace(started, "started"), answer];
}

Deno.test("records: a server that is stopped while it opens them leaves nothing running", {
  sanitizeOps: true,
  sanitizeResources: true,
}, async () => {
  await using folder = new Folder();
  const records = new Records(new Journal(), { folder: folder.records });
  const opening = records.open();
  await records.stop();
  await opening;
});

Deno.test("records: commands, settings, notes and clients are kept over a restart, and the new server tells them", async () => {
  await using folder = new Folder();
  const options = { records: { folder: folder.records } };
  {
    await using server = startServer({ ...options, poll: true });
    await server.ready;
    const settings = [["tempcon", "control_temperature"], ["UV Light", "Status Selection"]] as const;
    await eventually(
      () => settings.every(([name, field]) => server.bench.find(name)!.field(field).quality === "good"),
      "what they are at the beginning is known",
    );
    using robot = await RawClient.connect(server.commandServer.port);
    await robot.ask("register robot");
    strictEqual(await robot.ask("tempcon.set_control_temperature -90"), "OK");
    strictEqual(await robot.ask("note changed the 'argon cylinder'"), "OK");
    await using dashboard = dashboardClient(server, "ana");
    await dashboard.setField("UV Light", "Status Selection", "On");
    await dashboard.doConfirm("UV Light");
    await dashboard.note("it glows", "UV Light");
    await rejects(dashboard.note(" "), /a note is one line of 1 to 1000 printable characters/);
    const found = await dashboard.journal({ instrument: "UV Light" });
    deepStrictEqual(found.map(({ text }) => text), [
      'uv_light.set "Status Selection" On',
      "Status Selection: Off → On",
      "uv_light.confirm",
      "it glows",
    ]);
  }
  await using server = startServer(options);
  await server.ready;
  await using dashboard = dashboardClient(server);
  const kept = await dashboard.journal();
  const robot = "robot (client 1)";
  deepStrictEqual(kept.map(essence).filter(([kind]) => kind !== "client"), [
    ["log", "", undefined, "", "started", undefined],
    ["setting", "", undefined, "tempcon", "control_temperature: -100.00 → -90.00", undefined],
    ["command", robot, "line", "tempcon", "tempcon.set_control_temperature -90", "OK"],
    ["note", robot, "line", "", "changed the 'argon cylinder'", undefined],
    ["command", "ana (client 2)", "dashboard", "uv_light", 'uv_light.set "Status Selection" On', "OK"],
    ["setting", "", undefined, "uv_light", "Status Selection: Off → On", undefined],
    ["command", "ana (client 2)", "dashboard", "uv_light", "uv_light.confirm", "OK"],
    ["note", "ana (client 2)", "dashboard", "uv_light", "it glows", undefined],
    ["log", "", undefined, "", "started", undefined],
  ]);
  deepStrictEqual(kept.map(({ number }) => number), kept.map((_, at) => kept[0]!.number + at), "none is missing");
  ok(kept.every(({ time }, at) => at === 0 || time >= kept[at - 1]!.time || kept[at]!.kind === "command"));

  deepStrictEqual((await dashboard.journal({ find: "GLOWS" })).length, 1);
  deepStrictEqual((await dashboard.journal({ find: "100%" })).length, 0, "a sign of patterns is none");
  deepStrictEqual((await dashboard.journal({ who: "Robot" })).length, 2);
  deepStrictEqual((await dashboard.journal({ limit: 1 })).map(({ number }) => number), [kept.at(-1)!.number]);
  deepStrictEqual((await dashboard.journal({ since: Date.now() + 60_000 })).length, 0);
  // Whoever follows is told what came before the restart, too.
  using follower = await RawClient.connect(server.dashboardServer.port);
  await follower.request({ id: 1, cmd: "Follow" });
  const first = JSON.parse((await follower.lines(1))[0]!);
  match(first.entry.text, started);
  ok(first.entry.number <= 0, "it has no number of this run");
});

Deno.test("records: what takes long is told when it has begun, so that a power failure leaves its trace", async () => {
  await using folder = new Folder();
  const ended = Promise.withResolvers<void>();
  const furnace = defineInstrument({
    title: "Furnace",
    commands: { bake: command({ summary: "Bake", run: () => ended.promise }) },
  });
  await using server = startServer({ instruments: [furnace], records: { folder: folder.records } });
  await server.ready;
  await using dashboard = dashboardClient(server);
  const baking = dashboard.call("Furnace", "bake");
  const found = async () =>
    (await dashboard.journal({ instrument: "furnace" })).map(({ text, answer }) => [text, answer]);
  await eventually(async () => (await found()).length === 1, "that it has begun");
  deepStrictEqual(await found(), [["furnace.bake", undefined]]);
  ended.resolve();
  await baking;
  deepStrictEqual(await found(), [["furnace.bake", "OK"]], "its end stands for both");
});

Deno.test("records: a flood of one command is counted, and each of different ones is told", async () => {
  await using folder = new Folder();
  await using server = startServer({ records: { folder: folder.records } });
  await server.ready;
  using flooder = await RawClient.connect(server.commandServer.port);
  await flooder.send("tempcon.set_control_temperature -90\n".repeat(2000));
  await flooder.lines(2000);
  for (let at = 0; at < 50; at++) await flooder.ask(`exposure.set_exposuretime ${at}`);
  await using dashboard = dashboardClient(server);
  const count = (records: readonly JournalRecord[]) => records.reduce((sum, { count = 1 }) => sum + count, 0);
  const of = async (find: string) => (await dashboard.journal({ find })).filter(({ kind }) => kind === "command");
  await eventually(async () => count(await of("set_control_temperature")) === 2000, "that all were counted");
  ok((await of("set_control_temperature")).length < 200);
  strictEqual((await of("set_exposuretime")).length, 50);
});

Deno.test("records: a changed record, a missing one and another head are found", async () => {
  await using folder = new Folder();
  Deno.mkdirSync(folder.records);
  const text = {
    kind: "note",
    time: "2026-11-27T03:12:40.000Z",
    level: "info",
    client: "ana",
    instrument: "",
  } as const;
  let head;
  {
    using store = new JournalStore(folder.records);
    store.append([1, 2, 3, 4, 5].map((number) => ({ ...text, number, text: `note ${number}` })));
    // What was moved before a server ended is not moved twice.
    store.append([{ ...text, number: 5, text: "note 5" }, { ...text, number: 6, text: "note 6" }]);
    head = store.head;
  }
  const cli = (...words: string[]) => run(["journal", ...words, "--read", folder.records]);
  const { out } = await cli("head");
  strictEqual(out, `6:${head.digest}\n`);
  match((await cli("verify")).out, /^All 6 records are as they were written, 1 to 6; the head is 6:/);
  strictEqual((await cli("verify", out.trim())).code, 0);
  match((await cli("verify", "7:abc")).err, /give NUMBER:DIGEST, as journal head has printed it/);

  const change = (sql: string) => {
    const database = new DatabaseSync(join(folder.records, "journal.sqlite"));
    database.exec(sql);
    database.close();
  };
  change(`UPDATE journal SET record = replace(record, 'note 3', 'note three') WHERE number = 3`);
  const changed = await cli("verify");
  deepStrictEqual([changed.code, changed.err], [
    1,
    "The journal is not as it was written: record 3 is not what was written, or the one before is not\n",
  ]);
  change(`UPDATE journal SET record = replace(record, 'note three', 'note 3') WHERE number = 3`);
  strictEqual((await cli("verify")).code, 0);
  change(`DELETE FROM journal WHERE number = 2`);
  match((await cli("verify")).err, /: record 2 is missing; record 3 is not what was written/);
  change(`DELETE FROM journal WHERE number > 4`);
  match((await cli("verify", out.trim())).err, /there is no record 6, of which a head was given/);
  change(`DELETE FROM journal WHERE number < 4`);
  match((await cli("verify")).err, /the records before 4 are missing, and none tells that they were forgotten/);
});

Deno.test("records: what is too old or too much is forgotten, and a record carries the chain on", async () => {
  await using folder = new Folder();
  Deno.mkdirSync(folder.records);
  const old = { kind: "note", level: "info", client: "ana", instrument: "" } as const;
  {
    using store = new JournalStore(folder.records);
    store.append([1, 2, 3].map((number) => ({ ...old, number, time: "2001-01-01T00:00:00.000Z", text: "long ago" })));
    store.append([{ ...old, number: 4, time: new Date().toISOString(), text: "just now" }]);
  }
  const texts = async (options: { journalDays?: number; journalBytes?: number }) => {
    await using server = startServer({ records: { folder: folder.records, ...options } });
    await server.ready;
    await using dashboard = dashboardClient(server);
    await eventually(async () => {
      const { verification, journal } = await dashboard.records(true);
      deepStrictEqual(verification!.problems, []);
      return journal!.since! > "2020" && (await dashboard.journal({ find: "Forgot" })).length > 0;
    }, "that they are forgotten");
    return (await dashboard.journal()).map(({ text }) => text);
  };
  const kept = await texts({ journalDays: 1 });
  ok(!kept.includes("long ago"));
  ok(kept.includes("Forgot the 3 oldest records of the journal, up to number 3"), kept.join("; "));
  // Whatever is kept is too much for so little room.
  match(
    (await texts({ journalBytes: 1 })).join("; "),
    /Forgot the \d+ oldest records? of the journal, up to number [4-9]/,
  );
});

Deno.test("records: a clock that was set forth has nothing forgotten, neither at the start nor while it runs", async () => {
  const day = 86_400_000;
  let [now, passed] = [Date.parse("2026-11-27T12:00:00Z"), 0];
  const goOn = (time: number) => [now, passed] = [now + time, passed + time];
  const clock = new SteadyClock({ now: () => now, passed: () => passed });
  clock.follows([now - 3 * day]);
  ok(clock.look());
  goOn(40 * day);
  ok(clock.look(), "a server that runs for long has the same clock");
  now += 20 * 365 * day;
  ok(!clock.look());
  goOn(day / 2);
  ok(!clock.look());
  goOn(day);
  ok(clock.look(), "it is right after all");

  await using folder = new Folder();
  Deno.mkdirSync(folder.records);
  const old = { kind: "note", level: "info", client: "ana", instrument: "" } as const;
  {
    using store = new JournalStore(folder.records);
    store.append([{ ...old, number: 1, time: "2001-01-01T00:00:00.000Z", text: "long ago" }]);
  }
  await using server = startServer({ records: { folder: folder.records } });
  await server.ready;
  await using dashboard = dashboardClient(server);
  // Whoever asks is answered after what was begun at the start.
  await dashboard.records(true);
  deepStrictEqual((await dashboard.journal({ find: "long ago" })).length, 1);
});

Deno.test("records: what failed, and what became of another instrument, is not counted with the rest of a flood", () => {
  const written: JournalEntry[] = [];
  const flood = new Flood((entry) => written.push(entry));
  const entry = {
    number: 1,
    kind: "setting",
    time: "",
    level: "info",
    client: "",
    session: 0,
    text: "Off → On",
  } as const;
  for (let at = 0; at < 30; at++) flood.take({ ...entry, instrument: `relay_${at}` });
  for (let at = 0; at < 30; at++) flood.take({ ...entry, instrument: "lamp" });
  flood.take({ ...entry, instrument: "lamp", level: "warning" });
  flood.stop();
  strictEqual(written.filter(({ instrument }) => instrument !== "lamp").length, 30);
  deepStrictEqual(
    written.filter(({ instrument }) => instrument === "lamp").map(({ level, count = 1 }) => [level, count]),
    [
      ...Array(10).fill(["info", 1]),
      ["warning", 1],
      ["info", 20],
    ],
  );
});

Deno.test("records: what a full disk has taken is told by verify, and is no change; a folder that is deleted is said", async () => {
  await using folder = new Folder();
  Deno.mkdirSync(folder.records);
  const text = { kind: "note", level: "info", client: "ana", instrument: "", text: "a" } as const;
  const time = new Date().toISOString();
  {
    using store = new JournalStore(folder.records);
    store.append([1, 2, 6].map((number) => ({ ...text, number, time })));
  }
  const cli = await run(["journal", "verify", "--read", folder.records]);
  match(cli.out, /^All 3 records are as they were written, 1 to 6 \(3 between them never came into the database: /);
  await using server = startServer({ records: { folder: folder.records } });
  await server.ready;
  await using dashboard = dashboardClient(server);
  strictEqual(server.records.kept, true);
  const tooLong = dashboard.journal({ find: "x".repeat(1002) });
  await rejects(tooLong, /Cannot run SearchJournal: "find" is longer than 1001 characters/);
  strictEqual((await dashboard.journal({ limit: 1.5 })).length, 1);
  // Windows lets nobody delete them.
  if (Deno.build.os === "windows") return;
  Deno.removeSync(folder.records, { recursive: true });
  await dashboard.note("lost");
  await eventually(async () => !(await dashboard.records()).kept, "that they are gone");
  const { hint } = await dashboard.records();
  strictEqual(
    hint,
    "Records are lost until the server is started again: their files were taken away while the server runs.",
  );
});

Deno.test("records: a long spool, and one that begins with a line that was cut, goes into the database in order", async () => {
  await using folder = new Folder();
  Deno.mkdirSync(folder.records);
  const time = new Date().toISOString();
  const line = (number: number) =>
    `${
      JSON.stringify({ number, kind: "note", time, level: "info", client: "Å", instrument: "", text: "→".repeat(900) })
    }\n`;
  const lines = (from: number, count: number) => Array.from({ length: count }, (_, at) => line(from + at)).join("");
  Deno.writeTextFileSync(join(folder.records, "spool-a.jsonl"), lines(3001, 10));
  // The disk took half a line, and took it as a whole afterwards.
  Deno.writeTextFileSync(join(folder.records, "spool-b.jsonl"), `${line(1).slice(0, 50)}\n${lines(1, 3000)}`);
  await using server = startServer({ records: { folder: folder.records } });
  await server.ready;
  await using dashboard = dashboardClient(server);
  const { verification } = await dashboard.records(true);
  deepStrictEqual([verification!.first, verification!.lost, verification!.problems], [1, 0, []]);
  const notes = (await dashboard.journal({ limit: 10_000 })).filter(({ kind }) => kind === "note");
  deepStrictEqual(notes.map(({ number }) => number), Array.from({ length: 3010 }, (_, at) => at + 1));
  ok(notes.every(({ client, text }) => client === "Å" && text === "→".repeat(900)));
});

Deno.test("records: a damaged database is set aside and told, and what waits on the spool goes into the next one", async () => {
  await using folder = new Folder();
  Deno.mkdirSync(folder.records);
  const file = join(folder.records, "journal.sqlite");
  Deno.writeTextFileSync(file, "rubbish ".repeat(1000));
  const note = {
    number: 1,
    kind: "note",
    time: new Date().toISOString(),
    level: "info",
    client: "ana",
    instrument: "",
  };
  const cut = '\n{"number":2,"kind":"no';
  Deno.writeTextFileSync(join(folder.records, "spool-b.jsonl"), JSON.stringify({ ...note, text: "it waits" }) + cut);
  const check = await run(["records", "check", "--read", folder.records]);
  match(check.err, /^Cannot read the records in .*lab\.records: file is not a database/);
  {
    await using server = startServer({ records: { folder: folder.records } });
    await server.ready;
    deepStrictEqual(server.records, { kept: true, folder: folder.records, hint: "" });
    await using dashboard = dashboardClient(server);
    const texts = (await dashboard.journal()).map(({ text }) => text.replace(started, "started"));
    deepStrictEqual(texts.slice(0, 2), ["it waits", "started"]);
  }
  const names = [...Deno.readDirSync(folder.records)].map(({ name }) => name).sort();
  match(names[0]!, /^journal\.damaged-\d{8}T\d{6}\.sqlite$/);
  match(Deno.readTextFileSync(join(folder.records, names[0]!)), /^rubbish rubbish/);
  // A server that stopped leaves all in one file.
  deepStrictEqual(names.slice(1), [
    "journal.sqlite",
    "readings-a.spool",
    "readings-b.spool",
    "readings.sqlite",
    "reserve",
    "spool-a.jsonl",
    "spool-b.jsonl",
    "writer.sqlite",
  ]);
  const copied = join(folder.path, Deno.build.os === "windows" ? "copy #1" : "copy #1 ?");
  strictEqual((await run(["records", "backup", copied, "--read", folder.records])).code, 0);
  deepStrictEqual(
    (await run(["journal", "head", "--read", copied])).out,
    (await run(["journal", "head", "--read", folder.records])).out,
  );
  match((await run(["records", "check", "--read", copied])).out, /^All is well: The journal has \d+ records since /);
});

Deno.test("records: a folder that another server has, that cannot be written or is a share is said, and the server goes on", async () => {
  await using folder = new Folder();
  await using server = startServer({ records: { folder: folder.records } });
  await server.ready;
  {
    await using second = startServer({ records: { folder: folder.records } });
    await second.ready;
    const hint = `No records are kept: cannot keep them in ${folder.records}: another server keeps its records there.`;
    deepStrictEqual(second.records, { kept: false, folder: "", hint });
    await using dashboard = dashboardClient(second);
    strictEqual((await dashboard.records()).hint, hint);
    await rejects(dashboard.journal(), ({ message }: Error) => message.includes(hint));
    strictEqual(await dashboard.getField("UV Light", "Status Selection"), "Off");
  }
  strictEqual(server.records.kept, true, "the first keeps its own");
  Deno.writeTextFileSync(join(folder.path, "file"), "");
  await using third = startServer({ records: { folder: join(folder.path, "file", "lab.records") } });
  await third.ready;
  match(third.records.hint, /^No records are kept: cannot keep them in .*lab\.records: /);

  const mounts =
    "/dev/sda1 / ext4 rw 0 0\nnas:/lab /mnt/lab\\040share nfs4 rw 0 0\n/dev/sdb1 /mnt/lab\\040share/disk ext4 rw 0 0\n";
  strictEqual(networkFileSystem("/mnt/lab share/lab.records", mounts), "nfs4");
  strictEqual(networkFileSystem("/mnt/lab share/disk/lab.records", mounts), undefined);
  strictEqual(networkFileSystem("/mnt/lab shared", mounts), undefined);
  strictEqual(networkFileSystem("\\\\nas\\lab\\lab.records", mounts), "a path that begins with a server's name");
  strictEqual(networkFileSystem("C:\\lab\\lab.records", mounts), undefined);
});

for (const program of programs) {
  Deno.test(`records, ${program.name}: no answered command and no note is missing after a kill, no reading older than two seconds, and they open at once`, async () => {
    await using folder = new Folder();
    const answered: string[] = [];
    /** What the exposure time was set to in each round, and when that was answered. */
    const set: { readonly value: number; readonly time: number }[][] = [];
    const killed: number[] = [];
    const rounds = Number(Deno.env.get("HELIOGRAPH_KILLS") ?? "5");
    for (let round = 0; round < rounds; round++) {
      const server = new ServerProcess({ ...program, server: withFolder(program.server, folder.records) }, [
        "--records",
        folder.records,
      ]);
      const [port] = await server.ports();
      // Killed at a moment that depends on nothing that is tested.
      const kill = setTimeout(() => {
        killed[round] = performance.now();
        server.kill("SIGKILL");
      }, 100 + Math.random() * 2500);
      const values: { readonly value: number; readonly time: number }[] = [];
      set.push(values);
      try {
        using client = await RawClient.connect(port);
        for (let at = 0;; at++) {
          const text = `${round}.${at}`;
          const line = at % 2 === 0 ? `exposure.set_exposuretime ${at}` : `note ${text}`;
          strictEqual(await client.ask(line), "OK");
          answered.push(at % 2 === 0 ? line : text);
          if (at % 2 === 0) values.push({ value: at, time: performance.now() });
        }
      } catch (error) {
        if (error instanceof Error && error.name === "AssertionError") throw error;
      }
      clearTimeout(kill);
      await server.end();
    }
    checkReadings(folder.records, set, killed);
    {
      using killed = new RecordsFolder(folder.records);
      deepStrictEqual(killed.check(), []);
      const texts: string[] = [];
      let before: number | undefined;
      for (;;) {
        const page = killed.find({ limit: 10_000, before });
        if (page.length === 0) break;
        before = page[0]!.number;
        const asked = page.filter(({ kind }) => kind === "note" || kind === "command");
        texts.unshift(...asked.map(({ text }) => text));
      }
      ok(answered.length > 0);
      // The last one of a round may have been done without its answer having gone out.
      let at = 0;
      for (const text of answered) {
        at = texts.indexOf(text, at) + 1;
        ok(at > 0, `${text} was answered and is missing, of ${answered.length}`);
      }
      ok(texts.length <= answered.length + rounds, "and none is there twice");
    }
    const cli = await run(["records", "check", "--read", folder.records]);
    match(cli.out, /^All is well: The journal has \d+ records since /);
  });
}

/** Of the values that were set in each round only the last ones may be missing: those of the last two seconds. */
function checkReadings(
  folder: string,
  set: readonly (readonly { readonly value: number; readonly time: number }[])[],
  killed: readonly number[],
): void {
  using lookup = new ReadingsLookup(folder);
  const fields = [{ instrument: "exposure", field: "exposuretime" }];
  const { samples } = lookup.history({ fields, since: 0, until: Date.now() + 1000 }).series[0]!;
  const runs: number[][] = [[]];
  for (const value of samples!.values) value === null ? runs.push([]) : runs.at(-1)!.push(Number(value));
  strictEqual(runs.length, set.length);
  for (const [round, values] of set.entries()) {
    // A run begins with what it was when the server started.
    const kept = runs[round]!.slice(1);
    const known = values.map(({ value }) => value);
    // The last one may have been done without its answer having gone out.
    deepStrictEqual(kept, [...known, known.length * 2].slice(0, kept.length));
    const old = values.filter(({ time }) => time < killed[round]! - 2000).length;
    ok(kept.length >= old, `${kept.length} of ${values.length} are kept, ${old} of which are older than two seconds`);
  }
}

/** The task of the demo bench may write its own folders only. */
function withFolder(words: readonly string[], folder: string): string[] {
  return words.map((word) => /^--allow-(read|write)=/.test(word) ? `${word},${folder}` : word);
}

Deno.test("records: of many who look at the same time some are told to come back", async () => {
  await using folder = new Folder();
  const journal = new Journal();
  const records = new Records(journal, { folder: folder.records });
  await records.open();
  try {
    journal.add({ kind: "note", text: "a" });
    const asked = await Promise.allSettled(Array.from({ length: 50 }, () => records.find({ find: "nothing of that" })));
    strictEqual(asked.filter(({ status }) => status === "fulfilled").length, 8);
    await rejects(
      Promise.all(Array.from({ length: 9 }, () => records.describe({ verify: true, known: undefined }))),
      /Cannot look into the records: 8 others are being looked for; try again in a moment/,
    );
    await eventually(async () => {
      try {
        return JSON.parse(await records.find({ find: "a" })).length > 0;
      } catch {
        return false;
      }
    }, "that one may look again");
  } finally {
    await records.stop();
  }
});

Deno.test("records: the words of the bench file are checked, and say where and for how long", () => {
  const problem = (value: unknown) => recordsSchema.safeParse(value).error?.issues.map(({ message }) => message).join();
  strictEqual(recordsOptions(false, "/lab", "/lab/lab.records"), undefined);
  deepStrictEqual(recordsOptions(undefined, "/lab", "/lab/lab.records"), {
    folder: "/lab/lab.records",
    journalDays: 3650,
    journalBytes: 2e9,
    rawDays: 90,
    minutesDays: 3650,
    bytes: 10e9,
  });
  const words = recordsSchema.parse({
    folder: "kept",
    keep: { journal: "12w", raw: "30d", minutes: "2y" },
    size: "20 GB",
  });
  const { folder, ...kept } = recordsOptions(words, "/lab", "/lab/lab.records")!;
  strictEqual(folder.replaceAll("\\", "/").replace(/^[A-Z]:/, ""), "/lab/kept");
  deepStrictEqual(kept, { journalDays: 84, journalBytes: 15e9, rawDays: 30, minutesDays: 730, bytes: 20e9 });
  match(problem({ keep: { journal: "a year" } })!, /must be a period such as 90d, 12w or 10y/);
  match(problem({ size: "12 apples" })!, /must be a size of at least 1 MB, such as 500 MB or 20 GB/);
  match(problem(true)!, /must be false, or an object with folder, keep and size/);
});
