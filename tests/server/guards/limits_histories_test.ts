/** Limits against a model of them: random sets, restarts and time. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { defineInstrument } from "../../../mod.ts";
import { Bench } from "../../../server/bench/bench.ts";
import { Alarms } from "../../../server/guards/alarms.ts";
import { compileGuards } from "../../../server/guards/compiled.ts";
import { Limit } from "../../../server/guards/limits.ts";
import type { LimitWords } from "../../../server/guards/limits_schema.ts";

/** mulberry32: the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = state + 0x6d2b79f5 >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

const [on, within, by, per] = [10, 40, 5, 20];

Deno.test("limits: in thousands of random histories, never more than the duty in any window, and no refusal that none calls for", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const next = random(seed);
  const instrument = defineInstrument({
    title: "Oven",
    fields: { Heat: { type: "switch", write: () => {} }, Power: { type: "float", write: () => {} } },
  });
  const bench = new Bench([instrument]);
  const [heat, power] = [instrument.field("Heat"), instrument.field("Power")];
  const words: Readonly<Record<string, LimitWords>> = {
    "oven.heat": { duty: { on, in: within } },
    "oven.power": { slew: { up: { by, per }, down: { by, per } } },
  };
  const { limits, problems } = compileGuards({ limits: words }, bench.instruments);
  deepStrictEqual(problems, []);
  const realNow = Date.now;
  let now = 0;
  /** The clock of the PC, which is set back and forth over restarts. */
  let wall = 1_700_000_000;
  Date.now = () => (wall + now) * 1000;
  const alarms = new Alarms(bench, {}, { now: () => now * 1000, changed: () => {} });
  const failing = () => ({ raise: () => {}, clear: () => {} });
  const made: Limit[] = [];
  const make = (place: string, kept?: Limit["kept"]) => {
    const act = () => {
      heat.update(false);
      limit.read();
    };
    const parts = { act, now: () => now * 1000, changed: () => {}, alarms, failing };
    const limit: Limit = new Limit(words[place]!, limits.get(place)!, parts);
    if (kept !== undefined) limit.resume(JSON.parse(JSON.stringify(kept)));
    made.push(limit);
    return limit;
  };
  try {
    for (let history = 0; history < 1000; history++) {
      now += 10_000;
      heat.update(false);
      power.update(0);
      let [heats, powers] = [make("oven.heat"), make("oven.power")];
      const begun = now;
      /** What each second was: whether it was on, and the values that it had. */
      const seconds: { on: boolean; value: number }[] = [];
      const used = () => seconds.slice(-within).filter((each) => each.on).length;
      /** What it was set to, and was no more from that second on. */
      const replaced: { at: number; value: number }[] = [];
      const had = () => [
        ...seconds.slice(-per).map(({ value }) => value),
        ...replaced.filter(({ at }) => at > now - per).map(({ value }) => value),
        power.value as number,
      ];
      for (let step = 0; step < 40; step++) {
        for (let passed = Math.floor(next() ** 3 * 40); passed > 0; passed--) {
          seconds.push({ on: heat.value === true, value: power.value as number });
          now++;
          heats.look();
          // Its steps are done after whatever is under way at this moment.
          for (let turn = 0; turn < 8; turn++) await null;
        }
        const story = `seed ${seed}, history ${history}, at ${now - begun} s`;
        ok(used() <= on, `it was on for ${used()} s of ${within} s: ${story}`);
        const what = next();
        if (what < 0.35) {
          const refusal = heats.refusal(true);
          strictEqual(refusal !== "", used() >= on, `${refusal}: ${story}`);
          if (refusal !== "") {
            match(refusal, /^Heat of Oven may be on for 10 s in 40 s, and was; it may be on again at \d/);
            strictEqual(heats.refusal(false), "", "what switches it off is never refused");
          } else {
            heats.begins(true);
            heat.update(true);
            heats.read();
          }
        } else if (what < 0.55) {
          heats.begins(false);
          heat.update(false);
          heats.read();
        } else if (what < 0.85) {
          const value = Math.round((power.value as number) + (next() - 0.5) * 16);
          const refusal = powers.refusal(value);
          const wanted = had().some((each) => Math.abs(value - each) > by);
          strictEqual(refusal !== "", wanted, `${had()} → ${value}: ${refusal}: ${story}`);
          if (!wanted) {
            replaced.push({ at: now, value: power.value as number });
            powers.begins(value);
            power.update(value);
            powers.read();
          } else match(refusal, /^Power of Oven may be changed by 5 in 20 s; now .* is allowed, and /);
        } else {
          const kept = [heats.kept, powers.kept] as const;
          // Nobody watches the clock of a PC that is off; set back, it makes nothing longer allowed.
          if (next() < 0.3) wall -= 3600;
          heats.stop();
          [heats, powers] = [make("oven.heat", kept[0]), make("oven.power", kept[1])];
        }
        for (let turn = 0; turn < 8; turn++) await null;
      }
      for (const each of made.splice(0)) each.stop();
    }
  } finally {
    Date.now = realNow;
    alarms.stop();
  }
});
