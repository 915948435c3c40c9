/**
 * What is wrong with an instrument, said once, with what to do.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useReducer, useState } from "npm:preact@11.2.0/hooks";
import type { FieldReading } from "../../../protocol/description.ts";
import { pcOf } from "../fleet/live_fleet.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveField, LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { fieldCaption, notSent } from "./fields.ts";
import { ageText } from "./readout.tsx";
import { Complaint, useWork } from "./work.tsx";

/** So many different reasons are told; more help nobody. */
const mostReasons = 3;

/** What matters of a reading here: drawn anew only where it changes, and not with every value. */
function keyOf({ quality, reason = "", time }: FieldReading): string {
  // What has never been read and has no reason only has not come yet.
  return quality === "good" || (reason === "" && time === null) ? "" : `${quality} ${reason}`;
}

/** The fields that are not good, by the reason. */
function useReasons(instrument: LiveInstrument): ReadonlyMap<string, readonly LiveField[]> {
  const [, drawAgain] = useReducer((count: number) => count + 1, 0);
  const fields = [...instrument.fields.values()];
  useEffect(() => {
    const ends = fields.map(({ reading }) => {
      let known = keyOf(reading.value);
      return reading.subscribe(() => {
        const key = keyOf(reading.value);
        if (key === known) return;
        known = key;
        drawAgain(undefined);
      });
    });
    drawAgain(undefined);
    return () => ends.forEach((end) => end());
  }, [instrument]);
  const reasons = new Map<string, LiveField[]>();
  for (const field of fields) {
    const { value } = field.reading;
    if (keyOf(value) === "") continue;
    const reason = value.reason ?? "no reading for too long";
    const same = reasons.get(reason);
    if (same === undefined) reasons.set(reason, [field]);
    else same.push(field);
  }
  return reasons;
}

/** What is wrong, if anything. */
export function Trouble({ bench, instrument }: { bench: LiveBench; instrument: LiveInstrument }): VNode | null {
  const contact = useLive(instrument.contact);
  const reasons = useReasons(instrument);
  const lost = contact !== null && contact.state === "lost";
  const [, tick] = useState(0);
  useEffect(() => {
    if (!lost) return;
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [lost]);
  if (lost) {
    const { address, reason, since, nextTry } = contact;
    const ago = since === undefined ? "" : ` for ${ageText((bench.now() - Date.parse(since)) / 1000)}`;
    const next = nextTry === undefined ? NaN : Math.ceil((Date.parse(nextTry) - bench.now()) / 1000);
    return (
      <div class="trouble lost">
        <p>
          <strong role="status">No contact</strong>
          <strong>{ago}</strong>
          {reason === "" ? "" : `: ${reason}`}
        </p>
        {/* Of another PC it is that PC that is not there. */}
        {pcOf(instrument.name) !== undefined ? null : (
          <p class="to-do">
            Check its power and its cable
            {reason.includes(address) ? null : (
              <>
                {" "}at <span class="address">{address}</span>
              </>
            )}; it is tried again by itself
            {next > 0 ? ` in ${next} s` : " now"}.{" "}
            {nextTry === undefined ? null : <TryNow bench={bench} instrument={instrument} waits={next > 0} />}
          </p>
        )}
      </div>
    );
  }
  if (contact?.state === "off" && contact.reason !== "") {
    return <SwitchedOff bench={bench} instrument={instrument} reason={contact.reason} />;
  }
  if (contact !== null && contact.state !== "connected") {
    const what = contact.state === "connecting" ? "Connecting to" : "Not started:";
    return (
      <p class="trouble begins">
        {what} <span class="address">{contact.address}</span>
      </p>
    );
  }
  // A setting that nobody has sent yet is no trouble.
  const told = [...reasons].filter(([reason]) => reason !== notSent);
  if (told.length === 0) return null;
  return (
    <div class="trouble" role="status">
      {told.slice(0, mostReasons).map(([reason, fields]) => (
        <p key={reason}>
          <strong>
            {fields.length > 2 ? `${fields.length} values` : fields.map(({ spec }) => fieldCaption(spec)).join(", ")}
          </strong>: {reason}
        </p>
      ))}
      {told.length <= mostReasons ? null : <p>and {told.length - mostReasons} more</p>}
    </div>
  );
}

/** Tries it now: for who has just put its cable back. It keeps its place while it is tried. */
function TryNow({ bench, instrument: { name, title }, waits }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  readonly waits: boolean;
}): VNode | null {
  const welcome = useLive(bench.welcome);
  const [work, complaint, busy] = useWork();
  if (!may(welcome, "drive", name)) return null;
  return (
    <>
      <button
        type="button"
        aria-label={`Try now: ${title}`}
        disabled={busy || !waits}
        onClick={() => void work(() => bench.call("api", "try_now", [name]))}
      >
        Try now
      </button>
      <Complaint text={complaint} />
    </>
  );
}

/** Somebody has left its port to another program. */
function SwitchedOff({ bench, instrument: { name, title }, reason }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  readonly reason: string;
}): VNode {
  const welcome = useLive(bench.welcome);
  const [work, complaint, busy] = useWork();
  return (
    <p class="trouble begins">
      {reason.charAt(0).toUpperCase() + reason.slice(1)}. {may(welcome, "administer")
        ? (
          <button
            type="button"
            aria-label={`Switch on ${title}`}
            disabled={busy}
            onClick={() => void work(() => bench.switch(name, true))}
          >
            Switch on
          </button>
        )
        : null}
      <Complaint text={complaint} />
    </p>
  );
}
