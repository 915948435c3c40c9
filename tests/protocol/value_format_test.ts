/** The formats of numbers: what people read is the number, in the form that its field declares. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { formatValue, parseValue } from "../../server/bench/values.ts";
import { type FormatDescription, inFormat } from "../../protocol/value_format.ts";

Deno.test("format: numbers are written as their field declares", () => {
  const cases: [FormatDescription, number, string | undefined][] = [
    [{}, 1.5, undefined],
    [{ decimals: 2 }, 1.5, undefined],
    [{ format: "fixed" }, 2.24e-6, "0.00000224"],
    [{ format: "fixed" }, -1e22, "-10000000000000000000000"],
    [{ format: "fixed", decimals: 1 }, 1e21, "1000000000000000000000.0"],
    [{ format: "fixed", decimals: 2 }, 12.345, "12.35"],
    [{ format: "scientific" }, 2.24e-6, "2.24e-6"],
    [{ format: "scientific", decimals: 3 }, 101325, "1.013e5"],
    [{ format: "engineering" }, 22.4e-6, "22.4e-6"],
    [{ format: "engineering", decimals: 1 }, 999.96, "1.0e3"],
    [{ format: "engineering", decimals: 0 }, -4700, "-5e3"],
    [{ format: "engineering" }, 0, "0e0"],
    [{ format: "significant", decimals: 3 }, 1234.5, "1230"],
    [{ format: "significant", decimals: 4 }, 0.5, "0.5000"],
    [{ format: "significant", decimals: 3 }, 9.996, "10.0"],
    [{ format: "significant", decimals: 3 }, 2.2449e-6, "2.24e-6"],
    [{ format: "hexadecimal" }, 31, "0x1F"],
    [{ format: "hexadecimal" }, 1000, "0x03E8"],
    [{ format: "hexadecimal" }, -1, "-0x01"],
    [{ format: "binary" }, 5, "0b00000101"],
  ];
  for (const [spec, value, text] of cases) strictEqual(inFormat(spec, value), text, JSON.stringify([spec, value]));
});

Deno.test("format: any number reads back as nearly the same, and a whole one typed as it is shown as itself", () => {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let round = 0; round < 2000; round++) {
    const value = (random() - 0.5) * 10 ** (random() * 40 - 20);
    for (const format of ["fixed", "significant", "scientific", "engineering"] as const) {
      strictEqual(Number(inFormat({ format }, value)), value, `${format} of ${value}`);
      const rounded = Number(inFormat({ format, decimals: 6 }, value));
      const error = Math.abs(rounded - value);
      ok(error <= (format === "fixed" ? 5.001e-7 : 1e-5 * Math.abs(value)) || error <= 1e-15 * Math.abs(value));
    }
    const whole = Math.round(Math.abs(value));
    if (!Number.isSafeInteger(whole)) continue;
    for (const format of ["hexadecimal", "binary"] as const) {
      const spec = { type: "int", format } as const;
      strictEqual(parseValue(spec, formatValue(spec, whole)), whole);
    }
  }
  deepStrictEqual(parseValue({ type: "int", format: "hexadecimal" }, " 0xff "), 255);
});
