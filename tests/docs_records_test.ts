/** What the page of the records shows is what the command line does. */
import { deepStrictEqual, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { run } from "./cli_fixture.ts";
import { codeBlocks } from "./documents.ts";
import { demoInstruments } from "../server/config/demo_bench.ts";
import { canRun, eventually, RawClient, runProgram, startServer } from "./fixture.ts";

/** A line of the document as a pattern: `…` is anything. */
function asPattern(line: string): RegExp {
  return new RegExp(`^${line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", ".*")}`);
}

Deno.test("docs: looking back does what its page shows, also in a folder without a server", async () => {
  const folder = await Deno.makeTempDir();
  const records = join(folder, "lab.records");
  try {
    {
      await using server = startServer({ poll: true, records: { folder: records }, datalog: { folder } });
      await server.ready;
      const setpoint = server.bench.find("tempcon")!.field("control_temperature");
      await eventually(() => setpoint.quality === "good", "what it is at the beginning is known");
      using robot = await RawClient.connect(server.commandServer.port);
      await robot.ask("register robot");
      await robot.ask("tempcon.set_control_temperature -90");
      const blocks = (await codeBlocks("docs/records.md")).filter(({ language }) => language === "console");
      const steps = blocks.flatMap(({ code }) => code.trimEnd().split(/^\$ heliograph /m).slice(1));
      ok(steps.length >= 9);
      for (const step of steps) {
        const [line, ...shown] = step.trimEnd().split("\n");
        const words = [...line!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
        const { code, out, err } = await run([...words, "--port", String(server.dashboardServer.port)]);
        deepStrictEqual([code, err], [0, ""], line);
        const said = out.trimEnd().split("\n");
        // Others may stand between them.
        for (const each of shown) ok(said.some((one) => asPattern(each).test(one)), `${line}: ${each}: ${out}`);
      }
      const backup = join(folder, "copy");
      const copy = () => run(["records", "backup", backup, "--port", String(server.dashboardServer.port)]);
      match((await copy()).out, /^Copied the journal and the readings to .*copy\n$/);
      match((await copy()).err, /it is there already; name a new folder/);
      match(
        (await run(["history", "tempcon", "camtemp", "--read", backup])).out,
        /^tempcon\.camtemp, °C: \d+ readings?/,
      );
      match(
        (await run(["records", "check", "--read", backup])).out,
        /^All is well: The journal has \d+ records since /,
      );
      match(
        (await run(["records", "compact", "--port", String(server.dashboardServer.port)])).out,
        /^Gave .* back to the disk\n$/,
      );
    }
    const read = (...words: string[]) => run(["journal", ...words, "--read", records]);
    match((await read("--find", "argon")).out, /note: changed the argon cylinder\n$/);
    deepStrictEqual(JSON.parse((await read("--find", "argon", "--json")).out)[0].kind, "note");
    match((await read("--utc", "--limit", "1")).out, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}/);
    deepStrictEqual((await read("--find", "xenon")).err, "Nothing of that is in the journal\n");
    const wrong = async (...words: string[]) => (await read(...words)).err;
    match(await wrong("--since", "soon"), /^Cannot tell when --since soon is: write a time ago \(90m, 12h, 7d\)/);
    match(await wrong("--night", "2026-02-30"), /give the day that it begins on, as in 2026-11-27, or last/);
    match(await wrong("--limit", "0"), /0 is no number of records: give 1 to 10000/);
    match(await wrong("--follow"), /--follow needs a server/);
    match(await wrong("prove"), /Cannot do prove with the journal: give verify, head, or nothing/);
    match((await run(["journal", "--read", folder])).err, /^No records are in .*: there is no journal\.sqlite\n$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("docs: tables, Prometheus' API and the notebook do what their page shows", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const instruments = demoInstruments({ camera: { imageFolders: [join(folder, "images")] } });
    await using server = startServer({ instruments, poll: true, records: { folder: join(folder, "lab.records") } });
    await server.ready;
    await eventually(() => server.bench.find("reactor_tc")!.field("temperature").quality === "good", "it is read");
    using robot = await RawClient.connect(server.commandServer.port);
    await robot.ask("exposure.expose 0 zero");
    const blocks = (await codeBlocks("docs/export.md")).filter(({ language }) => language === "console");
    const steps = blocks.flatMap(({ code }) => code.trimEnd().split(/^\$ /m).slice(1));
    ok(steps.length >= 7);
    for (const step of steps) {
      const [line, ...shown] = step.trimEnd().split("\n");
      const words = [...line!.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, one, other, bare]) =>
        one ?? other ?? bare!
      );
      const [program, ...rest] = words.map((word) =>
        word.replace("127.0.0.1:2403", `127.0.0.1:${server.webServer.port}`)
          .replace(/^(?:night\.|headers\.|images$)/, (name) => join(folder, name))
      );
      if (program === "promtool" && !await canRun(program)) continue;
      const { code, out, err } = program === "promtool"
        ? await runProgram(program, rest).then(({ code, stdout, stderr }) => ({ code, out: stdout, err: stderr }))
        : await run([...rest, "--port", String(server.dashboardServer.port)]);
      deepStrictEqual([code, err.replace(/^Wrote .*\n$/, "")], [0, ""], line);
      const said = out.trimEnd().split("\n");
      for (const each of shown) ok(said.some((one) => asPattern(each).test(one)), `${line}: ${each}: ${out}`);
    }
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    deepStrictEqual(names, ["headers.csv", "images", "lab.records", "night.html", "night.parquet"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
