import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { formatCommandLine, parseCommandLine, parseSessionWord } from "../../protocol/command_line.ts";

function parsed(line: string) {
  const { instrument, command, args, keywords } = parseCommandLine(line);
  return [instrument, command, args, Object.fromEntries(keywords)];
}

Deno.test("parseCommandLine: names, arguments and keywords", () => {
  deepStrictEqual(parsed("tempcon.set_control_temperature -100"), ["tempcon", "set_control_temperature", ["-100"], {}]);
  deepStrictEqual(parsed("get_status"), [undefined, "get_status", [], {}]);
  deepStrictEqual(parsed("  a.b\t1   c=2 \r"), ["a", "b", ["1"], { c: "2" }]);
});

Deno.test("parseCommandLine: quotes group words, at a token's start and after key=", () => {
  deepStrictEqual(parsed(`"UV Light".get "Actual Status"`), ["UV Light", "get", ["Actual Status"], {}]);
  deepStrictEqual(parsed(`a.b 'x y' k="p q" '' "a=b" it's`), ["a", "b", ["x y", "", "a=b", "it's"], { k: "p q" }]);
  deepStrictEqual(parsed(`"A.B".get x`), ["A.B", "get", ["x"], {}]);
});

Deno.test("parseCommandLine: Windows paths and equations survive", () => {
  deepStrictEqual(parsed(String.raw`a.b "C:\data\new folder" f=x=1 http://h/?a=b`), [
    "a",
    "b",
    [String.raw`C:\data\new folder`, "http://h/?a=b"],
    { f: "x=1" },
  ]);
});

Deno.test("parseCommandLine: long tokens, many equals signs and quotes after one that is no keyword's", () => {
  const long = `${"a".repeat(30_000)}-${"=".repeat(30_000)}`;
  deepStrictEqual(parsed(`a.b ${long} ="x" -="y" k==`), ["a", "b", [long, '="x"', '-="y"'], { k: "=" }]);
});

Deno.test("parseCommandLine: # begins a comment at a token's start only", () => {
  deepStrictEqual(parsed("a.b one # two"), ["a", "b", ["one"], {}]);
  deepStrictEqual(parsed(`a.b "#1" x#y`), ["a", "b", ["#1", "x#y"], {}]);
  deepStrictEqual(parsed("# only a comment"), [undefined, "", [], {}]);
});

Deno.test("parseCommandLine: an unclosed quote is told with its column", () => {
  throws(() => parseCommandLine(`a.b "one two`), {
    code: "bad_message",
    message: "Cannot read the line: the quote (double) at column 5 is never closed; end the text with the same quote",
  });
});

Deno.test("parseCommandLine: a name must stand on both sides of the dot", () => {
  for (const line of [".get", "tempcon."]) {
    throws(() => parseCommandLine(line), { code: "bad_message", message: /both sides/ });
  }
});

Deno.test("parseCommandLine: a keyword given twice is refused", () => {
  throws(() => parseCommandLine("a.b k=1 k=2"), {
    code: "bad_message",
    message: "Cannot take k= twice in one command",
  });
});

Deno.test("parseSessionWord: whole words in any case, with their text as it stands", () => {
  deepStrictEqual(parseSessionWord('Echo "quoted  text"'), { word: "echo", rest: '"quoted  text"' });
  deepStrictEqual(parseSessionWord("EXIT "), { word: "exit", rest: "" });
  deepStrictEqual(parseSessionWord("Quit\r"), { word: "quit", rest: "" });
  deepStrictEqual(parseSessionWord("bye"), { word: "bye", rest: "" });
  deepStrictEqual(parseSessionWord(" \r"), { word: "", rest: "" });
  for (const line of ["echoes", "exit.now", "exits", "registered x", "tempcon.exit"]) {
    deepStrictEqual(parseSessionWord(line), undefined);
  }
});

Deno.test("formatCommandLine: what it writes is read back as it was, whatever quotes and spaces it holds", () => {
  const texts = [
    "plain",
    "",
    "two words",
    `it's`,
    `say "so"`,
    `both ' and " of them`,
    `'"'"`,
    "a=b",
    "#1",
    "C:\\new folder\\x",
    "°",
  ];
  const keywords = new Map(texts.map((text, at) => [`key${at}`, text]));
  const line = formatCommandLine("uv_light", "set", texts, keywords);
  deepStrictEqual(parseCommandLine(line), { instrument: "uv_light", command: "set", args: texts, keywords });
});

Deno.test("formatCommandLine: typed values, lists and line breaks are written so that a line can hold them", () => {
  strictEqual(formatCommandLine("api", "take", ["tempcon", 1.5, true]), "take tempcon 1.5 true");
  strictEqual(formatCommandLine("a", "b", [[1, "x"], "one\r\ntwo"]), `a.b '[1,"x"]' "one two"`);
});
