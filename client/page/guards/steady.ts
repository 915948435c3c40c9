/**
 * Keeps the cards of the guards where they are while somebody is about to press something there: what trips then is put
 * into its order later.
 *
 * @module
 */

import { createContext } from "npm:preact@11.2.0";
import { useContext, useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";

/** So long after the last movement, or key, the order is kept, in milliseconds. */
const calm = 5000;

/** Whether somebody is about to press something on the place. */
export const Held: ReturnType<typeof createContext<boolean>> = createContext(false);

/** Whether somebody is about to press something on the place. */
export function useHeld(place: HTMLElement | null): boolean {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (place === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const letGo = () => setHeld(false);
    let pointed = "";
    const move = (event: PointerEvent) => {
      // Browsers tell of a move, too, where what is under the pointer has moved.
      const { screenX, screenY } = event;
      if (pointed === `${screenX} ${screenY}`) return;
      pointed = `${screenX} ${screenY}`;
      act();
    };
    const act = () => {
      clearTimeout(timer);
      timer = setTimeout(letGo, calm);
      setHeld(true);
    };
    const leave = ({ pointerType }: PointerEvent) => {
      // A finger leaves with each tap, and who types goes on.
      if (pointerType !== "mouse" || place.querySelector("input:focus, select:focus") !== null) return;
      clearTimeout(timer);
      letGo();
    };
    const acts = ["pointerdown", "keydown", "focusin"] as const;
    place.addEventListener("pointermove", move);
    for (const each of acts) place.addEventListener(each, act);
    place.addEventListener("pointerleave", leave);
    return () => {
      clearTimeout(timer);
      for (const each of acts) place.removeEventListener(each, act);
      place.removeEventListener("pointermove", move);
      place.removeEventListener("pointerleave", leave);
    };
  }, [place]);
  return held;
}

/**
 * A list in its order; while it is held, as it was before: what is new comes last.
 *
 * @param inOrder As it should be.
 * @param gone What is still shown of one that has gone, if anything.
 */
export function useSteadyOrder<T extends { readonly name: string }>(
  inOrder: readonly T[],
  gone: (last: T) => T | undefined,
): readonly T[] {
  const held = useContext(Held);
  const shown = useRef(inOrder);
  if (held) {
    const now = new Map(inOrder.map((each) => [each.name, each]));
    const stay = shown.current.map((each) => now.get(each.name) ?? gone(each)).filter((each) => each !== undefined);
    const there = new Set(stay.map(({ name }) => name));
    shown.current = [...stay, ...inOrder.filter(({ name }) => !there.has(name))];
  } else shown.current = inOrder;
  return shown.current;
}
