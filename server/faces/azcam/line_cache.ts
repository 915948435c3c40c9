/**
 * Reads azcam's lines, each as a request, a word for the session, or an error.
 *
 * @module
 */

import { parseCommandLine, parseSessionWord, type SessionWord } from "../../../protocol/command_line.ts";
import type { HeliographError } from "../../../protocol/errors.ts";
import { secretPrefix } from "../../../protocol/secrets.ts";
import { wireError } from "../../bench/wire_error.ts";
import type { RequestOf } from "../../requests/request.ts";

/** A line as it was read: a word for the session, a request, or what is wrong with it. */
export type ReadLine = { readonly word: SessionWord; readonly rest: string } | RequestOf<"Call"> | HeliographError;

function readCommandLine(line: string): RequestOf<"Call"> | HeliographError {
  try {
    return { cmd: "Call", ...parseCommandLine(line) };
  } catch (error) {
    return wireError(error);
  }
}

/** Reads lines, and keeps the last ones as they were read: clients ask the same few again and again. */
export class LineCache {
  readonly #read = new Map<string, ReadLine>();

  /** The line as it was read. */
  parse(line: string): ReadLine {
    let read = this.#read.get(line);
    if (read === undefined) {
      read = parseSessionWord(line) ?? readCommandLine(line);
      if (this.#read.size >= 256) this.#read.clear();
      // A token is not kept for those who come later.
      if (line.length <= 256 && !line.includes(secretPrefix)) this.#read.set(line, read);
    }
    return read;
  }
}
