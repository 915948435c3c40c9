/**
 * What everything was at a moment: each instrument with every value of then. Nothing in it is live, and nothing drives.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useMemo, useState } from "npm:preact@11.2.0/hooks";
import type { MomentAnswer } from "../../../protocol/readings.ts";
import { ageText } from "../bench/readout.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import type { Plotted } from "../plots/plotted.ts";
import { addressOf, place } from "../shell/place.ts";
import { useTimeZone } from "../shell/times.ts";
import {
  type FieldThen,
  inputMoment,
  inputText,
  instrumentsThen,
  type InstrumentThen,
  thenAddress,
} from "./moments.ts";

/** A plot around a moment shows so much before and after it, in milliseconds. */
const around = 300_000;
/** The steps of the buttons beside the moment, in milliseconds. */
const steps: readonly [step: number, name: string, sign: string][] = [
  [-60_000, "A minute earlier", "◀"],
  [60_000, "A minute later", "▶"],
];

/** What came of asking for a moment. */
type Found = { readonly answer: MomentAnswer } | { readonly failure: string } | undefined;

/** The view of the moment that the address tells. */
export function ThenPlace({ bench, plotted }: { bench: LiveBench; plotted: Plotted }): VNode {
  const asked = useLive(place).query.get("at");
  // An address without a moment means the one at which it was opened.
  const at = useMemo(() => asked === null ? Math.floor(bench.now() / 1000) * 1000 : Date.parse(asked), [asked]);
  const zone = useTimeZone();
  const fields = useLive(plotted.fields);
  const isMoment = !Number.isNaN(at);
  const now = bench.now();
  const day = isMoment
    ? new Date(at).toLocaleDateString("en-GB", {
      ...(zone === "utc" ? { timeZone: "UTC" } : {}),
      weekday: "short",
      day: "numeric",
      month: "short",
      year: "numeric",
    })
    : "";
  const plot = isMoment ? spanAround(at, now) : undefined;
  return (
    <section class="then" aria-labelledby="then-title">
      <div class="then-head" role="note">
        <h2 id="then-title">
          {isMoment ? <>As it was on {day}, {clockOf(at, zone)}</> : "As it was"}
        </h2>
        <p>
          Not live{isMoment && at < now ? `: ${agoText(now - at)} ago` : ""}. Nothing can be driven here.
        </p>
        <a class="button strong" id="then-back" href={addressOf("bench")}>Back to now</a>
      </div>
      <div class="then-tools">
        <MomentForm key={`${at} ${zone}`} at={isMoment ? at : now} now={now} />
        {isMoment
          ? (
            <span class="joined">
              {steps.map(([step, name, sign]) => (
                <button
                  key={step}
                  type="button"
                  class="sign"
                  aria-label={name}
                  title={name}
                  onClick={() => location.hash = thenAddress(at + step)}
                >
                  {sign}
                </button>
              ))}
            </span>
          )
          : null}
        {plot !== undefined && fields.length > 0 ? <a href={addressOf("plots", [], plot)}>Plot around it</a> : null}
      </div>
      {isMoment ? <Bench bench={bench} at={at} /> : (
        <p class="then-failure" role="alert">
          “{asked!.slice(0, 50)}” is no moment: write a date and a time, as in 2026-11-27T03:12:40Z
        </p>
      )}
    </section>
  );
}

function clockOf(at: number, zone: "local" | "utc"): string {
  const clock = inputText(at, zone).slice(-8);
  return zone === "utc" ? `${clock} UTC` : clock;
}

/** The range of a plot with a moment in its middle. */
function spanAround(at: number, now: number): { readonly from: string; readonly to: string } | undefined {
  const from = at - around;
  const to = Math.min(at + around, now);
  return from < to ? { from: new Date(from).toISOString(), to: new Date(to).toISOString() } : undefined;
}

/** How long ago something was: beyond two days, whole days say enough. */
function agoText(milliseconds: number): string {
  const days = Math.floor(milliseconds / 86_400_000);
  return days < 2 ? ageText(milliseconds / 1000) : `${days} days`;
}

/** Asks for another moment, by the chosen clock. */
function MomentForm({ at, now }: { readonly at: number; readonly now: number }): VNode {
  const zone = useTimeZone();
  const [text, setText] = useState(inputText(at, zone));
  const wanted = inputMoment(text, zone);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== undefined) location.hash = thenAddress(wanted);
      }}
    >
      <label>
        Moment ({zone === "utc" ? "UTC" : "your clock"}){" "}
        <input
          type="datetime-local"
          id="then-at"
          step={1}
          max={inputText(now, zone)}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>{" "}
      <button type="submit" disabled={wanted === undefined}>Show</button>
    </form>
  );
}

/** All instruments, as soon as they are known. */
function Bench({ bench, at }: { readonly bench: LiveBench; readonly at: number }): VNode {
  const instruments = useLive(bench.instruments);
  const found = useMoment(at);
  if (found === undefined) return <p class="nothing" role="status">Looking back …</p>;
  if ("failure" in found) return <p class="then-failure" role="alert">{found.failure}</p>;
  const { answer } = found;
  const all = instrumentsThen(instruments, answer);
  return (
    <>
      {answer.kept
        ? null
        : <p class="then-failure" role="status">{bench.now() < at ? "This moment is still to come." : gap}</p>}
      {answer.fields.length === 0
        ? <p class="nothing">Nothing was read in the three hours before.</p>
        : (
          <div class="then-bench">
            {all.map((instrument) => <InstrumentCard key={instrument.name} instrument={instrument} />)}
          </div>
        )}
    </>
  );
}

const gap = "No server kept readings at this moment: what stands here is what was read before.";

/** What everything was at a moment, asked anew for each. */
function useMoment(at: number): Found {
  const [found, setFound] = useState<Found>();
  useEffect(() => {
    const stop = new AbortController();
    const ask = async (): Promise<Found> => {
      const answer = await fetch(`/api/v1/moment?at=${at}`, { signal: stop.signal });
      const body = await answer.json();
      return answer.ok ? { answer: body } : { failure: String(body.error?.message ?? answer.statusText) };
    };
    setFound(undefined);
    ask().catch((error: Error) => ({ failure: `Cannot look back: ${error.message}` })).then((told) => {
      if (!stop.signal.aborted) setFound(told);
    });
    return () => stop.abort();
  }, [at]);
  return found;
}

function InstrumentCard({ instrument }: { readonly instrument: InstrumentThen }): VNode {
  const { name, caption, here, fields } = instrument;
  const id = `then-${name}`;
  return (
    <article class="then-card" aria-labelledby={id} data-instrument={name}>
      <h3 id={id}>
        {caption} {here ? null : <small>no longer on the bench</small>}
      </h3>
      <table>
        <thead class="unseen">
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Value</th>
            <th scope="col">Quality and age</th>
          </tr>
        </thead>
        <tbody>{fields.map((field) => <Row key={field.name} field={field} />)}</tbody>
      </table>
    </article>
  );
}

function Row({ field }: { readonly field: FieldThen }): VNode {
  const { name, caption, text, unit, quality, age } = field;
  const known = quality === "good";
  return (
    <tr class={quality} data-field={name}>
      <th scope="row">{caption}</th>
      <td class="then-value">
        {known && text !== "" ? text : "–"} {known && unit !== "" ? <span class="unit">{unit}</span> : null}
      </td>
      <td class="then-age">{age === undefined ? "not read" : `${quality}, ${ageText(age / 1000)}`}</td>
    </tr>
  );
}
