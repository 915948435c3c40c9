/**
 * The run that is under way: how it stands, what it waits for and asks, and what can be done with it.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useLayoutEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import type { RunDescription, RunDetails } from "../../../protocol/runs.ts";
import { Complaint, onSingleClick, useWork } from "../bench/work.tsx";
import { Condition } from "../guards/interlock.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { clockText, timeText, useTimeZone } from "../shell/times.ts";
import { useRunDetails } from "./run_details.ts";
import { RunLines } from "./run_lines.tsx";
import { RunPlot } from "./run_plot.tsx";
import { RunSteps } from "./run_steps.tsx";
import { givenText, sentence, stateText, timeLeft, toneOf, whyNot } from "./run_words.ts";

/** The run. */
export function RunNow({ bench, run }: { readonly bench: LiveBench; readonly run: RunDescription }): VNode {
  const zone = useTimeZone();
  const details = useRunDetails(bench, run);
  const { title, file, who, state, reason, done, of, left, asks, waitingFor, began, edits } = run;
  const now = bench.now();
  const given = givenText(run);
  const whole = typeof details === "object" ? details : undefined;
  const ends = new Date(now + left.seconds * 1000);
  return (
    <section class={`card run-now ${toneOf(run)}`} aria-labelledby="run-now">
      <div class="run-head">
        <h3 id="run-now">{title}</h3>
        <span class="run-state">
          <span class="lamp" aria-hidden="true" />
          <span>{sentence(stateText(run))}</span>
        </span>
      </div>
      <p class="about">
        Run {run.id}, {file}
        {edits === 0 ? "" : ", changed since"}, for {who}
        {began === null ? "" : `, since ${timeText(new Date(began), new Date(now), zone)}`}
        {given === "" ? "" : `; ${given}`}
      </p>
      <div role="status" class="run-calls">
        {state === "paused" ? <p class="run-paused">Paused: {reason}</p> : null}
      </div>
      {asks === null ? null : <Asked bench={bench} run={run} question={asks} />}
      <div class="run-progress">
        <progress max={Math.max(of, 1)} value={done} aria-label={`${done} of ${of} steps done`} />
        <span>{done}/{of} steps done</span>
        {state === "finishing" ? null : (
          <span>
            {timeLeft(left)} left
            {state === "paused" ? "" : `, ${left.atLeast ? "not before" : "until"} ${clockText(ends, zone, false)}`}
          </span>
        )}
      </div>
      <Controls bench={bench} run={run} details={whole} />
      {typeof details === "string" ? <p class="complaint">{details}</p> : null}
      {whole === undefined ? null : (
        <RunSteps bench={bench} run={run} details={whole}>
          {run.now.map((text) =>
            text === whole.steps[done]?.text ? null : <p key={text} class="run-inner">{sentence(text)}</p>
          )}
          {waitingFor.length === 0
            ? null
            : <Condition parts={waitingFor} must heading="Waits until this is so" whole="" />}
        </RunSteps>
      )}
      {whole === undefined || began === null ? null : (
        <>
          <RunPlot bench={bench} run={whole} />
          <RunLines lines={whole.lines} />
        </>
      )}
    </section>
  );
}

/** What it asks a person, with the field for the answer. */
function Asked({ bench, run, question }: {
  readonly bench: LiveBench;
  readonly run: RunDescription;
  readonly question: string;
}): VNode {
  const [text, setText] = useState("");
  const [work, complaint, busy] = useWork();
  const why = whyNot(useLive(bench.welcome), run, false);
  return (
    <form
      class="run-asked"
      aria-label="Answer the run"
      onSubmit={(event) => {
        event.preventDefault();
        void work(() => bench.call("automation", "answer", [text.trim() || "yes", run.id])).then((done) => {
          if (done) setText("");
        });
      }}
    >
      <label for="run-answer">{question}</label>
      <span class="run-doings">
        <input
          id="run-answer"
          type="text"
          autocomplete="off"
          placeholder="yes"
          disabled={why !== ""}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="strong" disabled={busy || why !== ""}>Answer</button>
      </span>
      {why === "" ? null : <span class="about">{why}</span>}
      <Complaint text={complaint} />
    </form>
  );
}

/** What a person is told before it ends. */
function endWords(command: "stop" | "abort", details: RunDetails | undefined): string {
  const last = details?.finally.map(({ text }) => text) ?? [];
  if (last.length === 0) return "It ends at once; it has no finally that would be done.";
  const steps = last.slice(0, 4).join("; ") + (last.length > 4 ? `; and ${last.length - 4} more` : "");
  return command === "stop"
    ? `It leaves its steps, and does its finally: ${steps}.`
    : `It ends at once, and its finally is NOT done: ${steps}.`;
}

function Controls({ bench, run, details }: {
  readonly bench: LiveBench;
  readonly run: RunDescription;
  readonly details: RunDetails | undefined;
}): VNode {
  const [work, complaint, busy] = useWork();
  const [sure, setSure] = useState<"stop" | "abort">();
  const go = useRef<HTMLButtonElement>(null);
  const opener = useRef<HTMLDivElement>(null);
  const welcome = useLive(bench.welcome);
  const connected = useLive(bench.connection).state === "open";
  const mayNot = whyNot(welcome, run, false);
  const drivesNot = whyNot(welcome, run, true);
  const ending = run.state === "finishing";
  useLayoutEffect(() => {
    if (sure !== undefined) go.current?.focus();
  }, [sure]);
  const ask = (command: string) => void work(() => bench.call("automation", command, [run.id]));
  const cancel = () => {
    setSure(undefined);
    // Its buttons are drawn anew.
    setTimeout(() => opener.current?.querySelector<HTMLElement>("button:not(:disabled)")?.focus());
  };
  const off = busy || !connected || mayNot !== "";
  const paused = run.state === "paused";
  const note = ending
    ? "Its finally is done now: it cannot be paused. Abort leaves that, too."
    : mayNot !== ""
    ? mayNot
    : paused && drivesNot !== ""
    ? `${drivesNot} You may stop it.`
    : "";
  if (sure !== undefined) {
    return (
      <div
        class="sure"
        role="group"
        aria-label={sure === "stop" ? "Stop the run?" : "Abort the run?"}
        onKeyDown={(event) => event.key === "Escape" && cancel()}
      >
        <p>{endWords(sure, details)}</p>
        <button
          type="button"
          class="danger"
          ref={go}
          disabled={busy || !connected}
          onClick={() => {
            ask(sure);
            cancel();
          }}
        >
          {sure === "stop" ? "Stop the run" : "Abort the run"}
        </button>
        <button type="button" onClick={cancel}>Cancel</button>
      </div>
    );
  }
  return (
    <>
      <div class="run-doings" ref={opener}>
        {paused
          ? (
            <button
              type="button"
              class="strong"
              disabled={off || drivesNot !== ""}
              onClick={onSingleClick(() => ask("resume"))}
            >
              Resume
            </button>
          )
          : (
            <button type="button" disabled={off || ending} onClick={onSingleClick(() => ask("pause"))}>
              Pause
            </button>
          )}
        <button
          type="button"
          disabled={off || ending || paused && drivesNot !== ""}
          title="Leaves the step that is under way, and goes on with the next"
          onClick={onSingleClick(() => ask("skip"))}
        >
          Skip the step
        </button>
        <button
          type="button"
          class="danger"
          disabled={off || ending}
          onClick={() => setSure("stop")}
        >
          Stop: does finally…
        </button>
        <button type="button" class="danger" disabled={off} onClick={() => setSure("abort")}>
          Abort: without finally…
        </button>
      </div>
      {note === "" ? null : <p class="about">{note}</p>}
      <Complaint text={complaint} />
    </>
  );
}
