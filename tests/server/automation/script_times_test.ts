/** When the steps of a PyOpticon script are done: by a clock that stands until it is advanced. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { defineInstrument } from "../../../mod.ts";
import { Bench } from "../../../server/bench/bench.ts";
import { SimulatedClock } from "../../../server/camera/clock.ts";
import type { ScriptStep } from "../../../server/code/messages.ts";
import { Run } from "../../../server/automation/run.ts";
import { counted, scriptRun } from "../../../server/automation/script_run.ts";

/** A run of a script whose functions take so many seconds, and whose conditions are so from so many seconds on. */
function begin(script: readonly ScriptStep[], takes: Readonly<Record<string, number>> = {}) {
  const clock = new SimulatedClock();
  const bench = new Bench([defineInstrument({ title: "MFC", fields: { Flow: { type: "float", write: () => {} } } })]);
  const told: string[] = [];
  const loaded = scriptRun("night.py", script, bench.instruments);
  const kept = { place: { at: 0 }, last: { at: 0 } };
  const asked: number[] = [];
  const run = new Run(loaded, kept, {
    bench,
    clock,
    act: ({ args }) => void (args.length > 0 && told.push(`${Math.round(clock.now())} ${args[1]}`)),
    note: () => {},
    keep: () => Promise.resolve(),
    tell: () => {},
    script: {
      printTo: () => {},
      call: async (number) => {
        const step = script[number]!;
        if (step.kind === "await") {
          asked.push(Math.round(clock.now()));
          return clock.now() >= takes[step.name]!;
        }
        if (step.kind === "function") {
          told.push(`${Math.round(clock.now())} ${step.name}`);
          await clock.wait(takes[step.name] ?? 0);
        }
        return false;
      },
    },
  });
  const over = run.run();
  return { clock, run, told, asked, over, done: () => counted(loaded, kept.place.at) };
}

const delay = (seconds: number): ScriptStep => ({ kind: "delay", seconds });
const set = (value: string): ScriptStep => ({ kind: "action", instrument: "MFC", field: "Flow", value, confirm: true });
const call = (name: string): ScriptStep => ({ kind: "function", name });
const until = (name: string): ScriptStep => ({ kind: "await", name, message: name });

Deno.test("script times: delays add up and count from the start, so that what steps take adds up to nothing; the last one counts", async () => {
  const script = [set("1"), delay(10), delay(5), call("slow"), delay(10), set("2"), delay(5), call("slower"), delay(5)];
  const { clock, run, told, over, done } = begin([...script, set("3"), delay(60)], { slow: 8, slower: 30 });
  await clock.advance(0);
  deepStrictEqual([run.left, done()], [{ seconds: 95, atLeast: false }, 1]);
  await clock.advance(12);
  strictEqual(Math.round(run.nextIn!), 3);
  await clock.advance(100);
  // The slower one is late: the next is done at once, and the last delay ends when it would have ended.
  deepStrictEqual(told, ["0 1", "15 slow", "25 2", "30 slower", "60 3"]);
  deepStrictEqual(await over, { state: "done", reason: "" });
  strictEqual(Math.round(Date.parse(run.lines().at(-1)!.time) / 1000) % 3600, 60);
});

Deno.test("script times: a condition is looked at once a second, and all later times move on by what it took", async () => {
  const script = [delay(10), until("warm"), delay(10), set("1"), until("never"), delay(20), set("2")];
  const { clock, run, told, asked, over } = begin(script, { warm: 14.5, never: Infinity });
  await clock.advance(0);
  deepStrictEqual(run.left, { seconds: 40, atLeast: true });
  await clock.advance(24);
  deepStrictEqual(asked, [10, 11, 12, 13, 14, 15]);
  deepStrictEqual([run.now, run.nextIn], [["wait 10s"], 1]);
  await clock.advance(2);
  deepStrictEqual(run.now, ["await: never"]);
  await clock.advance(3.5);
  run.skip("ana");
  await clock.advance(1);
  deepStrictEqual(run.left.atLeast, false, "no await lies ahead");
  await clock.advance(30);
  deepStrictEqual(told, ["25 1", "50 2"]);
  await over;
});

Deno.test("script times: pause stops them, resume goes on with the rest of the delay, skip ends all that is left of it", async () => {
  const { clock, run, told, over } = begin([delay(10), set("1"), delay(10), delay(50), set("2"), delay(10), set("3")]);
  await clock.advance(4);
  run.pause("ana paused it");
  await clock.advance(100);
  run.resume("ana");
  await clock.advance(7);
  deepStrictEqual(told, ["110 1"]);
  run.skip("ana");
  await clock.advance(10);
  await clock.advance(1);
  deepStrictEqual(told, ["110 1", "111 2", "121 3"]);
  await over;
});

Deno.test("script times: stop ends it at once, in whatever it is", async () => {
  for (const script of [[delay(10)], [until("never")], [call("slow"), set("1")]]) {
    const { clock, run, told, over } = begin(script, { never: Infinity, slow: 100 });
    await clock.advance(2);
    run.end({ state: "stopped", reason: "ana stopped it" });
    strictEqual((await over).state, "stopped");
    strictEqual(told.filter((each) => /\d$/.test(each)).length, 0);
  }
});
