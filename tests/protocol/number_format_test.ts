/** Numbers as people read them. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { axisNumbers, shortNumber, wholeNumber } from "../../protocol/number_format.ts";

Deno.test("number format: a float keeps its digits, and small ones have an exponent", () => {
  const written: readonly (readonly [number, string])[] = [
    [30, "30.0"],
    [0, "0.0"],
    [2.24e-6, "2.24e-6"],
    [-2.24e-6, "-2.24e-6"],
    [0.00224, "0.00224"],
    [0.1 + 0.2, "0.3"],
    [2.24e-6 * 3, "6.72e-6"],
    [1e15, "1e15"],
    [123456789.25, "123456789.25"],
    [3.141592653589793, "3.14159265358979"],
  ];
  for (const [value, text] of written) strictEqual(wholeNumber({ type: "float" }, value), text);
  strictEqual(wholeNumber({ type: "float", decimals: 3 }, 1234.5), "1234.500");
  for (
    const [value, text] of [[1 / 3, "0.3333333"], [12, "12.0"], [1764348000.25, "1764348000.0"], [
      2e-9 / 3,
      "6.666667e-10",
    ]]
  ) strictEqual(wholeNumber({ type: "float" }, value as number, 7), text);
  strictEqual(wholeNumber({ type: "float", format: "scientific" }, 1 / 3, 7), "3.333333333333333e-1");
  strictEqual(wholeNumber({ type: "int" }, 1234567890123456), "1234567890123456");
});

Deno.test("number format: on cards there are as many digits as anybody reads", () => {
  const shown = [123.456789012, 2.2415926e-6, 10_000_000, 12].map((value) => shortNumber({ type: "float" }, value));
  deepStrictEqual(shown, ["123.45679", "2.2416e-6", "1e7", "12"]);
});

Deno.test("number format: the ticks of an axis differ from each other", () => {
  deepStrictEqual(axisNumbers([2e-6, 2.5e-6, 3e-6], 5e-7), ["2.0e-6", "2.5e-6", "3.0e-6"]);
  deepStrictEqual(axisNumbers([-2.5e-9, 1e-25, 2.5e-9, 5e-9], 2.5e-9), ["-2.5e-9", "0", "2.5e-9", "5.0e-9"]);
  deepStrictEqual(axisNumbers([0, 0.25, 0.5], 0.25), ["0", "0.25", "0.50"]);
  deepStrictEqual(axisNumbers([0, 25, 50], 25), ["0", "25", "50"]);
  deepStrictEqual(axisNumbers([1_000_000, 1_000_001], 1), ["1.000000e6", "1.000001e6"]);
  deepStrictEqual(axisNumbers([1e-7, null, 0.001, 1, 1000]), ["1e-7", "", "1e-3", "1e0", "1e3"]);
  deepStrictEqual(axisNumbers([0.001, null, 1, 1000]), ["0.001", "", "1", "1000"]);
});
