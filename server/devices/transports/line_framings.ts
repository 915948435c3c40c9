/**
 * The framings on one line: the usual one, and those of questions whose answers end in their own way.
 *
 * @module
 */

import type { Awaited } from "./answer_splitter.ts";
import { completed, echoed, type Framing, framingOf, prompted, type Shape } from "./framing.ts";
import { byteText, type LineCodec, lineCodec } from "./line_codec.ts";
import type { LineFormat } from "./line_format.ts";

/** What a framing depends on. */
interface Sent {
  readonly text: string;
  /** What is sent, where that is not the text. */
  readonly bytes?: Uint8Array;
  /** How its answer ends. */
  readonly shape?: Shape | undefined;
  /** Whether its answer is bytes rather than text. */
  readonly raw?: boolean;
  /** Whether it is a command that only its prompt or its echo answers. */
  readonly plain?: boolean;
}

/** Makes the framings for one line. */
export class LineFramings {
  /** The framing of what comes where no question says otherwise. */
  readonly usual: Framing;
  readonly #format: LineFormat;
  readonly #codec: LineCodec;
  readonly #made = new WeakMap<Shape, Framing>();

  /** Makes the usual one. @throws {TypeError} Where the format contradicts itself. */
  constructor(format: LineFormat) {
    this.#format = format;
    this.#codec = lineCodec(format.encoding);
    const { receiveEnd, prompt, shape } = format;
    const end = this.#bytes(receiveEnd);
    this.usual = prompt === undefined
      ? framingOf({ ...shape, receiveEnd: end })
      : prompted(shape && framingOf({ ...shape, receiveEnd: end }), this.#bytes(prompt), end);
  }

  /** Whether something comes back for all that is sent. */
  get answersAll(): boolean {
    return this.#format.prompt !== undefined || this.#format.echo === true;
  }

  /**
   * How the answer to a question ends; `undefined` where it does as usual.
   *
   * @param unechoed Told of what came without the echo that should stand before it.
   */
  awaited({ text, bytes, shape, raw = false, plain = false }: Sent, unechoed = (_answer: string) => {}):
    | Awaited
    | undefined {
    const { prompt, echo } = this.#format;
    if (shape === undefined && !raw && echo !== true) return undefined;
    let framing = shape === undefined ? this.usual : this.#framingOf(shape);
    if (echo === true) {
      const sent = byteText(bytes ?? this.#codec.encode(text));
      framing = echoed(plain && prompt === undefined ? undefined : framing, sent);
    }
    return { framing, codec: raw ? lineCodec("latin1") : this.#codec, unechoed };
  }

  #bytes(text: string): string {
    return byteText(this.#codec.encode(text));
  }

  #framingOf(shape: Shape): Framing {
    let framing = this.#made.get(shape);
    if (framing === undefined) {
      const { prompt, receiveEnd, shape: { quiet } = {} } = this.#format;
      const said = completed(shape, receiveEnd);
      framing = framingOf({
        ...(quiet === undefined ? {} : { quiet }),
        ...said,
        receiveEnd: this.#bytes(said.receiveEnd),
      });
      if (prompt !== undefined) framing = prompted(framing, this.#bytes(prompt), this.#bytes(receiveEnd));
      this.#made.set(shape, framing);
    }
    return framing;
  }
}
