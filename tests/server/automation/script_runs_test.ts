/** PyOpticon scripts as runs, unmodified: what they schedule, how their times go, what fails, and whose control it is. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { Access } from "../../../server/access/admit.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { inFolder } from "../guards/lab.ts";
import { serveScripts } from "./script_lab.ts";

Deno.test("scripts: a schedule of oxygen percentages, an await, functions with and without the dashboard, a trailing delay", () =>
  inFolder(async (folder) => {
    await using lab = await serveScripts(folder);
    const id = await lab.run(`\uFEFF
# A tutorial's script: percentages of oxygen, by a helper function.
import datetime
total_flow = 50
noted = []
def set_oxygen(percentage, delay='0:00:00'):
    schedule_action('O2 MFC', 'Flow', total_flow * percentage / 100)
    schedule_delay(delay)

def note(dashboard):
    noted.append(dashboard.get_field('O2 MFC', 'Flow'))
    widget = dashboard.get_widget_by_nickname('Reactor TC')
    print(noted, widget.name, widget.nickname, widget.get_field('Setpoint'), sorted(dashboard.widgets_by_nickname), len(dashboard.get_widgets_by_nickname()))
    print(dashboard.serial_connected, dashboard.check_serial_connected(), dashboard.name, widget.log_data()['Setpoint'])
    widget.set_field('Setpoint', 35, hush_warning=True)
    widget.confirm()

def plain():
    print('plain', get_dashboard().get_field('Reactor TC', 'Setpoint'))

def many(*anything):
    print('many', len(anything))

for percentage in (20, 50):
    set_oxygen(percentage)
schedule_action('Bypass Valve', 'Position', 'Open', confirm=False)
schedule_function(note)
schedule_function(plain)
schedule_function(many)
schedule_await_condition(lambda d: float(d.get_field('Reactor TC', 'Temperature')) > limit, console_message='it is warm')
schedule_action('Bypass Valve', 'Position', 'Closed')
schedule_action('Bypass Valve', 'Purge', True)
schedule_delay('0:00:00')
schedule_delay('0:00:01')
limit = 30
`);
    await eventually(async () => (await lab.show()).now[0] === "await: it is warm", "it waits for the temperature");
    const waits = await lab.show();
    deepStrictEqual([waits.done, waits.of, waits.left, waits.nextIn], [6, 9, { seconds: 1, atLeast: true }, null]);
    deepStrictEqual(waits.waitingFor, [{ text: "it is warm", so: false, value: "not yet" }]);
    deepStrictEqual(waits.steps.map(({ number }) => number), [1, 2, 3, 4, 5, 6, 7, 8, 9, null]);
    deepStrictEqual(lab.told, ["flow 10", "flow 25", "setpoint 35"], "a setting that waits for a confirm has none");
    match(await lab.lines.ask("o2_mfc.set Flow 3"), /run night for .* has control of it/);
    match(await lab.lines.ask("reactor_tc.set Setpoint 3"), /run night for .* has control of it/, "since it was used");
    lab.temperature.update(31);
    await lab.ended(id, "done");
    const ended = await lab.show(id);
    deepStrictEqual([ended.done, ended.of], [9, 9]);
    const warm = ended.lines.find(({ text }) => text === "set Position of Bypass Valve to Closed")!;
    ok(Date.parse(ended.ended!) - Date.parse(warm.time) > 900, "the delay at its end is waited for");
    deepStrictEqual(
      lab.told.slice(3),
      ["valve Closed", "purge true", "valve Closed"],
      "each confirms all of its widget",
    );
    const lines = await lab.lined(id);
    deepStrictEqual(lines.filter((line) => line.startsWith("prints")), [
      "prints: ['25.0'] Reactor Thermocouple Reactor TC 20.0 ['Bypass Valve', 'O2 MFC', 'Reactor TC'] 3",
      "prints: True True heliograph 20.0",
      "prints: plain 35",
      "prints: many 0",
    ]);
    ok(lines.includes('switched O2 MFC Flow from "10.0" to "25.0"'), lines.join("\n"));
    strictEqual(lines.filter((line) => line === "await: it is warm").length, 1, "told once");
    strictEqual(await lab.lines.ask("reactor_tc.set Setpoint 3"), "OK", "nobody has control any more");
  }));

/** What a client is told that loads a script which is wrong. */
const wrong = (answer: string) => answer.replace("ERROR Cannot load the run: ", "");

Deno.test("scripts: what is wrong is told at load with file and line and what would be right, and nothing is loaded", () =>
  inFolder(async (folder) => {
    await using lab = await serveScripts(folder);
    const cases: readonly (readonly [source: string, message: RegExp])[] = [
      ["x = 1\nschedule_delay(", /^night\.py:2: SyntaxError: /],
      ["schedule_delay('0:10')", /^night\.py:1: ValueError: a delay is .h:mm:ss., as .0:01:30.: .0:10.$/],
      ["schedule_delay('0:00:x')", /^night\.py:1: ValueError: a delay is .h:mm:ss./],
      ["\nnothing()", /^night\.py:2: NameError: name .nothing. isn.t defined$/],
      ["do_threadsafe(print)", /^night\.py:1: NameError: name .do_threadsafe./],
      [
        "def set_it(name):\n  schedule_action(name, 'Flow', 1)\nset_it('O2 MFCs')",
        /^night\.py:2: KeyError: there is no instrument O2 MFCs \(did you mean O2 MFC\?\); there is O2 MFC, /,
      ],
      [
        "schedule_action('Bypass Valve', 'Mode Entry', 'x')",
        /^night\.py:1: KeyError: Bypass Valve has no field Mode Entry; its settings are Position, Purge$/,
      ],
      [
        "schedule_action('Reactor TC', 'Temperature', 3)",
        /^night\.py:1: ValueError: Temperature of Reactor TC is a readout; its settings are Setpoint$/,
      ],
      [
        "schedule_action('O2 MFC', 'Flow', 101)",
        /^night\.py:1: ValueError: Cannot set Flow of O2 MFC to 101: above its maximum of 100 sccm$/,
      ],
      ["schedule_action('automation', 'State', 'idle')", /^night\.py:1: KeyError: there is no instrument automation/],
      ["schedule_function(print('x'))", /^night\.py:1: TypeError: schedule_function takes a function: None$/],
      ["schedule_function(print, if_fails='go on')", /^night\.py:1: ValueError: if_fails is .pause., .skip. or .stop./],
      [
        "get_dashboard().set_field('O2 MFC', 'Flow', 1)",
        /^night\.py:1: OSError: nothing is driven while a script is loaded, and this drives o2_mfc: put it into a function/,
      ],
      [
        "get_dashboard().call('automation', 'check', 'night.py')",
        /^night\.py:1: OSError: nothing is driven while a script is loaded, and this drives automation/,
      ],
      ["float(get_dashboard().get_field('O2 MFC', 'Fluw'))", /^night\.py:1: KeyError: .*Fluw/],
      ["x = get_dashboard().get_field('O2 MFC', 'Flow')", /^night\.py: it schedules nothing: a script calls schedule_/],
    ];
    for (const [source, message] of cases) match(wrong(await lab.load(source)), message);
    match(wrong(await lab.load("schedule_delay('0:00:01')", "flow=3")), /^night\.py: is a script, which has no param/);
    using ben = await RawClient.connect(lab.server.commandServer.port);
    await ben.ask("register ben");
    strictEqual(await ben.ask("take o2_mfc"), "OK");
    match(
      wrong(await lab.load("\nschedule_action('O2 MFC', 'Flow', 1)")),
      /^night\.py:2: .*Cannot call o2_mfc\.run: ben .*has control of it|^night\.py:2: .*ben \(client/,
    );
    match(await lab.lines.ask("automation.list"), /"runs": \[\]/);
    deepStrictEqual(lab.told, []);
  }));

Deno.test("scripts: whoever may not evaluate code runs none, and a server that evaluates none says so", () =>
  inFolder(async (folder) => {
    const access = new Access();
    const token = await access.store.add({ name: "ana", role: "operator" });
    await using lab = await serveScripts(folder, { access });
    using ana = await RawClient.connect(lab.server.dashboardServer.port);
    await ana.request({ id: 1, cmd: "Hello", name: "", token });
    match(await lab.load("schedule_delay('0:00:01')"), /^OK 1$/);
    for (const command of ["check", "load"]) {
      const reply = await ana.request({ id: 2, cmd: "Call", instrument: "automation", command, args: ["night.py"] });
      match(JSON.stringify(reply), /A script is code, and you may not evaluate code/);
    }
    const start = await ana.request({ id: 3, cmd: "Call", instrument: "automation", command: "start", args: [1] });
    match(JSON.stringify(start), /you may not evaluate code/);
  }));

Deno.test("scripts: a step that fails pauses the run with its line; a person retries, skips or stops, and a script may say otherwise", () =>
  inFolder(async (folder) => {
    await using lab = await serveScripts(folder);
    lab.refuses.add(10).add(11).add(12);
    const id = await lab.run(`
tries = []
def fails(dashboard):
    tries.append(1)
    print('try', len(tries))
    dashboard.set_field('O2 MFC', 'Flow', 9 + len(tries))
    raise RuntimeError('no')
def warm(dashboard):
    if float(dashboard.get_field('Reactor TC', 'Temperature')) < 25:
        raise ValueError('too cold')
    return True
schedule_action('O2 MFC', 'Flow', 10)
schedule_action('O2 MFC', 'Flow', 10, if_fails='skip')
schedule_function(fails)
schedule_await_condition(warm, 'warm')
schedule_function(lambda: 1 / 0, if_fails='skip')
schedule_function(lambda: undefined, if_fails='stop')
schedule_action('O2 MFC', 'Flow', 13)
`);
    await lab.is("paused", /“set Flow of O2 MFC to 10 sccm” failed: .*the valve is stuck; resume tries it again, skip/);
    lab.refuses.delete(10);
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    await lab.is("paused", /“call fails” failed: RuntimeError: no \(line 7\); resume tries it again/);
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    await lab.is("paused", /“call fails” failed: .*the valve is stuck.* \(line 6\); resume/);
    strictEqual(await lab.lines.ask("automation.skip"), "OK");
    await eventually(
      async () => /ValueError: too cold/.test((await lab.show()).waitingFor[0]?.value ?? ""),
      "it raises",
    );
    await new Promise((resolve) => setTimeout(resolve, 1200));
    lab.temperature.update(26);
    await lab.ended(id, "failed");
    const { reason, done } = await lab.show(id);
    strictEqual(done, 5);
    match(reason, /“call a function without a name” failed: NameError: name 'undefined' isn't defined \(line 17\)/);
    const lines = await lab.lined(id);
    const cold = "“await: warm” is not so, since it raises ValueError: too cold (line 10)";
    strictEqual(lines.filter((line) => line === cold).length, 1, lines.join("\n"));
    ok(lines.some((line) => /failed: ZeroDivisionError: divide by zero \(line 16\); instead go on/.test(line)));
    deepStrictEqual(lab.told, ["flow 10", "flow 10", "flow 10"]);

    const later = await lab.run(
      "for n in (1, 2, 3):\n  schedule_action('O2 MFC', 'Flow', n)\n  schedule_delay('0:00:00')",
      "step=3",
    );
    await lab.ended(later, "done");
    strictEqual(lab.told.at(-1), "flow 3");
    strictEqual(lab.told.length, 4, "it began at the third");
    match(
      await lab.load("schedule_delay('1:00:00')\nschedule_function(print)", "step=2"),
      /Cannot begin at step 2: night has 1/,
    );
  }));

Deno.test("scripts: a run takes what it names at its start and the rest at its first use; a person takes it back, which pauses it", () =>
  inFolder(async (folder) => {
    await using lab = await serveScripts(folder);
    using ben = await RawClient.connect(lab.server.commandServer.port);
    await ben.ask("register ben");
    strictEqual(await ben.ask("take reactor_tc"), "OK");
    const id = await lab.run(`
def heat(dashboard):
    dashboard.set_field('Reactor TC', 'Setpoint', 40)
schedule_action('O2 MFC', 'Flow', 5)
schedule_function(heat)
schedule_await_condition(lambda d: False, 'never')
schedule_delay('1:00:00')
schedule_action('O2 MFC', 'Flow', 6)
`);
    await lab.is("paused", /“call heat” failed: .*ben .*has control of it/);
    deepStrictEqual((await lab.show()).instruments, ["o2_mfc"]);
    strictEqual(await ben.ask("release reactor_tc"), "OK");
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    await eventually(async () => (await lab.show()).now[0] === "await: never", "it waits");
    deepStrictEqual((await lab.show()).instruments, ["o2_mfc", "reactor_tc"]);
    strictEqual(await ben.ask("take reactor_tc"), "OK");
    await lab.is("paused", /^ben has taken reactor_tc from it$/);
    strictEqual(await ben.ask("release reactor_tc"), "OK");
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    strictEqual(await lab.lines.ask("automation.skip"), "OK");
    await eventually(async () => (await lab.show()).nextIn !== null, "the await was skipped");
    const { left, nextIn } = await lab.show();
    ok(!left.atLeast && left.seconds > 3590 && nextIn! > 3590, JSON.stringify(left));
    strictEqual(await lab.lines.ask("automation.pause"), "OK");
    await lab.is("paused", /paused it/);
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    strictEqual(await lab.lines.ask("automation.skip"), "OK");
    await lab.ended(id, "done");
    deepStrictEqual(lab.told, ["flow 5", "setpoint 40", "flow 6"]);

    const again = Number((await lab.server.commandServer.command(`automation.repeat ${id}`)).slice(3));
    strictEqual(await lab.lines.ask(`automation.start ${again}`), "OK");
    await eventually(async () => (await lab.show()).now[0] === "await: never", "it is at it again");
    strictEqual(await lab.lines.ask("automation.stop"), "OK");
    await lab.ended(again, "stopped");
    strictEqual(await ben.ask("o2_mfc.set Flow 1"), "OK");
  }));
