/**
 * The steps and lines of a run, asked for whenever the server tells that there is something new.
 *
 * @module
 */

import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import type { RunDescription, RunDetails } from "../../../protocol/runs.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";

/** They are asked for no more often, in milliseconds. */
const leastInterval = 400;

/**
 * The details of a run.
 *
 * @param run As the queue or the history tells it; what is new there is asked for.
 * @returns Them; `undefined` before they have come, and why they have not where that is so.
 */
export function useRunDetails(bench: LiveBench, run: RunDescription): RunDetails | string | undefined {
  const begun = useLive(bench.begun);
  const [details, setDetails] = useState<RunDetails | string>();
  const known = useRef<RunDetails | undefined>(undefined);
  const due = useRef<() => void>(() => {});
  const { id, told, state, done, edits, asks, reason } = run;
  useEffect(() => {
    let gone = false;
    let busy = false;
    let again = false;
    known.current = undefined;
    const ask = async () => {
      if (busy) return void (again = true);
      busy = true;
      again = false;
      try {
        const before = known.current;
        const found = await bench.askRuns<RunDetails>("show", [id, before?.lines.at(-1)?.number ?? 0]);
        if (gone) return;
        known.current = { ...found, lines: [...before?.lines ?? [], ...found.lines].slice(-2000) };
        setDetails(known.current);
      } catch (error) {
        if (!gone && known.current === undefined) setDetails((error as Error).message);
      }
      setTimeout(() => {
        busy = false;
        if (again && !gone) void ask();
      }, leastInterval);
    };
    due.current = () => void ask();
    void ask();
    return () => void (gone = true);
  }, [id, begun]);
  const changes = JSON.stringify([told, state, done, edits, asks, reason]);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) due.current();
    first.current = false;
  }, [changes]);
  return typeof details === "object" && details.id !== id ? undefined : details;
}
