/**
 * What can be wrong with an answer.
 *
 * @module
 */

import { InstrumentError } from "../errors.ts";

/** Text as it is written in errors: with its control characters visible. */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(short);
}

/** Nothing answered in time. */
export class NoAnswer extends InstrumentError {
  /** Makes it. @param text What was asked. @param seconds How long an answer was waited for. */
  constructor(text: string, seconds: number) {
    super(`no answer to ${quoted(text)} within ${seconds} s`, "not_connected");
  }
}

/** A late answer to something else may still come, and could be taken for the answer to this. */
export class AnswerUnclear extends InstrumentError {
  /** Whether all that was late has come by now, so that asking again is answered clearly. */
  readonly settled: boolean;

  /** Makes it. @param text What was asked. @param settled Whether all that was late has come by now. */
  constructor(text: string, settled: boolean) {
    super(
      `an answer to something else is late, and could be taken for the answer to ${quoted(text)}; ask again`,
      "not_connected",
    );
    this.settled = settled;
  }
}
