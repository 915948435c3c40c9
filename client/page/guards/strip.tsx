/**
 * What of the guards is not as it should be, in the header of every place.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { addressOf } from "../shell/address.ts";
import { countsOf, isUnacknowledged, stands, worstOf } from "./alarm_words.ts";
import { troublesOf } from "./guard_words.ts";
import { useSound } from "./sound.tsx";

/** What the strip says. */
interface Shown {
  /** Whole, and for a phone. */
  readonly text: string;
  readonly brief: string;
  /** All of it, the worst first. */
  readonly all: readonly string[];
  /** Whether somebody knows of all of it. */
  readonly calm: boolean;
  readonly severity: string;
}

function useShown({ guards }: LiveBench): Shown | undefined {
  const interlocks = useLive(guards.interlocks);
  const watchdogs = useLive(guards.watchdogs);
  const alarms = useLive(guards.alarms);
  const standing = alarms.filter(stands);
  const troubles = troublesOf(interlocks, watchdogs);
  const all = [...standing.map(({ severity, title }) => `${severity}: ${title}`), ...troubles];
  if (all.length === 0) return undefined;
  const bypassed = interlocks.filter(({ state }) => state === "bypassed");
  const [first] = standing;
  if (first === undefined) {
    const more = troubles.length - 1;
    return {
      text: `${troubles[0]}${more === 0 ? "" : `, and ${more} more`}`,
      brief: String(troubles.length),
      all,
      calm: bypassed.length === troubles.length,
      severity: "",
    };
  }
  const aside = bypassed.length === 0 ? "" : `; ${bypassed.length} bypassed`;
  return {
    text: standing.length === 1 ? `${first.title}${aside}` : `${countsOf(standing)}${aside}`,
    brief: String(standing.length),
    all,
    calm: !standing.some(isUnacknowledged),
    severity: `severity-${worstOf(standing)}`,
  };
}

/** Whether something is not as it should be. */
export function useIsTroubled(bench: LiveBench): boolean {
  return useShown(bench) !== undefined;
}

/** Says what stands, has tripped, expired or is bypassed, and leads there; nothing where all is well. */
export function GuardStrip({ bench }: { bench: LiveBench }): VNode {
  const shown = useShown(bench);
  const { state } = useLive(bench.connection);
  useSound(bench);
  return (
    <div class="guard-strip-place" role="status">
      {shown === undefined || state !== "open" ? null : (
        <a
          class={`guard-strip ${shown.severity} ${shown.calm ? "calm" : ""}`}
          href={addressOf("guards")}
          title={shown.all.join("; ")}
        >
          <span class="no-entry" aria-hidden="true" />
          <span class="long">{shown.text}</span>
          <span class="brief">
            {shown.brief} <span class="unseen">not well: {shown.text}</span>
          </span>
        </a>
      )}
    </div>
  );
}
