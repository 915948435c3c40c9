/**
 * The sparkline of a number: its last ten minutes, beside its value.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef } from "npm:preact@11.2.0/hooks";
import { fieldCaption } from "../bench/fields.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { isNumeric, type LiveField, type LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import type { Plotted } from "./plotted.ts";
import { sparksOf } from "./sparks.ts";

/** A button that shows the last ten minutes of a number, and plots it. There is none for what is not a number. */
export function Sparkline({ bench, plotted, instrument, field }: {
  readonly bench: LiveBench;
  readonly plotted: Plotted;
  readonly instrument: LiveInstrument;
  readonly field: LiveField;
}): VNode | null {
  const canvas = useRef<HTMLCanvasElement>(null);
  const chosen = useLive(plotted.fields).includes(field);
  useEffect(() => canvas.current === null ? undefined : sparksOf(bench).add(canvas.current, field), [bench, field]);
  if (!isNumeric(field.spec)) return null;
  const { unit } = field.spec;
  const name = `Plot ${fieldCaption(field.spec)}${unit === undefined ? "" : ` (${unit})`} of ${instrument.title}`;
  return (
    <button
      type="button"
      class="sparkline"
      aria-label={name}
      aria-pressed={chosen}
      title={`${name}; seen are its last ten minutes`}
      onClick={() => plotted.toggle(field)}
    >
      <canvas ref={canvas} aria-hidden="true" />
    </button>
  );
}
