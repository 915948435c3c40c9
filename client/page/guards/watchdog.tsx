/**
 * The card of a watchdog: the time that is left, what it does, and a sign of life.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { WatchdogDescription } from "../../../protocol/guards.ts";
import { Complaint, useWork } from "../bench/work.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { timeText, useTimeZone } from "../shell/times.ts";
import { leftText } from "./guard_words.ts";
import { Steps } from "./safe_state.tsx";

/** The card. */
export function Watchdog({ bench, watchdog }: {
  readonly bench: LiveBench;
  readonly watchdog: WatchdogDescription;
}): VNode {
  const { name, title, summary, state, within, left, renewed, renewedBy, trips } = watchdog;
  const welcome = useLive(bench.welcome);
  const zone = useTimeZone();
  const [work, complaint, busy] = useWork();
  const expired = state === "expired";
  return (
    <article class={`card guard ${state}`} id={`guard-${name}`} tabIndex={-1} aria-labelledby={`guard-title-${name}`}>
      <div class="guard-head">
        <h4 id={`guard-title-${name}`}>{title}</h4>
        <span class="guard-state">
          <span class="lamp" aria-hidden="true" />
          <span>{expired ? "expired" : `${leftText(left)} left`}</span>
        </span>
      </div>
      {summary === "" ? null : <p class="about">{summary}</p>}
      {expired ? null : <meter min={0} max={within} value={left} aria-label={`Time left of ${title}`} />}
      <p class="about">
        Must be renewed within {leftText(within)}; the last time by {renewedBy},{" "}
        {timeText(new Date(renewed), new Date(bench.now()), zone)}
      </p>
      <h5>{expired ? "Did, when it expired" : "Does, unless it is renewed"}</h5>
      <Steps steps={trips} told={expired} />
      {may(welcome, "drive", "guards")
        ? (
          <div class="guard-doings">
            <button
              type="button"
              class={expired ? "strong" : ""}
              aria-label={`Renew ${title}`}
              disabled={busy}
              onClick={() =>
                void work(() => bench.call("guards", "renew", [name]))}
            >
              Renew
            </button>
          </div>
        )
        : null}
      <Complaint text={complaint} />
    </article>
  );
}
