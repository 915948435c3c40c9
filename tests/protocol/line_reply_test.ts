import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { split } from "npm:shlex@3.0.0";
import fc from "npm:fast-check@4.10.2";
import { HeliographError } from "../../protocol/errors.ts";
import { lineError, lineReply } from "../../protocol/line_reply.ts";

Deno.test("lineReply: every kind of value as azcam writes it", () => {
  const cases: [unknown, string][] = [
    [undefined, "OK"],
    ["", "OK"],
    ["hello world", "OK hello world"],
    [3, "OK 3"],
    [true, "OK True"],
    [["a b", 1, 2.5, "c"], "OK 'a b' 1 2.5 c"],
    [{ a: 1, b: "two words" }, 'OK {"a": 1, "b": "two words"}'],
    ["OK done", "OK done"],
    ["ERROR by value", "ERROR by value"],
    ["WARNING careful", "WARNING careful"],
    ["OKAY is not the status word", "OK OKAY is not the status word"],
    ["ERRORS: 3", "OK ERRORS: 3"],
  ];
  for (const [value, reply] of cases) strictEqual(lineReply(value), reply);
});

Deno.test("lineReply: a line break in a value never breaks the framing", () => {
  strictEqual(lineReply("one\r\nERROR two"), "OK one\\r\\nERROR two");
  strictEqual(lineReply(["a\nb"]), "OK 'a\\nb'");
});

Deno.test("lineReply: a client's shlex gives back the items of a list", () => {
  const item = fc.string({ unit: fc.constantFrom("a", " ", "'", "ä", "=") });
  fc.assert(fc.property(fc.array(item, { minLength: 1 }), (items) => {
    deepStrictEqual(split(lineReply(items)), ["OK", ...items]);
  }));
});

Deno.test("lineError: an instrument's own error keeps azcam's wording", () => {
  strictEqual(lineError(new HeliographError("command_failed", "boom happened")), "ERROR AzcamError('boom happened')");
  strictEqual(
    lineError(new HeliographError("unknown_instrument", "No instrument …", { subject: "nosuch" })),
    "ERROR AzcamError('remote call not allowed: nosuch')",
  );
});

Deno.test("lineError: a client's shlex takes whatever the error says", () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom("a", " ", "'", '"', "\\", "\n") }), (text) => {
    for (const code of ["bad_argument", "command_failed"] as const) {
      const line = lineError(new HeliographError(code, text));
      strictEqual(split(line)[0], "ERROR");
      strictEqual(/[\r\n]/.test(line), false);
    }
  }));
});
