/**
 * Maps the values of pixels to shades of grey.
 *
 * @module
 */

/** The curves between black and white. */
export const curves = ["linear", "square root", "logarithmic"] as const;

/** One of the {@linkcode curves}. */
export type Curve = typeof curves[number];

/** The mapping from values to shades: black, white, and the curve between. */
export interface Stretch {
  /** The value that is black, and all below it. */
  readonly black: number;
  /** The value that is white, and all above it. */
  readonly white: number;
  readonly curve: Curve;
  /** Whether the sky is white and the stars are black. */
  readonly inverted: boolean;
}

/** How many steps there are between black and white: more than shades, for curves that are steep. */
const steps = 4096;

/** How much of the logarithmic curve is straight: a hundredth. It is asinh, which goes through zero. */
const softening = 100;

const functions: Readonly<Record<Curve, (share: number) => number>> = {
  "linear": (share) => share,
  "square root": Math.sqrt,
  "logarithmic": (share) => Math.asinh(softening * share) / Math.asinh(softening),
};

/** The colours from black to white, as a canvas has them in memory on a little-endian processor: alpha, blue, green, red. */
function colours({ curve, inverted }: Stretch): Uint32Array {
  return Uint32Array.from({ length: steps }, (_, step) => {
    const shade = Math.round(255 * functions[curve](step / (steps - 1)));
    return (0xff000000 | (inverted ? 255 - shade : shade) * 0x010101) >>> 0;
  });
}

/**
 * Makes a picture.
 *
 * @param pixels Row by row, the lowest first; NaN is transparent.
 * @param columns How long a row is.
 * @param stretch How values become shades.
 * @param into The picture, row by row, the uppermost first.
 */
export function shade(pixels: Float32Array, columns: number, stretch: Stretch, into: Uint32Array): void {
  const table = colours(stretch);
  const { black, white } = stretch;
  const slope = white > black ? (steps - 1) / (white - black) : 0;
  const rows = pixels.length / columns;
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    const to = (rows - 1 - row) * columns;
    for (let column = 0; column < columns; column++) {
      const value = pixels[from + column]!;
      // Where black is white, there is nothing in between.
      const step = slope === 0 ? (value > white ? steps - 1 : 0) : (value - black) * slope;
      into[to + column] = value === value ? table[step < 0 ? 0 : step > steps - 1 ? steps - 1 : step | 0]! : 0;
    }
  }
}

/** A value as people read it, with all the digits that a pixel has. */
export function valueText(value: number): string {
  return Number.isNaN(value) ? "no value" : String(Number(value.toPrecision(8)));
}

/** A level as people read it: as many digits as make a difference between black and white. */
export function levelText(level: number, { black, white }: Pick<Stretch, "black" | "white">): string {
  const range = Math.abs(white - black);
  const decimals = range === 0 || range >= 50 ? 0 : Math.min(8, Math.ceil(2 - Math.log10(range)));
  return Number.isInteger(level) ? String(level) : level.toFixed(decimals);
}
