/**
 * Edits an arrangement, as pure functions: each returns a new one.
 *
 * @module
 */

import { type Arrangement, sameTitle } from "../../../protocol/arrangement.ts";

/** Cards that stand together. */
export interface Section {
  /** The group's title; `undefined` for those of no group. */
  readonly group: string | undefined;
  /** The names of its instruments that are on the bench, in order; hidden ones too. */
  readonly names: readonly string[];
}

/** The place of a card: its group and its position there. */
export interface Place {
  /** The group's title; `undefined` for no group. */
  readonly group: string | undefined;
  /** Which card it stands before; `undefined` for the end. */
  readonly before: string | undefined;
}

/**
 * The arrangement with every instrument of the bench in it.
 *
 * @param arrangement The arrangement.
 * @param bench The names of the instruments in the order of the bench.
 * @returns The same; those that are named nowhere are the last of no group. Names of no instrument stay.
 */
export function normalise(arrangement: Arrangement, bench: readonly string[]): Arrangement {
  const named = new Set([...arrangement.groups.flatMap(({ instruments }) => instruments), ...arrangement.others]);
  const unnamed = bench.filter((name) => !named.has(name));
  return unnamed.length === 0 ? arrangement : { ...arrangement, others: [...arrangement.others, ...unnamed] };
}

/**
 * The sections of the page, from top to bottom: the groups, and then the cards without a group.
 *
 * @param arrangement The arrangement.
 * @param bench The names of the instruments in the order of the bench.
 */
export function sections(arrangement: Arrangement, bench: readonly string[]): Section[] {
  const there = new Set(bench);
  const known = (names: readonly string[]) => names.filter((name) => there.has(name));
  return [
    ...arrangement.groups.map(({ title, instruments }) => ({ group: title, names: known(instruments) })),
    { group: undefined, names: known(normalise(arrangement, bench).others) },
  ];
}

/** Puts a card somewhere else. */
export function move(arrangement: Arrangement, bench: readonly string[], name: string, place: Place): Arrangement {
  if (place.before === name) return arrangement;
  const { groups, others, hidden } = normalise(arrangement, bench);
  const list = (names: readonly string[], group: string | undefined) => {
    const rest = names.filter((each) => each !== name);
    if (group !== place.group) return rest;
    const at = place.before === undefined ? -1 : rest.indexOf(place.before);
    return at < 0 ? [...rest, name] : rest.toSpliced(at, 0, name);
  };
  return {
    groups: groups.map(({ title, instruments }) => ({ title, instruments: list(instruments, title) })),
    others: list(others, undefined),
    hidden,
  };
}

/**
 * The place of a card after it is moved by one, past the neighbours that are shown; at the end of a group it goes on
 * into the next.
 *
 * @param shown The sections without what is hidden.
 * @param by -1 for up, 1 for down.
 * @returns `undefined` where it cannot go further.
 */
export function step(shown: readonly Section[], name: string, by: -1 | 1): Place | undefined {
  const at = shown.findIndex(({ names }) => names.includes(name));
  const section = shown[at];
  if (section === undefined) return undefined;
  const { group, names } = section;
  const place = names.indexOf(name);
  const next = place + by;
  if (next >= 0 && next < names.length) return { group, before: by < 0 ? names[next] : names[next + 1] };
  const neighbour = shown[at + by];
  if (neighbour === undefined) return undefined;
  return { group: neighbour.group, before: by < 0 ? undefined : neighbour.names[0] };
}

/** Hides a card; it keeps its place. */
export function hide(arrangement: Arrangement, name: string): Arrangement {
  return { ...arrangement, hidden: [...arrangement.hidden.filter((each) => each !== name), name] };
}

/** Shows a card that was hidden, where it was. */
export function show(arrangement: Arrangement, name: string): Arrangement {
  return { ...arrangement, hidden: arrangement.hidden.filter((each) => each !== name) };
}

/** Makes an empty group, the last one. */
export function group(arrangement: Arrangement, title: string): Arrangement {
  return { ...arrangement, groups: [...arrangement.groups, { title, instruments: [] }] };
}

/** A title that no group has yet. */
export function freeTitle({ groups }: Arrangement): string {
  const taken = new Set(groups.map(({ title }) => sameTitle(title)));
  for (let number = groups.length + 1;; number++) {
    if (!taken.has(`group ${number}`)) return `Group ${number}`;
  }
}

/** Takes a group away; its cards are the last of no group. */
export function ungroup(arrangement: Arrangement, bench: readonly string[], title: string): Arrangement {
  const { groups, others, hidden } = normalise(arrangement, bench);
  const gone = groups.find((each) => each.title === title);
  return {
    groups: groups.filter((each) => each !== gone),
    others: [...others, ...gone?.instruments ?? []],
    hidden,
  };
}

/** Gives a group another title. */
export function rename(arrangement: Arrangement, title: string, to: string): Arrangement {
  const groups = arrangement.groups.map((each) => each.title === title ? { ...each, title: to } : each);
  return { ...arrangement, groups };
}

/** Moves a group past the next one. @param by -1 for up, 1 for down. */
export function moveGroup(arrangement: Arrangement, title: string, by: -1 | 1): Arrangement {
  const { groups } = arrangement;
  const at = groups.findIndex((each) => each.title === title);
  const moved = groups[at];
  if (moved === undefined || groups[at + by] === undefined) return arrangement;
  return { ...arrangement, groups: groups.toSpliced(at, 1).toSpliced(at + by, 0, moved) };
}

/**
 * Fills columns one after the other, so that the tallest is as short as it can be.
 *
 * Column by column and not row by row: cards differ much in height, so rows would be full of holes, and putting each
 * card into the column that is shortest would move it sideways when another one is moved. So what stands before another
 * card is above it, or at the end of the column before, and "up" means up.
 *
 * @param cards What is to be shown, in order.
 * @param count How many columns there are.
 * @param height How tall a card is, in any unit.
 */
export function inColumns<T>(cards: readonly T[], count: number, height: (card: T) => number): T[][] {
  const heights = cards.map(height);
  const fill = (limit: number) => {
    const columns: T[][] = [[]];
    let used = 0;
    for (const [index, card] of cards.entries()) {
      if (used > 0 && used + heights[index]! > limit) {
        columns.push([]);
        used = 0;
      }
      columns.at(-1)!.push(card);
      used += heights[index]!;
    }
    return columns;
  };
  let [low, high] = [Math.max(0, ...heights), heights.reduce((sum, each) => sum + each, 0)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fill(middle).length <= count) high = middle;
    else low = middle + 1;
  }
  const columns = fill(low);
  while (columns.length < count) columns.push([]);
  return columns;
}
