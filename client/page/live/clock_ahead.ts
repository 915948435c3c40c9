/**
 * The offset of this PC's clock from the server's: a tablet's may be wrong, and ages are told by the server's.
 *
 * @module
 */

/** By how many milliseconds this PC's clock is ahead of the server's; 0 where that is not known, or too little to tell. */
export async function clockAhead(): Promise<number> {
  const date = (await fetch("/", { method: "HEAD" })).headers.get("date");
  if (date === null) return 0;
  // The header has whole seconds.
  const ahead = Date.now() - Date.parse(date) - 500;
  return Math.abs(ahead) < 1500 ? 0 : ahead;
}
