/**
 * Errors about the answers of instruments: none came, or it is unclear.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";

/**
 * Text as it is written in errors: with its control characters, and bytes that are no text, visible. Where it has other
 * control characters than those of text it is bytes, and what is over 127 is written as such too.
 */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  // deno-lint-ignore no-control-regex
  const bytes = /[\0-\x08\x0b\x0c\x0e-\x1f]/.test(short);
  return JSON.stringify(short)
    .replace(/\\u00([01][0-9a-f])/g, (_, hex) => `\\x${hex.toUpperCase()}`)
    .replace(bytes ? /[\x7f-\xff]/g : /[\x7f-\x9f]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/\\udc([89a-f][0-9a-f])/g, (_, hex) => `\\x${hex.toUpperCase()}`);
}

/** The error where nothing answered in time. */
export class NoAnswer extends HeliographError {
  /**
   * Makes it.
   *
   * @param text What was asked.
   * @param seconds How long an answer was waited for.
   * @param begun What came of one, without its end. @default nothing
   * @param end The end that was waited for.
   */
  constructor(text: string, seconds: number, begun = "", end = "") {
    super(
      "not_connected",
      `no answer to ${quoted(text)} within ${seconds} s` + (begun === "" ? "" : `: ${unended(begun, end)}`),
    );
  }
}

/**
 * What came without the end of an answer, and which end it seems to have.
 *
 * @param begun What came.
 * @param end The end that was waited for.
 * @param flag The flag by which the command line is told the end. @default it is told in a bench file
 */
export function unended(begun: string, end: string, flag?: string): string {
  if (end === "") {
    const count = begun.length === 1 ? "1 byte" : `${begun.length} bytes`;
    return `${count} came, ${
      quoted(begun)
    }, and an answer to it does not end there by its "length", "answerEnds" or "quiet"`;
  }
  const came = `${quoted(begun)} came, and not the end of an answer, ${quoted(end)}`;
  const unprintable = begun.match(/[^\r\n\x20-\x7e]/g)?.length ?? 0;
  // deno-lint-ignore no-control-regex
  const other = /[\x00-\x1f]+$/.exec(begun)?.[0] ?? /[^\w\s][ ]?$/.exec(begun)?.[0];
  if (unprintable > begun.length / 2) return `${came}; are the baud rate, the parity and the data bits right?`;
  if (other === undefined) return `${came}; it seems to have no end`;
  const say = flag === undefined ? `say "receiveEnd": ${quoted(other)} in "line"` : `say ${flag} ${quoted(other)}`;
  return `${came}; it seems to be ${quoted(other)}: ${say}`;
}

/** Something came, and it is not what was expected: the instrument is there, and nothing is late. */
export class NotUnderstood extends HeliographError {
  /** The lines that came. */
  readonly said: readonly string[];

  /** Makes it. @param text What was asked. @param said The lines that came. @param expected What follows `should have`. */
  constructor(text: string, said: readonly string[], expected: string) {
    super(
      "command_failed",
      `answered ${said.slice(0, 3).map(quoted).join(" and ")} to ${quoted(text)}, and should have ${expected}`,
    );
    this.said = said;
  }
}

/** What came is broken, a wrong check sum for example: asked again, it may come well. */
export class Garbled extends NotUnderstood {}

/** A late answer to something else could be taken for the answer to this. */
export class AnswerUnclear extends HeliographError {
  /** Whether all that was late has come by now, so that asking again is answered clearly. */
  readonly settled: boolean;

  /**
   * Makes it.
   *
   * @param text What was to be asked.
   * @param sent Whether it was.
   * @param settled Whether nothing is late now.
   * @param babble What comes again and again without being asked, where that is the reason.
   */
  constructor(text: string, sent: boolean, settled = false, babble?: string) {
    super(
      "not_connected",
      babble !== undefined
        ? `${quoted(text)} was not asked: ${quoted(babble)} comes again and again without being asked, and could be ` +
          `taken for its answer; say "ignore" or "listen" for it`
        : sent
        ? `${quoted(text)} was sent, and what came may be a late answer to something else`
        : `${quoted(text)} was not asked yet: a late answer to something else could be taken for its own`,
    );
    this.settled = settled;
  }
}

/** It was not asked, since the answer would mean nothing: while an output is off. */
export class NotAsked extends HeliographError {
  /** Makes it. @param reason What follows `not asked`. */
  constructor(reason: string) {
    super("command_failed", `not asked ${reason}`);
  }
}

/** Something immediate, a stop for example, was sent instead of waiting for it. */
export class Interrupted extends HeliographError {
  /**
   * Makes it.
   *
   * @param text What was asked, or was to be sent.
   * @param sent Whether it was sent.
   * @param urgency Of whom: a reading keeps its last value until the next one, and a command has failed.
   */
  constructor(text: string, sent: boolean, urgency: "immediate" | "command" | "poll") {
    super(
      urgency === "poll" ? "not_connected" : "command_failed",
      sent
        ? `interrupted by an immediate command before ${quoted(text)} was answered`
        : `interrupted by an immediate command: ${quoted(text)} was not sent`,
    );
  }
}
