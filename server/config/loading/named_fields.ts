/**
 * Checks the lists of fields in a bench file.
 *
 * @module
 */

import { chosenBy } from "../../bench/field_choice.ts";
import type { Instrument } from "../../bench/instrument.ts";
import type { Path } from "../../files/source.ts";
import type { Problems } from "./problems.ts";

/** Checks that there is what a list of fields names, once all of the bench is known. @param path Where the list stands. */
export function checkNamedFields(
  path: Path,
  fields: readonly string[] = [],
  instruments: readonly Instrument[],
  problems: Problems,
): void {
  for (const [index, entry] of fields.entries()) {
    try {
      chosenBy(instruments, entry);
    } catch (error) {
      problems.add([...path, index], (error as Error).message);
    }
  }
}
