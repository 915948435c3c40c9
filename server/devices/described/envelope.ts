/**
 * What stands around all that is sent and answered: an address before it, a check sum behind it.
 *
 * @module
 */

import { Garbled, NotUnderstood, quoted } from "../../bench/answer_errors.ts";
import { escapedBytes } from "../../../protocol/escapes.ts";
import { type CheckSum, otherSum, withoutSum, withSum } from "../transports/check_sum.ts";
import { byteText, textBytes } from "../transports/line_codec.ts";
import type { Question, Turn } from "../transports/port.ts";

/** Texts in which each character is a byte. */
export interface Around {
  /** What stands before each command. */
  readonly sendStart: string;
  /** What stands before each answer. */
  readonly receiveStart: string;
  /** What stands behind each of them. */
  readonly checkSum: CheckSum | undefined;
}

/** An answer without what stands around it, or why it is none. */
type Opened = { readonly text: string } | { readonly problem: string };

/** Puts commands into what stands around them, and takes answers out of it. */
export class Envelope {
  readonly #around: Around;

  /** Makes it. */
  constructor(around: Around) {
    this.#around = around;
  }

  /** What is sent for a command. */
  seal(text: string): string {
    const { sendStart, checkSum } = this.#around;
    const whole = sendStart + text;
    return checkSum === undefined || checkSum.only === "received" ? whole : withSum(whole, checkSum);
  }

  /** What is in an answer. */
  open(answer: string): Opened {
    const { receiveStart, checkSum } = this.#around;
    let text = answer;
    if (checkSum !== undefined && checkSum.only !== "sent") {
      const opened = withoutSum(answer, checkSum);
      if (!("text" in opened)) {
        const { came, right } = opened;
        const said = (text: string) => checkSum.as === "bytes" ? `"${escapedBytes(textBytes(text))}"` : quoted(text);
        const sum = said((checkSum.after ?? "") + right);
        return { problem: `come with the check sum ${sum}, not ${said(came)}${otherKind(answer, checkSum)}` };
      }
      text = opened.text;
    }
    if (text.startsWith(receiveStart)) return { text: text.slice(receiveStart.length) };
    return { problem: `begun with ${quoted(receiveStart)}` };
  }

  /** Whether an answer has in it what is wanted. */
  holds(answer: string, wanted: (text: string) => boolean): boolean {
    const opened = this.open(answer);
    return "text" in opened && wanted(opened.text);
  }

  /** A turn whose texts are put into it, and whose answers are taken out of it. */
  around(turn: Turn): Turn {
    const seal = (text: string | Uint8Array) => this.seal(typeof text === "string" ? text : byteText(text));
    return Object.create(turn, {
      send: { value: (text: string, ...rest: number[]) => turn.send(seal(text), ...rest) },
      ask: {
        value: async (question: Question) => {
          const { text, accepts, refuses } = question;
          // What is wrong around an answer is why it is not understood, whatever is in it: the trace says so too.
          let problem: string | undefined;
          const asked = {
            ...question,
            get expected() {
              return problem ?? question.expected;
            },
            text: seal(text),
            accepts: (answer: string) => {
              const opened = this.open(answer);
              problem = "text" in opened ? undefined : opened.problem;
              return "text" in opened && accepts(opened.text);
            },
            ...(refuses === undefined ? {} : { refuses: (answer: string) => this.holds(answer, refuses) }),
          };
          try {
            const answer = await turn.ask(asked);
            const opened = this.open(answer);
            return "text" in opened ? opened.text : answer;
          } catch (error) {
            throw error instanceof NotUnderstood ? this.#explained(error, text, question) : error;
          }
        },
      },
    });
  }

  /** One that came garbled may come well when it is asked for again. */
  #explained(error: NotUnderstood, text: string | Uint8Array, { expected }: Question): NotUnderstood {
    const asked = typeof text === "string" ? text : byteText(text);
    const opened = error.said.map((line) => this.open(line));
    const good = opened.flatMap((each) => "text" in each ? [each.text] : []);
    if (good.length > 0) return new NotUnderstood(asked, good, expected);
    const [first] = opened;
    return first === undefined || "text" in first ? error : new Garbled(asked, error.said, first.problem);
  }
}

/** What to write in the description where the check sum is of another kind. */
function otherKind(answer: string, said: CheckSum): string {
  const other = otherSum(answer, said);
  if (other === undefined) return "";
  const skip = other.skip === (said.skip ?? 0) ? "" : `, "skip": ${other.skip}`;
  return `; it has the one of "kind": "${other.kind}"${skip}`;
}
