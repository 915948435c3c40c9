import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { split } from "npm:shlex@3.0.0";
import fc from "npm:fast-check@4.10.2";
import { HeliographError } from "../../protocol/errors.ts";
import { OneWord } from "../../server/bench/values.ts";
import { canRun } from "../fixture.ts";
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
  strictEqual(lineReply("one\r\nERROR two"), "OK 'one\\r\\nERROR two'");
  strictEqual(lineReply(["a\nb"]), "OK 'a\\nb'");
});

Deno.test("lineReply: what a client's shlex would change is in quotes, and nothing else", () => {
  const cases: [unknown, string][] = [
    ["it's here", `OK "it's here"`],
    ['say "hi"', `OK 'say "hi"'`],
    [`it's "here"`, `OK "it's \\"here\\""`],
    ["C:\\images", "OK 'C:\\images'"],
    ["two  blanks", "OK 'two  blanks'"],
    ["WARNING it's careful", `WARNING "it's careful"`],
    [["", "it's", "C:\\x y\\"], `OK '' "it's" 'C:\\x y\\'`],
    [new OneWord("two words"), "OK 'two words'"],
    [new OneWord("OK"), "OK OK"],
    [new OneWord(""), "OK"],
    [{ title: new OneWord("it's") }, `OK {"title": "it's"}`],
  ];
  for (const [value, reply] of cases) strictEqual(lineReply(value), reply);
});

/** Texts that are hard to quote, and what a client is to read of each. */
const hard = fc.string({ unit: fc.constantFrom("a", " ", "'", '"', "\\", "ä", "=", "#", "\t", "$", "*", "5") });
const lists = fc.array(hard, { minLength: 1, maxLength: 6 });

Deno.test("lineReply: a client's shlex gives back texts and the items of a list", () => {
  fc.assert(fc.property(lists, (items) => deepStrictEqual(split(lineReply(items)), ["OK", ...items])));
  fc.assert(fc.property(hard, (text) => {
    deepStrictEqual(split(lineReply(new OneWord(text))), text === "" ? ["OK"] : ["OK", text]);
    // A client that wants a text joins what it is given.
    strictEqual(split(lineReply(text)).slice(1).join(" "), text.trim());
  }));
});

Deno.test({
  name: "lineReply: Python's own shlex gives them back too",
  ignore: !await canRun("python3"),
  fn: async () => {
    const samples = fc.sample(lists, 500);
    const replies = [...samples.map(lineReply), ...samples.map(([text]) => lineReply(new OneWord(text!)))];
    const program = "import json, shlex, sys; print(json.dumps([shlex.split(line) for line in json.load(sys.stdin)]))";
    const python = new Deno.Command("python3", { args: ["-c", program], stdin: "piped", stdout: "piped" }).spawn();
    const writer = python.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(replies)));
    await writer.close();
    const { stdout } = await python.output();
    const texts = samples.map(([text]) => text === "" ? ["OK"] : ["OK", text]);
    deepStrictEqual(JSON.parse(new TextDecoder().decode(stdout)), [
      ...samples.map((items) => ["OK", ...items]),
      ...texts,
    ]);
  },
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
