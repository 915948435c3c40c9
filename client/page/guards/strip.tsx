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
import { counted, troublesOf } from "./guard_words.ts";

/** What is not as it should be, in words; none where all is well. */
export function useTroubles({ guards }: LiveBench): readonly string[] {
  return troublesOf(useLive(guards.interlocks), useLive(guards.watchdogs));
}

/** Says what has tripped, expired or is bypassed, and leads there; nothing where all is well. */
export function GuardStrip({ bench }: { bench: LiveBench }): VNode | null {
  const troubles = useTroubles(bench);
  const interlocks = useLive(bench.guards.interlocks);
  const { state } = useLive(bench.connection);
  if (troubles.length === 0 || state !== "open") return null;
  // What is bypassed is known to somebody.
  const calm = interlocks.every((each) => each.state === "clear" || each.state === "bypassed") &&
    bench.guards.watchdogs.value.every((each) => each.state === "waiting");
  const [first] = troubles;
  const more = troubles.length - 1;
  return (
    <a class={`guard-strip ${calm ? "calm" : ""}`} href={addressOf("guards")} title={troubles.join("; ")}>
      <span class="no-entry" aria-hidden="true" />
      <span class="long">{first}{more === 0 ? "" : `, and ${more} more`}</span>
      <span class="brief">{counted(troubles.length, "guard")}</span>
    </a>
  );
}
