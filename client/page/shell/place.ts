/**
 * Where on the page somebody is, which its address says: `#/bench/tempcon`, `#/plots?last=1h`, `#/images/exposure`.
 *
 * @module
 */

import { Live } from "../live/live.tsx";
import { addressOf } from "./address.ts";

export { addressOf };

/** Where somebody is. */
export interface Place {
  /** The name of the place: `bench`. */
  readonly name: string;
  /** What of it: the name of an instrument, of one of its fields. */
  readonly rest: readonly string[];
  /** How it is shown. */
  readonly query: URLSearchParams;
}

/** A part of an address that cannot be decoded stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function placeNow(): Place {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name = "", ...rest] = path.split("/").filter((part) => part !== "").map(decoded);
  return { name, rest, query: new URLSearchParams(query) };
}

/** Where this page is. */
export const place: Live<Place> = new Live(placeNow());
addEventListener("hashchange", () => place.value = placeNow());

/** Goes to a place. */
export function go(
  name: string,
  rest?: readonly string[],
  query?: URLSearchParams | Readonly<Record<string, string>>,
): void {
  const address = addressOf(name, rest, query);
  // Who asks for the same once more has looked elsewhere since.
  if (location.hash === address) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = address;
}

/** How a link to the page asks for it to be shown: for a wall, or without anything that changes the bench. */
export interface View {
  /** For a screen across the room: large, with nothing but the place. */
  readonly wall: boolean;
  /** Without controls, whatever this page's role. */
  readonly readOnly: boolean;
}

function viewNow(): View {
  const asked = new URLSearchParams(location.search);
  const { query } = placeNow();
  const wall = asked.get("view") === "wall" || query.has("wall");
  return { wall, readOnly: wall || asked.has("readonly") || query.has("readonly") };
}

/** How this page is shown; as long as it stays open. */
export const view: View = viewNow();

/** The address of where this page is, without controls for whoever opens it. */
export function readOnlyLink(): string {
  const { origin, pathname, hash } = location;
  return `${origin}${pathname}?readonly${hash}`;
}
