/**
 * What has tripped, the newest first: which came first of those that tripped together, which part of the condition broke
 * first, and the values before and after.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import type { TripDescription } from "../../../protocol/guards.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { addressOf } from "../shell/address.ts";
import { timeText, useTimeZone } from "../shell/times.ts";
import { groupsOf } from "./guard_words.ts";
import { Trail } from "./trail.tsx";

/** The history. */
export function Trips({ bench }: { bench: LiveBench }): VNode {
  const groups = groupsOf(useLive(bench.guards.trips));
  return (
    <section aria-labelledby="guards-trips">
      <h3 id="guards-trips">What has tripped</h3>
      {groups.length === 0 ? <p class="about">Nothing, since the server was started.</p> : null}
      <ol class="trips">
        {groups.map((trips) => (
          <li key={trips[0]!.name}>
            <ol class={trips.length > 1 ? "trip-group" : ""}>
              {trips.map((trip, at) => (
                <Trip
                  key={trip.name}
                  bench={bench}
                  trip={trip}
                  place={trips.length === 1
                    ? ""
                    : at === 0
                    ? "first"
                    : `${seconds(Date.parse(trip.time) - Date.parse(trips[0]!.time))} later`}
                />
              ))}
            </ol>
          </li>
        ))}
      </ol>
    </section>
  );
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 0)} s`;
}

function Trip({ bench, trip, place }: {
  readonly bench: LiveBench;
  readonly trip: TripDescription;
  /** Where it stands among those that tripped together. */
  readonly place: string;
}): VNode {
  const zone = useTimeZone();
  const [open, setOpen] = useState(false);
  const { interlock, title, time, reason, first, parts } = trip;
  const at = Date.parse(time);
  const plot = {
    from: new Date(at - 600_000).toISOString(),
    to: new Date(at + 600_000).toISOString(),
  };
  const query = new URLSearchParams([...trip.fields.map((field) => ["f", field]), ...Object.entries(plot)]);
  return (
    <li class="card trip">
      <div class="guard-head">
        <time dateTime={time}>{timeText(new Date(time), new Date(bench.now()), zone)}</time>
        <a href={addressOf("guards", [interlock])}>{title}</a>
        {place === "" ? null : <span class={`trip-place ${place === "first" ? "first" : ""}`}>{place}</span>}
      </div>
      <p>{reason}</p>
      {parts.length < 2 || first.length === 0
        ? null
        : <p class="first-out">Broke first: {first.map((each) => <code key={each}>{each}</code>)}</p>}
      <div class="guard-doings">
        <button type="button" class="plain" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Hide the values" : "Values before and after"}
        </button>
        <a href={addressOf("plots", [], query)}>Plot</a>
        <a href={addressOf("then", [], { at: time })}>The bench then</a>
      </div>
      {open ? <Trail bench={bench} trip={trip} /> : null}
    </li>
  );
}
