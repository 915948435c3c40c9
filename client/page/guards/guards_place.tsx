/**
 * The place of the guards: interlocks with how far each is from tripping, watchdogs, the safe state, and what has tripped.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { place } from "../shell/place.ts";
import { timeText, useTimeZone } from "../shell/times.ts";
import { countsOf } from "./alarm_words.ts";
import { Alarms } from "./alarms.tsx";
import { counted, troublesOf, worstFirst } from "./guard_words.ts";
import { Interlock } from "./interlock.tsx";
import { LimitList } from "./limit.tsx";
import { Steps } from "./safe_state.tsx";
import { Held, useHeld, useSteadyOrder } from "./steady.ts";
import { Trips } from "./trips.tsx";
import { Watchdog } from "./watchdog.tsx";

/** The place. */
export function GuardsPlace({ bench }: { bench: LiveBench }): VNode {
  const { guards } = bench;
  const guarded = useLive(guards.bench);
  const interlocks = useLive(guards.interlocks);
  const watchdogs = useLive(guards.watchdogs);
  const alarms = useLive(guards.alarms);
  const asked = useLive(place);
  const known = guarded !== undefined;
  const [whole, setWhole] = useState<HTMLElement | null>(null);
  const held = useHeld(whole);
  // `#/guards/too_hot`, `#/guards/alarm/bottle_empty`
  const wanted = asked.rest.join("-");
  useEffect(() => bench.lookAtValues("guards"), []);
  // The status tells how messages are doing.
  useEffect(() => bench.lookAtClients(), []);
  useEffect(() => {
    if (wanted === "" || !known) return;
    const found = document.getElementById(`guard-${wanted}`);
    found?.scrollIntoView({ block: "start" });
    found?.focus({ preventScroll: true });
  }, [asked, known]);
  if (!known) {
    return (
      <div class="guards-place">
        <p class="about">
          This bench has no guards: interlocks, watchdogs and the safe state are said in its bench file.
        </p>
      </div>
    );
  }
  const counts = countsOf(alarms);
  const troubles = [
    ...counts === "" ? [] : [`Alarms: ${counts}`],
    ...troublesOf(interlocks, watchdogs),
  ];
  return (
    <div class="guards-place" ref={setWhole}>
      <h2 class="unseen">Guards</h2>
      <p class={`guards-summary ${troubles.length === 0 ? "well" : "trouble"}`} role="status">
        <span class="lamp" aria-hidden="true" />
        <span>
          {troubles.length === 0
            ? `All is well: ${
              [
                ...interlocks.length === 0 ? [] : [`${counted(interlocks.length, "interlock")} clear`],
                ...watchdogs.length === 0 ? [] : [`${counted(watchdogs.length, "watchdog")} in time`],
              ].join(", ") || "nothing is watched"
            }`
            : troubles.join("; ")}
        </span>
      </p>
      {guarded.hint === "" ? null : <p class="about">{guarded.hint}</p>}
      <MessagesLine bench={bench} />
      <Held.Provider value={held}>
        <Alarms bench={bench} />
        <Interlocks bench={bench} />
      </Held.Provider>
      {watchdogs.length === 0 ? null : (
        <section aria-labelledby="guards-watchdogs">
          <h3 id="guards-watchdogs">Watchdogs</h3>
          <div class="guard-cards">
            {watchdogs.map((each) => <Watchdog key={each.name} bench={bench} watchdog={each} />)}
          </div>
        </section>
      )}
      <LimitList bench={bench} />
      {guarded.safeState.length === 0 ? null : (
        <section aria-labelledby="guards-safe">
          <h3 id="guards-safe">The safe state</h3>
          <article class="card guard">
            <Steps steps={guarded.safeState} />
          </article>
        </section>
      )}
      <Trips bench={bench} />
    </div>
  );
}

function Interlocks({ bench }: { readonly bench: LiveBench }): VNode | null {
  const interlocks = useSteadyOrder(worstFirst(useLive(bench.guards.interlocks)), () => undefined);
  if (interlocks.length === 0) return null;
  return (
    <section aria-labelledby="guards-interlocks">
      <h3 id="guards-interlocks">Interlocks</h3>
      <div class="guard-cards">
        {interlocks.map((each) => <Interlock key={each.name} bench={bench} interlock={each} />)}
      </div>
    </section>
  );
}

/** How the messages to people are doing; nothing where nobody is told of anything. */
function MessagesLine({ bench }: { readonly bench: LiveBench }): VNode | null {
  const zone = useTimeZone();
  const messages = useLive(bench.status)?.messages;
  if (messages === undefined) return null;
  const { sent, waiting, failed } = messages;
  const time = (text: string) => timeText(new Date(text), new Date(bench.now()), zone);
  return (
    <p class="about messages-line">
      Messages: {sent === null ? "none sent since the start" : `the last to ${sent.to}, ${time(sent.time)}`};{" "}
      {waiting === 0 ? "none waits" : `${waiting} ${waiting === 1 ? "waits" : "wait"}`}
      {failed === null ? "" : `; failed last: ${failed.to}, ${time(failed.time)}: ${failed.reason}`}
    </p>
  );
}
