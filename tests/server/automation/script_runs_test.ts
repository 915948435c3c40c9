/** PyOpticon scripts as runs, unmodified: what they schedule, how their times go, what fails, and whose control it is. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { eventually, RawClient } from "../../fixture.ts";
import { inFolder } from "../guards/lab.ts";
import { serveScripts } from "./script_lab.ts";

Deno.test("scripts: a schedule of oxygen percentages, an await, functions with and without the dashboard, a trailing delay", () =>
  inFolder(async (folder) => {
    await using lab = await serveScripts(folder);
    const id = await lab.run(`
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
    print(noted, widget.name, widget.nickname, widget.get_field('Setpoint'), sorted(dashboard.widgets_by_nickname))
    print(dashboard.serial_connected, dashboard.check_serial_connected(), dashboard.name, widget.log_data()['Setpoint'])
    widget.set_field('Setpoint', 35)
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
    ok(Date.parse(ended.ended!) - Date.parse(ended.lines.at(-1)!.time) > 900, "the delay at its end is waited for");
    deepStrictEqual(
      lab.told.slice(3),
      ["valve Closed", "purge true", "valve Closed"],
      "each confirms all of its widget",
    );
    const lines = await lab.lined(id);
    deepStrictEqual(lines.filter((line) => line.startsWith("prints")), [
      "prints: ['25.0'] Reactor Thermocouple Reactor TC 20.0 ['Bypass Valve', 'O2 MFC', 'Reactor TC']",
      "prints: True True heliograph 20.0",
      "prints: plain 35",
      "prints: many 0",
    ]);
    ok(lines.includes('switched O2 MFC Flow from "10.0" to "25.0"'), lines.join("\n"));
    strictEqual(lines.filter((line) => line === "await: it is warm").length, 1, "told once");
    strictEqual(await lab.lines.ask("reactor_tc.set Setpoint 3"), "OK", "nobody has control any more");
  }));
