/**
 * Tells how one text becomes another, line by line.
 *
 * @module
 */

import type { DiffLine } from "../../../protocol/bench_edit.ts";

/** How many lines that stay are shown around those that do not. */
const around = 2;

/** The most lines that are compared with one another; more are told as all gone and come. */
const most = 2000;

/** For each pair of beginnings, how many of the following lines are common at the most. */
function commonTable(old: readonly string[], now: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      table[i]![j] = old[i] === now[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!);
    }
  }
  return table;
}

/** @returns The lines that go and come, and those around them. */
export function difference(old: string, now: string): DiffLine[] {
  const [before, after] = [old, now].map((text) => text.split(/\r\n|\n|\r/)) as [string[], string[]];
  let first = 0;
  while (first < before.length && first < after.length && before[first] === after[first]) first++;
  let same = 0;
  const shorter = Math.min(before.length, after.length) - first;
  while (same < shorter && before.at(-1 - same) === after.at(-1 - same)) same++;
  const [gone, come] = [before.slice(first, before.length - same), after.slice(first, after.length - same)];
  const all: DiffLine[] = after.slice(0, first).map((text, at) => ({ kind: "=", line: at + 1, text }));
  const table = gone.length * come.length <= most * most ? commonTable(gone, come) : undefined;
  let [i, j] = [0, 0];
  while (i < gone.length || j < come.length) {
    if (i < gone.length && j < come.length && gone[i] === come[j]) {
      all.push({ kind: "=", line: first + j + 1, text: come[j]! });
      i++, j++;
    } else if (i < gone.length && (j >= come.length || table === undefined || table[i + 1]![j]! >= table[i]![j + 1]!)) {
      all.push({ kind: "-", line: first + i + 1, text: gone[i]! });
      i++;
    } else {
      all.push({ kind: "+", line: first + j + 1, text: come[j]! });
      j++;
    }
  }
  const rest = after.length - same;
  all.push(...after.slice(rest).map((text, at): DiffLine => ({ kind: "=", line: rest + at + 1, text })));
  return all.filter((_, at) => all.slice(Math.max(0, at - around), at + around + 1).some(({ kind }) => kind !== "="));
}
