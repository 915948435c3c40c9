/**
 * The words of `heliograph shell`: what they are, their help, and how a line of them goes on.
 *
 * @module
 */

import type { InstrumentDescription } from "../protocol/description.ts";
import { printable } from "../protocol/printable.ts";
import { BenchWords } from "./bench_words.ts";
import { typedLine, written } from "./typed_line.ts";

/** A word of the shell. */
export interface ShellWord {
  /** What follows it. */
  readonly usage: string;
  /** What it does. */
  readonly brief: string;
  /** What is completed after it: an instrument, then one of its fields, a setting and its value, or a command. */
  readonly takes?: "instrument" | "field" | "value" | "call";
}

/** The words of the shell of our own; everything else is an azcam-style line. */
export const shellWords: Readonly<Record<string, ShellWord>> = {
  list: { usage: "", brief: "the instruments" },
  describe: { usage: "INSTRUMENT", brief: "its fields, values and commands", takes: "instrument" },
  get: { usage: "INSTRUMENT FIELD", brief: "read a field", takes: "field" },
  set: { usage: "INSTRUMENT FIELD VALUE", brief: "set a field; one that needs it waits for confirm", takes: "value" },
  confirm: { usage: "INSTRUMENT", brief: "apply the settings that wait", takes: "instrument" },
  revert: { usage: "INSTRUMENT", brief: "put the settings that wait back to what they were", takes: "instrument" },
  take: {
    usage: "INSTRUMENT [DURATION]",
    brief: "others read it but do not drive it; 90s, 10m, 2h",
    takes: "instrument",
  },
  release: { usage: "INSTRUMENT", brief: "everybody may drive it again", takes: "instrument" },
  call: { usage: "INSTRUMENT COMMAND ARG…", brief: "call a command", takes: "call" },
  eval: { usage: "[--python] EXPRESSION", brief: "evaluate JavaScript, or Python, on the server" },
  watch: { usage: "[INSTRUMENT [FIELD]]", brief: "show fields as they change, until Ctrl-C", takes: "field" },
  status: { usage: "", brief: "who is connected, and what the instruments are doing" },
  help: { usage: "[INSTRUMENT[.COMMAND]]", brief: "this, or what an instrument or command does", takes: "instrument" },
  exit: { usage: "", brief: "leave the shell (Ctrl-D does it too); the server goes on" },
};

/** What `help` says in the shell. */
export const shellHelp = `${
  Object.entries(shellWords).map(([word, { usage, brief }]) => `${`${word} ${usage}`.padEnd(30)}${brief}`).join("\n")
}
Any other line is a command as azcam's clients write it: tempcon.get_temperatures
Tab completes; the arrow keys bring back earlier lines.
`;

/** The age at which the list of completions is fetched again, in milliseconds. */
const staleAfter = 10_000;

/** Proposes how a line goes on. */
export class ShellCompleter {
  readonly #describe: () => Promise<InstrumentDescription[]>;
  #known = new BenchWords([]);
  #time = -Infinity;

  /** @param describe Asks for what is on the bench. */
  constructor(describe: () => Promise<InstrumentDescription[]>) {
    this.#describe = describe;
  }

  /**
   * @param line What has been typed so far.
   * @returns What the last word could be, and that word.
   */
  async complete(line: string): Promise<[string[], string]> {
    if (performance.now() - this.#time > staleAfter) {
      try {
        this.#known = new BenchWords(await this.#describe());
        this.#time = performance.now();
      } catch {
        // Without a server there is nothing new to propose.
      }
    }
    const { words, last } = typedLine(line, false);
    const texts = this.#proposals(words, last.text).flatMap((text) => written("ours", text, last.quote) ?? []);
    // What could steer the terminal is not proposed: the proposals are shown, and typed, as they are.
    const fitting = texts.filter((text) => text.startsWith(last.raw) && printable(text) === text);
    return [fitting, last.raw];
  }

  #proposals([first, ...rest]: readonly string[], last: string): readonly string[] {
    const bench = this.#known;
    if (first === undefined) {
      const dot = last.lastIndexOf(".");
      const instrument = bench.find(last.slice(0, dot));
      if (dot >= 0 && instrument !== undefined) {
        return bench.commands(instrument.name).map((command) => `${last.slice(0, dot)}.${command}`);
      }
      return [...Object.keys(shellWords), ...bench.names().map((name) => `${name}.`)];
    }
    // `tempcon.get FIELD` completes like `get tempcon FIELD`.
    const [, owner, command] = /^(.+)\.(\w+)$/.exec(first) ?? [];
    if (command !== undefined) return bench.arguments(owner, command, rest, last);
    const [instrument, second, ...more] = rest;
    const takes = Object.hasOwn(shellWords, first) ? shellWords[first]!.takes : undefined;
    if (takes === undefined) return [];
    if (instrument === undefined) return bench.instruments();
    if (takes === "call") {
      return second === undefined ? bench.commands(instrument) : bench.arguments(instrument, second, more, last);
    }
    if (takes === "value") return bench.arguments(instrument, "set", rest.slice(1), last);
    return takes === "field" && second === undefined ? bench.fields(instrument) : [];
  }
}
