/** Runs on the command line, by the example of docs/runs.md; and a server that is killed in the midst of them. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { loadBench } from "../../mod.ts";
import { run } from "../cli_fixture.ts";
import { codeBlocks } from "../documents.ts";
import { eventually, startServer } from "../fixture.ts";
import { inFolder, Lab } from "../server/guards/lab.ts";

/** The bench and the run of the page, in a folder. */
async function ofPage(folder: string, reactor: Lab, mfc: Lab): Promise<[bench: string, night: string]> {
  const [bench, night] = (await codeBlocks("docs/runs.md")).filter(({ language }) => /^jsonc?$/.test(language));
  const files: [string, string] = [join(folder, "lab.json"), join(folder, "night.run.json")];
  await Deno.writeTextFile(
    files[0],
    bench!.code.replace("127.0.0.1:5025", `127.0.0.1:${reactor.port}`).replace(
      "127.0.0.1:5026",
      `127.0.0.1:${mfc.port}`,
    ),
  );
  await Deno.writeTextFile(files[1], night!.code);
  return files;
}

Deno.test("runs: the run of the page is checked, begun, shown, controlled and ended on the command line", () =>
  inFolder(async (folder) => {
    await using reactor = new Lab({ T: "20" });
    await using mfc = new Lab({});
    const [bench, night] = await ofPage(folder, reactor, mfc);
    const checked = await run(["check", night]);
    deepStrictEqual([checked.code, checked.err], [0, ""]);
    match(
      checked.out,
      /^well formed: Oxygen steps, 6 steps, at least 1h 20m; it drives reactor_tc, mfc of .*lab.json\n/,
    );
    match(checked.out, /\n {3}3\. set Flow of MFC to 1 sccm\n/);
    strictEqual(
      JSON.parse((await run(["check", "--json", night, "--bench", bench])).out).finally[0],
      "set Flow of MFC to 0 sccm",
    );

    const program = join(folder, "oxygen.run.ts");
    const typed = (await codeBlocks("docs/runs.md")).find(({ language }) => language === "ts ignore")!;
    await Deno.writeTextFile(program, typed.code);
    const yields = await run(["check", program]);
    deepStrictEqual([yields.code, yields.err], [0, ""]);
    match(yields.out, /^well formed: Oxygen steps, 6 steps, 30m; it drives mfc of /);
    match(
      yields.out,
      /\n {3}5\. set Flow of MFC to 0\.25 sccm\n {3}6\. wait 10m\nfinally\n {3}1\. set Flow of MFC to 0 sccm\n$/,
    );

    const { instruments } = await loadBench(bench);
    await using server = startServer({
      instruments,
      poll: true,
      runFiles: { state: join(folder, "lab.state", "runs.json"), folder },
    });
    await server.prepare();
    const cli = (...words: string[]) =>
      run([...words, "--port", String(server.dashboardServer.port)], { clientName: "ana" });
    match((await cli("runs")).out, /^There are no runs in the queue\n$/);
    const wrong = await cli("run", night, "flow=51");
    deepStrictEqual([wrong.code, wrong.out], [5, ""]);
    match(wrong.err, /night\.run\.json:4:5: parameters\.flow: cannot be 51: above its maximum of 50 sccm\n$/);
    match((await cli("run", night, "flow")).err, /Cannot take flow for a parameter: give NAME=VALUE/);
    match(
      (await cli("run", join(folder, "script.ts"))).err,
      /a run in TypeScript or JavaScript is called NAME.run.ts/,
    );
    match((await cli("run", join(folder, "none.run.json"))).err, /There is no file/);
    match((await cli("runs", "fly")).err, /Cannot do fly with runs: give show, start/);

    const running = cli("run", night, "flow=30", "hold=0s");
    await eventually(async () => /≥ .* left; for ana/.test((await cli("runs")).out), "it is under way");
    await eventually(async () => /33\.0: not so \(20\.0 °C\)/.test((await cli("runs")).out), "the condition is shown");
    strictEqual((await cli("runs", "skip")).code, 0);
    await eventually(() => mfc.told.includes("F 15.0") || mfc.told.some((each) => /^F 15/.test(each)), "it repeats");
    match((await cli("runs", "show")).out, /\n {3}5\. 3 times: set Flow of MFC to 15 sccm, wait 10m\n/);
    strictEqual((await cli("runs", "stop")).code, 0);
    const { code, out, err } = await running;
    strictEqual(code, 1);
    match(out, /set Setpoint of Reactor TC to 35 °C\n.*wait until reactor_tc.temperature > 33.0 for 30s\n/);
    match(err, /Run 1 Oxygen steps is not done, but stopped: ana \(client \d+\) stopped it\n$/);
    ok(/^F 0/.test(mfc.told.at(-1)!), mfc.told.join());
    match((await cli("runs", "history")).out, /^1\. Oxygen steps flow=30 hold=0s: stopped at /);

    await Deno.writeTextFile(night, '{ "steps": [{ "note": "a night" }] }');
    const short = await cli("run", night);
    deepStrictEqual([short.code, short.err], [0, ""]);
    match(short.out, /note: a night\ndone: night\n$/);
    await using demo = startServer();
    const none = await run(["runs", "--port", String(demo.dashboardServer.port)]);
    match(none.err, /^This server has no runs: they are kept beside a bench file, and it has none/);
    const later = await cli("run", night, "--when", "2h");
    match(later.out, /^Run 3 begins at its time; heliograph runs --port \d+ lists it\n$/);
    strictEqual((await cli("runs", "remove", "3")).code, 0);
  }));

Deno.test("runs: the PyOpticon script of the page is checked, run and shown on the command line", () =>
  inFolder(async (folder) => {
    await using reactor = new Lab({ T: "20" });
    await using mfc = new Lab({});
    const [bench] = await ofPage(folder, reactor, mfc);
    const script = join(folder, "oxygen.py");
    const [block] = (await codeBlocks("docs/scripts.md")).filter(({ language }) => language === "py");
    // Ten minutes are a long time for a test.
    await Deno.writeTextFile(script, block!.code.replace("0:10:00", "0:00:01"));
    const checked = await run(["check", script]);
    deepStrictEqual([checked.code, checked.err], [0, ""]);
    match(checked.out, /^well formed: oxygen, 7 steps, at least 3s; it drives reactor_tc, mfc of .*lab.json\n/);
    match(
      checked.out,
      /\n {3}2\. await: the reactor is warm\n {3}3\. call note\n {3}4\. set .*5\.0 sccm\n {6}wait 1s\n {3}5\./,
    );

    const { instruments } = await loadBench(bench);
    await using server = startServer({
      instruments,
      poll: true,
      sandbox: { languages: ["python"] },
      runFiles: { state: join(folder, "lab.state", "runs.json"), folder },
    });
    await server.prepare();
    const cli = (...words: string[]) =>
      run([...words, "--port", String(server.dashboardServer.port)], { clientName: "ana" });
    const running = cli("run", script);
    await eventually(async () => /2\/7|1\/7 steps done, ≥ 3 s left; for ana/.test((await cli("runs")).out), "it waits");
    match((await cli("runs")).out, /now: await: the reactor is warm\n {4}the reactor is warm: not so/);
    reactor.values.T = "34";
    const { code, out, err } = await running;
    deepStrictEqual([code, err], [0, ""]);
    match(out, /prints: warm at 34(?:\.0)?\n/);
    match(out, /switched MFC Flow from "25.0" to "0"\n.*done: oxygen\n$/);
    deepStrictEqual(mfc.told.map((each) => Number(each.split(" ")[1] ?? each.slice(2))), [5, 10, 25, 0]);
    await Deno.writeTextFile(script, "\nschedule_action('MFC', 'Flow', 51)\n");
    for (const wrong of [await run(["check", script, "--bench", bench]), await cli("run", script)]) {
      match(wrong.err, /oxygen\.py:2: ValueError: Cannot set Flow of MFC to 51: above its maximum of 50 sccm\n$/);
    }
    await Deno.writeTextFile(script, "x = get_dashboard().get_field('MFC', 'Flow')");
    match((await run(["check", script])).err, /readings are not known where a script is checked without its server/);
  }));
