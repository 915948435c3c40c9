/**
 * Splits the bytes of an instrument into answers.
 *
 * @module
 */

import { byteText, type LineCodec, lineCodec } from "./line_codec.ts";

/** An answer that does not end within so many bytes is no answer: the instrument babbles. */
const longestAnswer = 65_536;

/** Cuts bytes at a terminator: a byte is a character until an answer is whole. */
export class AnswerSplitter {
  readonly #end: string;
  readonly #codec: LineCodec;
  #begun = "";

  /**
   * Makes it.
   *
   * @param end What ends each answer: at least one character. A CR before an end of LF is dropped.
   * @param codec What the bytes of an answer mean. @default Latin-1
   */
  constructor(end: string, codec = lineCodec()) {
    this.#end = byteText(codec.encode(end));
    this.#codec = codec;
  }

  /**
   * Takes bytes as they come, cut anywhere.
   *
   * @returns The answers that ended, without their ends.
   */
  push(bytes: Uint8Array): string[] {
    const text = this.#begun + byteText(bytes);
    // Mostly one answer comes, and all of it.
    if (this.#end === "\n" && text.indexOf("\n") === text.length - 1) {
      this.#begun = "";
      return [this.#codec.decode(text.slice(0, text.endsWith("\r\n") ? -2 : -1))];
    }
    const parts = text.split(this.#end);
    this.#begun = parts.pop()!;
    if (this.#begun.length > longestAnswer) this.#begun = "";
    const answers = parts.map((part) => this.#codec.decode(part));
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
    if (rest === "") return "";
    this.#begun = "";
    return this.#codec.decode(rest);
  }
}
