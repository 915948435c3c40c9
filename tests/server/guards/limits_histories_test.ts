/** Limits against a model of them: random sets, restarts and time. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { command, defineInstrument } from "../../../mod.ts";
import { Bench } from "../../../server/bench/bench.ts";
import { Alarms } from "../../../server/guards/alarms.ts";
import { compileGuards } from "../../../server/guards/compiled.ts";
import { Limit } from "../../../server/guards/limits.ts";
import type { LimitWords } from "../../../server/guards/limits_schema.ts";
import { RawClient, startServer } from "../../fixture.ts";
import { inFolder } from "./lab.ts";

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

/** What an instrument was told, and when, in seconds. */
interface Told {
  readonly at: number;
  readonly what: "heat" | "power" | "flash";
  readonly value: number;
}

Deno.test("limits: over sockets and restarts, a random night is refused as the model says, and what reached the instrument is within all limits", () =>
  inFolder(async (folder) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const next = random(seed);
    const times = 3;
    const realNow = Date.now;
    let now = 0;
    Date.now = () => 1_700_000_000_000 + now * 1000;
    const told: Told[] = [];
    const tell = (what: Told["what"], value: number) => void told.push({ at: now, what, value });
    tell("heat", 0);
    tell("power", 0);
    /** What it was in each of the seconds that count, and is. */
    const were = (what: Told["what"], seconds: number) => {
      const own = told.filter((each) => each.what === what);
      return own.filter((_, index) => (own[index + 1]?.at ?? Infinity) > now - seconds).map(({ value }) => value);
    };
    const onFor = () => {
      const own = told.filter(({ what }) => what === "heat");
      return own.reduce((sum, { at, value }, index) => {
        const to = own[index + 1]?.at ?? now;
        return sum + value * Math.max(0, to - Math.max(at, now - within));
      }, 0);
    };
    const serve = async () => {
      const instrument = defineInstrument({
        title: "Oven",
        fields: {
          Heat: {
            type: "switch",
            initial: told.findLast(({ what }) => what === "heat")!.value === 1,
            write: (on: boolean) => tell("heat", on ? 1 : 0),
          },
          Power: {
            type: "float",
            initial: told.findLast(({ what }) => what === "power")!.value,
            needsConfirm: next() < 0.5,
            write: (value: number) => tell("power", value),
          },
        },
        commands: { flash: command({ summary: "Flash", run: () => tell("flash", 1) }) },
      });
      const server = startServer({
        instruments: [instrument],
        guards: {
          limits: {
            "oven.heat": { duty: { on, in: within } },
            "oven.power": { slew: { up: { by, per }, down: { by, per } } },
            "oven.flash": { often: { times, in: per } },
          },
        },
        guardsFile: join(folder, "guards.json"),
      }, { guardsClock: () => now * 1000 });
      await server.prepare();
      const line = await RawClient.connect(server.commandServer.port);
      const dashboard = await RawClient.connect(server.dashboardServer.port);
      /** Over either wire. @returns Why it is refused; empty where it is done. */
      const ask = async (text: string, message: Record<string, unknown>): Promise<string> => {
        if (next() < 0.5) {
          const reply = await line.ask(text);
          return reply === "OK" ? "" : reply;
        }
        const { ok, error } = await dashboard.request({ id: 1, instrument: "oven", ...message });
        return ok === true ? "" : (error as { code: string; message: string }).message;
      };
      return {
        set: async (field: "heat" | "power", value: number | boolean) => {
          const set = await ask(`oven.set ${field} ${Number(value)}`, { cmd: "Set", field, new_value: value });
          if (field === "heat" || !instrument.field("Power").spec.needsConfirm) return set;
          strictEqual(set, "", "what waits for a confirm is not sent");
          const why = await ask("oven.confirm", { cmd: "Confirm" });
          if (why !== "") strictEqual(await line.ask("oven.revert"), "OK");
          return why;
        },
        flash: () => ask("oven.flash", { cmd: "Call", command: "flash" }),
        async [Symbol.asyncDispose]() {
          for (const each of [line, dashboard]) each[Symbol.dispose]();
          await server.stop();
        },
      };
    };
    let [refused, done] = [0, 0];
    try {
      for (let run = 0; run < 6; run++) {
        await using oven = await serve();
        for (let step = 0; step < 120; step++) {
          const story = `seed ${seed}, run ${run}, step ${step}, at ${now} s`;
          const heat = told.findLast(({ what }) => what === "heat")!.value === 1;
          const left = Math.max(0, on - onFor());
          // Where its time is over, the server itself sets it off; that another test looks at.
          now += Math.min(Math.floor(next() ** 3 * 30), heat ? left : Infinity);
          if (heat && onFor() >= on) strictEqual(await oven.set("heat", false), "", story);
          const what = next();
          const [wanted, why] = what < 0.2
            ? [onFor() < on, await oven.set("heat", true)]
            : what < 0.35
            ? [true, await oven.set("heat", false)]
            : what < 0.6
            ? [told.filter((each) => each.what === "flash" && each.at > now - per).length < times, await oven.flash()]
            : await (async () => {
              const value = Math.round(were("power", per).at(-1)! + (next() - 0.5) * 16);
              const allowed = were("power", per).every((each) => Math.abs(value - each) <= by);
              return [allowed, await oven.set("power", value)] as const;
            })();
          strictEqual(why === "", wanted, `${why}: ${story}`);
          if (why === "") done++;
          else {
            refused++;
            match(why, /Cannot (set|confirm|call) oven.*: (Heat|Power|flash) of Oven may be /);
          }
        }
      }
      // Not by the model, but by what the instrument was told.
      for (const end = now; now > 0; now--) {
        const passed = told.filter(({ at }) => at <= now);
        const heats = passed.filter(({ what }) => what === "heat");
        const burned = heats.reduce((sum, { at, value }, index) => {
          return sum + value * Math.max(0, (heats[index + 1]?.at ?? now) - Math.max(at, now - within));
        }, 0);
        ok(burned <= on, `it was on for ${burned} s before ${now} of ${end} s: seed ${seed}`);
        ok(passed.filter(({ what, at }) => what === "flash" && at > now - per).length <= times, `seed ${seed}`);
        const powers = passed.filter(({ what, at }) => what === "power" && at > now - per).map(({ value }) => value);
        ok(powers.length === 0 || Math.max(...powers) - Math.min(...powers) <= by, `${powers}: seed ${seed}`);
      }
      ok(refused > 50 && done > 200, `${refused} were refused and ${done} done: seed ${seed}`);
    } finally {
      Date.now = realNow;
    }
  }));
