/**
 * The alarm limits of plotted fields, as lines across their strip.
 *
 * @module
 */

import { beyondWords } from "../guards/alarm_words.ts";
import type { LiveField } from "../live/live_instrument.ts";

/** A limit. */
export interface LimitLine {
  readonly value: number;
  /** Whether it is one of the outer two. */
  readonly severe: boolean;
  /** What it is: `high`, with the field where several are plotted. */
  readonly text: string;
}

/** The limits of some fields. */
export function limitsOf(fields: readonly LiveField[]): readonly LimitLine[] {
  return fields.flatMap(({ spec }) => {
    const { alarm = {}, title } = spec;
    return (["lowLow", "low", "high", "highHigh"] as const).flatMap((limit): LimitLine[] => {
      const value = alarm[limit];
      if (value === undefined) return [];
      const words = beyondWords[limit];
      const text = fields.length === 1 ? words : `${title}: ${words}`;
      return [{ value, severe: limit.length > 4, text }];
    });
  });
}
