/** Interlocks against a model of their states: random histories of readings, gaps, restarts, resets and bypasses. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { defineInstrument } from "../../../mod.ts";
import { Bench } from "../../../server/bench/bench.ts";
import { Windows } from "../../../server/expressions/windows.ts";
import { compileGuards } from "../../../server/guards/compiled.ts";
import type { InterlockWords } from "../../../server/guards/guards_schema.ts";
import { Interlock } from "../../../server/guards/interlock.ts";
import { random } from "./random.ts";

/** What the model is told of one look. Times in seconds. */
interface Look {
  readonly at: number;
  readonly value: number | undefined;
  /** What came before it. */
  readonly event: "nothing" | "restart" | "reset" | "bypass" | "force";
}

interface Expected {
  readonly state: string;
  readonly trips: number;
}

/** The states as docs/guards.md has them, from the whole history. */
function model(
  looks: readonly Look[],
  { must, until, delay = 0, grace = 30, latched = false }: InterlockWords,
): Expected {
  const isSafe = (value: number) => must === undefined ? !(value > 10) : value < 10;
  let [began, tripped, latch, bypassedUntil, trips] = [looks[0]!.at, false, false, -1, 0];
  /** Looks in a row at which it was broken. */
  let row: Look[] = [];
  for (const look of looks) {
    if (look.event === "restart") [began, tripped, row] = [look.at, false, []];
    if (look.event === "bypass") [bypassedUntil, tripped, row] = [look.at + 20, false, []];
    if (look.event === "force" || (bypassedUntil > 0 && look.at >= bypassedUntil)) {
      if (bypassedUntil > 0) [tripped, row] = [false, []];
      bypassedUntil = -1;
    }
    if (bypassedUntil > 0) {
      if (look.event === "reset") latch = false;
      continue;
    }
    const { value } = look;
    const safe = value !== undefined && isSafe(value);
    const back = until === undefined || (value !== undefined && value < 8);
    if (safe && (!tripped || back)) {
      [tripped, row] = [false, []];
      if (look.event === "reset") latch = false;
      continue;
    }
    row.push(look);
    if (tripped || look.at - row[0]!.at < delay || (value === undefined && look.at - began < grace)) continue;
    tripped = true;
    trips++;
    latch ||= latched;
  }
  const state = bypassedUntil > 0
    ? "bypassed"
    : tripped
    ? "tripped"
    : latch
    ? "latched"
    : row.length > 0
    ? "pending"
    : "clear";
  return { state, trips };
}

const histories = 2500;
const nobody = { raise() {}, clear() {} };

Deno.test("guards: in thousands of random histories, nothing beyond a limit is without a trip, and no trip without its cause", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const next = random(seed);
  const instrument = defineInstrument({
    title: "Oven",
    fields: { Temperature: { type: "float", access: "readout" }, Power: { type: "float", write: () => {} } },
  });
  const bench = new Bench([instrument]);
  const field = instrument.field("Temperature");
  const realNow = Date.now;
  let now = 0;
  Date.now = () => 1_700_000_000_000 + now * 1000;
  try {
    for (let history = 0; history < histories; history++) {
      const words: InterlockWords = {
        ...(next() < 0.5 ? { when: "oven.temperature > 10" } : { must: "oven.temperature < 10" }),
        ...(next() < 0.5 ? { until: "oven.temperature < 8" } : {}),
        delay: next() < 0.5 ? 0 : 3,
        grace: next() < 0.3 ? 0 : 30,
        latched: next() < 0.5,
        trips: [{ set: "oven.power", to: 0 }],
      };
      let acted = 0;
      const make = () => {
        const windows = new Windows(() => now * 1000);
        const { interlocks, problems } = compileGuards({ interlocks: { It: words } }, bench.instruments, windows);
        deepStrictEqual(problems, []);
        return new Interlock("It", words, interlocks.get("It")!, {
          act: () => void acted++,
          now: () => now * 1000,
          changed: () => {},
          tripped: () => {},
          alarms: { own: () => nobody },
          failing: () => nobody,
        });
      };
      field.mirror(undefined, "stale", "not read yet", false);
      let interlock = make();
      interlock.resume(undefined, undefined);
      const looks: Look[] = [{ at: now, value: undefined, event: "nothing" }];
      const told: string[] = [];
      for (let step = 0; step < 25; step++) {
        now += [0, 0.5, 1, 2, 5, 20][Math.floor(next() * 6)]!;
        const what = next();
        let event: Look["event"] = "nothing";
        if (what < 0.55) field.update(Math.round(next() * 200) / 10);
        else if (what < 0.65) field.mirror(field.value, "stale", "not read for long", false);
        else if (what < 0.72) field.fail("overload");
        else if (what < 0.78) event = "reset";
        else if (what < 0.83) event = "bypass";
        else if (what < 0.86) event = "force";
        else if (what < 0.92) event = "restart";
        const value = field.quality === "good" ? field.value as number : undefined;
        looks.push({ at: now, value, event });
        if (event === "restart") {
          const { kept, bypassed } = interlock;
          interlock = make();
          interlock.resume(kept && JSON.parse(JSON.stringify(kept)), bypassed);
        } else if (event === "reset") {
          try {
            interlock.reset("ana");
          } catch {
            // It is still so.
          }
        } else if (event === "bypass") {
          const [since, until] = [0, 20].map((later) => new Date(Date.now() + later * 1000).toISOString());
          interlock.bypass({ by: "ana", reason: "why", since: since!, until: until! }, 20_000);
          interlock.look();
        } else {
          if (event === "force") interlock.endBypass("ana");
          interlock.look();
        }
        const { state, reason } = interlock.describe();
        told.push(`${now} s: ${event}, ${value} → ${state} (${reason})`);
        // Its steps are done after whatever is under way at this moment.
        for (let turn = 0; turn < 8; turn++) await null;
        const expected = model(looks, words);
        const story = () => `seed ${seed}, history ${history}: ${JSON.stringify(words)}\n${told.join("\n")}`;
        strictEqual(state, expected.state, story());
        strictEqual(acted, expected.trips, `its steps are done once for each trip: ${story()}`);
        strictEqual(interlock.forbids, !["clear", "bypassed"].includes(state), story());
        if (state === "tripped" && value === undefined) {
          match(reason, /not known whether it is safe: Temperature of Oven: /, story());
        } else if (state === "tripped") ok(reason.startsWith(`Temperature of Oven is ${value!.toFixed(1)}`), story());
      }
      interlock.stop();
    }
  } finally {
    Date.now = realNow;
  }
});
