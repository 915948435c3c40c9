/**
 * The place of the plots: the whole height is theirs, and its address tells what is plotted.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { LiveBench } from "../live/live_bench.ts";
import { PlotPanel } from "./plot.tsx";
import type { Plotted } from "./plotted.ts";

/** The plots over the whole place. */
export function PlotsPlace({ bench, plotted }: { bench: LiveBench; plotted: Plotted }): VNode {
  return (
    <section class="plot whole" aria-label="Plots">
      <PlotPanel bench={bench} plotted={plotted} />
    </section>
  );
}
