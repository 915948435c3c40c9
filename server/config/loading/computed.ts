/**
 * Checks the fields of a bench file that are computed from others.
 *
 * @module
 */

import { identifierOf } from "../../bench/names.ts";
import type { Instrument } from "../../bench/instrument.ts";
import type { UnknownName } from "../../expressions/bench_environment.ts";
import { compileFields } from "../../expressions/computed_fields.ts";
import type { Path, Source } from "../../files/source.ts";
import type { Problems } from "./problems.ts";

/**
 * Compiles what is computed, once all of the bench is known.
 *
 * @param instruments By their places in the file. @param entries Their entries as they stand there.
 * @param driverFile The file of an instrument's driver, where that is a description, by the instrument's place.
 */
export function checkComputed(
  instruments: readonly (Instrument | undefined)[],
  entries: readonly unknown[],
  driverFile: (index: number) => Source | undefined,
  problems: Problems,
): void {
  const wrongAlready = problems.count > 0;
  const there = instruments.flatMap((instrument) => instrument ?? []);
  for (const { instrument, field, message, unknown } of compileFields(there).problems) {
    // What is wrong itself is not there, and that is told already.
    if (wrongAlready && unknown !== undefined && mayBeMeant(entries, unknown)) continue;
    const index = instruments.indexOf(instrument);
    const path = ["fields", field.title, "compute"];
    const at: Path = ["instruments", index];
    const driver = driverFile(index);
    if (problems.source.has([...at, ...path])) problems.add([...at, ...path], message);
    else if (driver?.has(path)) problems.addAll([driver.problem(path, message)]);
    else problems.add(at, `${path.join(".")}: ${message}`);
  }
}

/** Whether a name that is not on the bench is in its file, or may be in a driver. */
function mayBeMeant(entries: readonly unknown[], { instrument, field }: UnknownName): boolean {
  return entries.some((entry) => {
    const { title, driver, fields } = (entry ?? {}) as { title?: unknown; driver?: unknown; fields?: object };
    if (typeof title !== "string" || identifierOf(title) !== identifierOf(instrument)) return false;
    const wanted = identifierOf(field ?? "");
    return wanted === "" || driver !== undefined ||
      Object.keys(fields ?? {}).some((name) => identifierOf(name) === wanted);
  });
}
