/**
 * Reads the texts of a description: what is sent and asked, and what answers look like.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { quoted } from "../../bench/answer_errors.ts";
import { type LineCodec, lineCodec, withBytes } from "../transports/line_codec.ts";
import type { CheckSum } from "../transports/check_sum.ts";
import { completed, type Shape, shapeIn, shapeProblem } from "../transports/framing.ts";
import type { LineFormat, Turn } from "../transports/port.ts";
import { inPart } from "./description_error.ts";
import { Envelope } from "./envelope.ts";
import { JsonPointer } from "./json_pointer.ts";
import { whyItNeverMatches } from "./never_matches.ts";
import { type Pattern, pattern } from "./pattern.ts";
import type { DescribedAsk, DescribedSend, Description } from "./schema.ts";
import type { Filling, Template } from "./template.ts";
import { type DescribedValue, ValueCodec } from "./value_codec.ts";
import { checkGroup, type Place } from "./value_place.ts";
import { plainWay, type WayIn } from "./way_in.ts";

/** The timeout of an answer unless the description has another, in seconds. */
const defaultTimeout = 1;

/** A question with how to understand its answer. */
export interface Reading {
  /** What is asked. */
  readonly template: Template;
  /** How long the answer may take, in seconds. */
  readonly timeout: number;
  /** What the answer looks like; `undefined` where all of it is the value. */
  readonly pattern: Pattern | undefined;
  /** Which group of the pattern is the value. */
  readonly group: string | number | undefined;
  /** Which of its characters are the value. @default all */
  readonly at?: Place["at"];
  /** The readings that take something of the same answer, this one among them. @default none */
  readonly sharers?: readonly { readonly reading: Reading; readonly codec: ValueCodec }[];
  /** Values that mean that there is none, with the reason. */
  readonly bad: ReadonlyMap<string, string>;
  /** How its answer ends; `undefined` where that is as usual. */
  readonly shape: Shape | undefined;
  /** Where its answer is the same for several fields: whether an answer is one, and what it should have done. */
  readonly shared?: { readonly accepts: (answer: string) => boolean; readonly expected: string };
  /** The text in an answer that holds the value; `undefined` of it where it is none to the question. @default all */
  readonly text?: Place["text"];
  /** What is selected before it, and the steps before and after it. @default none */
  readonly among?: Among;
}

/** Steps whose places are filled. */
export interface FilledSteps {
  /** What they say: the same steps with other values in them have another one. */
  readonly key: string;
  /** Takes them, one after another. */
  run(turn: Turn): Promise<void>;
}

/** What a question is asked among. */
export interface Among {
  /** What is sent where something else was selected before, the outermost first. */
  readonly select: readonly FilledSteps[];
  /** The steps before it. */
  readonly before: FilledSteps | undefined;
  /** The steps after it. */
  readonly after: FilledSteps | undefined;
}

/** A question whose answer shows that all is well. */
export interface Check {
  /** What is asked. */
  readonly template: Template;
  /** What it answers then. */
  readonly pattern: Pattern;
  /** How its answer ends; `undefined` where that is as usual. */
  readonly shape: Shape | undefined;
}

/** A command that is sent. */
export interface Sending {
  /** What is sent. */
  readonly template: Template;
  /** What it answers; `undefined` where it does not. */
  readonly answer: Pattern | undefined;
  /** Whether it may also say nothing. */
  readonly optional: boolean;
  /** How long the instrument hears nothing afterwards, in seconds. */
  readonly deaf: number;
  /** How its answer ends; `undefined` where that is as usual. */
  readonly shape: Shape | undefined;
}

/** What is sent at once, rather than in steps. */
type OneSend = Exclude<DescribedSend, readonly unknown[]>;

/** The texts of one description, with its parameters. */
export class Wording {
  readonly #line: NonNullable<Description["line"]>;
  readonly #parameters: Readonly<Record<string, string>>;
  readonly #format: LineFormat;
  readonly #way: WayIn;
  readonly #codec: LineCodec;
  /** What is always the same: parameters do not change. */
  readonly #filled = new Map<Template, string>();
  /** How long an answer may take unless its question says otherwise, in seconds. */
  readonly timeout: number;

  /**
   * Takes a description.
   *
   * @param description What is said and answered.
   * @param parameters What fills its parameters.
   * @param format How its line is spoken on.
   * @param way What its way in says of that.
   */
  constructor(
    description: Description,
    parameters: Readonly<Record<string, string>>,
    format: LineFormat,
    way: WayIn = plainWay,
  ) {
    this.#way = way;
    this.#line = description.line ?? {};
    this.#parameters = parameters;
    this.#format = format;
    this.#codec = lineCodec(format.encoding);
    this.timeout = this.#line.timeout ?? defaultTimeout;
  }

  /**
   * Reads a template.
   *
   * @param source The text of a command.
   * @param names What its places may be called besides the parameters.
   * @param body What is sent with it to a web API.
   * @throws {TypeError} With what is wrong with it.
   */
  template(source: string, names: readonly string[] = [], body?: unknown): Template {
    const end = [this.#format.sendEnd, "\r", "\n"].find((each) => each !== "" && source.includes(each));
    if (end !== undefined) {
      throw new TypeError(`${quoted(source)} holds the end of a command, ${quoted(end)}, which is sent by itself`);
    }
    const { byte, encode } = this.#codec;
    const bytes = withBytes(source, (value) => byte(value).replace(/[{}]/, "$&$&"));
    try {
      encode(bytes);
    } catch (error) {
      throw new TypeError((error as Error).message.replace(/^Cannot send /, ""));
    }
    if (!/[{}]/.test(source)) this.#way.request(source);
    return this.#way.template(bytes, [...Object.keys(this.#parameters), ...names], body);
  }

  /** The lines that are no answers. @throws {DescriptionError} Where one is no pattern. */
  ignored(): Pattern[] {
    const { ignore = [] } = this.#line;
    return ignore.map((source, index) => inPart(["line", "ignore", index], () => this.pattern(source)));
  }

  /** Fills a template. @throws {HeliographError} `bad_argument` where a filling would end the command. */
  fill(template: Template, fillings?: Readonly<Record<string, Filling>>): string {
    if (fillings !== undefined) return this.#fill(template, fillings);
    let text = this.#filled.get(template);
    if (text === undefined) this.#filled.set(template, text = this.#fill(template, {}));
    return text;
  }

  #fill(template: Template, fillings: Readonly<Record<string, Filling>>): string {
    const filled = { ...this.#parameters, ...fillings };
    const text = this.request(template.fill(filled, this.#format.sendEnd, this.#codec.byte));
    // What no encoding is without needs no look.
    // deno-lint-ignore no-control-regex -- ASCII
    if (/[^\x00-\x7f]/.test(text)) this.#codec.encode(text);
    return text;
  }

  /** A request as it is sent on this way in. @throws {HeliographError} `bad_argument` where it is none. */
  request(text: string): string {
    try {
      return this.#way.request(text);
    } catch (error) {
      throw new HeliographError("bad_argument", `Cannot send ${quoted(text)}: it ${(error as Error).message}`);
    }
  }

  /** A pattern of the description; a parameter in it stands for itself. @throws {TypeError} Where it is none. */
  pattern(source: string, shape?: Shape): Pattern {
    const filled = source.replace(/\{([a-z]\w*)\}/gi, (place, name) => {
      const value = this.#parameters[name];
      return value === undefined ? place : value.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
    });
    const read = pattern(filled);
    const end = this.#soleEnd(shape);
    const reason = end === undefined ? undefined : whyItNeverMatches(filled, end);
    if (reason !== undefined) throw new TypeError(reason);
    return read;
  }

  /**
   * Checks that an answer with bytes in it, of which each may be any, does not end where one of them is its end.
   *
   * @param shape How the answer ends, where its question says so.
   * @throws {TypeError} With what would be right.
   */
  checkBytesEnd(codec: ValueCodec, shape: Shape | undefined): void {
    const { shape: usual, receiveEnd, prompt } = this.#format;
    const { receiveEnd: end, length, block, answerEnds, quiet } = completed(shape ?? usual ?? {}, receiveEnd);
    if (prompt !== undefined || end === "" || !codec.mayHold(end)) return;
    if ([length, block, answerEnds, quiet].some((word) => word !== undefined && word !== false)) return;
    wrong(
      `is ${codec.kind} in bytes, and the answer ends at the first ${quoted(end)}, which may be one of them: give ` +
        `"length", how many bytes the answer has${shape === undefined ? '; read as { "ask": "…", "length": … }' : ""}`,
    );
  }

  /** What ends an answer and cannot be in it; `undefined` where something else ends it. */
  #soleEnd(shape: Shape | undefined): string | undefined {
    const { receiveEnd, shape: usual, prompt } = this.#format;
    if (prompt !== undefined || (shape === undefined && usual !== undefined)) return undefined;
    const { receiveEnd: end = receiveEnd, ...others } = shape ?? {};
    return end === "" || Object.keys(others).length > 0 ? undefined : end;
  }

  /** How the answer to a question ends, where it says so. @throws {DescriptionError} Where that contradicts itself. */
  #shape(said: Shape): Shape | undefined {
    const shape = shapeIn(said);
    if (shape === undefined) return undefined;
    for (const [word, reason] of this.#way.misplaced(shape)) inPart(word, () => wrong(reason));
    const problem = shapeProblem(completed(shape, this.#format.receiveEnd));
    if (problem !== undefined) inPart(problem.word, () => wrong(problem.message));
    const { receiveEnd } = shape;
    return receiveEnd === undefined
      ? shape
      : { ...shape, receiveEnd: inPart("receiveEnd", () => this.#bytes(receiveEnd)) };
  }

  #bytes(source: string): string {
    const text = withBytes(source, this.#codec.byte);
    this.#codec.encode(text);
    return text;
  }

  /** What stands around all that is said; `undefined` where nothing does. @throws {DescriptionError} Where it is wrong. */
  envelope(): Envelope | undefined {
    const { sendStart, receiveStart, checkSum, encoding } = this.#line;
    if (sendStart === undefined && receiveStart === undefined && checkSum === undefined) return undefined;
    const start = (key: "sendStart" | "receiveStart", source = "") =>
      source === "" ? "" : inPart(["line", key], () => this.fill(this.template(source)));
    if (checkSum !== undefined && encoding === "utf8") {
      inPart(
        ["line", "checkSum"],
        () => wrong('counts bytes, and text in utf8 may be without some: leave "encoding" out'),
      );
    }
    const { after, ...rest } = checkSum ?? {};
    const sum = checkSum && {
      ...rest,
      ...(after === undefined ? {} : { after: inPart(["line", "checkSum", "after"], () => this.#bytes(after)) }),
    } as CheckSum;
    return new Envelope({
      sendStart: start("sendStart", sendStart),
      receiveStart: start("receiveStart", receiveStart),
      checkSum: sum,
    });
  }

  get #plainReading(): Omit<Reading, "template"> {
    return {
      timeout: this.timeout,
      pattern: undefined,
      group: undefined,
      bad: new Map(),
      shape: undefined,
      ...this.textWithin(undefined),
    };
  }

  /**
   * Reads a question.
   *
   * @param ask As described.
   * @param names What its places may be called besides the parameters.
   * @throws {DescriptionError} Where it is wrong.
   */
  reading(ask: DescribedAsk, names: readonly string[] = []): Reading {
    if (typeof ask === "string") return { ...this.#plainReading, template: this.template(ask, names) };
    const { pattern, group, at, bad = {}, timeout = this.timeout } = ask;
    const shape = this.#shape(ask);
    const expected = pattern === undefined ? undefined : inPart("pattern", () => this.pattern(pattern, shape));
    inPart("group", () => checkGroup(expected, group));
    const template = inPart("ask", () => this.template(ask.ask, names, ask.body));
    const reading = { template, timeout, pattern: expected, group, at, bad: new Map(Object.entries(bad)), shape };
    return { ...reading, ...this.textWithin(ask.pointer, reading.bad) };
  }

  /**
   * The text in an answer that holds the value, where that is not all of it.
   *
   * @param pointer Where it stands in JSON, which holds those of other fields too.
   * @param bad Values that mean that there is none: null is one of them unless it says otherwise.
   * @throws {DescriptionError} Where it is no pointer.
   */
  textWithin(pointer: string | undefined, bad: Reading["bad"] = new Map()): Pick<Reading, "shared" | "text"> {
    const way = this.#way;
    if (pointer === undefined) return way.said === plainWay.said ? {} : { text: (answer) => way.said(answer) };
    const path = inPart("pointer", () => new JsonPointer(pointer));
    return {
      shared: { accepts: (answer) => isJson(way.said(answer)), expected: "been JSON" },
      text(answer) {
        const text = path.textIn(way.said(answer) ?? "");
        if (typeof text === "string") return text;
        if (text === null && bad.has("null")) return "null";
        throw new HeliographError(
          "command_failed",
          text === null
            ? `the answer has null at ${path.source}, which is no reading; "bad": { "null": "…" } would say what it means`
            : `the answer has nothing at ${path.source}: ${quoted(answer)}`,
        );
      },
    };
  }

  get #done(): Pattern | undefined {
    return this.#way.done === undefined ? undefined : this.pattern(this.#way.done);
  }

  /**
   * Reads a command.
   *
   * @param send As described.
   * @param names What its places may be called besides the parameters.
   * @throws {DescriptionError} Where it is wrong.
   */
  sending(send: OneSend, names: readonly string[] = []): Sending {
    const lineDeaf = this.#line.deaf ?? 0;
    if (typeof send === "string") {
      return {
        template: this.template(send, names),
        answer: this.#done,
        optional: false,
        deaf: lineDeaf,
        shape: undefined,
      };
    }
    const { answer, answerIsOptional: optional = false, deaf = answer === undefined ? lineDeaf : 0 } = send;
    if (answer !== undefined && deaf > 0) {
      inPart("deaf", () => {
        throw new TypeError(
          'has a meaning only without "answer": what answers has heard; a step {"wait": …} may follow',
        );
      });
    }
    const shape = this.#shape(send);
    if (shape !== undefined && answer === undefined) {
      inPart(Object.keys(shape)[0]!, () => wrong('has a meaning only beside "answer"'));
    }
    if (optional && answer === undefined) {
      inPart("answerIsOptional", () => {
        throw new TypeError('has a meaning only beside "answer"');
      });
    }
    return {
      template: inPart("send", () => this.template(send.send, names, send.body)),
      answer: answer === undefined ? this.#done : inPart("answer", () => this.pattern(answer, shape)),
      optional,
      deaf,
      shape,
    };
  }

  /**
   * How a value is said.
   *
   * @throws {DescriptionError} Where it is wrong, or the line's characters are no bytes and it has any.
   */
  codec(value: DescribedValue): ValueCodec {
    const codec = new ValueCodec(value);
    if (codec.isRaw && this.#format.encoding === "utf8") {
      inPart("kind", () => {
        throw new TypeError('is in bytes, and the line is in "encoding": "utf8"; leave that out');
      });
    }
    return codec;
  }

  /** Reads a question whose answer shows that all is well. @throws {DescriptionError} Where it is wrong. */
  check({ ask, pattern, ...said }: { ask: string; pattern: string } & Shape): Check {
    const shape = this.#shape(said);
    return {
      template: inPart("ask", () => this.template(ask)),
      pattern: inPart("pattern", () => this.pattern(pattern, shape)),
      shape,
    };
  }
}

function isJson(text: string | undefined): boolean {
  try {
    return text !== undefined && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

function wrong(message: string): never {
  throw new TypeError(message);
}
