/**
 * A calibration: what the instrument says against what is true, interpolated between measured points.
 *
 * @module
 */

/** Pairs of what the instrument was told or says, and what is true. */
export type CalibrationTable = readonly (readonly [commanded: number, actual: number])[];

/** Turns what the instrument says into what is true, and back. */
export class Calibration {
  readonly #points: CalibrationTable;
  /** The smallest and the largest true value that the table covers. */
  readonly range: readonly [number, number];

  /**
   * Takes a table.
   *
   * @param table At least two points; both columns must only rise or only fall.
   * @throws {TypeError} Where it cannot be turned round.
   */
  constructor(table: CalibrationTable) {
    const points = [...table].sort(([a], [b]) => a - b);
    const direction = Math.sign(points.at(-1)![1] - points[0]![1]);
    for (const [index, [commanded, actual]] of points.entries()) {
      const previous = points[index - 1];
      if (previous === undefined) continue;
      if (commanded === previous[0]) throw new TypeError(`has two points for ${commanded}`);
      if (Math.sign(actual - previous[1]) !== direction || direction === 0) {
        throw new TypeError(
          `gives ${previous[1]} for ${
            previous[0]
          } and ${actual} for ${commanded}: its second column must only rise or only fall`,
        );
      }
    }
    this.#points = points;
    const ends = [points[0]![1], points.at(-1)![1]];
    this.range = [Math.min(...ends), Math.max(...ends)];
  }

  /** Converts the instrument's value to the true one; beyond the table its last piece goes on. */
  toTrue(said: number): number {
    return interpolate(this.#points, said);
  }

  /** Converts a wanted value to the one that the instrument is told. */
  toCommanded(wanted: number): number {
    return interpolate(this.#points.map(([commanded, actual]) => [actual, commanded] as const), wanted);
  }
}

function interpolate(points: CalibrationTable, x: number): number {
  const rising = points[0]![0] < points.at(-1)![0] ? points : [...points].reverse();
  const after = rising.findIndex(([at]) => at >= x);
  const index = after < 0 ? rising.length - 1 : Math.max(1, after);
  const [x0, y0] = rising[index - 1]!;
  const [x1, y1] = rising[index]!;
  return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}
