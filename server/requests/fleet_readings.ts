/**
 * Looks back at fields of several PCs of a fleet: each is asked for what its own records have.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { HistoryAnswer, HistorySeries, HistoryWords } from "../../protocol/readings.ts";
import { wireError } from "../bench/wire_error.ts";

/** With fewer points than these nothing is asked for again: a plot would show nothing of it. */
const fewestPoints = 100;

/** Where readings are kept. */
interface Keepers {
  /** What this bench's records have. */
  own(fields: readonly string[]): Promise<HistoryAnswer>;
  /** What another PC answers; as it came. @throws {HeliographError} Where it does not. */
  there(pc: string, query: HistoryWords): Promise<unknown>;
}

/**
 * Finds what fields of several PCs were.
 *
 * @param whose The fields by the PC that has them; this one's under an empty name.
 * @returns What was found. PCs that did not answer are named in `unreached`, and keep nobody from the others.
 * @throws {HeliographError} `bad_argument` for single readings of several PCs.
 */
export async function historyOfAll(
  query: HistoryWords,
  whose: ReadonlyMap<string, readonly string[]>,
  { own, there }: Keepers,
): Promise<HistoryAnswer> {
  if (query.points === undefined && whose.size > 1) {
    throw new HeliographError(
      "bad_argument",
      'Cannot tell the single readings of several PCs at once: ask for "points", or for the fields of one PC',
    );
  }
  // Now is the same for all of them.
  const { until = Date.now(), since = until - 3_600_000 } = query;
  const unreached: Record<string, string> = {};
  const answers = await Promise.all([...whose].map(async ([pc, words]) => {
    if (pc === "") return await own(words);
    const fields = words.map((word) => word.slice(pc.length + 1));
    try {
      return renamed(pc, await piecemeal({ ...query, since, until }, fields, (query) => there(pc, query)));
    } catch (error) {
      if (whose.size === 1) throw error;
      unreached[pc] = wireError(error).message;
      return undefined;
    }
  }));
  const found = answers.filter((answer) => answer !== undefined);
  const next = whose.size === 1 ? found[0]!.next : null;
  return {
    since,
    until: next ?? until,
    next,
    series: found.flatMap(({ series }) => series),
    ...Object.keys(unreached).length === 0 ? {} : { unreached },
  };
}

/** Asks again for less where an answer is longer than the broker takes: for each field alone, then for fewer points. */
async function piecemeal(
  query: HistoryWords,
  fields: readonly string[],
  ask: (query: HistoryWords) => Promise<unknown>,
): Promise<HistoryAnswer> {
  try {
    return answerOf(await ask({ ...query, fields }));
  } catch (error) {
    const { points, limit } = query;
    if (wireError(error).code !== "limit_exceeded") throw error;
    if (points === undefined) {
      const most = limit ?? 100_000;
      if (most <= fewestPoints) throw error;
      return await piecemeal({ ...query, limit: Math.ceil(most / 4) }, fields, ask);
    }
    if (fields.length === 1) {
      if (points <= fewestPoints) throw error;
      return await piecemeal({ ...query, points: Math.ceil(points / 2) }, fields, ask);
    }
    const answers: HistoryAnswer[] = [];
    for (const field of fields) answers.push(await piecemeal(query, [field], ask));
    return { ...answers[0]!, series: answers.flatMap(({ series }) => series) };
  }
}

/** An answer of another PC; what a newer version adds to it is left as it is. */
function answerOf(value: unknown): HistoryAnswer {
  const answer = value as HistoryAnswer | null;
  if (!Array.isArray(answer?.series)) throw new HeliographError("command_failed", "What it answered is no history");
  return answer!;
}

/** The fields as this PC calls them. */
function renamed(pc: string, answer: HistoryAnswer): HistoryAnswer {
  const name = (series: HistorySeries): HistorySeries => ({
    ...series,
    instrument: `${pc}/${series.instrument}`,
    instrumentTitle: `${pc}/${series.instrumentTitle}`,
  });
  return { ...answer, series: answer.series.map(name) };
}
