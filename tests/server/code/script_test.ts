/** PyOpticon scripts in a sandbox of their own: what they schedule, how their functions are called, how they fail. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { HeliographError } from "../../../mod.ts";
import type { Answer, Ask, ScriptStep } from "../../../server/code/messages.ts";
import { Sandbox } from "../../../server/code/sandbox.ts";
import type { Script } from "../../../server/code/script.ts";
import { Processes } from "../../../server/processes/processes.ts";

/** A sandbox, and whoever loads scripts in it: a bench with one gas whose flow can be set. */
class Bench implements AsyncDisposable {
  readonly #processes = new Processes();
  readonly #sandbox = new Sandbox({ languages: ["python"] }, this.#processes);
  readonly values: Record<string, unknown> = { "Flow": "0", "Temperature": "20" };
  printed = "";

  constructor() {
    this.#sandbox.start();
  }

  async load(source: string): Promise<Script> {
    return await this.#sandbox.loadScript(source, {
      output: (text) => void (this.printed += text),
      check: (step: ScriptStep) => {
        if (step.kind !== "action") return;
        if (step.instrument !== "H2 MFC") {
          throw new HeliographError("unknown_instrument", `There is no ${step.instrument}; there is H2 MFC`);
        }
        if (Number(step.value) > 100) throw new HeliographError("out_of_limits", `${step.value} is more than 100`);
      },
      answer: (ask: Ask): Promise<Answer> => {
        if (ask.ask === "get") {
          return Promise.resolve({ value: { text: this.values[ask.field], value: this.values[ask.field] } });
        }
        if (ask.ask === "set") this.values[ask.field] = ask.value;
        return Promise.resolve({ value: null });
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sandbox.stop();
    await this.#processes.close();
  }
}

Deno.test("script: the four functions schedule its steps, and helper functions see the script's own names", async () => {
  await using bench = new Bench();
  const script = await bench.load(`
import time
total = 50
def mix(oxygen, delay='0:10:00'):
    schedule_action('H2 MFC', 'Flow', total * oxygen, confirm=False)
    schedule_delay(delay)
def note(dashboard):
    dashboard.set_field('H2 MFC', 'Flow', str(total), confirm=False)
    print('noted', total)
for oxygen in (0.5, 1):
    mix(oxygen)
schedule_function(note)
schedule_function(lambda: print('plain'))
schedule_await_condition(lambda d: float(d.get_field('H2 MFC', 'Temperature')) > limit, console_message='warm')
schedule_await_condition(note)
limit = 30
schedule_delay('1:01:01')
`);
  const action = { kind: "action", instrument: "H2 MFC", field: "Flow", confirm: false };
  deepStrictEqual(script.steps, [
    { ...action, value: "25.0" },
    { kind: "delay", seconds: 600 },
    { ...action, value: "50" },
    { kind: "delay", seconds: 600 },
    { kind: "function", name: "note" },
    { kind: "function", name: "" },
    { kind: "await", name: "", message: "warm" },
    { kind: "await", name: "note", message: "(No summary provided)" },
    { kind: "delay", seconds: 3661 },
  ]);
  await script.call(4);
  strictEqual(bench.values["Flow"], "50");
  await script.call(5);
  strictEqual(bench.printed, "noted 50\nplain\n");
  strictEqual(await script.call(6), false);
  bench.values["Temperature"] = "31";
  strictEqual(await script.call(6), true);
  await rejects(script.call(1), {
    code: "bad_argument",
    message: "Cannot call step 2 of the script: it has no function",
  });
  await script.stop();
  await rejects(script.call(6), { code: "aborted", message: "The script was stopped" });
});

Deno.test("script: what is wrong with it is told with its line, and nothing is loaded", async (t) => {
  await using bench = new Bench();
  const cases: [name: string, source: string, message: RegExp][] = [
    ["no Python", "x = 1\nschedule_delay(", /^SyntaxError: .*\(line 2\)$/],
    ["no name", "schedule_delay('0:00:01')\nnothing()", /^NameError: name 'nothing' isn't defined \(line 2\)$/],
    ["a delay of two", "schedule_delay('0:10')", /^ValueError: a delay is 'h:mm:ss', as '0:01:30': '0:10' \(line 1\)$/],
    ["a delay in words", "\n\nschedule_delay('1:2:x')", /^ValueError: a delay is 'h:mm:ss'.* \(line 3\)$/],
    ["a delay back", "schedule_delay('0:00:-1')", /^ValueError: a delay is/],
    ["an instrument", "schedule_action('H3', 'Flow', 1)", /^KeyError: There is no H3; there is H2 MFC \(line 1\)$/],
    ["a value", "def f():\n schedule_action('H2 MFC', 'Flow', 101)\nf()", /^ValueError: 101 is more.*\(line [23]\)$/],
    [
      "no function",
      "schedule_function(print('x'))",
      /^TypeError: schedule_function takes a function: None \(line 1\)$/,
    ],
    ["no condition", "schedule_await_condition(3)", /^TypeError: schedule_await_condition takes a function: 3/],
    ["the socket's own name", "do_threadsafe(print)", /^NameError: name 'do_threadsafe' isn't defined/],
    ["too many steps", "while True: schedule_delay('0:00:01')", /A script has at most 20000 steps \(line 1\)$/],
    ["too much output", "while True: print('x' * 1000)", /it printed more than 65536 bytes$/],
    ["too much memory", "x = []\nwhile True: x.append('x' * 100000)", /memory/i],
  ];
  for (const [name, source, message] of cases) {
    await t.step(name, async () => {
      await rejects(bench.load(source), (error) => {
        match((error as HeliographError).message, message);
        return true;
      });
    });
  }
});

Deno.test("script: a function that raises is told with its line, and the script is there for the next", async () => {
  await using bench = new Bench();
  const script = await bench.load(`
class Odd:
    def __bool__(self):
        raise ValueError('neither')
def late():
    schedule_delay('0:00:01')
def many():
    for n in range(60): print('x' * 1000)
schedule_function(lambda: 1 / 0)
schedule_await_condition(lambda d: Odd())
schedule_function(late)
schedule_function(many)
schedule_await_condition(lambda: 'yes')
`);
  await rejects(script.call(0), { message: "ZeroDivisionError: divide by zero (line 9)" });
  await rejects(script.call(1), { message: "ValueError: neither (line 4)" });
  await rejects(script.call(2), {
    message: /^RuntimeError: steps are scheduled while the script is loaded.*\(line 6\)$/,
  });
  // What it may print is counted anew each time.
  await script.call(3);
  await script.call(3);
  strictEqual(bench.printed.length, 2 * 60 * 1001);
  strictEqual(await script.call(4), true);
  strictEqual(script.ended, undefined);
  const both = [script.call(3), script.call(4)];
  await rejects(both[1]!, { code: "unavailable", message: "Another function of the script is running" });
  await both[0];
});

Deno.test("script: one that ends, speaks out of turn or is killed ends alone, and says why", async () => {
  await using bench = new Bench();
  const healthy = await bench.load("schedule_await_condition(lambda: True)");
  const exits = await bench.load("import sys\nschedule_function(lambda: sys.exit(3))");
  await rejects(exits.call(0), { message: /^SystemExit: 3/ });
  ok(exits.ended !== undefined);
  await rejects(exits.call(0), { message: /^SystemExit: 3/ });
  const forges = await bench.load(`
import _heliograph, json
def forge():
    _heliograph.ask(json.dumps({"ask": "turn", "outcome": {"truth": 1}}))
schedule_function(forge)
`);
  await rejects(forges.call(0), { code: "code_failed", message: "The script tampered with its results" });
  const grows = await bench.load(`
def grow():
    kept = []
    while True: kept.append('x' * 100000)
schedule_function(grow)
`);
  await rejects(grows.call(0), { message: /memory/i });
  strictEqual(await healthy.call(0), true);
});
