/** Bench files: what is wrong with the ways of asking is said with its place, and with what would be right. */
import assert from "node:assert/strict";
import { BenchFileError, loadBench, type PortContact } from "../../../mod.ts";

/** What is wrong with an instrument of these words; `nothing` where it stands on the bench. */
async function problems(words: Record<string, unknown>): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const instrument = { title: "A", port: "tcp://x:1", ...words };
    await Deno.writeTextFile(file, JSON.stringify({ instruments: [instrument] }));
    await (await loadBench(file)).close();
    return "nothing";
  } catch (error) {
    assert.ok(error instanceof BenchFileError, String(error));
    return error.message;
  } finally {
    await Deno.remove(file);
  }
}

const field = (words: Record<string, unknown>) => ({ fields: { V: words, On: { type: "switch", read: "ON?" } } });
const command = (words: Record<string, unknown>) => ({ commands: { go: { summary: "Go", send: "GO", ...words } } });
const done = { ask: "MD?", pattern: "^1$" };

const mistakes: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  [
    "a step that is two",
    field({ read: [{ send: "INP 3", wait: 1 }, { ask: "RD?" }] }),
    /fields\.V\.read\[0\]: a step is one thing: "send", "ask" or "wait"; this has send and wait/,
  ],
  ["a step that is none", field({ read: [{}, { ask: "RD?" }] }), /fields\.V\.read\[0\]: .* this has none of them/],
  [
    "steps that ask nothing",
    field({ read: [{ send: "INP 3" }] }),
    /fields\.V\.read: asks nothing: one of its steps needs "ask"/,
  ],
  [
    "a pattern of a wait",
    field({ read: [{ wait: 1, pattern: "x" }, { ask: "RD?" }] }),
    /fields\.V\.read\[0\]\.pattern: has a meaning only beside "ask"/,
  ],
  [
    "an answer of a question",
    field({ read: [{ ask: "RD?", answer: "x" }] }),
    /fields\.V\.read\[0\]\.answer: has a meaning only beside "send"/,
  ],
  [
    "a pattern in steps that is none",
    field({ read: [{ send: "INP 3" }, { ask: "RD?", pattern: "(" }] }),
    /fields\.V\.read\[1\]\.pattern: /,
  ],
  [
    "a long wait",
    field({ read: [{ wait: 5000 }, { ask: "RD?" }] }),
    /read\[0\]\.wait: should be at most 600, and is 5000: more than 600 s is hardly meant/,
  ],
  [
    "a value that is asked until it is something",
    field({ read: [{ ask: "RD?", until: "1" }] }),
    /fields\.V\.read\[0\]\.until: belongs to a question before the one that is the value/,
  ],
  [
    "an interval of one question",
    field({ read: [{ ask: "RD?", every: 1 }] }),
    /fields\.V\.read\[0\]\.every: has a meaning only beside "until"/,
  ],
  [
    "a reading that waits too long",
    field({ read: [{ wait: 31 }, { ask: "A?" }] }),
    /V\.read: waits 31 s in all, and a/,
  ],
  [
    "a command that waits beyond its deadline",
    command({ send: ["A", { wait: 40 }] }),
    /commands\.go\.send: waits 40 s in all, and the command has 30 s: say a longer "deadline"/,
  ],
  ["steps that set nothing", field({ write: ["A", { wait: 1 }] }), /fields\.V\.write: sends the same whatever is set/],
  [
    "a place that is no field",
    field({ write: "PID {v},{onn}" }),
    /fields\.V\.write: .* has a place \{onn\}, and there is \{value\}, \{v\}, \{on\} \(did you mean on\?\)/,
  ],
  [
    "deafness that answers",
    field({ write: { send: "A {value}", answer: "OK", deaf: 1 } }),
    /write\.deaf: has a meaning only without "answer"/,
  ],
  [
    "a selection of what is heard",
    { fields: { V: { listen: { pattern: "(.*)" }, select: "INP 1" } } },
    /fields\.V\.select: has a meaning only beside "read" or "write"/,
  ],
  [
    "a selection that holds the end",
    field({ read: "RD?", select: "A\nB" }),
    /fields\.V\.select: .* holds the end of a command/,
  ],
  [
    "a condition without a reading",
    field({ write: "A {value}", when: { On: true } }),
    /fields\.V\.when: has a meaning only beside "read"/,
  ],
  [
    "a condition on no field",
    field({ read: "A?", when: { One: true } }),
    /fields\.V\.when\.One: is no other field of it \(did you mean On\?\); there is On/,
  ],
  ["a condition on itself", field({ read: "A?", when: { V: 1 } }), /fields\.V\.when\.V: is no other field of it/],
  ["a condition that never holds", field({ read: "A?", when: { On: "perhaps" } }), /fields\.V\.when\.On: /],
  [
    "an interval for no field",
    field({ read: "A?", poll: { every: 1, while: { Off: true } } }),
    /fields\.V\.poll\.while\.Off: is no other field/,
  ],
  ["an interval without a condition", field({ read: "A?", poll: { every: 1 } }), /fields\.V\.poll\.while: is missing/],
  [
    "a stop of what is over at once",
    command({ stop: "ST" }),
    /commands\.go\.stop: has a meaning only beside "doneWhen"/,
  ],
  [
    "what takes long, at once",
    command({ doneWhen: done, immediate: true }),
    /commands\.go\.immediate: is for what is over at once/,
  ],
  [
    "a deadline before the end",
    command({ doneWhen: { ...done, within: 60 }, deadline: 30 }),
    /commands\.go\.deadline: is less than the 60 s within/,
  ],
  [
    "an end that never comes",
    command({ doneWhen: { ask: "MD?", pattern: "^1\n$" } }),
    /commands\.go\.doneWhen\.pattern: /,
  ],
  [
    "an argument of nothing but a stop",
    command({ doneWhen: done, stop: "ST {axis}", arguments: { axis: { type: "int" } } }),
    /^nothing$/,
  ],
  ["a line that is given back and listened to", {
    line: { connection: { releaseAfter: 1 } },
    fields: { V: { listen: { pattern: "(.*)" } } },
  }, /line\.connection: must be kept/],
  ["a line that is never quiet", {
    line: { connection: { releaseAfter: 2 } },
    ...field({ read: "A?", poll: 10 }),
  }, /line\.connection: is never quiet for 2 s: On is read every 1 s; say a longer "poll" or "pollInterval"/],
  [
    "a wake-up that holds the end",
    { line: { wake: { send: "\r\n" } }, ...field({ read: "A?" }) },
    /line\.wake\.send: .* holds the end/,
  ],
  ["another connection", { line: { connection: "sometimes" }, ...field({ read: "A?" }) }, /line\.connection: /],
];

Deno.test("bench file: each wrong way of asking is told at its place, with what would be right", async () => {
  const wrong: string[] = [];
  for (const [what, words, expected] of mistakes) {
    const told = await problems(words);
    if (!expected.test(told)) wrong.push(`${what}: ${told}`);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("bench file: what delays a stop is counted: the line's gap, deafness, waking, and what a stop waits itself", async () => {
  const within = async (words: Record<string, unknown>) => {
    const file = await Deno.makeTempFile({ suffix: ".json" });
    try {
      await Deno.writeTextFile(file, JSON.stringify({ instruments: [{ title: "A", port: "tcp://x:1", ...words }] }));
      const { instruments } = await loadBench(file);
      return Math.round((instruments[0]!.contact as PortContact).immediateWithin() * 1000);
    } finally {
      await Deno.remove(file);
    }
  };
  const stop = { summary: "Stop", send: "ST", immediate: true };
  assert.equal(await within({ commands: { stop } }), 20);
  assert.equal(await within({ commands: { stop }, line: { gap: 0.1, deaf: 0.05, wake: { wait: 1 } } }), 1170);
  const reset = { summary: "Reset", send: [{ send: "*RST", deaf: 0.5 }, { wait: 10 }] };
  assert.equal(await within({ commands: { stop, reset } }), 520);
  assert.equal(await within({ commands: { stop: { ...stop, send: ["A", { wait: 2 }, "B"] } } }), 2020);
});
