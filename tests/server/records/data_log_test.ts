/** PyOpticon's data log: the bytes of its files, what is never lost, and who may begin it. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { defineInstrument, loadBench } from "../../../mod.ts";
import type { DataLogState } from "../../../protocol/data_log.ts";
import { cellOf, timeCells, usualName } from "../../../server/records/data_log_file.ts";
import { run } from "../../cli_fixture.ts";
import { canRun, dashboardClient, eventually, RawClient, runProgram, startServer } from "../../fixture.ts";
import { type Program, programs, ServerProcess } from "../../server_process.ts";

class Folder implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync();
  readonly logs = join(this.path, "logs");

  read(name: string): string {
    return Deno.readTextFileSync(join(this.logs, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

function gauge() {
  return defineInstrument({
    title: "Gauge, upper",
    fields: {
      Pressure: { type: "float", unit: "mbar", decimals: 2, initial: 12.5 },
      Unread: { type: "float" },
      Hidden: { type: "int", initial: 1, log: false },
    },
  });
}

function valve() {
  return defineInstrument({
    title: "Valve",
    fields: { "Note, of people": { type: "text", initial: "shut, then open" }, "Mode": { type: "text", initial: "A" } },
  });
}

const header = "Date,Timestamp,Gauge -upper: Pressure,Gauge -upper: Unread,Valve: Note -of people,Valve: Mode\n"
  .replaceAll("Gauge -upper", "Gauge - upper").replace("Note -of", "Note - of");

/** The lines of a log without their times, which must look as PyOpticon's do; a row that is being written is none yet. */
function rowsOf(text: string): string[] {
  const [first, ...rows] = text.slice(0, text.lastIndexOf("\n")).split("\n");
  for (const row of rows) match(row, /^\d\d\/\d\d\/\d{4},\d\d:\d\d:\d\d,/);
  return [first!, ...rows.map((row) => row.split(",").slice(2).join(","))];
}

Deno.test("data log: a file is PyOpticon's to the byte, and goes on after a restart and with fields that are new", async () => {
  await using folder = new Folder();
  const instruments = () => [gauge(), valve()];
  const datalog = { folder: folder.logs };
  const first = "12.50,No Reading,shut - then open,A";
  {
    await using server = startServer({ instruments: instruments(), datalog });
    await server.ready;
    using robot = await RawClient.connect(server.commandServer.port);
    match(await robot.ask("datalog_start reactor every=0:00:01"), /^OK \{"running": ?true,.*reactor\.csv/);
    // The first row is there when that is answered.
    deepStrictEqual(rowsOf(folder.read("reactor.csv")), [header.trimEnd(), first]);
    ok(folder.read("reactor.csv").startsWith(header));
    match(await robot.ask("datalog_start again"), /^ERROR Cannot begin a data log: one is written already, into /);
    const { bench } = server;
    bench.find("gauge_upper")!.field("pressure").fail("no answer");
    bench.find("valve")!.field("mode").update('"quoted", and\nbroken');
    await eventually(() => rowsOf(folder.read("reactor.csv")).length > 2, "another row is written");
    strictEqual(
      rowsOf(folder.read("reactor.csv"))[2],
      'Read Error,No Reading,shut - then open,"""quoted"" - and\\nbroken"',
    );
    // What comes later has a column in the next file, and what goes keeps its own.
    bench.add(defineInstrument({ title: "Lamp", fields: { Power: { type: "int", initial: 3 } } }));
    const isThere = () => Deno.readDirSync(folder.logs).some(({ name }) => name === "reactor-2.csv");
    await eventually(() => isThere() && folder.read("reactor-2.csv").endsWith("\n"), "it goes on");
    strictEqual(rowsOf(folder.read("reactor-2.csv"))[0], `${header.trimEnd()},Lamp: Power`);
    await bench.remove(bench.find("valve")!, "it was taken away");
    const gone = /^Read Error,No Reading,No Reading,No Reading,3$/;
    await eventually(() => gone.test(rowsOf(folder.read("reactor-2.csv")).at(-1)!), "a row without the valve");
    match(await robot.ask("datalog_stop"), /^OK \{"running": ?false,/);
    match(await robot.ask("datalog_stop"), /^OK \{"running": ?false,/);
  }
  // A program that was killed in the middle of a row.
  Deno.writeTextFileSync(join(folder.logs, "reactor-2.csv"), "11/27/2026,23:5", { append: true });
  {
    const start = { name: "reactor", every: "0:00:10" };
    await using server = startServer({ instruments: instruments(), datalog: { ...datalog, start } });
    await server.prepare();
    await eventually(() => folder.read("reactor-2.csv").endsWith("A,No Reading\n"), "the newest file goes on");
    const lines = folder.read("reactor-2.csv").split("\n");
    strictEqual(lines.at(-3), "11/27/2026,23:5");
    strictEqual(rowsOf(folder.read("reactor.csv")).length >= 3, true);
  }
  // A file that PyOpticon itself wrote on Windows, with a column that its dashboard had besides.
  const theirs = `${header.trimEnd()},Automation Widget: Step\r\n11/27/2026,10:00:00,1,2,3,4,Idle\r\n`;
  Deno.writeTextFileSync(join(folder.logs, "old.csv"), theirs);
  Deno.writeTextFileSync(join(folder.logs, "table.csv"), "a,b\n1,2\n");
  await using server = startServer({ instruments: instruments(), datalog });
  await server.ready;
  using robot = await RawClient.connect(server.commandServer.port);
  await robot.ask("datalog_start old.csv");
  ok(folder.read("old.csv").startsWith(theirs));
  match(
    folder.read("old.csv").slice(theirs.length),
    /^[\d/]+,[\d:]+,12\.50,No Reading,shut - then open,A,No Reading\r\n$/,
  );
  await robot.ask("datalog_stop");
  // What is no log is left alone.
  await robot.ask('datalog_start table fields="valve.mode,Gauge, upper"');
  await robot.ask("datalog_start table fields=valve.mode,gauge_upper.hidden");
  strictEqual(folder.read("table.csv"), "a,b\n1,2\n");
  deepStrictEqual(rowsOf(folder.read("table-2.csv")), ["Date,Timestamp,Gauge - upper: Hidden,Valve: Mode", "1,A"]);
});

Deno.test("data log: what cannot be begun is refused, with what would be right", async () => {
  await using folder = new Folder();
  await using server = startServer({ datalog: { folder: folder.logs } });
  await server.ready;
  using robot = await RawClient.connect(server.commandServer.port);
  const said = async (line: string, error: RegExp) => match(await robot.ask(`datalog_start ${line}`), error);
  await said("../passwd", /^ERROR Cannot name a data log "\.\.\/passwd": use letters, digits, blanks/);
  await said("con.csv", /on Windows that is a device/);
  await said("a every=10", /^ERROR Cannot write a row every 10: give hours, minutes and seconds, as in 0:00:10/);
  await said("a every=0:00:00", /at least 0:00:01/);
  await said(
    "a fields=tempcon.camtmp",
    /Cannot log tempcon\.camtmp: tempcon has no field camtmp \(did you mean camtemp\?\)/,
  );
  await said("a fields=tempco", /Cannot log tempco: no instrument is called tempco \(did you mean tempcon\?\)/);
  const port = String(server.dashboardServer.port);
  const cli = async (...words: string[]) => await run(["datalog", ...words, "--port", port]);
  match((await cli("begin")).err, /Cannot do begin with the data log: give start, stop, or nothing/);
  match(
    (await cli("strat")).err,
    /Cannot do strat with the data log \(did you mean start\?\): give start, stop, or nothing/,
  );
  match((await cli("stop", "reactor")).err, /NAME, --every and --fields go with datalog start/);
  match((await cli("start", "--every", "fast")).err, /Cannot write a row every fast/);
  strictEqual((await cli()).out, "No data log is written\n");
  match(
    (await cli("start")).out,
    /^The data log is written into .*_logfile\.csv, a row every 0:00:10; 1 row so far\n$/,
  );
  const [written] = [...Deno.readDirSync(folder.logs)];
  const [first] = folder.read(written!.name).split("\n");
  // What stands beside the instruments is no widget of PyOpticon's.
  ok(first!.startsWith("Date,Timestamp,Reactor TC: ") && !/api: |parameters: /.test(first!), first!);
  match((await cli("stop")).out, /^No data log is written; the last was .*_logfile\.csv, 1 row\n$/);
  await using without = startServer();
  using other = await RawClient.connect(without.commandServer.port);
  match(await other.ask("datalog_start a"), /^ERROR Cannot write a data log: this server has no folder for logs/);
});

Deno.test({
  name: "data log: a folder that vanishes and a disk that is full are told, and rows wait until they can be written",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = new Folder();
    await using server = startServer({ instruments: [gauge(), valve()], datalog: { folder: folder.logs } });
    await server.ready;
    await using dashboard = dashboardClient(server);
    const ask = async (command: string, kwargs = {}) =>
      await dashboard.call("api", command, [], kwargs) as DataLogState;
    Deno.writeTextFileSync(folder.logs, "in its way");
    await rejects(ask("datalog_start", { name: "a" }), /Cannot write a data log into .*logs: its folder is a file/);
    strictEqual((await ask("datalog")).running, false);
    Deno.removeSync(folder.logs);
    await ask("datalog_start", { name: "a", every: "0:00:01" });
    Deno.removeSync(folder.logs, { recursive: true });
    await eventually(async () => (await ask("datalog")).problem !== "", "it is told");
    match(
      (await ask("datalog")).problem,
      /^The data log cannot be written: its folder does not exist; \d+ rows? waits? in/,
    );
    const told = (await dashboard.journal().catch(() => [])).map(({ text }) => text);
    deepStrictEqual(told, []);
    Deno.mkdirSync(folder.logs);
    await eventually(async () => (await ask("datalog")).problem === "", "it is written again");
    const { rows } = await ask("datalog_stop");
    // The first went with the folder.
    strictEqual(rowsOf(folder.read("a.csv")).length, rows);
  },
});

const mounts = Deno.build.os === "linux" && Deno.uid() === 0 && await canRun("mount") && await canMount();

/** Whether a small disk can be made here. */
async function canMount(): Promise<boolean> {
  const folder = Deno.makeTempDirSync();
  const { code } = await runProgram("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
  if (code === 0) await runProgram("umount", [folder]);
  Deno.removeSync(folder);
  return code === 0;
}

Deno.test({
  name: "data log: a full disk keeps no half row, and what waited is written when there is room again",
  ignore: !mounts, // needs a system on which a small disk can be mounted
  async fn() {
    await using folder = new Folder();
    Deno.mkdirSync(folder.logs);
    await runProgram("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.logs]);
    try {
      await using server = startServer({ instruments: [gauge(), valve()], datalog: { folder: folder.logs } });
      await server.ready;
      await using dashboard = dashboardClient(server);
      const ask = async (command: string, kwargs = {}) =>
        await dashboard.call("api", command, [], kwargs) as DataLogState;
      // A row that takes more than a page: some of it has room.
      server.bench.find("valve")!.field("mode").update("x".repeat(10_000));
      await ask("datalog_start", { name: "a", every: "0:00:01" });
      const big = join(folder.logs, "big");
      await Deno.writeFile(big, new Uint8Array(65_536)).catch(() => {});
      await eventually(async () => /the disk is full/.test((await ask("datalog")).problem), "it is told");
      strictEqual(rowsOf(folder.read("a.csv")).at(-1), `12.50,No Reading,shut - then open,${"x".repeat(10_000)}`);
      server.bench.find("valve")!.field("mode").update("B");
      Deno.removeSync(big);
      await eventually(async () => (await ask("datalog")).problem === "", "it is written again");
      const { rows } = await ask("datalog_stop");
      strictEqual(rowsOf(folder.read("a.csv")).length, rows + 1);
      ok(rowsOf(folder.read("a.csv")).slice(1).every((row) => /,(x{10000}|B)$/.test(row)));
    } finally {
      await runProgram("umount", ["-l", folder.logs]);
    }
  },
});

Deno.test("data log: times and names are PyOpticon's", () => {
  const time = new Date(2026, 0, 5, 3, 4, 9).getTime();
  strictEqual(timeCells(time), "01/05/2026,03:04:09");
  strictEqual(usualName(time), "01-05-26_03-04_logfile.csv");
  strictEqual(cellOf("a,b, c\r\n"), "a -b - c\\r\\n");
});

const pandas = (await runProgram("/usr/bin/python3", ["-c", "import pandas"]).catch(() => ({ code: 1 }))).code === 0;

Deno.test({
  name: "data log: Debian's pandas reads it as PyOpticon's scripts do",
  ignore: !pandas, // needs python3-pandas on this machine
  async fn() {
    await using folder = new Folder();
    const bench = join(folder.path, "lab.json");
    const instruments = `[{ "title": "Supply", "fields": {
      "Voltage": { "unit": "V", "compute": "1.25 * 2.0" },
      "State": { "type": "text", "compute": "'on, and \\"well\\"'" } } }]`;
    Deno.writeTextFileSync(
      bench,
      `{ "datalog": { "name": "run 1", "every": "0:00:01" }, "instruments": ${instruments} }`,
    );
    const [program] = programs as [Program];
    {
      // As a process, which has given up its permissions by then.
      await using server = new ServerProcess({ ...program, server: [...program.client, "server"] }, ["--bench", bench]);
      await server.ports();
      const file = join(folder.logs, "run 1.csv");
      const lines = () => {
        try {
          return Deno.readTextFileSync(file).split("\n").length;
        } catch {
          return 0;
        }
      };
      await eventually(() => lines() > 3, "three rows are written");
    }
    const script = `
import pandas as pd
frame = pd.read_csv("logs/run 1.csv", parse_dates={"Datetime": [0, 1]})
print(list(frame.columns), frame["Datetime"].dtype, frame["Supply: Voltage"].dtype, set(frame["Supply: State"]), frame["Supply: Voltage"].mean())
`;
    const read = await runProgram("/usr/bin/python3", ["-c", script], { cwd: folder.path });
    strictEqual(
      read.stdout,
      `['Datetime', 'Supply: Voltage', 'Supply: State'] datetime64[ns] float64 {'on - and "well"'} 2.5\n`,
      read.stderr,
    );
  },
});

Deno.test("data log: a bench file that names what is not there is refused, with its line", async () => {
  await using folder = new Folder();
  const bench = join(folder.path, "lab.json");
  const write = (datalog: string) =>
    Deno.writeTextFileSync(
      bench,
      `{ "datalog": ${datalog}, "instruments": [{ "title": "Telescope", "driver": "simulated-telescope" }] }`,
    );
  write(`{ "fields": ["telescope", "dome.azimuth"] }`);
  await rejects(loadBench(bench), /datalog\.fields\[1\].*no instrument is called dome\.azimuth/);
  write(`{ "every": "10 s" }`);
  await rejects(loadBench(bench), /datalog\.every.*must be hours, minutes and seconds, as in 0:00:10/);
  write(`{ "name": "a/b" }`);
  await rejects(loadBench(bench), /datalog\.name.*must be a file's name, without a folder/);
  write(`{ "folder": "../tables", "name": "a" }`);
  const { datalog, close } = await loadBench(bench);
  await close();
  deepStrictEqual(datalog, { folder: join(folder.path, "../tables"), start: { name: "a" } });
});
