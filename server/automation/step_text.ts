/**
 * Tells steps in words.
 *
 * @module
 */

import type { BenchField } from "../bench/field.ts";
import type { RunStep } from "./steps.ts";

/** What a round does is told in so many characters. */
const longestOfRound = 80;

/** What stands behind a value of a field: ` °C`. */
export function unitOf({ spec }: BenchField): string {
  return spec.unit === undefined ? "" : ` ${spec.unit}`;
}

/** A time as people write it: `90s`, `10m`, `1h 30m`. */
export function timeText(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds % 3600 / 60), seconds % 60];
  const parts = [
    ...(hours > 0 ? [`${hours}h`] : []),
    ...(minutes > 0 ? [`${minutes}m`] : []),
    ...(rest > 0 || seconds === 0 ? [`${Math.round(rest * 10) / 10}s`] : []),
  ];
  return parts.join(" ");
}

/** What steps do, so that it fits on a line. */
export function shortly(steps: readonly RunStep[]): string {
  const text = steps.slice(0, 3).map(({ text }) => text).join(", ");
  const more = steps.length > 3 ? `, and ${steps.length - 3} more` : "";
  return text.length <= longestOfRound ? `${text}${more}` : `${text.slice(0, longestOfRound)}…`;
}
