/**
 * What a camera does now, so large that it can be read across the room.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useLive } from "../live/live.tsx";
import { type LiveInstrument, noReading } from "../live/live_instrument.ts";

/** The states in which nothing is under way. */
const quietStates = new Set(["idle", "aborted", "failed"]);

/** Whether a camera in this state does something. @param state As its field says. */
export function isBusy(state: string): boolean {
  return !quietStates.has(state);
}

/** Seconds as people count them down: in tenths where there are few, as minutes where there are many. */
export function remainingText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  const whole = Math.ceil(seconds);
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  return `${minutes}:${String(rest).padStart(2, "0")} min`;
}

/** The progress. */
export function ExposureProgress({ instrument, small = false }: {
  readonly instrument: LiveInstrument;
  /** Whether it is one of many on the bench. @default false */
  readonly small?: boolean;
}): VNode {
  const reading = (field: string) => useLive(instrument.fields.get(field)?.reading ?? noReading);
  const [state, progress, remaining] = [reading("state"), reading("progress"), reading("exposuretimeremaining")];
  const [number, total, message] = [
    reading("exposuresequencenumber"),
    reading("exposuresequencetotal"),
    reading("message"),
  ];
  const sequence = reading("isexposuresequence");
  const busy = isBusy(state.text);
  const share = typeof progress.value === "number" ? progress.value : 0;
  const seconds = typeof remaining.value === "number" && busy ? remaining.value : 0;
  const inSequence = busy && sequence.value === 1 && typeof total.value === "number" && total.value > 1;
  const shown = state.text === "" ? "–" : state.text;
  return (
    <div class={`exposure-progress ${busy ? "busy" : ""} ${small ? "small" : ""} state-${shown.replace(/\W+/g, "-")}`}>
      <div class="exposure-now">
        <span role="status" class="state">{shown}</span>
        {seconds > 0
          ? <span class="remaining">{remainingText(seconds)}</span>
          : busy && share > 0
          ? <span class="remaining">{Math.round(share)} %</span>
          : null}
        {inSequence ? <span class="of-sequence">image {number.text} of {total.text}</span> : null}
      </div>
      <progress max="100" value={busy ? share : 0} aria-label={`${instrument.title}: ${state.text}`} />
      {message.text === "" ? null : <p class="complaint" role="alert">{message.text}</p>}
    </div>
  );
}
