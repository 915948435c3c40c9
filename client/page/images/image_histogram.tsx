/**
 * The histogram of an image, on which the levels of black and white are dragged.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import type { ImageDescription, ImageHistogramDescription } from "../../../protocol/description.ts";
import { useLive } from "../live/live.tsx";
import type { ImageClient } from "./image_client.ts";
import { levelText } from "./image_stretch.ts";
import type { ImageViewer } from "./image_viewer.ts";

/** How many bins are shown. */
const bins = 200;

/** The values that are shown: those of most pixels, with room for the levels to be dragged; or all. */
export function histogramRange(
  { levels: { automatic: [black, white], full: [least, most] } }: Pick<ImageDescription, "levels">,
  all: boolean,
): readonly [from: number, to: number] {
  const room = Math.max(white - black, 1);
  const [from, to] = all ? [least, most] : [Math.max(least, black - room), Math.min(most, white + 3 * room)];
  // A bin that is narrower than a step of the camera's numbers would be empty every other time.
  const [first, last] = Number.isInteger(least) && Number.isInteger(most)
    ? [Math.floor(from), Math.ceil(to)]
    : [from, to];
  return last > first ? [first, last] : [first, first + 1];
}

/** How many bins a range has: whole numbers share none and skip none. */
function binsOf([from, to]: readonly [number, number]): number {
  const whole = Number.isInteger(from) && Number.isInteger(to);
  return whole ? Math.ceil((to - from) / Math.ceil((to - from) / bins)) : bins;
}

/** The outline of the counts, on a logarithmic scale, in a square of 1 by 1 from the top. */
export function histogramPath({ counts }: Pick<ImageHistogramDescription, "counts">): string {
  const highest = Math.log1p(counts.reduce((most, count) => Math.max(most, count), 1));
  const width = 1 / counts.length;
  const steps = counts.map((count, at) =>
    `V${(1 - Math.log1p(count) / highest).toFixed(4)}H${((at + 1) * width).toFixed(5)}`
  );
  return `M0 1${steps.join("")}V1Z`;
}

/** The histogram of the image that is shown. */
export function Histogram({ viewer, client, image }: {
  readonly viewer: ImageViewer;
  readonly client: ImageClient;
  readonly image: ImageDescription;
}): VNode {
  const look = useLive(viewer.look);
  const [histogram, setHistogram] = useState<ImageHistogramDescription>();
  const all = look.levels === "full";
  const range = histogramRange(image, all);
  useEffect(() => {
    const ended = new AbortController();
    client.histogram(image.identity, range, binsOf(range), ended.signal).then(setHistogram).catch(() => {});
    return () => ended.abort();
  }, [image.identity, all]);
  const box = useRef<HTMLDivElement>(null);
  const [from, to] = histogram === undefined ? range : [histogram.from, histogram.to];
  const share = (level: number) => Math.min(Math.max((level - from) / (to - from), 0), 1);
  /** Takes a level; black stays below white. */
  const take = (which: "black" | "white", wanted: number) => {
    const digits = Number(levelText(wanted, { black: from, white: to }));
    const level = which === "black" ? Math.min(digits, look.white) : Math.max(digits, look.black);
    viewer.change({ levels: "manual", [which]: level });
  };
  const handle = (which: "black" | "white") => (
    <span
      class={`histogram-handle ${which}`}
      style={{ left: `${100 * share(look[which])}%` }}
      role="slider"
      tabIndex={0}
      aria-label={which === "black" ? "Black level" : "White level"}
      aria-valuemin={from}
      aria-valuemax={to}
      aria-valuenow={look[which]}
      aria-valuetext={levelText(look[which], look)}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.focus();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const { left, width } = box.current!.getBoundingClientRect();
        take(which, from + Math.min(Math.max((event.clientX - left) / width, 0), 1) * (to - from));
      }}
      onKeyDown={(event) => {
        const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
        if (steps === undefined) return;
        event.preventDefault();
        take(which, look[which] + steps * (to - from) / 100);
      }}
    />
  );
  return (
    <div class="histogram" ref={box} aria-busy={histogram === undefined}>
      <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
        {histogram === undefined ? null : <path d={histogramPath(histogram)} />}
      </svg>
      <span
        class="histogram-shown"
        style={{ left: `${100 * share(look.black)}%`, right: `${100 - 100 * share(look.white)}%` }}
      />
      {handle("black")}
      {handle("white")}
    </div>
  );
}
