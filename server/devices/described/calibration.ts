/**
 * A calibration: what the instrument says against what is true, interpolated between measured points.
 *
 * @module
 */

/** Pairs of what the instrument was told or says, and what is true. */
export type CalibrationTable = readonly (readonly [commanded: number, actual: number])[];

/** A point that makes a table one that cannot be turned round. */
export class CalibrationError extends TypeError {
  /** What the instrument was told or says there. */
  readonly commanded: number;

  /** Makes it. @param commanded Where. @param message What is wrong. */
  constructor(commanded: number, message: string) {
    super(message);
    this.name = "CalibrationError";
    this.commanded = commanded;
  }
}

/** Turns what the instrument says into what is true, and back. */
export class Calibration {
  readonly #points: CalibrationTable;
  /** The same the other way round. */
  readonly #turned: CalibrationTable;
  /** The smallest and the largest true value that the table covers. */
  readonly range: readonly [number, number];

  /**
   * Takes a table.
   *
   * @param table At least two points; both columns must only rise or only fall.
   * @throws {CalibrationError} Where it cannot be turned round.
   */
  constructor(table: CalibrationTable) {
    const points = [...table].sort(([a], [b]) => a - b);
    const direction = Math.sign(points.at(-1)![1] - points[0]![1]);
    for (const [index, [commanded, actual]] of points.entries()) {
      const previous = points[index - 1];
      if (previous === undefined) continue;
      if (commanded === previous[0]) throw new CalibrationError(commanded, `has two points for ${commanded}`);
      if (Math.sign(actual - previous[1]) !== direction || direction === 0) {
        throw new CalibrationError(
          commanded,
          `gives ${previous[1]} for ${
            previous[0]
          } and ${actual} for ${commanded}: its second column must only rise or only fall`,
        );
      }
    }
    this.#points = points;
    this.#turned = points.map(([commanded, actual]) => [actual, commanded] as const).sort(([a], [b]) => a - b);
    const ends = [points[0]![1], points.at(-1)![1]];
    this.range = [Math.min(...ends), Math.max(...ends)];
  }

  /** Converts the instrument's value to the true one; beyond the table its last piece goes on. */
  toTrue(said: number): number {
    return interpolate(this.#points, said);
  }

  /** Converts a wanted value to the one that the instrument is told. */
  toCommanded(wanted: number): number {
    return interpolate(this.#turned, wanted);
  }
}

/** Interpolates between points whose first column rises. */
function interpolate(points: CalibrationTable, x: number): number {
  // The piece that x is in, or the last one towards it.
  let [before, after] = [0, points.length - 1];
  while (after - before > 1) {
    const middle = (before + after) >> 1;
    if (points[middle]![0] < x) before = middle;
    else after = middle;
  }
  const [x0, y0] = points[before]!;
  const [x1, y1] = points[after]!;
  return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}
