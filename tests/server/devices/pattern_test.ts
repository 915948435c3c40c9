import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import fc from "npm:fast-check@4.10.2";
import { builtInDrivers } from "../../../server/devices/drivers/drivers.ts";
import { Pattern, pattern, wholePattern } from "../../../server/devices/described/pattern.ts";

const refusal = (source: string): string => {
  try {
    new Pattern(source);
  } catch (error) {
    ok(error instanceof TypeError, `${error}`);
    return error.message;
  }
  return "";
};

/**
 * Patterns of all that is known, so that what is written out for the other engine is tried in every combination. But for
 * (?i:…), which V8 lets reach beyond its end: "(?:(?i:(?:\\Ba??\\W|$)\\B(?s:a*?-)|[ab])??(?s:[ab]){0,2}(?:b|(?-i:.a|a)^))"
 * finds a B there.
 */
const grammar = fc.letrec<{ atom: string; piece: string; part: string; all: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom("a", "b", ",", "-", ".", "\\.", "\\d", "\\D", "\\s", "\\S", "\\w", "\\W", "\\b", "\\B", "^", "$"),
    fc.constantFrom(
      "[ab]",
      "[^a]",
      "[\\s\\d]",
      "[^\\S]",
      "[a\\-c]",
      "[^\\w,]",
      "[\\W]",
      "[]",
      "[^]",
      "[.\\]]",
      "[\\b]",
    ),
    fc.constantFrom("\\n", "\\t", "\\x61", "\\u00a0", "\\cJ", "\\/", "\\-", "{", "}", "]", "\\0", "é", "/", '"', "\\p"),
    tie("all").map((inner) => `(${inner})`),
    tie("all").map((inner) => `(?:${inner})`),
    tie("all").map((inner) => `(?s:${inner})`),
  ),
  piece: fc.tuple(
    tie("atom"),
    fc.constantFrom("", "", "", "", "", "", "", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "+?", "??", "{1}"),
  )
    .map(([atom, count]) => /^(?:[$^]|\\b|\\B)$/i.test(atom) ? atom : atom + count),
  part: fc.array(tie("piece"), { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join("")),
  all: fc.array(tie("part"), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("|")),
})).all;

const line = fc.array(
  fc.constantFrom(
    "a",
    "b",
    "c",
    "A",
    "B",
    ",",
    ".",
    "-",
    "1",
    "2",
    " ",
    "\t",
    "\n",
    "\r",
    "\u00a0",
    "_",
    "é",
    "\u2028",
    "\0",
  ),
  { maxLength: 8 },
).map((characters) => characters.join(""));

/**
 * Looks at one place after another. V8's own search takes some patterns for ones that only match at the beginning:
 * /[ab]|[^]*?\n^a/ finds no a in "-a".
 */
function firstMatch(sticky: RegExp, line: string): RegExpExecArray | null {
  for (let at = 0; at <= line.length; at++) {
    sticky.lastIndex = at;
    const found = sticky.exec(line);
    if (found !== null) return found;
  }
  return null;
}

Deno.test("pattern: means what it means in JavaScript, or is refused", () => {
  let compared = 0;
  fc.assert(
    fc.property(grammar, fc.array(line, { minLength: 1, maxLength: 6 }), (source, lines) => {
      let theirs: RegExp | undefined;
      try {
        theirs = new RegExp(source, "y");
      } catch {
        // No expression: neither is it one here.
      }
      const wrong = refusal(source);
      if (theirs === undefined) return match(wrong, /^is no regular expression: /);
      if (wrong !== "") return match(wrong, /^repeats (\(|too often)/);
      const ours = new Pattern(source);
      const groups = Array.from({ length: ours.groupCount + 1 }, (_, group) => group).filter((group) => {
        try {
          ours.checkGroup(group);
          return true;
        } catch (error) {
          match((error as Error).message, /is not the same in JavaScript/);
          return false;
        }
      });
      for (const line of lines) {
        const found = firstMatch(theirs, line);
        strictEqual(ours.test(line), found !== null, line);
        deepStrictEqual(groups.map((group) => ours.value(line, group)), groups.map((group) => found?.[group]), line);
        compared++;
      }
    }),
    { numRuns: 2000 },
  );
  ok(compared > 500, `${compared} lines were compared`);
});

Deno.test("pattern: what would keep JavaScript's engine busy for ever takes no time", () => {
  const sources = [
    "^FM:((?:\\d+[.,]?)+)$",
    "^(a+)+$",
    "^(0|0)*$",
    "(x+x+)+y",
    "^(\\s*\\w*\\s*)*;$",
    "(.*)(.*)(.*)(.*)(.*)x",
  ];
  for (const source of sources) {
    for (const piece of ["0", "a", "x", " ", "FM:1"]) {
      const line = `${piece.repeat(2000)}!`;
      const found = pattern(source).test(line);
      strictEqual(pattern(source).value(line, 0) !== undefined, found, source);
    }
  }
  strictEqual(pattern(sources[0]!).value("FM:12.5,3"), "12.5,3");
});

Deno.test("pattern: a line that is far too long for it does not match", () => {
  const large = pattern("^(?:a{1,30}b?){30}(c)?");
  strictEqual(large.value(`${"a".repeat(60)}c`), "c");
  strictEqual(large.test("a".repeat(60_000)), false);
  strictEqual(large.value(`${"a".repeat(60_000)}c`), undefined);
  // The longest line that an instrument may send is short enough for the usual ones.
  strictEqual(pattern("^CURVE (.*)$").value(`CURVE ${"1.25,".repeat(12_000)}`)?.length, 60_000);
});

Deno.test("pattern: every pattern of a built-in driver is known", () => {
  const patterns: string[] = [];
  const walk = (value: unknown, key: string) => {
    if (typeof value === "string" && ["pattern", "answer", "allow"].includes(key)) patterns.push(value);
    if (typeof value === "object" && value !== null) {
      for (const [key, each] of Object.entries(value)) {
        walk(each, key);
      }
    }
  };
  walk(builtInDrivers, "");
  ok(patterns.length > 20, `${patterns.length}`);
  for (const source of patterns) {
    // A parameter in it stands for itself.
    const filled = source.replace(/\{[a-z]\w*\}/g, "A1");
    new RegExp(filled);
    pattern(filled);
  }
});

Deno.test("pattern: groups by number and by name, also where alternatives share one", () => {
  strictEqual(pattern("b").value("abc"), "b");
  strictEqual(pattern("a(b)(c)").value("abc"), "b");
  strictEqual(pattern("a(b)(c)").value("abc", 0), "abc");
  strictEqual(pattern("(?<t>[^,]*),(?<p_2>[^,]*)").value("1,2", "p_2"), "2");
  strictEqual(pattern("^(?:T(?<n>\\d)|(?<n>\\d)C)$").value("5C", "n"), "5");
  strictEqual(pattern("(?<__proto__>b)").value("abc", "__proto__"), "b");
  strictEqual(pattern("(b)?").value("a"), undefined);
  throws(() => pattern("(?<volts>x)").checkGroup("volt"), /no group volt \(did you mean volts\?\): it has volts$/);
  throws(() => pattern("x").checkGroup("constructor"), /no group constructor: it has none with a name$/);
  throws(() => pattern("(x)").checkGroup(2), /^TypeError: the pattern has no group 2: it has 1$/);
  pattern("x").checkGroup(0);
});

Deno.test("wholePattern: nothing in a pattern gets out of the whole", () => {
  strictEqual(wholePattern("a|b").test("ab"), false);
  strictEqual(wholePattern("a|b").test("b"), true);
  throws(() => wholePattern("a)|(.*"), /is no regular expression: Unmatched '\)'/);
});

Deno.test("pattern: what is not known here is refused, with what would be right", () => {
  const cases: [string, RegExp][] = [
    ["(", /^is no regular expression: Unterminated group$/],
    [
      "a(?=b)",
      /^has \(\?=b\), which looks ahead: that takes more than linear time; match the whole line, and put a group/,
    ],
    ["a(?!b)", /^has \(\?!b\), which looks ahead/],
    ["(?<=a)b", /^has \(\?<=a\), which looks behind/],
    ["(?<!a)b", /^has \(\?<!a\), which looks behind/],
    ["(a)\\1", /^has \\1, which stands for what a group has matched: .*write out what may stand there$/],
    ["(?<x>a)\\k<x>", /^has \\k<x>, which stands for what a group has matched/],
    ["a{1001}", /^has \{1001\}, and 1000 is the highest count; write \+ or \* for more$/],
    ["a{5,2000}", /^has \{5,2000\}, and 1000/],
    ["a{2000,}", /^has \{2000,\}, and 1000/],
    ["(?:a{100}){100}", /^repeats too often what is repeated: 1000 times in all at most$/],
    [
      "(?:[ab]{900}[cd]{900}){1}".repeat(4),
      /^is too large: it comes to \d+ steps, and 5000 are the most; write \+ or \*/,
    ],
    ["(?m:^a)", /^has m, by which \^ and \$ match at line ends: an answer is one line; leave the m out$/],
    ["(?:|a)*", /^repeats \(\?:\|a\), which may be empty before it is anything else, .*leave the empty case out/],
    ["(?:a*?)+", /^repeats \(\?:a\*\?\), which may be empty/],
    ["😀", /half of a character: no instrument sends it$/],
    ["(".repeat(101) + ")".repeat(101), /^is nested too deeply: 100 groups in each other are the most$/],
  ];
  for (const [source, expected] of cases) match(refusal(source), expected, source);
});
