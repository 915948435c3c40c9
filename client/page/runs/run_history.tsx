/**
 * The runs that have ended: what became of them, their lines, and their plots; each can be run again.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import type { RunDescription, RunsDescription } from "../../../protocol/runs.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { addressOf } from "../shell/address.ts";
import { place } from "../shell/place.ts";
import { timeText, useTimeZone } from "../shell/times.ts";
import { useRunDetails } from "./run_details.ts";
import { RunLines } from "./run_lines.tsx";
import { RunPlot } from "./run_plot.tsx";
import { RunSteps } from "./run_steps.tsx";
import { givenText, sentence, stateWords, toneOf, tookText } from "./run_words.ts";

/** The list, the last first; asked for whenever one has left the queue. */
export function RunHistory({ bench, queue }: { readonly bench: LiveBench; readonly queue: RunsDescription }): VNode {
  const begun = useLive(bench.begun);
  const [history, setHistory] = useState<readonly RunDescription[] | string>();
  const { rest } = useLive(place);
  const ids = queue.runs.map(({ id }) => id).join();
  useEffect(() => {
    let gone = false;
    bench.askRuns<{ readonly runs: readonly RunDescription[] }>("history").then(
      ({ runs }) => gone || setHistory(runs),
      (error: Error) => gone || setHistory(error.message),
    );
    return () => void (gone = true);
  }, [begun, ids, queue.lastEnded]);
  const wanted = Number(rest[0] ?? 0);
  return (
    <section aria-labelledby="runs-history">
      <h3 id="runs-history">History</h3>
      {typeof history === "string"
        ? <p class="complaint">{history}</p>
        : history === undefined
        ? null
        : history.length === 0
        ? <p class="about">No run has ended yet.</p>
        : (
          <ol class="run-list">
            {history.map((run) => <Ended key={run.id} bench={bench} run={run} wanted={run.id === wanted} />)}
          </ol>
        )}
    </section>
  );
}

function Ended({ bench, run, wanted }: {
  readonly bench: LiveBench;
  readonly run: RunDescription;
  readonly wanted: boolean;
}): VNode {
  const zone = useTimeZone();
  const [open, setOpen] = useState(wanted);
  useEffect(() => {
    if (!wanted) return;
    setOpen(true);
    document.getElementById(`run-${run.id}`)?.scrollIntoView({ block: "start" });
  }, [wanted]);
  const { id, title, file, who, state, reason, began, ended, done, of } = run;
  const given = givenText(run);
  const now = new Date(bench.now());
  return (
    <li class={`card run-ended ${toneOf(run)}`} id={`run-${id}`}>
      <div class="run-head">
        <h4>{title}</h4>
        <span class="run-state">
          <span class="lamp" aria-hidden="true" />
          <span>{sentence(stateWords[state])}</span>
        </span>
        <span class="about">
          {ended === null ? "" : timeText(new Date(ended), now, zone)}
          {began === null || ended === null ? "; it did not begin" : `, it took ${tookText(began, Date.parse(ended))}`}
          {state === "done" ? "" : `; ${done}/${of} steps done`}
        </span>
      </div>
      {reason === "" ? null : <p class="run-reason">{sentence(reason)}</p>}
      <p class="about">
        Run {id}, {file}, for {who}
        {given === "" ? "" : `; ${given}`}
      </p>
      <div class="run-doings">
        <a class="button" href={addressOf("runs", [], { again: String(id) })} aria-label={`Run again: ${title}`}>
          Run again
        </a>
        <button
          type="button"
          class="plain"
          aria-label={`${open ? "Hide" : "Show"} steps, plot and lines of run ${id}`}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? "Hide" : "Show"} steps, plot and lines
        </button>
      </div>
      {open ? <Details bench={bench} run={run} /> : null}
    </li>
  );
}

function Details({ bench, run }: { readonly bench: LiveBench; readonly run: RunDescription }): VNode {
  const details = useRunDetails(bench, run);
  if (typeof details === "string") return <p class="complaint">{details}</p>;
  if (details === undefined) return <p class="about">Asking…</p>;
  return (
    <>
      <RunPlot bench={bench} run={details} />
      {details.steps.length === 0
        ? <p class="about">Its file does not fit the bench any more: its steps cannot be told.</p>
        : <RunSteps bench={bench} run={run} details={details} />}
      <RunLines lines={details.lines} />
    </>
  );
}
