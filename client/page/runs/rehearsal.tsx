/**
 * A rehearsal of a run: what is set when, what it meets, how it ends, and what the simulated readings would be.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useMemo, useRef, useState } from "npm:preact@11.2.0/hooks";
import type { Points } from "../../../protocol/history.ts";
import type { Rehearsal, RehearsedEvent, RehearsedSeries } from "../../../protocol/rehearsal.ts";
import { fieldCaption } from "../bench/fields.ts";
import { leftText } from "../guards/guard_words.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveField } from "../live/live_instrument.ts";
import { Live, useLive } from "../live/live.tsx";
import { Columns } from "../plots/past.ts";
import { labelOf } from "../plots/plotted.ts";
import { type PlottedRun, type PlottedValues, Strips } from "./run_plot.tsx";
import { sentence } from "./run_words.ts";

/** So many lines are drawn, where nobody asks for all. */
const mostShown = 60;
/** A line that is not folded away has no more than this. */
const mostOpen = 30;

/** What is said of what a run meets, for people; nothing of what only tells how it goes. */
const metWords: Readonly<Record<RehearsedEvent["kind"], string>> = {
  step: "",
  told: "",
  refused: "refused",
  timeout: "time-out",
  failed: "failed",
  interlock: "interlock",
  limit: "limit",
  alarm: "alarm",
  guard: "guard",
  problem: "problem",
};

/** What asks for rehearsals: the one that is wanted is ended when it is not wanted any more. */
export interface Rehearsing {
  /** What came of it; `undefined` where there is none. */
  readonly rehearsal: Rehearsal | undefined;
  /** Whether one is under way. */
  readonly busy: boolean;
  /** Why there is none; empty where nothing went wrong. */
  readonly complaint: string;
  begin(): void;
  cancel(): void;
}

/** Rehearses. @param args What the command takes. @param wanted When it is another, what came of it is forgotten. */
export function useRehearsal(bench: LiveBench, args: () => readonly unknown[], wanted: string): Rehearsing {
  const [state, setState] = useState<Pick<Rehearsing, "rehearsal" | "busy" | "complaint">>(nothing);
  /** The one that is under way; `undefined` for none. */
  const now = useRef<symbol | undefined>(undefined);
  const end = () => {
    if (now.current === undefined) return;
    now.current = undefined;
    bench.askRuns("cancel_rehearsal").catch(() => {
      // It has ended by itself, or with the connection.
    });
  };
  useEffect(() => () => {
    end();
    setState(nothing);
  }, [wanted]);
  const begin = async () => {
    const own = now.current = Symbol();
    setState({ ...nothing, busy: true });
    let next: typeof state;
    try {
      next = { ...nothing, rehearsal: await bench.askRuns<Rehearsal>("rehearse", args()) };
    } catch (error) {
      next = { ...nothing, complaint: (error as Error).message };
    }
    if (now.current !== own) return;
    now.current = undefined;
    setState(next);
  };
  const cancel = () => {
    end();
    setState(nothing);
  };
  return { ...state, begin: () => void begin(), cancel };
}

const nothing = { rehearsal: undefined, busy: false, complaint: "" } as const;

/** A time since the begin: `0:20:30`. */
function sinceText(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** How it ends, in words, and how well that is; why is said beside it. */
function endOf({ state, step, seconds }: Rehearsal): readonly [tone: "good" | "warn" | "bad", text: string] {
  const took = leftText(Math.round(seconds));
  if (state === "done") return ["good", `It would be done, in ${took}`];
  if (state === "under way") return ["warn", `It would still be under way after ${took}; no more of it is rehearsed`];
  const word = state === "paused" ? "pause" : state === "failed" ? "fail" : `be ${state}`;
  return [state === "paused" ? "warn" : "bad", `It would ${word} at step ${step}, after ${took}`];
}

/** What came of it. */
export function RehearsalShown({ bench, rehearsal }: {
  readonly bench: LiveBench;
  readonly rehearsal: Rehearsal;
}): VNode {
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    // What has started it stays in view.
    section.current?.closest("form")?.querySelector(":scope > .run-doings")?.scrollIntoView({ block: "start" });
    section.current?.focus({ preventScroll: true });
  }, []);
  const { title, reason, events, more, values, notSimulated } = rehearsal;
  const [tone, text] = endOf(rehearsal);
  const met = events.filter(({ kind }) => metWords[kind] !== "");
  return (
    <section class={`run-rehearsal ${tone}`} aria-label={`Rehearsal of ${title}`} ref={section} tabIndex={-1}>
      <p class="run-state rehearsal-end">
        <span class="lamp" aria-hidden="true" />
        <span>{text}.</span>
      </p>
      {reason === "" ? null : <p>{sentence(reason)}</p>}
      <p class="about">On simulated instruments, in a time of its own: nothing was driven.</p>
      {notSimulated.length === 0
        ? null
        : <p class="about">Not simulated, and without values: {notSimulated.join("; ")}.</p>}
      {met.length === 0 ? <p>It meets no limit, guard, alarm or time-out.</p> : (
        <>
          <h5>What it meets</h5>
          <Events events={met} numbered={false} />
        </>
      )}
      <Plots bench={bench} rehearsal={rehearsal} />
      <details class="folded" open={events.length <= mostOpen}>
        <summary>
          What happens when <span class="count">{events.length + more}</span>
        </summary>
        <Events events={events} numbered />
        {more === 0 ? null : <p class="about">{more} more in its middle are not told.</p>}
      </details>
      <details class="folded" open={values.length <= mostOpen}>
        <summary>
          Values at its end <span class="count">{values.length}</span>
        </summary>
        <EndValues bench={bench} values={values} />
      </details>
    </section>
  );
}

/** A list of what happens. @param numbered Whether steps have their numbers, as in the plot. */
function Events({ events, numbered }: {
  readonly events: readonly RehearsedEvent[];
  readonly numbered: boolean;
}): VNode {
  const [all, setAll] = useState(false);
  let step = 0;
  return (
    <>
      <ol class="run-steps rehearsed">
        {(all ? events : events.slice(0, mostShown)).map(({ at, kind, text, took }, index) => {
          if (kind === "step") step++;
          return (
            <li key={index} class={`run-step ${metWords[kind] === "" ? kind : `met ${kind}`}`}>
              <span class="step-line">
                <span class="rehearsed-at">{sinceText(at)}</span>
                {numbered ? <span class="step-number">{kind === "step" ? step : ""}</span> : null}
                <span class="step-text">
                  {metWords[kind] === "" ? sentence(text) : (
                    <>
                      <strong>{sentence(metWords[kind])}:</strong> {text.replace(/^(?:Alarm|Interlock) /, "")}
                    </>
                  )}
                </span>
                {took === undefined || took < 0.5 ? null : <span class="step-time">{leftText(Math.round(took))}</span>}
              </span>
            </li>
          );
        })}
      </ol>
      {all || events.length <= mostShown
        ? null
        : <button type="button" class="plain" onClick={() => setAll(true)}>{events.length - mostShown} more</button>}
    </>
  );
}

/** What the bench calls a field. */
function captionOf(bench: LiveBench, { instrument, field }: { readonly instrument: string; readonly field: string }) {
  const found = bench.instruments.value.find(({ name }) => name === instrument);
  const { spec } = [...found?.fields.values() ?? []].find(({ spec }) => spec.name === field) ?? {};
  return `${found?.caption ?? instrument} ${spec === undefined ? field : fieldCaption(spec)}`;
}

function EndValues({ bench, values }: { readonly bench: LiveBench; readonly values: Rehearsal["values"] }): VNode {
  return (
    <dl class="rehearsed-values">
      {values.map((value) => (
        <div key={`${value.instrument}.${value.field}`}>
          <dt>{captionOf(bench, value)}</dt>
          <dd>
            {value.text === "" ? "–" : value.text} {value.unit}
            {value.quality === "good" ? "" : ` (${value.quality})`}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/**
 * Numbers over the time of the rehearsal, as if it had begun when it was asked for.
 *
 * @param began In milliseconds since 1970, as `end`.
 */
function pointsOf({ times, lowest, highest, first, last }: RehearsedSeries, began: number, end: number): Points {
  const [at, values]: [number[], number[]] = [[], []];
  for (const [index, time] of times.entries()) {
    const begin = began + time * 1000;
    const next = index + 1 < times.length ? began + times[index + 1]! * 1000 : end;
    // What a span held: where in it the lowest and the highest were is not known, and not seen.
    const held = [first[index]!, lowest[index]!, highest[index]!, last[index]!];
    const width = Math.max(1, Math.min(next - begin, 60_000));
    for (const [part, value] of held.entries()) {
      if (part > 0 && value === values.at(-1)) continue;
      at.push(begin + width * part / 4);
      values.push(value);
    }
  }
  return new Columns(at, values);
}

const noPoints: Points = { size: 0, time: () => 0, value: () => NaN };

function Plots({ bench, rehearsal }: { readonly bench: LiveBench; readonly rehearsal: Rehearsal }): VNode | null {
  const instruments = useLive(bench.instruments);
  const [open, setOpen] = useState(true);
  const began = Date.parse(rehearsal.began);
  const end = began + Math.max(1, rehearsal.seconds) * 1000;
  const [fields, values] = useMemo(() => {
    const all = instruments.flatMap(({ fields }) => [...fields.values()]);
    const points = new Map<LiveField, Points>();
    for (const series of rehearsal.series) {
      const field = all.find((each) => labelOf(each) === `${series.instrument}.${series.field}`);
      if (field !== undefined) points.set(field, pointsOf(series, began, end));
    }
    const values: PlottedValues = {
      known: new Live(0),
      cursor: new Live<number | undefined>(undefined),
      points: (field) => points.get(field) ?? noPoints,
      until: (to) => Math.min(to, end),
    };
    return [[...points.keys()], values] as const;
  }, [instruments, rehearsal]);
  const run: PlottedRun = useMemo(() => ({
    ended: new Date(end).toISOString(),
    steps: rehearsal.events.filter(({ kind }) => kind === "step").map(({ at, text, took }, index, steps) => {
      const next = steps[index + 1];
      // One that holds others is seen as those.
      const holds = next !== undefined && took !== undefined && next.at < at + took;
      return {
        text,
        state: "done",
        began: holds ? null : new Date(began + at * 1000).toISOString(),
        ended: took === undefined ? null : new Date(began + (at + took) * 1000).toISOString(),
        number: index + 1,
      };
    }),
  }), [rehearsal]);
  if (fields.length === 0) return null;
  return (
    <details class="folded run-plot" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Simulated readings, with its steps</summary>
      {open ? <Strips bench={bench} run={run} fields={fields} began={began} values={values} /> : null}
    </details>
  );
}
