/**
 * The button that makes the bench safe, in the header of every place: two clicks, or a click and Enter.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useLayoutEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import type { StepDescription } from "../../../protocol/guards.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { mayCall } from "../live/may.ts";
import { Sheet } from "../shell/sheet.tsx";

/** The button; nothing where the bench has no safe state, or for who may not ask for it. */
export function SafeButton({ bench }: { bench: LiveBench }): VNode | null {
  const guarded = useLive(bench.guards.bench);
  const welcome = useLive(bench.welcome);
  const [open, setOpen] = useState(false);
  if (guarded === undefined || guarded.safeState.length === 0) return null;
  if (!mayCall(welcome, "guards", { role: "operator", stop: true })) return null;
  return (
    <>
      <button
        type="button"
        id="safe-state"
        class="safe-state"
        aria-haspopup="dialog"
        title="Make the bench safe"
        onClick={() => setOpen(true)}
      >
        {/* The words alone on a phone are the name of the button. */}
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
          <path d="M8.5 3h7L21 8.5v7L15.5 21h-7L3 15.5v-7zM8 12h8" />
        </svg>
        <span>Safe state</span>
      </button>
      {open ? <Asked bench={bench} steps={guarded.safeState} close={() => setOpen(false)} /> : null}
    </>
  );
}

function Asked({ bench, steps, close }: {
  readonly bench: LiveBench;
  readonly steps: readonly StepDescription[];
  readonly close: () => void;
}): VNode {
  const [state, setState] = useState<"asks" | "busy" | "done" | { readonly failure: string }>("asks");
  const connection = useLive(bench.connection).state;
  const go = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => go.current?.focus(), []);
  // Each step as it goes.
  useLayoutEffect(() => bench.lookAtValues("guards"), []);
  const run = async () => {
    setState("busy");
    try {
      await bench.call("guards", "safe");
      setState("done");
    } catch (error) {
      setState({ failure: (error as Error).message });
    }
  };
  const asks = state === "asks";
  return (
    <Sheet title="Safe state" kind="safe-sheet" close={close}>
      <button
        type="button"
        class="danger make-safe"
        ref={go}
        disabled={state === "busy" || connection !== "open"}
        onClick={() => void run()}
      >
        {asks ? "Make the bench safe now" : state === "busy" ? "Making it safe…" : "Make it safe once more"}
      </button>
      <p class="about">
        {connection !== "open"
          ? "There is no connection to the server: go to the instruments."
          : asks
          ? "Enter or a click does this at once, before everything that runs and waits, whoever has control:"
          : ""}
      </p>
      <Steps steps={steps} told={!asks} />
      <div role="status">
        {state === "done" ? <p class="safe-done">Done: the bench is in its safe state.</p> : null}
      </div>
      {typeof state === "object" ? <p class="complaint" role="alert">{state.failure}</p> : null}
    </Sheet>
  );
}

const stateWords: Readonly<Record<StepDescription["state"], string>> = {
  "not done": "",
  "under way": "under way…",
  done: "done",
  failed: "FAILED",
};

/** Steps in their order. @param told Whether it is said what has become of each. @default they say it */
export function Steps({ steps, told = true }: {
  readonly steps: readonly StepDescription[];
  readonly told?: boolean;
}): VNode {
  return (
    <ol class="steps">
      {steps.map(({ text, state, reason }, at) => (
        <li key={at} class={told ? `step ${state.replace(" ", "-")}` : "step"}>
          <span>{text[0]!.toUpperCase()}{text.slice(1)}</span>{" "}
          {!told || state === "not done" ? null : (
            <span class="step-state">
              {stateWords[state]}
              {reason === "" ? "" : `: ${reason}; it is tried again`}
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}
