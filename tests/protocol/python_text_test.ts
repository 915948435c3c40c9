import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "npm:fast-check@4.10.2";
import { pythonFloat, pythonJson, pythonRepr, pythonText, Tuple } from "../../protocol/python_text.ts";
import { canRun } from "../fixture.ts";

Deno.test("pythonFloat: prints as Python does", () => {
  const cases: [number, string][] = [
    [1, "1.0"],
    [-100, "-100.0"],
    [2.5, "2.5"],
    [1e-7, "1e-07"],
    [1e-5, "1e-05"],
    [0.0001, "0.0001"],
    [1e16, "1e+16"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1e22, "1e+22"],
    [999999999999999, "999999999999999.0"],
    [0, "0.0"],
    [-0, "-0.0"],
    [NaN, "nan"],
    [-Infinity, "-inf"],
  ];
  for (const [value, text] of cases) strictEqual(pythonFloat(value), text);
});

const python = await canRun("python3");

Deno.test({
  name: "pythonFloat and pythonRepr: agree with a real Python on whatever it is given",
  ignore: !python, // needs python3 on this machine
  fn: async () => {
    const floats = fc.sample(fc.double({ noNaN: true }), 500);
    const texts = fc.sample(fc.string({ unit: "grapheme-ascii" }), 200).concat([
      "it's",
      'say "hi"',
      `both ' and "`,
      "a\\b\n\t",
      "30 °C é µ Ω 温度 😀 \x7f\x85\xa0\xad\u200b\u2028\ufeff\u{e0001}",
    ]);
    const script = "import json,sys\nd=json.load(sys.stdin)\n" +
      "print(json.dumps([repr(float(x)) for x in d['floats']]+[repr(x) for x in d['texts']]))";
    const child = new Deno.Command("python3", { args: ["-c", script], stdin: "piped", stdout: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(
      new TextEncoder().encode(JSON.stringify({ floats: floats.map((value) => pythonFloat(value)), texts })),
    );
    await writer.close();
    const printed = JSON.parse(new TextDecoder().decode((await child.output()).stdout));
    deepStrictEqual(printed, [...floats.map(pythonFloat), ...texts.map(pythonRepr)]);
  },
});

Deno.test("pythonJson: has a space after commas and colons, and floats keep their fraction", () => {
  strictEqual(
    pythonJson({ a: 1, b: "two words", c: [1, new Number(2), null, true] }),
    '{"a": 1, "b": "two words", "c": [1, 2.0, null, true]}',
  );
});

Deno.test("pythonText: a tuple is what Python prints of it", () => {
  const text = pythonText(Tuple.from(["it's", 1, new Number(2), true, null, ["a", 2.5], { b: Tuple.of("c") }]));
  strictEqual(text, `("it's", 1, 2.0, True, None, ['a', 2.5], {'b': ('c',)})`);
  strictEqual(pythonText(new Tuple()), "()");
});

Deno.test("pythonText: prints single values as Python's str does", () => {
  deepStrictEqual([true, 3, 2.5, null, "as it is", new Number(4)].map(pythonText), [
    "True",
    "3",
    "2.5",
    "None",
    "as it is",
    "4.0",
  ]);
});
