/** Expressions: what they are worth, what they depend on, and how a mistake in one is told. */
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { defineInstrument } from "../../../mod.ts";
import { BenchEnvironment } from "../../../server/expressions/bench_environment.ts";
import { compile } from "../../../server/expressions/compile.ts";

function bench() {
  const supply = defineInstrument({
    title: "Lamp Supply",
    fields: {
      Voltage: { type: "float", initial: 12, access: "readout" },
      Current: { type: "float", initial: 0.5, access: "readout" },
      Count: { type: "int", initial: 7, access: "readout" },
      Mode: { type: "choice", choices: ["CV", "CC"], initial: "CV", access: "readout" },
      Output: { type: "switch", initial: true, write: () => {} },
      Remark: { type: "text", initial: "spare lamp", access: "readout" },
    },
  });
  const picarro = defineInstrument({
    title: "Picarro",
    fields: { "CH4 (ppm)": { type: "float", initial: 2, access: "readout" } },
  });
  const environment = new BenchEnvironment([supply, picarro]).of(supply);
  return { supply, picarro, compiled: (text: string) => compile(text, environment) };
}

Deno.test("expressions: numbers are floats, and names are those of the wires or titles", () => {
  const { compiled } = bench();
  const worth: readonly (readonly [string, string, unknown])[] = [
    ["voltage * current", "number", 6],
    ["30 / 4", "number", 7.5],
    ["0x1F + 1e3 - -2", "number", 1033],
    ["count / 2", "number", 3.5],
    ["count % 4 == 3", "switch", true],
    ["lamp_supply.voltage > 11 && output", "switch", true],
    ['field("Picarro", "CH4 (ppm)") + picarro.ch4_ppm', "number", 4],
    ["field('lamp_supply', 'voltage')", "number", 12],
    ['mode == "CV" ? voltage : 0', "number", 12],
    ['mode in ["CC", "CV"]', "switch", true],
    ["count in [6, 7]", "switch", true],
    ['size(remark) / 4 + remark.indexOf("lamp")', "number", 8.5],
    ["size(remark) == 10 && 10 == size(remark)", "switch", true],
    ["remark.substring(0, 5)", "text", "spare"],
    ["[voltage, current, 3].exists(x, x > 11)", "switch", true],
    ["cel.bind(p, voltage * current, p * p)", "number", 36],
    ["[1, 2, 3][1]", "number", 2],
    ["pow(10, (voltage - 10) / 2) + min(3, 1, 2) + round(-2.5)", "number", 8],
    ["int(7.9) / int(2)", "number", 3],
    ['string(voltage) + " V"', "text", "12 V"],
    ['remark + "voltge = 1"', "text", "spare lampvoltge = 1"],
  ];
  for (const [text, type, value] of worth) {
    const expression = compiled(text);
    deepStrictEqual([expression.type, expression.evaluate()], [type, { quality: "good", value }], text);
  }
  const names = compiled("voltage * voltage + lamp_supply.voltage + current").dependencies.map(({ label }) => label);
  deepStrictEqual(names, ["Voltage of Lamp Supply", "Current of Lamp Supply"]);
});

Deno.test("expressions: a field that is not good makes the result not good, wherever it stands", () => {
  for (const text of ["output || current > 1", "!output && current > 1", "output ? true : current > 1"]) {
    const { supply, compiled } = bench();
    const { evaluate } = compiled(text);
    strictEqual(evaluate().quality, "good");
    supply.field("current").doubt("the line is silent");
    deepStrictEqual(evaluate(), { quality: "stale", reason: "Current of Lamp Supply: the line is silent" }, text);
    supply.field("voltage").fail("overload");
    strictEqual(evaluate().quality, "stale", "what is not used does not count");
    supply.field("current").fail("overload");
    deepStrictEqual(evaluate(), { quality: "error", reason: "Current of Lamp Supply: overload" }, text);
  }
  const { compiled } = bench();
  deepStrictEqual(compiled("double(remark)").evaluate(), {
    quality: "error",
    reason: "double(remark): double() type error: cannot convert to double",
  });
});

Deno.test("expressions: a mistake is told with the part that is wrong, and what would be right", () => {
  const { compiled } = bench();
  const mistakes: readonly (readonly [string, string | RegExp])[] = [
    [
      "voltge * 2",
      "Lamp Supply has no field voltge (did you mean voltage?); it has voltage, current, count, mode, output, remark",
    ],
    ["picaro.ch4_ppm", "there is no instrument picaro (did you mean picarro?); there is lamp_supply, picarro"],
    ["picarro * 2", "picarro is an instrument: write one of its fields, such as picarro.ch4_ppm"],
    ['field("Picarro", "CH5 (ppm)")', /^Picarro has no field CH5 \(ppm\) \(did you mean CH4 \(ppm\)\?\)/],
    ["field(mode, voltage)", 'field takes two texts: field("Argon MFC", "Actual Flow")'],
    ['1 + (voltage > "3" ? 1 : 2)', 'voltage > "3": > cannot take a number and text'],
    ['output == "On"', 'output == "On": == cannot take true or false and text; a switch is true or false'],
    ["-mode", "-mode: - cannot take text"],
    ["voltage && output", "voltage && output: true or false should stand here, and it is a number"],
    ["voltage ? 1 : 2", "voltage: true or false should stand here, and it is a number"],
    [
      "output ? 1 : mode",
      "output ? 1 : mode: both values of a ? : should be of one type, and these are a number and text",
    ],
    ["sqr(voltage)", /^sqr\(voltage\): there is no function sqr \(did you mean sqrt\?\); there is field, abs, /],
    ["sqrt(mode)", "sqrt(mode): sqrt does not take text"],
    ['mode == "CX"', /^Mode of Lamp Supply is never "CX"( \(did you mean C.\?\))?; it is one of CV, CC$/],
    ['"cv" == mode', 'Mode of Lamp Supply is never "cv" (did you mean CV?); it is one of CV, CC'],
    ["voltage *", "it ends where something should follow"],
    ["voltage ^ 2", 'it cannot be understood from "^ 2" on: a power is written pow(x, 2)'],
    ["voltage = 2", 'it cannot be understood from "= 2" on: two values are compared by =='],
    ["output and output", /: and is written &&$/],
    ['remark.matches("(a+)+$")', "matches is not known here: there is contains, startsWith and endsWith"],
    ["[voltage, 2]", "its value is a list, and should be a number, text, or true or false"],
  ];
  for (const [text, message] of mistakes) {
    throws(() => compiled(text), (error: Error) => {
      if (typeof message === "string") strictEqual(error.message, message);
      else ok(message.test(error.message), error.message);
      return error.name === "ExpressionError" || error.name === "UnknownName";
    }, text);
  }
});
