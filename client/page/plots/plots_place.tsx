/**
 * The place of the plots: the whole height is theirs, and its address tells what is plotted.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { LiveBench } from "../live/live_bench.ts";
import { useLayoutEffect } from "npm:preact@11.2.0/hooks";
import { useLive } from "../live/live.tsx";
import { addressOf, place } from "../shell/place.ts";
import { KeptPlots } from "./kept_plots.tsx";
import { MainValues, Missing } from "./plot_offers.tsx";
import { PlotPanel } from "./plot.tsx";
import type { Plotted } from "./plotted.ts";

/** What an address tells of a plot. */
const own = ["f", "log", "colours", "last", "from", "to"];
/** What is seen must stay the same for so long before the address tells it, in milliseconds. */
const settleTime = 300;

/** The plots over the whole place. */
export function PlotsPlace({ bench, plotted }: { bench: LiveBench; plotted: Plotted }): VNode {
  const shown = useLive(place);
  const fields = useLive(plotted.fields);
  const span = useLive(plotted.span);
  const range = useLive(plotted.range);
  const logarithmic = useLive(plotted.logarithmic);
  useLayoutEffect(() => plotted.take(shown.query), [shown]);
  useLayoutEffect(() => {
    // While it is moved, browsers would soon refuse further addresses.
    const later = setTimeout(() => tell(), range === undefined ? 0 : settleTime);
    return () => clearTimeout(later);
  }, [fields, span, range, logarithmic]);
  const tell = () => {
    // Somebody may have left already, which the page is told a moment later.
    if (!/^#\/plots\b/.test(location.hash)) return;
    const { query } = plotted;
    const others = [...place.value.query].filter(([name]) => !own.includes(name));
    for (const [name, value] of others) query.append(name, value);
    // Nobody wants to go back through each field that was added.
    history.replaceState(history.state, "", addressOf("plots", [], query));
  };
  return (
    <section class="plot whole" aria-label="Plots">
      <KeptPlots bench={bench} plotted={plotted} />
      <Missing plotted={plotted} />
      <PlotPanel bench={bench} plotted={plotted} />
      {fields.length === 0 ? <MainValues bench={bench} plotted={plotted} /> : null}
    </section>
  );
}
