/**
 * What the address asks for: a card, and a field or a command on it. `#/bench/tempcon/camtemp`
 *
 * @module
 */

import { useMemo } from "npm:preact@11.2.0/hooks";
import { useLive } from "../live/live.tsx";
import { place } from "../shell/place.ts";

/** What somebody wants to see. */
export interface Wanted {
  /** The name of an instrument. */
  readonly instrument: string;
  /** The name of one of its fields or commands; empty for the card. */
  readonly part: string;
}

/** What the address asks for now; another object each time that it is asked for. */
export function useWanted(): Wanted | undefined {
  const asked = useLive(place);
  const { name, rest } = asked;
  return useMemo(() => {
    // On the bench of another PC: `#/fleet/cold-lab/tempcon`.
    const [instrument, part = ""] = name === "fleet" ? [rest[1] && rest.slice(0, 2).join("/"), rest[2]] : rest;
    return name !== "bench" && name !== "fleet" || instrument === undefined ? undefined : { instrument, part };
  }, [asked]);
}

/** So many frames it takes at least, and at most, until what is above a card has its height. */
const fewestFrames = 3;
const mostFrames = 30;

/**
 * Goes to a card, shows which it is, and puts the focus on what is wanted there.
 *
 * @returns Whether it is there.
 */
export function goToCard({ instrument, part }: Wanted): boolean {
  const card = document.getElementById(`bench-${instrument}`);
  if (card === null) return false;
  card.scrollIntoView({ block: "start" });
  card.classList.remove("found");
  // So that it begins anew.
  void card.offsetWidth;
  card.classList.add("found");
  const name = CSS.escape(part);
  // Who scrolls or presses something meanwhile is not pulled back.
  const end = new AbortController();
  const once = { signal: end.signal, passive: true, capture: true };
  for (const act of ["wheel", "pointerdown"]) addEventListener(act, () => end.abort(), once);
  let frames = 0;
  let last: number | undefined;
  const settle = () => {
    if (end.signal.aborted) return;
    const places = part === "" ? [] : [...card.querySelectorAll(`[data-field="${name}"], [data-command="${name}"]`)];
    const control = "input, select, button:not(.menu-button)";
    // A setting that is shown large has a row as well, where it can be set.
    const place = places.findLast((each) => each.querySelector(control) !== null) ?? places[0];
    const target = place ?? card;
    target.scrollIntoView({ block: place === undefined ? "start" : "center", behavior: "instant" });
    const { top } = target.getBoundingClientRect();
    if (frames === fewestFrames) target.querySelector<HTMLElement>(control)?.focus({ preventScroll: true });
    // What is above is drawn as it comes into sight, and may be higher than it was taken for; a command is opened.
    if (++frames <= fewestFrames || frames < mostFrames && top !== last) requestAnimationFrame(settle);
    else end.abort();
    last = top;
  };
  requestAnimationFrame(settle);
  return true;
}
