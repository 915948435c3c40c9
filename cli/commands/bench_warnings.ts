/**
 * What is told of a bench file, or of a run, that is right as far as it could be checked.
 *
 * @module
 */

/** What could not be checked, since it is another PC's. @param unchecked As it is written. @default nothing */
export function uncheckedWarnings(unchecked: readonly string[] = []): string[] {
  return unchecked.map((each) =>
    `${each} is another PC's: whether it is there, and its type and unit, is checked when that PC is in the fleet`
  );
}
