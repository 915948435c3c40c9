/**
 * The runs that wait: their order, when they begin, and what becomes of them when one is not done.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import type { AfterFailed, RunDescription, RunsDescription } from "../../../protocol/runs.ts";
import { Complaint, onSingleClick, useWork } from "../bench/work.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { useRunDetails } from "./run_details.ts";
import { RunSteps } from "./run_steps.tsx";
import { beginText, givenText, isUnderWay, sentence, whyNot } from "./run_words.ts";

const afterWords: readonly (readonly [AfterFailed, string])[] = [
  ["stop", "wait until somebody starts them"],
  ["skip", "are left out"],
  ["go on", "go on"],
];

/** The queue without the run that is under way. */
export function RunQueue({ bench, queue: { runs, afterFailed } }: {
  readonly bench: LiveBench;
  readonly queue: RunsDescription;
}): VNode | null {
  const [work, complaint, busy] = useWork();
  const drives = may(useLive(bench.welcome), "drive");
  const waiting = runs.filter((run) => !isUnderWay(run));
  // Places count from the one under way.
  const before = runs.length - waiting.length;
  if (runs.length === 0) return null;
  return (
    <section aria-labelledby="runs-queue">
      <h3 id="runs-queue">Next</h3>
      {waiting.length === 0 ? <p class="about">No other run waits.</p> : (
        <ol class="run-list">
          {waiting.map((run, at) => (
            <Waiting
              key={run.id}
              bench={bench}
              run={run}
              place={before + at + 1}
              last={at === waiting.length - 1}
              first={at === 0}
            />
          ))}
        </ol>
      )}
      <label class="run-after">
        <span>When one is not done, those that wait</span>
        <select
          value={afterFailed}
          disabled={busy || !drives}
          onChange={({ currentTarget }) =>
            void work(() => bench.call("automation", "after_failed", [currentTarget.value]))}
        >
          {afterWords.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
        </select>
      </label>
      <Complaint text={complaint} />
    </section>
  );
}

function Waiting({ bench, run, place, first, last }: {
  readonly bench: LiveBench;
  readonly run: RunDescription;
  readonly place: number;
  readonly first: boolean;
  readonly last: boolean;
}): VNode {
  const [work, complaint, busy] = useWork();
  const [when, setWhen] = useState<string>();
  const [open, setOpen] = useState(false);
  const welcome = useLive(bench.welcome);
  const { id, title, file, who, reason, of, state } = run;
  const given = givenText(run);
  const mayNot = whyNot(welcome, run, false);
  const drivesNot = whyNot(welcome, run, true);
  const off = busy || mayNot !== "";
  const ask = (command: string, ...args: readonly unknown[]) =>
    work(() => bench.call("automation", command, [id, ...args]));
  return (
    <li class="card run-waiting">
      <div class="run-head">
        <h4>{title}</h4>
        <span class="run-state">{sentence(beginText(run, new Date(bench.now())))}</span>
      </div>
      <p class="about">
        Run {id}, {file}, for {who}; {of} {of === 1 ? "step" : "steps"}
        {given === "" ? "" : `; ${given}`}
      </p>
      {reason === "" ? null : <p class="run-reason">{sentence(reason)}</p>}
      <div class="run-doings">
        {state === "loaded"
          ? (
            <button
              type="button"
              class="strong"
              aria-label={`Start ${title}`}
              disabled={off || drivesNot !== ""}
              onClick={onSingleClick(() => ask("start"))}
            >
              Start
            </button>
          )
          : null}
        <button
          type="button"
          aria-label={`At a time: ${title}`}
          aria-expanded={when !== undefined}
          disabled={off || drivesNot !== ""}
          onClick={() => setWhen(when === undefined ? "" : undefined)}
        >
          At a time…
        </button>
        <button
          type="button"
          aria-label={`Move ${title} up`}
          disabled={off || first}
          onClick={() => ask("move", place - 1)}
        >
          ↑
        </button>
        <button
          type="button"
          aria-label={`Move ${title} down`}
          disabled={off || last}
          onClick={() => ask("move", place + 1)}
        >
          ↓
        </button>
        <button
          type="button"
          aria-label={`Repeat ${title}`}
          disabled={off || drivesNot !== ""}
          onClick={onSingleClick(() => ask("repeat"))}
        >
          Repeat
        </button>
        <button
          type="button"
          aria-label={`Remove ${title}`}
          disabled={off}
          onClick={onSingleClick(() => ask("remove"))}
        >
          Remove
        </button>
        <button
          type="button"
          class="plain"
          aria-label={`${open ? "Hide the steps" : "Steps"} of ${title}`}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? "Hide the steps" : "Steps"}
        </button>
      </div>
      {when === undefined ? null : (
        <form
          class="run-doings"
          aria-label={`When ${title} begins`}
          onSubmit={(event) => {
            event.preventDefault();
            void ask("start", when.trim()).then((done) => done && setWhen(undefined));
          }}
          onKeyDown={(event) => event.key === "Escape" && setWhen(undefined)}
        >
          <label>
            Begins at{" "}
            <input
              type="text"
              size={10}
              placeholder="22:30 or 90m"
              value={when}
              onInput={(event) => setWhen(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="strong" disabled={off || when.trim() === ""}>Set</button>
        </form>
      )}
      {mayNot !== "" ? <p class="about">{mayNot}</p> : drivesNot !== "" ? <p class="about">{drivesNot}</p> : null}
      <Complaint text={complaint} />
      {open ? <Steps bench={bench} run={run} /> : null}
    </li>
  );
}

function Steps({ bench, run }: { readonly bench: LiveBench; readonly run: RunDescription }): VNode {
  const details = useRunDetails(bench, run);
  if (typeof details === "string") return <p class="complaint">{details}</p>;
  return details === undefined ? <p class="about">Asking…</p> : <RunSteps bench={bench} run={run} details={details} />;
}
