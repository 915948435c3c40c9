import { strictEqual } from "node:assert/strict";
import { printable } from "../../protocol/printable.ts";

Deno.test("printable: what would steer a terminal is escaped, and everything else stays as it is", () => {
  const cases: [text: string, shown: string][] = [
    ["25 °C, größer ≥ 3, 日本語, 🔭", "25 °C, größer ≥ 3, 日本語, 🔭"],
    ["two\nlines\r\n\tand a tab", "two\\nlines\\r\\n\\tand a tab"],
    ["\x1b[2J\x07\0\x7f\x9b31m", "\\u001b[2J\\u0007\\u0000\\u007f\\u009b31m"],
    ["\u202egnp.exe\u2066\u2069\u200e\u200f\u061c", "\\u202egnp.exe\\u2066\\u2069\\u200e\\u200f\\u061c"],
    ["\u2028\u2029\ufeff\u200b", "\\u2028\\u2029\\ufeff\\u200b"],
    ["\u{e0041}x", "\\udb40\\udc41x"],
    ["soft\u00adhyphen", "soft\\u00adhyphen"],
    ["half \ud800 a character", "half \\ud800 a character"],
    ["C:\\new", "C:\\new"],
  ];
  for (const [text, shown] of cases) strictEqual(printable(text), shown);
  // What is printable is printable.
  for (const [, shown] of cases) strictEqual(printable(shown), shown);
});
