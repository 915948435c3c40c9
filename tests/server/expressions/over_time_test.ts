/** Conditions over time: means, rates, ages, and what is no number. */
import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { defineInstrument } from "../../../mod.ts";
import { BenchEnvironment } from "../../../server/expressions/bench_environment.ts";
import { compile } from "../../../server/expressions/compile.ts";
import { Windows } from "../../../server/expressions/windows.ts";

function lab() {
  const instrument = defineInstrument({
    title: "Oven",
    fields: {
      Temperature: { type: "float", unit: "°C", access: "readout" },
      Heater: { type: "switch", initial: false },
      State: { type: "choice", choices: ["Idle", "Ramp"], initial: "Idle" },
    },
  });
  let now = 0;
  const windows = new Windows(() => now * 1000);
  instrument.read = (_, field) => windows.reading(field);
  const environment = new BenchEnvironment([instrument]).of(undefined, windows);
  const temperature = instrument.field("temperature");
  return {
    instrument,
    temperature,
    compile: (text: string) => compile(text, environment),
    read: (at: number, value: number) => {
      now = at;
      temperature.update(value);
    },
    at: (time: number) => void (now = time),
  };
}

Deno.test("conditions: means and rates are those of the readings of that time, however they came", () => {
  const { compile, read, at, temperature } = lab();
  const [mean, rate] = [compile(`mean(oven.temperature, "10s")`), compile(`rate(oven.temperature, "1m")`)];
  match(JSON.stringify(mean.evaluate()), /"stale","reason":"Temperature of Oven: not read yet/);
  read(0, 10);
  deepStrictEqual([mean.evaluate(), rate.evaluate()], [{ quality: "good", value: 10 }, { quality: "good", value: 0 }]);
  read(8, 20);
  at(10);
  // 10 for eight seconds, 20 for two.
  deepStrictEqual(mean.evaluate(), { quality: "good", value: 12 });
  at(30);
  deepStrictEqual(mean.evaluate(), { quality: "good", value: 20 }, "what was before has left the window");
  // Five degrees a minute, read ten times a second for an hour: the window stays bounded, and right.
  for (let tenth = 0; tenth <= 36_000; tenth++) read(40 + tenth / 10, 20 + tenth / 10 * 5 / 60);
  const { value } = rate.evaluate() as { value: number };
  ok(Math.abs(value - 5) < 0.05, String(value));
  temperature.fail("overload");
  match(JSON.stringify(rate.evaluate()), /"error","reason":"Temperature of Oven: overload/);
});

Deno.test("conditions: how long something has been so, and what may be asked of a field that is not good", () => {
  const { compile, read, at, temperature } = lab();
  const held = compile(`held(oven.temperature > 30, "10s")`);
  const stuck = compile(`changed(oven.temperature) >= 20`);
  const quality = compile(`quality(oven.temperature) != "good"`);
  read(0, 31);
  const value = (expression: { evaluate(): unknown }) => (expression.evaluate() as { value: unknown }).value;
  deepStrictEqual([value(held), value(stuck), value(quality)], [false, false, false]);
  at(9);
  strictEqual(value(held), false);
  read(10, 31);
  strictEqual(value(held), true);
  read(20, 31);
  strictEqual(value(stuck), true, "it has the same value since it was first read");
  temperature.fail("overload");
  deepStrictEqual([value(quality), value(stuck), value(held)], [true, true, undefined]);
  read(21, 31);
  strictEqual(value(held), false, "what was not known has not been so");
});

Deno.test("conditions: what compares no number has no value, also where CEL would let another part decide", () => {
  const { compile, read, temperature } = lab();
  read(0, 0);
  for (
    const text of [
      "oven.temperature / oven.temperature > 33",
      "!(oven.temperature / oven.temperature > 33)",
      "(oven.temperature / oven.temperature) > 33 || true",
      "sqrt(oven.temperature - 1) < 3 || !oven.heater",
      "1 / oven.temperature > 5",
    ]
  ) {
    match(
      JSON.stringify(compile(text).evaluate()),
      /"error","reason":"what compares|"error","reason":"what is compared is/,
      text,
    );
  }
  deepStrictEqual(compile(`((oven.temperature + 1) * 2) <= 2 && oven.state == "Idle"`).evaluate(), {
    quality: "good",
    value: true,
  });
  throws(() => compile(`oven.state == "Rampp"`), /State of Oven is never "Rampp" \(did you mean Ramp\?\)/);
  throws(
    () => compile(`min(oven.temperature, age(oven.heater)) > 1`),
    /oven.temperature is in °C, and age\(oven.heater\) in s/,
  );
  throws(() => compile(`mean(oven.state, "1m") > 1`), /mean takes a number, and State of Oven is of the type choice/);
  throws(() => compile(`held(oven.temperature, "1m")`), /held takes a condition, and oven.temperature is none/);
  strictEqual(temperature.quality, "good");
});
