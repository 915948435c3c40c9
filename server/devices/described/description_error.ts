/**
 * A mistake in a description, with where it is.
 *
 * @module
 */

/** A mistake in a description. Its message says what is wrong and what would be right, but not where. */
export class DescriptionError extends TypeError {
  /** Where: keys and indexes, from the description's top. */
  readonly path: readonly (string | number)[];

  /** Makes it. @param path Where the mistake is. @param message What is wrong, and what would be right. */
  constructor(path: readonly (string | number)[], message: string) {
    super(message);
    this.name = "DescriptionError";
    this.path = path;
  }
}

/**
 * Does something with a part of a description.
 *
 * @param key Which part: a key, an index, or several of them.
 * @param work What to do; its TypeError is a mistake in that part.
 * @returns What it returned.
 * @throws {DescriptionError} With the part's place.
 */
export function inPart<T>(key: string | number | readonly (string | number)[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const inner = error instanceof DescriptionError ? error.path : [];
    throw new DescriptionError([...(Array.isArray(key) ? key : [key as string | number]), ...inner], error.message);
  }
}
