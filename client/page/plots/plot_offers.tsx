/**
 * Offers what matters most of each instrument where nothing is plotted, and says what cannot be.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { mainFields } from "../bench/fields.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { isNumeric } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { labelOf, type Plotted } from "./plotted.ts";

/** So many are offered: all others can be picked by name. */
const mostOffered = 16;

/** Buttons that plot the main values. */
export function MainValues({ bench, plotted }: { bench: LiveBench; plotted: Plotted }): VNode {
  const instruments = useLive(bench.instruments);
  const { main = {} } = useLive(bench.arrangement.shown);
  const offered = instruments.filter(({ aside }) => !aside)
    .flatMap((instrument) => mainFields(instrument, main[instrument.name]))
    .filter(({ spec }) => isNumeric(spec))
    .slice(0, mostOffered);
  return (
    <div class="plot-offers" role="group" aria-label="Values that matter most">
      {offered.map((field) => (
        <button key={labelOf(field)} type="button" onClick={() => plotted.add(field)}>{plotted.titleOf(field)}</button>
      ))}
    </div>
  );
}

/** Says which names of the address, or of what was plotted last, are no numbers of this bench. */
export function Missing({ plotted }: { plotted: Plotted }): VNode | null {
  const missing = useLive(plotted.missing);
  if (missing.length === 0) return null;
  return (
    <p class="complaint plot-missing" role="status">
      Not plotted: {missing.join(", ")}. This bench has no number of that name.
    </p>
  );
}
