/**
 * Parts of readings: some of them, or those that tell something new.
 *
 * @module
 */

import type { Run } from "./codec.ts";

/** Some of the readings of a run. */
export function sliceOf({ times, values, qualities }: Run, from: number, to: number): Run {
  return { times: times.slice(from, to), values: values.slice(from, to), qualities: qualities.slice(from, to) };
}

/**
 * The readings that differ from the one before.
 *
 * @param span Of so many milliseconds at most the first and the last are told; 0 for all.
 */
export function changesOf({ times, values, qualities }: Run, span: number): Run {
  const spanAt = (at: number) => Math.floor(times[at]! / span);
  const changes: number[] = [];
  for (let at = 0; at < times.length; at++) {
    if (at > 0 && values[at] === values[at - 1] && qualities[at] === qualities[at - 1]) continue;
    const [before, last] = [changes.at(-2), changes.at(-1)];
    const isThird = before !== undefined && spanAt(before) === spanAt(at) && spanAt(last!) === spanAt(at);
    if (span > 0 && isThird) changes.pop();
    changes.push(at);
  }
  return {
    times: Float64Array.from(changes, (at) => times[at]!),
    values: changes.map((at) => String(values[at])),
    qualities: Uint8Array.from(changes, (at) => qualities[at]!),
  };
}
