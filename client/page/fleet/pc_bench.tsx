/**
 * The bench of another PC, driven by this one's server.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect } from "npm:preact@11.2.0/hooks";
import { noArrangement } from "../../../protocol/arrangement.ts";
import { Cards } from "../bench/cards.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import type { Plotted } from "../plots/plotted.ts";
import { addressOf } from "../shell/place.ts";
import { pcOf } from "./live_fleet.ts";

/** The bench of a PC of the fleet: in the order of its bench, its groups are on its own page. */
export function PcBench({ bench, plotted, pc }: {
  readonly bench: LiveBench;
  readonly plotted: Plotted;
  readonly pc: string;
}): VNode {
  useEffect(() => bench.fleet.lookAt(pc), [pc]);
  const fleet = useLive(bench.fleet.description);
  const instruments = useLive(bench.fleet.instruments).filter((each) => pcOf(each.name) === pc && !each.aside);
  const member = fleet?.members.find(({ name }) => name === pc);
  const away = member !== undefined && !member.here;
  return (
    <div class="pc-bench">
      <p class="pc-head">
        <a href={addressOf("fleet")}>Fleet</a> <span aria-hidden="true">›</span>
        <strong>{pc}</strong>
        {member === undefined ? null : <span class="about">{member.title}</span>}
      </p>
      {member === undefined ? <p class="nothing">No PC of the fleet is called {pc}.</p> : (
        <>
          {away
            ? (
              <p class="trouble lost" role="alert">
                <strong>{member.reason}.</strong> What stands here was told last; it is live again by itself.
              </p>
            )
            : null}
          <p class="about">
            Driven by this PC's server: what {pc}{" "}
            allows this PC, and you may here, is what you may do there. Its plots are with yours; its journal, images,
            guards and the steps of its runs are on{" "}
            {member.page === undefined ? "its own page" : <a href={member.page} rel="noreferrer">its own page</a>}.
          </p>
          <div class={away ? "pc-away" : ""}>
            {instruments.length === 0
              ? bench.fleet.isKnown(pc) && !away ? <p class="nothing">It has no instruments.</p> : null
              : <Cards bench={bench} plotted={plotted} instruments={instruments} arrangement={noArrangement} />}
          </div>
        </>
      )}
    </div>
  );
}
