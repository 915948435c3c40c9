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
  const { groups, others, ...rest } = normalise(arrangement, bench);
  const list = (names: readonly string[], group: string | undefined) => {
    const rest = names.filter((each) => each !== name);
    if (group !== place.group) return rest;
    const at = place.before === undefined ? -1 : rest.indexOf(place.before);
    return at < 0 ? [...rest, name] : rest.toSpliced(at, 0, name);
  };
  return {
    ...rest,
    groups: groups.map(({ title, instruments }) => ({ title, instruments: list(instruments, title) })),
    others: list(others, undefined),
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

/** An instrument, as far as it matters here. */
export interface Arranged {
  readonly name: string;
  /** Whether it is shown only to who asks for it. */
  readonly aside: boolean;
}

/** Whether a card is hidden: by somebody, or because it stands aside and nobody has asked for it. */
export function isHidden({ hidden, shown = [] }: Arrangement, { name, aside }: Arranged): boolean {
  return hidden.includes(name) || aside && !shown.includes(name);
}

/** Hides a card; it keeps its place. */
export function hide({ shown, ...arrangement }: Arrangement, name: string): Arrangement {
  const others = shown?.filter((each) => each !== name) ?? [];
  return {
    ...arrangement,
    hidden: [...arrangement.hidden.filter((each) => each !== name), name],
    ...(others.length === 0 ? {} : { shown: others }),
  };
}

/** Shows a card that was hidden, where it was. */
export function show(arrangement: Arrangement, { name, aside }: Arranged): Arrangement {
  const { hidden, shown = [] } = arrangement;
  return {
    ...arrangement,
    hidden: hidden.filter((each) => each !== name),
    ...(aside ? { shown: [...shown.filter((each) => each !== name), name] } : {}),
  };
}

/**
 * Chooses the fields that an instrument's card shows large.
 *
 * @param fields Their names; `undefined` for those that the bench file says.
 */
export function chooseMain(
  { main = {}, ...arrangement }: Arrangement,
  name: string,
  fields: readonly string[] | undefined,
): Arrangement {
  const { [name]: _, ...others } = main;
  const next = fields === undefined ? others : { ...others, [name]: fields };
  return Object.keys(next).length === 0 ? arrangement : { ...arrangement, main: next };
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
  const { groups, others, ...rest } = normalise(arrangement, bench);
  const gone = groups.find((each) => each.title === title);
  return {
    ...rest,
    groups: groups.filter((each) => each !== gone),
    others: [...others, ...gone?.instruments ?? []],
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
 * Fills columns one after the other, so that they are as even as they can be.
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
  const tops = [0];
  for (const card of cards) tops.push(tops.at(-1)! + height(card));
  // The least sum of the squares of the columns' heights, by where the last column begins; fewer cards than columns
  // leave the last ones empty.
  const columns = Math.min(count, cards.length);
  let costs = tops.map((top) => top ** 2);
  const begins: number[][] = [];
  for (let column = 1; column < columns; column++) {
    const begin: number[] = [];
    costs = tops.map((top, end) => {
      let best = Infinity;
      for (let at = column; at <= end; at++) {
        const cost = costs[at]! + (top - tops[at]!) ** 2;
        if (cost < best) [best, begin[end]] = [cost, at];
      }
      return best;
    });
    begins.push(begin);
  }
  const filled: T[][] = [];
  let end = cards.length;
  for (const begin of begins.toReversed()) {
    const at = begin[end]!;
    filled.unshift(cards.slice(at, end));
    end = at;
  }
  filled.unshift(cards.slice(0, end));
  while (filled.length < count) filled.push([]);
  return filled;
}
