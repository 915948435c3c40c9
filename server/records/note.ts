/**
 * Notes: what people write down, in the journal.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { plainLine } from "../../protocol/printable.ts";
import type { Principal } from "../access/principal.ts";
import type { Journal } from "./journal.ts";

/** The longest note, in characters. */
const longestNote = 1000;

/**
 * Writes something down.
 *
 * @param journal Where.
 * @param principal Who writes it.
 * @param text What: a line of printable text.
 * @param instrument The name of the instrument that it is about. @default none
 * @throws {HeliographError} `bad_argument` for a text that is empty, too long, or no line.
 */
export function writeNote(
  journal: Pick<Journal, "add">,
  { origin: { label, id, by, address } }: Principal,
  text: string,
  instrument = "",
): undefined {
  const line = text.trim();
  if (line === "" || line.length > longestNote || !plainLine.test(line)) {
    throw new HeliographError(
      "bad_argument",
      `Cannot write that down: a note is one line of 1 to ${longestNote} printable characters`,
    );
  }
  journal.add({ kind: "note", client: label, session: id, wire: by, address, instrument, text: line });
}
