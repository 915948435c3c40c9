/**
 * Tells the cards of a large bench whether they are near what is seen: only those are drawn whole.
 *
 * @module
 */

import { useLayoutEffect, useMemo, useState } from "npm:preact@11.2.0/hooks";

/** Cards are drawn whole this far above and below what is seen, in parts of the window's height. */
const margin = "75%";

const watchers = new Map<Element, (near: boolean) => void>();
let observer: IntersectionObserver | undefined;

function watch(card: Element, tell: (near: boolean) => void): () => void {
  observer ??= new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) watchers.get(target)?.(isIntersecting);
  }, { rootMargin: `${margin} 0px` });
  watchers.set(card, tell);
  observer.observe(card);
  return () => {
    watchers.delete(card);
    observer!.unobserve(card);
  };
}

/** How a card is drawn. */
interface Near {
  /** Whether it is drawn whole. */
  readonly whole: boolean;
  /** The height of the place that is kept for it while it is not, in pixels. */
  readonly height: number;
  /** Somebody uses it: from now on it stays whole, with what is typed and open there. */
  readonly use: () => void;
}

/**
 * Whether a card is near what is seen.
 *
 * @param card It, once it is there.
 * @param height Its height before it has ever been whole, in pixels; `undefined` where it is always whole.
 * @param begin Whether it is taken for near before that is known.
 */
export function useNear(card: HTMLElement | null, height: number | undefined, begin: boolean): Near {
  const [near, setNear] = useState({ whole: begin, height: undefined as number | undefined });
  const [used, setUsed] = useState(false);
  const off = height === undefined || used;
  useLayoutEffect(() => {
    if (card === null || off) return;
    return watch(card, (whole) =>
      setNear((known) => {
        if (known.whole === whole) return known;
        return { whole, height: whole ? known.height : card.offsetHeight };
      }));
  }, [card, off]);
  const use = useMemo(() => () => setUsed(true), []);
  return { whole: near.whole || used, height: near.height ?? height ?? 0, use };
}
