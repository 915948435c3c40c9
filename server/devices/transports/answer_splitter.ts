/**
 * Splits the bytes of an instrument into answers.
 *
 * @module
 */

import type { Framing } from "./framing.ts";
import { byteText, type LineCodec, lineCodec } from "./line_codec.ts";

/** The answers that are awaited next, where they are not as usual. */
export interface Awaited {
  /** How they end. */
  readonly framing: Framing;
  /** What their bytes mean. */
  readonly codec: LineCodec;
  /** Whether all that comes is so, rather than the next answer. */
  readonly all?: boolean;
  /** Told of what came without the echo that should stand before it. */
  readonly unechoed?: (answer: string) => void;
}

/** Cuts bytes into answers: a byte is a character until an answer is whole. */
export class AnswerSplitter {
  readonly #usual: Framing;
  readonly #codec: LineCodec;
  readonly #heard: (line: string) => boolean;
  #begun = "";
  /** How many bytes there must be before it is looked again. */
  #least = 0;
  #awaited: Awaited | undefined;

  /**
   * Makes it.
   *
   * @param usual How answers end.
   * @param codec What the bytes of an answer mean. @default Latin-1
   * @param heard Takes what somebody listens for, while answers are awaited that end otherwise. @default nobody listens
   */
  constructor(usual: Framing, codec = lineCodec(), heard: (line: string) => boolean = () => false) {
    this.#usual = usual;
    this.#codec = codec;
    this.#heard = heard;
  }

  /** Awaits an answer that ends in its own way. What comes after it is as usual. @param awaited `undefined`: as usual. */
  await(awaited: Awaited | undefined): void {
    this.#awaited = awaited;
    this.#least = 0;
  }

  /**
   * Takes bytes as they come, cut anywhere.
   *
   * @returns The answers that ended, without their ends.
   */
  push(bytes: Uint8Array): string[] {
    const text = this.#begun === "" ? byteText(bytes) : this.#begun + byteText(bytes);
    this.#begun = text;
    if (text.length < this.#least) return [];
    const answers: string[] = [];
    while (this.#begun !== "") {
      const awaited = this.#awaited;
      if (awaited !== undefined && this.#hears()) continue;
      const { framing, codec } = awaited ?? { framing: this.#usual, codec: this.#codec };
      const cut = framing.cut(this.#begun);
      if (typeof cut === "number") {
        this.#least = cut;
        if (this.#begun.length > framing.longest) this.#drop(this.#begun.length);
        break;
      }
      this.#drop(cut.taken);
      if (awaited !== undefined && cut.unechoed) awaited.unechoed?.(codec.decode(cut.answer));
      else {
        answers.push(codec.decode(cut.answer));
        if (awaited?.all !== true) this.#awaited = undefined;
      }
    }
    return answers;
  }

  /** After how many seconds without another byte what has come is an answer; `undefined` where nothing has, or never. */
  get quiet(): number | undefined {
    return this.#begun === "" ? undefined : (this.#awaited?.framing ?? this.#usual).quiet;
  }

  /** What the end of an answer looks like; empty where it has none that is a text. */
  get end(): string {
    return (this.#awaited?.framing ?? this.#usual).end;
  }

  /** What has come that has no end yet. */
  get begun(): string {
    return this.#begun;
  }

  /** Takes what has come without an end: a datagram is whole by itself, and the rest of a line is nobody's answer. */
  flush(): string {
    const begun = this.#begun;
    if (begun === "") return "";
    this.#drop(begun.length);
    const { framing, codec } = this.#awaited ?? { framing: this.#usual, codec: this.#codec };
    if (this.#awaited?.all !== true) this.#awaited = undefined;
    return codec.decode(framing.rest?.(begun) ?? begun);
  }

  #drop(bytes: number): void {
    this.#begun = this.#begun.slice(bytes);
    this.#least = 0;
  }

  /** What an instrument says by itself ends as usual, also while another kind of answer is awaited. */
  #hears(): boolean {
    const cut = this.#usual.cut(this.#begun);
    if (typeof cut === "number" || !this.#heard(this.#codec.decode(cut.answer))) return false;
    this.#drop(cut.taken);
    return true;
  }
}
