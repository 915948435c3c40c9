/**
 * Puts the answers of a described simulator on its line as the description says: with their ends, an echo, a prompt, an
 * address and a check sum.
 *
 * @module
 */

import { Envelope } from "../described/envelope.ts";
import { pattern } from "../described/pattern.ts";
import type { Description } from "../described/schema.ts";
import type { CheckSum } from "../transports/check_sum.ts";
import { lineCodec, withBytes } from "../transports/line_codec.ts";

type LineWords = NonNullable<Description["line"]>;

/** The words for how an answer ends that a simulator knows. */
export const knownShapes = ["receiveEnd", "length", "block", "answerEnds", "lines", "quiet"] as const;

/** How an answer ends. */
export type SimulatedShape = Pick<LineWords, typeof knownShapes[number]>;

/** The line of a described simulator. */
export class DescribedWire {
  /** What ends a command. */
  readonly commandEnd: string;
  readonly #line: LineWords;
  readonly #byte: (value: number) => string;
  readonly #envelope: Envelope;

  /**
   * Takes what is said of the line.
   *
   * @param parameters What fills the places of its starts.
   */
  constructor(line: LineWords, parameters: Readonly<Record<string, string>>) {
    this.#line = line;
    this.#byte = lineCodec(line.encoding).byte;
    this.commandEnd = this.#bytes(line.sendEnd ?? "\n");
    const start = (text = "") => this.#bytes(text.replace(/\{(\w+)\}/g, (place, name) => parameters[name] ?? place));
    const { after, only, ...rest } = line.checkSum ?? {};
    const sum = line.checkSum && {
      ...rest,
      ...(after === undefined ? {} : { after: this.#bytes(after) }),
      // What the instrument is sent it receives.
      ...(only === undefined ? {} : { only: only === "sent" ? "received" : "sent" }),
    } as CheckSum;
    this.#envelope = new Envelope({
      sendStart: start(line.receiveStart),
      receiveStart: start(line.sendStart),
      checkSum: sum,
    });
  }

  #bytes(text: string): string {
    return withBytes(text, this.#byte);
  }

  /** The command in what came; `undefined` where it is for another one, or garbled. */
  command(come: string): string | undefined {
    const opened = this.#envelope.open(come);
    return "text" in opened ? opened.text : undefined;
  }

  /** What goes out for an answer, and where there is none. */
  sent(come: string, answer: string | undefined, shape: SimulatedShape = {}): string | undefined {
    const { echo = false, prompt = "" } = this.#line;
    const said = answer === undefined ? "" : this.#envelope.seal(answer);
    const end = answer === undefined ? "" : this.#end(shape);
    const ended = (shape.lines ?? this.#line.lines ?? 1) > 1 ? said.replaceAll("\n", end) : said;
    const whole = (echo ? come + this.commandEnd : "") + ended + end + this.#bytes(prompt);
    return whole === "" ? undefined : whole;
  }

  #end(shape: SimulatedShape): string {
    for (const { receiveEnd, length, answerEnds, quiet } of [shape, this.#line]) {
      if (receiveEnd !== undefined) return this.#bytes(receiveEnd);
      if (length !== undefined || answerEnds !== undefined || quiet !== undefined) return "";
    }
    return "\n";
  }

  /** @throws {TypeError} Where an answer would not end as it should. */
  check(answer: string, { length, block, answerEnds }: SimulatedShape): void {
    const [head = "", count = ""] = /^#([1-9])/.exec(answer) ?? [];
    const digits = answer.slice(head.length, head.length + Number(count));
    const isWhole = count === "" || Number(digits) === answer.length - head.length - Number(count);
    if (block === true && !isWhole) throw new TypeError("no block was found that its pattern matches");
    if (typeof length === "object") throw new TypeError("a length that the answer says is not simulated");
    if (length !== undefined && answer.length !== length) {
      throw new TypeError(`no answer of ${length} bytes was found that its pattern matches`);
    }
    if (answerEnds !== undefined && !pattern(answerEnds).test(answer)) {
      throw new TypeError("no answer was found that its pattern matches and that ends as it should");
    }
  }
}
