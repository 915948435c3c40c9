/**
 * JSON pointers (RFC 6901): `/data/0/temperature`.
 *
 * @module
 */

/** The way to a value in JSON. */
export class JsonPointer {
  /** As it is written. */
  readonly source: string;
  readonly #keys: readonly string[];

  /**
   * Reads one.
   *
   * @param source As it is written; `~1` is a slash in a name, `~0` a tilde.
   * @throws {TypeError} Where it is none.
   */
  constructor(source: string) {
    if (source !== "" && !source.startsWith("/")) {
      throw new TypeError(`begins with a slash: "/${source.replaceAll(".", "/")}"`);
    }
    if (/~(?![01])/.test(source)) {
      throw new TypeError("has a ~ that is not followed by 0 or 1: a ~ is written ~0, a / ~1");
    }
    this.source = source;
    this.#keys = source.split("/").slice(1).map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  }

  /**
   * The text of a value: a number, a text or a truth as it is, anything else as JSON.
   *
   * @param json The text of a JSON document.
   * @returns `null` where it is null, `undefined` where it is no JSON or is without that value.
   */
  textIn(json: string): string | null | undefined {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      return undefined;
    }
    for (const key of this.#keys) {
      if (typeof value !== "object" || value === null) return undefined;
      if (Array.isArray(value) && !/^(?:0|[1-9]\d*)$/.test(key)) return undefined;
      if (!Object.hasOwn(value, key)) return undefined;
      value = (value as Readonly<Record<string, unknown>>)[key];
    }
    if (value === null) return null;
    return typeof value === "string" ? value : JSON.stringify(value);
  }
}
