/**
 * The plots that people have put together and kept by name: for everybody, on the server.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import { sameTitle } from "../../../protocol/arrangement.ts";
import { Complaint, useWork } from "../bench/work.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { addressOf } from "../shell/place.ts";
import type { Plotted } from "./plotted.ts";

/** What somebody is about to do. */
type Doing = { readonly keeping: string } | { readonly forgetting: string } | undefined;

/** The kept plots as links, and how the one that is shown is kept or forgotten. */
export function KeptPlots({ bench, plotted }: { readonly bench: LiveBench; readonly plotted: Plotted }): VNode | null {
  const { plots = {} } = useLive(bench.arrangement.shown);
  const mayKeep = may(useLive(bench.welcome), "arrange");
  const isEmpty = useLive(plotted.fields).length === 0;
  useLive(plotted.span);
  useLive(plotted.range);
  useLive(plotted.logarithmic);
  const [doing, setDoing] = useState<Doing>();
  const [work, complaint, busy] = useWork();
  const names = Object.keys(plots).sort((one, other) => one.localeCompare(other));
  if (names.length === 0 && (!mayKeep || isEmpty)) return null;
  const now = plotted.query.toString();
  const current = names.find((name) => new URLSearchParams(plots[name]).toString() === now);
  const change = (name: string, plot: string | null, over: boolean) =>
    work(async () => {
      await bench.keepPlot(name, plot, over);
      setDoing(undefined);
    });
  return (
    <div class="kept-plots">
      {names.map((name) => (
        <a
          key={name}
          href={addressOf("plots", [], new URLSearchParams(plots[name]))}
          aria-current={name === current ? "page" : undefined}
        >
          {name}
        </a>
      ))}
      {!mayKeep ? null : doing === undefined
        ? (
          <>
            {isEmpty || current !== undefined
              ? null
              : <button type="button" onClick={() => setDoing({ keeping: "" })}>Keep this plot…</button>}
            {current === undefined
              ? null
              : <button type="button" onClick={() => setDoing({ forgetting: current })}>Forget {current}…</button>}
          </>
        )
        : "forgetting" in doing
        ? (
          <span role="group" aria-label="Forget a plot">
            It is gone for everybody.{" "}
            <button
              type="button"
              class="danger"
              disabled={busy}
              onClick={() => void change(doing.forgetting, null, false)}
            >
              Forget {doing.forgetting}
            </button>{" "}
            <button type="button" onClick={() => setDoing(undefined)}>Cancel</button>
          </span>
        )
        : (
          <KeepForm
            name={doing.keeping}
            taken={names.find((each) => sameTitle(each) === sameTitle(doing.keeping.trim()))}
            busy={busy}
            typed={(keeping) => setDoing({ keeping })}
            keep={(over) => void change(doing.keeping.trim(), now, over)}
            cancel={() => setDoing(undefined)}
          />
        )}
      <Complaint text={complaint} />
    </div>
  );
}

/** Asks for a name; one that is taken already takes a second word. */
function KeepForm({ name, taken, busy, typed, keep, cancel }: {
  readonly name: string;
  readonly taken: string | undefined;
  readonly busy: boolean;
  readonly typed: (name: string) => void;
  readonly keep: (over: boolean) => void;
  readonly cancel: () => void;
}): VNode {
  return (
    <form
      aria-label="Keep this plot"
      onSubmit={(event) => {
        event.preventDefault();
        if (taken === undefined) keep(false);
      }}
    >
      <label for="kept-plot-name">Name</label>{" "}
      <input
        id="kept-plot-name"
        type="text"
        maxLength={80}
        autocomplete="off"
        autofocus
        value={name}
        onInput={(event) => typed(event.currentTarget.value)}
      />{" "}
      {taken === undefined
        ? <button type="submit" class="strong" disabled={busy || name.trim() === ""}>Keep for everybody</button>
        : (
          <button type="button" class="danger" disabled={busy} onClick={() => keep(true)}>
            Put it in the place of {taken}
          </button>
        )} <button type="button" onClick={cancel}>Cancel</button>
    </form>
  );
}
