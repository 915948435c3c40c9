/**
 * The place with the instruments.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { LiveBench } from "../live/live_bench.ts";
import type { Plotted } from "../plots/plotted.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { addressOf, place } from "../shell/place.ts";
import { Arranging } from "./arranging.tsx";
import { Cards } from "./cards.tsx";

/** The instruments' cards; where the address asks for it, they are arranged. */
export function BenchPlace({ bench, plotted }: { bench: LiveBench; plotted: Plotted }): VNode | null {
  const isArranged = useLive(bench.arrangement.known);
  const welcome = useLive(bench.welcome);
  const instruments = useLive(bench.instruments);
  const arrangement = useLive(bench.arrangement.shown);
  const { query } = useLive(place);
  if (!isArranged) return null;
  if (!query.has("arrange") || !may(welcome, "arrange")) {
    return <Cards bench={bench} plotted={plotted} instruments={instruments} arrangement={arrangement} />;
  }
  return (
    <>
      <p class="place-tools">
        <a class="button strong" href={addressOf("bench")}>Done arranging</a>
      </p>
      <Arranging bench={bench} />
    </>
  );
}
