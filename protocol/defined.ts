/**
 * Leaves out what is undefined: with exact optional properties, what is not there is not the same as `undefined`.
 *
 * @module
 */

/** @param table Anything. @returns A copy of it without the entries that are `undefined`. */
export function defined<T extends object>(table: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined)) as never;
}
