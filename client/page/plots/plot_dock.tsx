/**
 * The dock with the plot, which lies over the bench: nothing below moves when it opens.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { PlotPanel } from "./plot.tsx";
import { addressOf } from "../shell/place.ts";
import { type Plotted, stripsOf } from "./plotted.ts";

/** The dock, where it is open: at the bottom, or at the top where the pointer is in the lower half as it opens. */
export function PlotDock({ bench, plotted }: { bench: LiveBench; plotted: Plotted }): VNode | null {
  const open = useLive(plotted.open);
  const strips = stripsOf(useLive(plotted.fields)).length;
  // It is in the address.
  useLive(plotted.span);
  useLive(plotted.range);
  const pointer = useRef(0);
  const [side, setSide] = useState<"top" | "bottom">("bottom");
  useEffect(() => {
    const moved = ({ clientY }: PointerEvent) => void (pointer.current = clientY);
    addEventListener("pointerdown", moved, { capture: true, passive: true });
    const end = plotted.open.subscribe(() => {
      if (plotted.open.value) setSide(pointer.current > innerHeight / 2 && innerHeight > 500 ? "top" : "bottom");
    });
    return () => {
      removeEventListener("pointerdown", moved, { capture: true });
      end();
    };
  }, [plotted]);
  if (!open) return null;
  return (
    <section class={`plot dock ${side}`} aria-label="Plot" style={{ "--strips": Math.max(1, strips) }}>
      <span class="dock-actions">
        <a href={addressOf("plots", [], plotted.query)} title="The same over the whole window">Whole</a>
        <button type="button" class="plain" aria-label="Close Plot" onClick={() => plotted.open.value = false}>
          ×
        </button>
      </span>
      <PlotPanel bench={bench} plotted={plotted} />
    </section>
  );
}
