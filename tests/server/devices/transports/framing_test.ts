/** Answers are cut out of bytes as their shape says, in whatever pieces the bytes come. */
import assert from "node:assert/strict";
import fc from "npm:fast-check@4.10.2";
import {
  type Cut,
  echoed,
  type Framing,
  framingOf,
  prompted,
  type Shape,
  shapeProblem,
} from "../../../../server/devices/transports/framing.ts";

/** All answers in a text that comes in pieces, and what is left. */
function cutAll(framing: Framing, pieces: readonly string[]): { answers: string[]; left: string } {
  const answers: string[] = [];
  let bytes = "";
  let least = 0;
  for (const piece of pieces) {
    bytes += piece;
    while (bytes.length >= least) {
      const cut: Cut | number = framing.cut(bytes);
      if (typeof cut === "number") {
        assert.ok(cut > bytes.length, `it asks for ${cut} bytes, and has ${bytes.length}`);
        least = cut;
        break;
      }
      answers.push(cut.answer);
      assert.ok(cut.taken > 0);
      bytes = bytes.slice(cut.taken);
      least = 0;
      if (bytes === "") break;
    }
  }
  return { answers, left: bytes };
}

const framing = (shape: Shape & { readonly receiveEnd?: string }) => framingOf({ receiveEnd: "\n", ...shape });
const block = (data: string) => `#${String(data.length).length}${data.length}${data}`;

const table: readonly [string, Framing, string, string[], string?][] = [
  ["an end", framing({}), "1\r\n2\n3", ["1", "2"], "3"],
  ["CR", framing({ receiveEnd: "\r" }), "1\r\n2\r\n", ["1", "2"], "\n"],
  ["several lines", framing({ lines: 2 }), "1\n2\r\n3\n", ["1\n2"], "3\n"],
  ["a length", framing({ length: 3 }), "\n\n1abc1", ["\n\n1", "abc"], "1"],
  ["a binary length", framing({ length: { at: 2, plus: 5 } }), "\x01\x03\x02\x00\x07\xaa\xbb\x01\x03\x00\x01\x02", [
    "\x01\x03\x02\x00\x07\xaa\xbb",
    "\x01\x03\x00\x01\x02",
  ]],
  ["a low byte first", framing({ length: { at: 0, bytes: 2, order: "little", plus: 2 } }), "\x03\x00abc", [
    "\x03\x00abc",
  ]],
  ["a decimal length", framing({ length: { at: 8, bytes: 2, as: "decimal", plus: 14 } }), "0011030906000100023\r", [
    "0011030906000100023\r".slice(0, 20),
  ]],
  ["a hexadecimal length", framing({ length: { at: 1, bytes: 2, as: "hexadecimal", plus: 3 } }), "S0Aabcdefghij", [
    "S0Aabcdefghij",
  ]],
  ["a length that is none", framing({ length: { at: 1, bytes: 2, as: "decimal", plus: 3 } }), "Sxyab", ["Sxy"], "ab"],
  ["a block", framing({ block: true }), `${block("\n1\n")}\n5\n${block("")}\r\n#0ab\n`, [
    block("\n1\n"),
    "5",
    "#10",
    "#0ab",
  ]],
  [
    "a block without an end",
    framing({ block: true, receiveEnd: "", quiet: 1 }),
    `${block("\n1\n")}#`,
    [block("\n1\n")],
    "#",
  ],
  ["a block that is none", framing({ block: true }), "#A\n#1x\n", ["#A", "#1x"]],
  ["a pattern", framing({ answerEnds: "^0|#$" }), "0:2#1Below Horizon #", ["0", ":2#", "1Below Horizon #"]],
  ["a pattern with what follows", framing({ answerEnds: "\\x03[\\s\\S]" }), "\x02A\x03\x03\x02B\x03\n", [
    "\x02A\x03\x03",
    "\x02B\x03\n",
  ]],
  ["a prompt", prompted(undefined, "> ", "\r"), "TC v1.0\r> a> b\r\n> > c", ["TC v1.0", "a> b", ""], "c"],
  ["a length and a prompt", prompted(framing({ length: 2 }), "> ", "\n"), "ab\n> cd> efg", ["ab", "cd", "ef"], "g"],
  ["an echo", echoed(framing({}), "X?"), "X?\r\n5\nX?\r6\nX?\n7\n", ["5", "6", "7"]],
  ["an echo and a prompt", echoed(prompted(undefined, "> ", "\r"), "X?"), "X?\r5\r> X?\r> ", ["5", ""]],
  ["an echo and a length", echoed(framing({ length: 1 }), "X?"), "X?\r1X?2", ["1", "2"]],
];

for (const [what, framing, bytes, answers, left = ""] of table) {
  Deno.test(`framing: ${what}, in any pieces`, () => {
    assert.deepEqual(cutAll(framing, [bytes]), { answers, left });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: bytes.length }), { maxLength: 6 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const pieces = places.slice(1).map((to, index) => bytes.slice(places[index], to));
        assert.deepEqual(cutAll(framing, pieces), { answers, left });
      }),
      { numRuns: 50 },
    );
    // What comes byte by byte is the hardest.
    assert.deepEqual(cutAll(framing, [...bytes]), { answers, left });
  });
}

Deno.test("framing: a block is read whole, whatever its bytes are", () => {
  const bytes = fc.array(fc.integer({ min: 0, max: 255 })).map((codes) => String.fromCharCode(...codes));
  fc.assert(fc.property(fc.array(bytes, { maxLength: 3 }), fc.constantFrom("\n", "\r\n", ";"), (data, end) => {
    const sent = data.map((each) => block(each) + end).join("");
    assert.deepEqual(cutAll(framing({ block: true, receiveEnd: end }), [...sent]).answers, data.map(block));
  }));
});

Deno.test("framing: a shape that contradicts itself says what", () => {
  const problem = (shape: Shape) => Object.values(shapeProblem(shape) ?? {}).join(" ");
  assert.match(problem({ length: 3, answerEnds: "#" }), /^answerEnds does not go with "length"/);
  assert.match(problem({ length: 3, lines: 2 }), /^lines does not go with "length": it counts what "receiveEnd" ends/);
  assert.match(problem({ receiveEnd: "" }), /^receiveEnd is empty: say "length", "answerEnds" or "quiet"/);
  assert.match(problem({ answerEnds: "a\\b" }), /^answerEnds has \\b, which looks at what comes next/);
  assert.match(problem({ answerEnds: "(" }), /^answerEnds is no pattern: /);
  assert.equal(shapeProblem({ block: false, length: 1 }), undefined);
  assert.throws(() => framing({ length: 3, block: true }), /"block" does not go with "length"/);
});
