/**
 * Alarms against a model of their states: random histories of readings, gaps, restarts, and what people do with them.
 * `HISTORIES=10000` tries that many.
 */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { AlarmEvent } from "../../../server/bench/hub.ts";
import { defineInstrument } from "../../../mod.ts";
import { Bench } from "../../../server/bench/bench.ts";
import { Windows } from "../../../server/expressions/windows.ts";
import { Alarms } from "../../../server/guards/alarms.ts";
import type { AlarmWords } from "../../../server/guards/alarms_schema.ts";
import { compileGuards } from "../../../server/guards/compiled.ts";
import { random } from "./random.ts";

const deeds = [
  "nothing",
  "restart",
  "acknowledge",
  "reset",
  "shelve",
  "unshelve",
  "out of service",
  "in service",
] as const;

/** What the model is told of one moment. Times in seconds. */
interface Moment {
  readonly at: number;
  readonly value: number | undefined;
  readonly enabled: boolean;
  /** What somebody does then. */
  readonly deed: typeof deeds[number];
}

/** The states as docs/guards.md has them, from the whole history. */
function model(moments: readonly Moment[], words: AlarmWords) {
  const { must, until, delay = 0, grace = 30, latched = false, count } = words;
  const isSo = (value: number) => must === undefined ? value > 10 : !(value < 10);
  const isBack = (value: number) => until === undefined || value < 8;
  let [began, on, latch, unknown, raised] = [moments[0]!.at, false, false, false, 0];
  let aside: { readonly how: "shelved" | "out of service"; readonly until: number } | undefined;
  let [since, onsets, counted, off]: [number | undefined, number[], boolean, boolean] = [undefined, [], false, false];
  const call = () => {
    if (aside !== undefined) return;
    unknown = true;
    raised++;
  };
  const look = ({ at, value, enabled }: Moment) => {
    const back = aside !== undefined && at >= aside.until;
    if (back) aside = undefined;
    const before = on;
    off = !enabled;
    if (!enabled) [on, since, onsets, counted] = [false, undefined, [], false];
    else if (value !== undefined && !isSo(value) && (!on || isBack(value))) {
      [on, since, counted] = [false, undefined, false];
    } else if (!on && (value !== undefined || at - began >= grace)) {
      since ??= at;
      const long = at - since;
      if (long >= delay) {
        if (count !== undefined) {
          if (!counted) onsets.push(at);
          counted = true;
          onsets = onsets.filter((each) => at - each <= count.within);
        }
        on = count === undefined || onsets.length >= count.times || long >= count.within;
        if (on) [onsets, latch] = [[], latch || latched];
      }
    }
    if (on && (!before || back)) call();
  };
  for (const moment of moments) {
    if (moment.deed === "restart") [began, since, onsets, counted] = [moment.at, undefined, [], false];
    look(moment);
    if (moment.deed === "acknowledge") unknown = false;
    if (moment.deed === "reset" && !on) [latch, unknown] = [false, false];
    if (moment.deed === "shelve") [aside, unknown] = [{ how: "shelved", until: moment.at + 20 }, false];
    if (moment.deed === "out of service") [aside, unknown] = [{ how: "out of service", until: Infinity }, false];
    if (
      aside?.how === (moment.deed === "unshelve" ? "shelved" : moment.deed === "in service" ? "out of service" : "")
    ) {
      aside = undefined;
      if (on) call();
    }
    look(moment);
  }
  const state = aside?.how ??
    (off
      ? "suppressed"
      : on
      ? unknown ? "unacknowledged" : "acknowledged"
      : unknown
      ? "returned"
      : latch
      ? "latched"
      : "normal");
  return { state, raised };
}

const histories = Number(Deno.env.get("HISTORIES") ?? 800);

Deno.test("alarms: in many random histories none is missed, and none is raised without a cause that is told", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const next = random(seed);
  const instrument = defineInstrument({
    title: "Oven",
    fields: { Temperature: { type: "float", access: "readout" }, Door: { type: "switch", initial: true } },
  });
  const bench = new Bench([instrument]);
  const [field, door] = [instrument.field("Temperature"), instrument.field("Door")];
  const realNow = Date.now;
  let now = 0;
  Date.now = () => 1_700_000_000_000 + now * 1000;
  let events: AlarmEvent[] = [];
  bench.hub.subscribe("alarm", (event) => void events.push(event));
  try {
    for (let history = 0; history < histories; history++) {
      const words: AlarmWords = {
        ...(next() < 0.5 ? { when: "oven.temperature > 10" } : { must: "oven.temperature < 10" }),
        ...(next() < 0.5 ? { until: "oven.temperature < 8" } : {}),
        ...(next() < 0.4 ? { enabled: "oven.door" } : {}),
        ...(next() < 0.3 ? { count: { times: 2 + Math.floor(next() * 2), within: 10 } } : {}),
        delay: next() < 0.5 ? 0 : 3,
        grace: next() < 0.3 ? 0 : 30,
        latched: next() < 0.5,
      };
      const make = () => {
        const windows = new Windows(() => now * 1000);
        const { alarms: compiled, problems } = compileGuards({ alarms: { It: words } }, bench.instruments, windows);
        deepStrictEqual(problems, []);
        const made = new Alarms(bench, { It: words }, { now: () => now * 1000, changed: () => {} });
        made.compile(compiled);
        return made;
      };
      field.mirror(undefined, "stale", "not read yet", false);
      door.update(true);
      events = [];
      let alarms = make();
      alarms.resume(undefined);
      const moments: Moment[] = [{ at: now, value: undefined, enabled: true, deed: "nothing" }];
      const told: string[] = [];
      for (let step = 0; step < 25; step++) {
        now += [0, 0.5, 1, 2, 5, 20][Math.floor(next() * 6)]!;
        const what = next();
        if (what < 0.5) field.update(Math.round(next() * 200) / 10);
        else if (what < 0.58) field.mirror(field.value, "stale", "not read for long", false);
        else if (what < 0.65) field.fail("overload");
        else if (what < 0.72) door.update(!door.value);
        const deed = next() < 0.35 ? deeds[Math.floor(next() * deeds.length)]! : "nothing";
        const value = field.quality === "good" ? field.value as number : undefined;
        const enabled = words.enabled === undefined || door.value === true;
        moments.push({ at: now, value, enabled, deed });
        if (deed === "restart") {
          const { kept } = alarms;
          alarms.stop();
          alarms = make();
          alarms.resume(JSON.parse(JSON.stringify(kept)));
        }
        alarms.look();
        try {
          if (deed === "acknowledge") alarms.acknowledge("it", "", "ana");
          else if (deed === "reset") alarms.reset("it", "ana");
          else if (deed === "shelve") alarms.shelve("it", 20, "why", "ana");
          else if (deed === "out of service") alarms.outOfService("it", "why", "ana");
          else if (deed === "unshelve") alarms.unshelve("it", "ana");
          else if (deed === "in service") alarms.inService("it", "ana");
        } catch {
          // It is still so, or was not set aside.
        }
        alarms.look();
        const { state, reason } = alarms.list("all")[0]!;
        told.push(`${now} s: ${deed}, ${value}${enabled ? "" : ", disabled"} → ${state} (${reason})`);
        const story = () => `seed ${seed}, history ${history}: ${JSON.stringify(words)}\n${told.join("\n")}`;
        const expected = model(moments, words);
        strictEqual(state, expected.state, story());
        const raised = events.filter(({ alarm }) => alarm.state === "unacknowledged");
        strictEqual(raised.length, expected.raised, `people are called once for each: ${story()}`);
        for (const { alarm } of raised) {
          match(alarm.reason, /Temperature of Oven(?: is|: not read|: overload)|it returns when/, story());
        }
        // What was suppressed is not kept over a restart: then it begins as normal.
        const last = events.at(-1)?.alarm.state ?? "normal";
        ok(last === state || (last === "suppressed" && state === "normal"), `its state is told: ${story()}`);
      }
      alarms.stop();
    }
  } finally {
    Date.now = realNow;
  }
});
