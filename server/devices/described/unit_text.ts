/**
 * Reads numbers with a unit behind them, which an instrument chooses by the size of the number.
 *
 * @module
 */

import { bare, numberIn } from "./number_text.ts";

/** The prefixes that instruments write, with both ways to write micro; a kilo is often a capital. */
const prefixes = {
  f: 1e-15,
  p: 1e-12,
  n: 1e-9,
  u: 1e-6,
  "µ": 1e-6,
  "μ": 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
} as const;

/** The units that may stand behind a number. */
export class UnitText {
  /** By what a number with each is multiplied, the longest first. */
  readonly #factors: readonly (readonly [unit: string, factor: number])[];
  readonly #described: string;

  /**
   * Takes a declaration.
   *
   * @param units By what a number with each is multiplied; `SI` for the usual prefixes, before the unit or alone.
   * @param unit The unit that people read.
   * @throws {TypeError} Where a factor is 0.
   */
  constructor(units: "SI" | Readonly<Record<string, number>>, unit = "") {
    const zero = units === "SI" ? undefined : Object.entries(units).find(([, factor]) => factor === 0);
    if (zero !== undefined) throw new TypeError(`has 0 for ${zero[0]}, which would make every value the same`);
    const factors = units !== "SI"
      ? Object.entries(units)
      : Object.entries(prefixes).flatMap(([prefix, factor]) =>
        [...new Set([prefix + unit, prefix])].map((text): [string, number] => [text, factor])
      );
    this.#factors = factors.toSorted(([one], [other]) => other.length - one.length);
    this.#described = units === "SI"
      ? `a prefix such as m or k${unit === "" ? "" : `, before ${unit} or alone`}`
      : `one of the units ${factors.map(([text]) => text === "" ? '"" (none)' : text).join(", ")}`;
  }

  /** What an answer should have been, for errors. */
  get expected(): string {
    return `been a number with ${this.#described}`;
  }

  /** How the unit of the value itself is written, or else the first; empty where that is none. */
  get written(): readonly [unit: string, factor: number] {
    return this.#factors.find(([, factor]) => factor === 1) ?? this.#factors[0]!;
  }

  /**
   * The number that an instrument says, in the unit of the value.
   *
   * @param said What it says.
   * @param comma Whether a comma stands before the decimals.
   * @returns `undefined` where it is none, or is without one of the units.
   */
  read(said: string, comma: boolean): number | undefined {
    const text = bare(said);
    for (const [unit, factor] of this.#factors) {
      if (!text.endsWith(unit)) continue;
      const number = numberIn(text.slice(0, text.length - unit.length), comma);
      // 4.7 times 1e-6 has a last digit that nobody said.
      if (number !== undefined) return Number((number * factor).toPrecision(15));
    }
    return undefined;
  }
}
