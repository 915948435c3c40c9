/**
 * The steps of a run: those that are done, the one now, and those to come, which can be changed.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import { type ComponentChildren, Fragment, type VNode } from "npm:preact@11.2.0";
import { useLayoutEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import type { RunDescription, RunDetails, RunStepDescription } from "../../../protocol/runs.ts";
import { Complaint, useWork } from "../bench/work.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { clockText, useTimeZone } from "../shell/times.ts";
import { isUnderWay, sentence, tookText, whyNot } from "./run_words.ts";

/** So many before and after the present one are drawn, where nobody asks for all. */
const near = 40;

/** A step that is being written: in whose place, or before which. */
interface Written {
  readonly at: number;
  readonly what: "change" | "insert";
}

/** The list. @param children What is said of the present step. */
export function RunSteps({ bench, run, details, children }: {
  readonly bench: LiveBench;
  readonly run: RunDescription;
  readonly details: RunDetails;
  readonly children?: ComponentChildren;
}): VNode {
  const [all, setAll] = useState(false);
  const [written, setWritten] = useState<Written>();
  const [work, complaint, busy] = useWork();
  const welcome = useLive(bench.welcome);
  const list = useRef<HTMLOListElement>(null);
  const { steps } = details;
  const changes = isUnderWay(run) && run.state !== "finishing" || run.state === "loaded" || run.state === "waiting";
  const may = changes && whyNot(welcome, run, true) === "";
  const here = Math.min(run.done, steps.length);
  const [from, to] = all ? [0, steps.length] : [Math.max(0, here - near), Math.min(steps.length, here + near)];
  const first = steps.findIndex(({ state }) => state === "to come");
  /** Puts other steps in the place of one that is to come. */
  const edit = (at: number, count: number, others: readonly unknown[]) => {
    const words: unknown[] = steps.slice(first < 0 ? steps.length : first).map((step) => step.words);
    const place = first < 0 ? 0 : at - first;
    words.splice(place, count, ...others);
    return work(() => bench.call("automation", "edit", [run.id, JSON.stringify(words)]));
  };
  const close = () => {
    setWritten(undefined);
    list.current?.focus({ preventScroll: true });
  };
  const form = (
    <StepForm
      key={`${written?.what} ${written?.at}`}
      step={written?.what === "change" ? steps[written.at] : undefined}
      busy={busy}
      complaint={complaint}
      close={close}
      save={async (words) => {
        if (await edit(written!.at, written!.what === "change" ? 1 : 0, [words])) close();
      }}
    />
  );
  return (
    <section aria-label="Steps">
      {from > 0 ? <button type="button" class="plain" onClick={() => setAll(true)}>{from} earlier steps</button> : null}
      <ol class="run-steps" ref={list} tabIndex={-1} start={from + 1}>
        {steps.slice(from, to).map((step, index) => {
          const at = from + index;
          const edits = may && step.words !== undefined;
          return (
            <Fragment key={at}>
              {written?.what === "insert" && written.at === at ? <li class="run-step writing">{form}</li> : null}
              <Step bench={bench} number={at + 1} step={step} ended={run.ended}>
                {step.state === "now" ? children : null}
                {!edits ? null : written?.what === "change" && written.at === at ? form : (
                  <span class="step-tools">
                    <button
                      type="button"
                      class="plain"
                      aria-label={`Change step ${at + 1}`}
                      onClick={() => setWritten({ at, what: "change" })}
                    >
                      Change
                    </button>
                    <button
                      type="button"
                      class="plain"
                      aria-label={`Insert a step before step ${at + 1}`}
                      onClick={() => setWritten({ at, what: "insert" })}
                    >
                      Insert
                    </button>
                    <button
                      type="button"
                      class="plain"
                      aria-label={`Remove step ${at + 1}`}
                      disabled={busy || at === 0}
                      onClick={() => void edit(at, 1, [])}
                    >
                      Remove
                    </button>
                  </span>
                )}
              </Step>
            </Fragment>
          );
        })}
        {written?.what === "insert" && written.at === steps.length ? <li class="run-step writing">{form}</li> : null}
      </ol>
      {to < steps.length
        ? <button type="button" class="plain" onClick={() => setAll(true)}>{steps.length - to} more steps</button>
        : may && written === undefined
        ? (
          <button type="button" class="plain" onClick={() => setWritten({ at: steps.length, what: "insert" })}>
            Add a step
          </button>
        )
        : null}
      {written === undefined ? <Complaint text={complaint} /> : null}
      {details.finally.length === 0 ? null : (
        <>
          <h4>Finally, in any case but after abort</h4>
          <ol class="run-steps">
            {details.finally.map((step, at) => (
              <Step key={at} bench={bench} number={undefined} step={step} ended={run.ended} />
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

const words = { done: "done", now: "now", "to come": "to come" } as const;

function Step({ bench, number, step: { text, state, began, ended }, ended: over, children }: {
  readonly bench: LiveBench;
  readonly number: number | undefined;
  readonly step: RunStepDescription;
  /** When the run ended. */
  readonly ended: string | null;
  readonly children?: ComponentChildren;
}): VNode {
  const zone = useTimeZone();
  const left = over !== null && state !== "done";
  return (
    <li
      class={`run-step ${left ? "left" : state.replace(" ", "-")}`}
      aria-current={state === "now" ? "step" : undefined}
    >
      <span class="step-line">
        {number === undefined ? null : <span class="step-number">{number}</span>}
        <span class="step-text">{sentence(text)}</span>
        <span class="step-time">
          {began === null ? left ? "not done" : <span class="unseen">{words[state]}</span> : (
            <>
              <span class={state === "now" || left ? "" : "unseen"}>{left ? "not done, begun" : words[state]}</span>
              {" "}
              {clockText(new Date(began), zone)}
              {ended === null ? state === "now" ? "" : "" : `, ${tookText(began, Date.parse(ended))}`}
              {state === "now" && over === null ? <Since bench={bench} began={began} /> : null}
            </>
          )}
        </span>
      </span>
      {children}
    </li>
  );
}

/** How long it has been under way; the queue is told each second, and draws it again. */
function Since({ bench, began }: { readonly bench: LiveBench; readonly began: string }): VNode {
  useLive(bench.runs.queue);
  return <>, for {tookText(began, bench.now())}</>;
}

/** The words of a step, as a file has them. */
function StepForm({ step, busy, complaint, save, close }: {
  readonly step: RunStepDescription | undefined;
  readonly busy: boolean;
  readonly complaint: string;
  readonly save: (words: unknown) => Promise<void>;
  readonly close: () => void;
}): VNode {
  const [text, setText] = useState(() =>
    step === undefined ? '{ "wait": "10m" }' : JSON.stringify(step.words, null, 1)
  );
  const [wrong, setWrong] = useState("");
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => area.current?.focus(), []);
  return (
    <form
      class="step-form"
      aria-label={step === undefined ? "A step to insert" : "Change the step"}
      onSubmit={(event) => {
        event.preventDefault();
        let words: unknown;
        try {
          words = JSON.parse(text);
        } catch (error) {
          return setWrong(`It is no JSON: ${(error as Error).message}`);
        }
        setWrong("");
        void save(words);
      }}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <label>
        <span class="about">As in the file: {"{"} "set": "mfc.flow", "to": 30 {"}"}</span>
        <textarea
          ref={area}
          rows={Math.min(12, text.split("\n").length + 1)}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <span class="run-doings">
        <button type="submit" class="strong" disabled={busy}>{step === undefined ? "Insert" : "Change"}</button>
        <button type="button" onClick={close}>Cancel</button>
      </span>
      <Complaint text={wrong === "" ? complaint : wrong} />
    </form>
  );
}
