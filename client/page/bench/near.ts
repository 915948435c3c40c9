/**
 * Draws what is far from what is seen only once somebody comes near it: a large bench opens as quickly as a small one.
 *
 * @module
 */

import type { RefObject } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";

/** What to do for an element once it comes near. */
const waiting = new Map<Element, () => void>();
/** As far as the window is high, above and below it: nobody who scrolls or goes by Tab meets what is not drawn. */
const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) waiting.get(target)?.();
}, { rootMargin: "100% 0px" });

/**
 * Tells whether an element is to be drawn whole: from when it first comes near, for good, so that nothing that was
 * typed or opened there is lost.
 *
 * @param place The element.
 * @param now Whether it is to be drawn in any case.
 */
export function useNear(place: RefObject<Element | null>, now: boolean): boolean {
  const [near, setNear] = useState(false);
  const drawn = useRef(false);
  drawn.current ||= now || near;
  useEffect(() => {
    const element = place.current;
    if (drawn.current || element === null) return;
    waiting.set(element, () => setNear(true));
    observer.observe(element);
    return () => {
      waiting.delete(element);
      observer.unobserve(element);
    };
  }, [drawn.current]);
  return drawn.current;
}
