/**
 * A strip of the plot: the fields of one unit, with their values at the cursor.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useMemo, useState } from "npm:preact@11.2.0/hooks";
import { shortNumber } from "../../../protocol/number_format.ts";
import { shownText } from "../bench/readout.tsx";
import type { LiveField } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { isDark, timeZone } from "../shell/preferences.ts";
import { valueAt } from "./plot_data.ts";
import type { Mark } from "./plot_marks.ts";
import type { PlotWindow } from "./plot_window.ts";
import { labelOf, type Plotted, type Strip } from "./plotted.ts";
import { StripView } from "./strip_view.ts";

/** What a strip needs. */
export interface StripProps {
  readonly plotted: Plotted;
  readonly window: PlotWindow;
  readonly strip: Strip;
  readonly first: boolean;
  readonly lowest: boolean;
  /** Told what is drawn, and that it is gone. */
  readonly drawn: (unit: string, view: StripView | undefined) => void;
}

/** A strip with its legend and what can be done with it. */
export function StripOf({ plotted, window, strip, first, lowest, drawn }: StripProps): VNode {
  const logarithmic = useLive(plotted.logarithmic).includes(strip.unit);
  const marked = useLive(plotted.marks);
  const zone = useLive(timeZone);
  const dark = useLive(isDark);
  const [place, setPlace] = useState<HTMLDivElement | null>(null);
  const [pointed, setPointed] = useState<{ readonly mark: Mark; readonly left: number } | undefined>(undefined);
  const { unit, fields } = strip;
  const lines = fields.map((field) => `${labelOf(field)} ${plotted.colourOf(field)}`).join();
  useEffect(() => {
    if (place === null) return;
    const marks = () => marked ? window.marks.of(window.span) : [];
    const view = new StripView(place, strip, plotted, window, {
      logarithmic,
      lowest,
      zone,
      marks,
      pointed: (mark, left) =>
        setPointed((before) =>
          before?.mark.time === mark?.time ? before : mark === undefined ? undefined : { mark, left }
        ),
    });
    drawn(unit, view);
    return () => {
      drawn(unit, undefined);
      view.destroy();
    };
  }, [place, lines, fields[0], dark, zone, logarithmic, lowest, marked]);
  const of = unit === "" ? "fields without a unit" : unit;
  return (
    <section class={`strip ${lowest ? "lowest" : ""}`} aria-label={`Strip of ${of}`} data-unit={unit}>
      <div class="strip-head">
        <span class={`strip-unit ${fields.length === 1 ? `ink-${plotted.colourOf(fields[0]!)}` : ""}`}>{unit}</span>
        <ul class="legend">
          {fields.map((field) => (
            <LegendLine
              key={labelOf(field)}
              field={field}
              plotted={plotted}
              window={window}
              logarithmic={logarithmic}
            />
          ))}
        </ul>
        <span class="strip-actions">
          <button
            type="button"
            class="plain"
            aria-pressed={logarithmic}
            aria-label={unit === "" ? "Log" : `Log ${unit}`}
            title="A logarithmic axis; zero and negative values are not on it"
            onClick={() => plotted.toggleLogarithmic(unit)}
          >
            log
          </button>
          {first
            ? null
            : (
              <button type="button" class="plain" aria-label={`Move ${of} up`} onClick={() => plotted.move(unit, -1)}>
                ↑
              </button>
            )}
          {lowest
            ? null
            : (
              <button type="button" class="plain" aria-label={`Move ${of} down`} onClick={() => plotted.move(unit, 1)}>
                ↓
              </button>
            )}
        </span>
      </div>
      <div class="strip-chart" ref={setPlace}>
        {pointed === undefined
          ? null
          : <span class="mark" style={{ left: `${pointed.left}px` }}>{pointed.mark.text}</span>}
      </div>
    </section>
  );
}

/** A field's name and its value: that under the cursor, or the newest. */
function LegendLine({ field, plotted, window, logarithmic }: {
  readonly field: LiveField;
  readonly plotted: Plotted;
  readonly window: PlotWindow;
  readonly logarithmic: boolean;
}): VNode {
  const reading = useLive(field.reading);
  const cursor = useLive(window.cursor);
  const paused = useLive(window.paused);
  const time = cursor ?? paused;
  const past = time === undefined ? undefined : valueAt(window.points(field), time);
  const value = time === undefined ? reading.value : past;
  const text = time === undefined
    ? shownText(field, reading)
    : past === undefined
    ? "–"
    : shortNumber(field.spec, past);
  const title = useMemo(() => plotted.titleOf(field), [field]);
  const colour = plotted.colourOf(field);
  return (
    <li class={time === undefined ? reading.quality : ""} data-field={labelOf(field)}>
      <span class={`swatch colour-${colour}`} aria-hidden="true" />
      <span class="legend-name">
        {title}
        {logarithmic && typeof value === "number" && value <= 0 ? <small>(not on a log axis)</small> : null}
      </span>
      <span class={`value ink-${colour}`}>
        <span class="text">{text === "" ? "–" : text}</span>
      </span>
      <button
        type="button"
        class="plain"
        aria-label={`Remove ${title} from the plot`}
        onClick={() => plotted.remove(field)}
      >
        ×
      </button>
    </li>
  );
}
