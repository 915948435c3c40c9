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

/** The address of an instrument, or of a part of it; `cold-lab/tempcon` is on the bench of another PC. */
export function instrumentAddress(name: string, ...part: readonly string[]): string {
  const slash = name.indexOf("/");
  return slash <= 0
    ? addressOf("bench", [name, ...part])
    : addressOf("fleet", [name.slice(0, slash), name.slice(slash + 1), ...part]);
}
