/** Scripts that hang, flood, grow or forge: the server goes on, the run says what is wrong, and a person decides. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "../../fixture.ts";
import { inFolder } from "../guards/lab.ts";
import { serveScripts } from "./script_lab.ts";

/** Long enough for what is to be met before, on a busy PC, too. */
const scriptDeadlines = { load: 15, function: 3, await: 3 };

Deno.test("hostile scripts: one that hangs, floods or grows while it is loaded is not loaded, and says why", () =>
  inFolder(async (folder) => {
    await using lab = await serveScripts(folder, { scriptDeadlines: { ...scriptDeadlines, load: 3 } });
    const cases: readonly (readonly [source: string, message: RegExp])[] = [
      ["while True: pass", /: night\.py: The script was stopped: it was not loaded within 3 s$/],
      ["while True: schedule_delay('0:00:01')", /at most 20000 steps|not loaded within 3 s/],
      ["while True: print('x' * 1000)", /: night\.py: The code was stopped: it printed more than 65536 bytes$/],
      // The limit that it meets first.
      ["x = []\nwhile True: x.append('x' * 100000)", /memory|not loaded within 3 s/i],
      ["def f(): f()\nf()", /: night\.py:1: RuntimeError: /],
      ["import sys\nsys.exit(3)", /: night\.py:2: SystemExit: 3$/],
      ["import os\nos.listdir('/')", /: night\.py:\d: /],
      ["schedule_action('O2 MFC', 'x' * 20000, 1)", /: night\.py:1: ValueError: Cannot schedule that: it is no step$/],
      ["schedule_action(object(), 'Flow', 1)", /: night\.py:1: \w+: /],
      ['import _heliograph\n_heliograph.ask(\'{"ask":"turn","outcome":null}\')', /(?:)/],
    ];
    for (const [source, message] of cases) match(await lab.load(source), message);
    strictEqual(await lab.lines.ask("o2_mfc.set Flow 3"), "OK");
    const flood = Array.from({ length: 8 }, () => lab.server.commandServer.command("automation.check night.py"));
    ok((await Promise.all(flood)).some((each) => /4 scripts are being loaded/.test(each)));
  }));

Deno.test("hostile scripts: a function or a condition that hangs, floods or grows is killed alone, and the run says which", () =>
  inFolder(async (folder) => {
    await using lab = await serveScripts(folder, { scriptDeadlines });
    const id = await lab.run(`
import sys
count = 0
def loops():
    while True: pass
def floods():
    for n in range(100000): print('x' * 1000)
def grows():
    kept = []
    while True: kept.append('x' * 100000)
def waits(dashboard):
    global count
    count += 1
    if count > 1:
        while True: pass
def own(dashboard):
    dashboard.call('automation', 'pause')
    dashboard.call('automation', 'skip')
def adds(dashboard):
    schedule_action('O2 MFC', 'Flow', 1)
def counts():
    print('count is', count)
schedule_function(loops)
schedule_function(floods)
schedule_function(grows)
schedule_await_condition(waits, 'hangs later')
schedule_function(own)
schedule_function(adds)
schedule_function(lambda: sys.exit(3))
schedule_function(counts)
`);
    const lost = "; the script is loaded again before its next function, and has its variables as at its begin; resume";
    await lab.is(
      "paused",
      /“call loops” failed: The function loops was stopped: it did not end within 3 s; the script/,
    );
    ok((await lab.show()).reason.includes(lost));
    const decide = async (reason: RegExp, how = "skip") => {
      strictEqual(await lab.lines.ask(`automation.${how}`), "OK");
      await lab.is("paused", reason);
    };
    await decide(/“call floods” failed: The code was stopped: it printed more than 65536 bytes; the script is loaded/);
    const printed = (await lab.lined()).filter((line) => line.startsWith("prints"));
    ok(printed.length <= 201, `${printed.length} lines`);
    await decide(/“call grows” failed: .*(?:memory|within 3 s).*; the script is loaded again/i);
    await decide(/“await: hangs later” failed: The condition waits was stopped: it did not end within 3 s; the script/);
    // It may pause itself, as a person could.
    await decide(/^run night for .* paused it$/);
    await decide(/“call adds” failed: RuntimeError: steps are sched.* loaded.* \(line 20\)/, "resume");
    await decide(/“call a function without a name” failed: SystemExit: 3.*; the script is loaded again/);
    strictEqual(await lab.lines.ask("automation.skip"), "OK");
    await lab.ended(id, "done");
    ok((await lab.lined(id)).includes("prints: count is 0"), "its variables are those of its begin");
    deepStrictEqual(lab.told, []);
    strictEqual(await lab.lines.ask("o2_mfc.set Flow 3"), "OK");
  }));

Deno.test("hostile scripts: a condition that prints for ever is read at its end, and no memory, queue or log is filled", () =>
  inFolder(async (folder) => {
    await using lab = await serveScripts(folder);
    let added = "";
    await Deno.writeTextFile(join(folder, "note.run.json"), '{ "steps": [{ "note": "again" }] }');
    while (/^(?:OK \d+)?$/.test(added)) added = await lab.lines.ask("automation.load note.run.json");
    match(added, /The queue has 100 runs already: remove some/);
    for (let id = 1; id <= 100; id++) strictEqual(await lab.lines.ask(`automation.remove ${id}`), "OK");
    await lab.run(`
def talks(dashboard):
    for n in range(60): print('y' * 999)
for n in range(12):
    schedule_function(talks)
schedule_await_condition(lambda d: False, 'never')
`);
    await eventually(async () => (await lab.show()).now[0] === "await: never", "it has talked");
    const lines = (await lab.show()).lines;
    ok(lines.length < 500 && lines.at(-1)!.text === "await: never", `${lines.length} lines`);
    ok(lines.reduce((sum, { text }) => sum + text.length, 0) <= 400_000);
    strictEqual(await lab.lines.ask("automation.stop"), "OK");
  }));
