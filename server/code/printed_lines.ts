/**
 * Makes lines of what code prints, and bounds them.
 *
 * @module
 */

/** How much of what code prints is told. */
export interface PrintedLimits {
  /** The most lines. */
  readonly lines: number;
  /** The longest of them, in characters; what is longer is told in several. */
  readonly length: number;
}

/** Takes what code prints, in pieces as they come, and tells whole lines. */
export class PrintedLines {
  readonly #tell: (line: string) => void;
  readonly #limits: PrintedLimits;
  #line = "";
  #count = 0;

  /** @param tell Told of each line. @param limits How many, and how long. */
  constructor(tell: (line: string) => void, limits: PrintedLimits) {
    this.#tell = tell;
    this.#limits = limits;
  }

  /** Takes a piece. */
  take(text: string): void {
    const pieces = text.split("\n");
    for (const [index, piece] of pieces.entries()) {
      this.#line += piece;
      if (index === pieces.length - 1 && this.#line.length < this.#limits.length) break;
      this.#end();
    }
  }

  /** Tells what is left of a line. @returns How many lines were not told, since they were too many. */
  end(): number {
    if (this.#line !== "") this.#end();
    const more = Math.max(0, this.#count - this.#limits.lines);
    this.#count = 0;
    return more;
  }

  #end(): void {
    if (++this.#count <= this.#limits.lines) this.#tell(this.#line.slice(0, this.#limits.length));
    this.#line = "";
  }
}
