/**
 * Splits the bytes of an instrument into answers.
 *
 * @module
 */

/** An answer that does not end within so many bytes is no answer: the instrument babbles. */
const longestAnswer = 65_536;

/** Cuts bytes at a terminator. A byte is a character, whatever the instrument means by those beyond ASCII. */
export class AnswerSplitter {
  readonly #end: string;
  readonly #decoder = new TextDecoder("latin1");
  #begun = "";

  /** Makes it. @param end What ends each answer: at least one character. A CR before an end of LF is dropped. */
  constructor(end: string) {
    this.#end = end;
  }

  /**
   * Takes bytes as they come, cut anywhere.
   *
   * @returns The answers that ended, without their ends.
   */
  push(bytes: Uint8Array): string[] {
    const answers = (this.#begun + this.#decoder.decode(bytes)).split(this.#end);
    this.#begun = answers.pop()!;
    if (this.#begun.length > longestAnswer) this.#begun = "";
    // Half of a CR LF is no part of an answer, whichever of them ends it.
    if (this.#end === "\n") return answers.map((answer) => answer.replace(/\r$/, ""));
    return this.#end === "\r" ? answers.map((answer) => answer.replace(/^\n/, "")) : answers;
  }

  /** What has come that has no end yet. */
  get begun(): string {
    return this.#begun;
  }

  /** Takes what has come without an end: a datagram is whole by itself, and the rest of a line is nobody's answer. */
  flush(): string {
    const rest = this.#begun;
    this.#begun = "";
    return rest;
  }
}
