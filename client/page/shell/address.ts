/**
 * Writes the addresses of places.
 *
 * @module
 */

/** The address of a place, for links. @example `addressOf("bench", ["tempcon"])` is `#/bench/tempcon`. */
export function addressOf(
  name: string,
  rest: readonly string[] = [],
  query: URLSearchParams | Readonly<Record<string, string>> = {},
): string {
  const asked = new URLSearchParams(query as Record<string, string>).toString();
  return `#/${[name, ...rest].map(encodeURIComponent).join("/")}${asked === "" ? "" : `?${asked}`}`;
}
