/**
 * The card of an interlock: its state, how far it is from tripping, what it forbids and did, reset and bypass.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import type { ConditionPart, InterlockDescription } from "../../../protocol/guards.ts";
import { Complaint, useWork } from "../bench/work.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { timeText, useTimeZone } from "../shell/times.ts";
import { interlockWords } from "./guard_words.ts";
import { ReasonForm, type TimeChoice } from "./reason_form.tsx";
import { Steps } from "./safe_state.tsx";

/** The times for which an interlock is bypassed. */
const bypassTimes: readonly TimeChoice[] = [
  ["10m", "10 minutes"],
  ["30m", "30 minutes"],
  ["2h", "2 hours"],
  ["8h", "8 hours"],
];

/** The card. */
export function Interlock({ bench, interlock }: {
  readonly bench: LiveBench;
  readonly interlock: InterlockDescription;
}): VNode {
  const { name, title, summary, state, must, when, until, latched, since, reason, parts, forbids, trips } = interlock;
  const { bypass } = interlock;
  const zone = useTimeZone();
  const now = new Date(bench.now());
  const time = (text: string) => timeText(new Date(text), now, zone);
  return (
    <article class={`card guard ${state}`} id={`guard-${name}`} tabIndex={-1} aria-labelledby={`guard-title-${name}`}>
      <div class="guard-head">
        <h4 id={`guard-title-${name}`}>{title}</h4>
        <span class="guard-state">
          <span class="lamp" aria-hidden="true" />
          <span>{interlockWords[state]}</span>
        </span>
        {state === "clear" ? null : <span class="about">since {time(since)}</span>}
      </div>
      {summary === "" ? null : <p class="about">{summary}</p>}
      {reason === "" || state === "bypassed" ? null : <p class="guard-reason">{reason}</p>}
      {bypass === null ? null : (
        <p class="guard-bypass">
          Out of force until {time(bypass.until)}: {bypass.reason} <span class="about">({bypass.by})</span>
        </p>
      )}
      <Condition parts={parts} must={must !== null} whole={must ?? when ?? ""} />
      {until === null ? null : (
        <p class="about">
          Returns when <code>{until}</code>
          {latched ? ", and then waits for a reset" : ""}
        </p>
      )}
      {until === null && latched ? <p class="about">Waits for a reset once it has tripped</p> : null}
      {forbids.length === 0 ? null : (
        <>
          <h5>{interlock.refusal === "" ? "Forbids, once it trips" : "Forbids now"}</h5>
          <ul class="guard-forbids">
            {forbids.map((each) => <li key={each}>{each[0]!.toUpperCase() + each.slice(1)}</li>)}
          </ul>
        </>
      )}
      {trips.length === 0 ? null : (
        <>
          <h5>Does, when it trips</h5>
          <Steps steps={trips} />
        </>
      )}
      <Doings bench={bench} interlock={interlock} />
    </article>
  );
}

/** Each part of a condition with its value now, and how far that is from the other side. */
export function Condition({ parts, must, whole, heading }: {
  readonly parts: readonly ConditionPart[];
  /** Whether it has to be so; else it must not. */
  readonly must: boolean;
  /** Empty where it is told elsewhere. */
  readonly whole: string;
  /** Where it is waited for, what stands over it. @default it is that of a guard */
  readonly heading?: string;
}): VNode {
  return (
    <>
      <h5>{heading ?? (must ? "Must be so" : "Trips when")}</h5>
      {whole === "" || parts.length === 1 && parts[0]!.text === whole ? null : <code class="guard-whole">{whole}</code>}
      <ul class="guard-parts">
        {parts.map(({ text, so, value, distance }) => (
          <li key={text} class={so === null ? "unknown" : so === must ? "well" : "broken"}>
            <code>{text}</code>
            <span class="part-so">{so === null ? "not known" : so ? "is so" : "is not so"}</span>
            <span class="part-value">{value}</span>
            {distance === undefined ? null : (
              <span class="part-distance">
                {heading !== undefined
                  ? so === must ? "" : `${distance} to go`
                  : so === must
                  ? `${distance} away from tripping`
                  : `${distance} beyond`}
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

/** What can be done with it. */
function Doings({ bench, interlock: { name, title, state, latched, bypass, safe } }: {
  readonly bench: LiveBench;
  readonly interlock: InterlockDescription;
}): VNode | null {
  const welcome = useLive(bench.welcome);
  const [work, complaint, busy] = useWork();
  const [asking, setAsking] = useState(false);
  const drives = may(welcome, "drive", "guards");
  const admin = may(welcome, "administer");
  if (!drives) return null;
  // Its button goes: who works by keyboard stays at the card.
  const ask = async (command: string) => {
    if (await work(() => bench.call("guards", command, [name]))) {
      document.getElementById(`guard-${name}`)?.focus({ preventScroll: true });
    }
  };
  const resets = state === "latched" || latched && state === "tripped";
  return (
    <>
      <div class="guard-doings">
        {!resets ? null : (
          <button
            type="button"
            class="strong"
            aria-label={`Reset ${title}`}
            disabled={busy || state !== "latched"}
            title={state === "latched" ? undefined : "Once its condition is as it should be"}
            onClick={() => void ask("reset")}
          >
            Reset
          </button>
        )}
        {resets && safe !== true ? <span class="about">can be reset once its condition is as it should be</span> : null}
        {bypass === null
          ? admin && !asking
            ? (
              <button type="button" aria-label={`Bypass ${title}`} onClick={() => setAsking(true)}>
                Bypass…
              </button>
            )
            : null
          : (
            <button
              type="button"
              aria-label={`End the bypass of ${title}`}
              disabled={busy}
              onClick={() => void ask("end_bypass")}
            >
              End the bypass
            </button>
          )}
      </div>
      {asking && admin && bypass === null
        ? (
          <ReasonForm
            doing="Bypass"
            title={title}
            about="It will neither forbid nor do anything, for everybody to see."
            times={bypassTimes}
            danger
            send={(time, reason) => bench.call("guards", "bypass", [name, time, reason])}
            close={() => setAsking(false)}
          />
        )
        : null}
      <Complaint text={complaint} />
    </>
  );
}
