/**
 * Looks back at the readings of a folder without a server, also of another PC's or after a disaster.
 *
 * @module
 */

import { join } from "node:path";
import {
  checkedQuery,
  type FieldName,
  fieldNameOf,
  type HistoryAnswer,
  type HistoryWords,
  type MomentAnswer,
  type RecordedField,
} from "../../../protocol/readings.ts";
import { identifierOf } from "../../bench/names.ts";
import { ReadingsLookup } from "./lookup.ts";
import { readingsFile } from "./readings_store.ts";

/** The readings of a folder that nothing is written to, or that a server writes. */
export class HistoryFolder implements AsyncDisposable {
  readonly #folder: string;

  /**
   * Looks whether there are any.
   *
   * @param folder Its absolute path.
   * @throws {Error} Where there are none; in words for people.
   */
  constructor(folder: string) {
    this.#folder = folder;
    try {
      Deno.statSync(join(folder, readingsFile));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Error(`No readings are in ${folder}: there is no ${readingsFile}`, { cause: error });
    }
  }

  /** Finds the readings of some fields, by the names or titles of these and of their instruments. */
  readings({ fields, since, until = Date.now(), points, limit }: HistoryWords): Promise<HistoryAnswer> {
    const known = this.#look((lookup) => lookup.fields());
    const query = checkedQuery({
      fields: fields.map((word) => nameIn(known, fieldNameOf(word))),
      since: since ?? until - 3_600_000,
      until,
      points,
      limit,
    });
    return Promise.resolve(this.#look((lookup) => lookup.history(query), query.fields));
  }

  /** Tells what all fields were. @param at In milliseconds since 1970. */
  moment(at: number): Promise<MomentAnswer> {
    return Promise.resolve(this.#look((lookup) => lookup.moment(at)));
  }

  /** Tells which fields there are. */
  recordedFields(): Promise<RecordedField[]> {
    return Promise.resolve(this.#look((lookup) => lookup.fields()));
  }

  /** Ends; nothing stays open. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #look<T>(look: (lookup: ReadingsLookup) => T, wanted?: readonly FieldName[]): T {
    let lookup: ReadingsLookup;
    try {
      lookup = new ReadingsLookup(this.#folder, wanted);
    } catch (error) {
      throw new Error(`Cannot read the readings in ${this.#folder}: ${(error as Error).message}`, { cause: error });
    }
    using open = lookup;
    return look(open);
  }
}

function nameIn(known: readonly RecordedField[], { instrument, field }: FieldName): FieldName {
  const title = instrument.toLowerCase();
  const found = known.find((each) => each.instrument === title || each.instrumentTitle.toLowerCase() === title);
  return { instrument: found?.instrument ?? instrument, field: identifierOf(field) };
}
