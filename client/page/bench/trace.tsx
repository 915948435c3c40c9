/**
 * What goes over an instrument's line, folded away: it is asked for while somebody looks.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import type { TraceEntry } from "../../../protocol/description.ts";
import { clockText } from "../shell/times.ts";
import { traceRows } from "../../../protocol/trace_rows.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { Complaint } from "./work.tsx";

/** How often it is asked what is new, in milliseconds. */
const lookPause = 500;

/** How many entries are shown. */
const mostShown = 300;

/** The trace of an instrument's line; nothing for one that has none, and for those who may not see it. */
export function Trace({ bench, instrument }: { bench: LiveBench; instrument: LiveInstrument }): VNode | null {
  const [open, setOpen] = useState(false);
  const contact = useLive(instrument.contact);
  const welcome = useLive(bench.welcome);
  if (contact === null || !may(welcome, "drive", instrument.name)) return null;
  return (
    <details class="folded trace" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Line</summary>
      {open ? <Rows bench={bench} name={instrument.name} /> : null}
    </details>
  );
}

function Rows({ bench, name }: { bench: LiveBench; name: string }): VNode {
  const [entries, setEntries] = useState<readonly TraceEntry[]>([]);
  const [complaint, setComplaint] = useState("");
  const begun = useLive(bench.begun);
  useEffect(() => {
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let known: readonly TraceEntry[] = [];
    const look = async () => {
      try {
        // Nobody sees a page in the background.
        const more = document.visibilityState === "hidden" ? [] : await bench.trace(name, known.at(-1)?.number ?? 0);
        if (ended) return;
        if (more.length > 0) setEntries(known = [...known, ...more].slice(-mostShown));
        setComplaint("");
      } catch (error) {
        if (!ended) setComplaint((error as Error).message);
      }
      if (!ended) timer = setTimeout(look, lookPause);
    };
    void look();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [begun]);
  // The newest stand first in the document and at the bottom of the box, which so stays at its end.
  return (
    <>
      <Complaint text={complaint} />
      <ol class="trace-rows" tabIndex={0} aria-label="What goes over the line, the newest first">
        {traceRows(entries).reverse().map(({ number, time, arrow, text, made }) => (
          <li key={number}>
            <time dateTime={time}>{clockText(new Date(time))}</time> {arrow === "" ? null : <b>{arrow}</b>} {text}
            {made === "" ? null : <small>{made}</small>}
          </li>
        ))}
      </ol>
    </>
  );
}
