/**
 * The panel with the live plot of numeric fields.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import { shortNumber } from "../../../protocol/number_format.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveField } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { valueAt } from "./plot_data.ts";
import { csvOf, type PlottedLine, pngOf, save } from "./plot_export.ts";
import { clock, colourOf, colours, scalesOf, unitOf } from "./plot_options.ts";
import { Picker } from "./plot_picker.tsx";
import { PlotView } from "./plot_view.ts";
import { PlotWindow } from "./plot_window.ts";
import { labelOf, type Plotted, spans } from "./plotted.ts";
import { shownText } from "../bench/readout.tsx";

/** By how much of what is seen one press of a key or a button moves it, or the cursor. */
const panStep = 0.25;
const cursorStep = 0.01;
const zoomStep = 1.5;

/** The panel with the plot, its legend and its buttons. */
export function PlotPanel({ bench, plotted }: { bench: LiveBench; plotted: Plotted }): VNode {
  const fields = useLive(plotted.fields);
  const logarithmic = useLive(plotted.logarithmic);
  const [window] = useState(() => new PlotWindow(bench, plotted));
  const [place, setPlace] = useState<HTMLDivElement | null>(null);
  const view = useRef<PlotView | undefined>(undefined);
  const dark = useDark();
  useEffect(() => {
    if (place === null) return;
    const drawn = view.current = new PlotView(place, fields, window, logarithmic);
    return () => drawn.destroy();
  }, [place, fields, dark, logarithmic]);
  if (fields.length === 0) {
    return (
      <>
        <p class="nothing">Click a number on a card to plot it, drag it here, or pick one:</p>
        <Picker bench={bench} plotted={plotted} />
      </>
    );
  }
  const savePicture = async () => {
    const lines = linesOf(fields, window);
    save(await pngOf(await view.current!.picture(), lines, window.span, pictureColours(place!)), "png");
  };
  const saveTable = () => {
    const lines = fields.map((field) => lineOf(field, field.history!));
    save(new Blob([csvOf(lines)], { type: "text/csv" }), "csv");
  };
  return (
    <>
      <Picker bench={bench} plotted={plotted} />
      <div
        class="plot-place"
        ref={setPlace}
        role="application"
        aria-roledescription="plot"
        tabIndex={0}
        aria-label={`Plot of ${fields.map(labelOf).join(", ")}`}
        aria-description="Left and right move the cursor, with Shift what is seen; plus and minus zoom; Escape follows now"
        onKeyDown={(event) => press(event, window)}
        onBlur={() => window.cursorStays && window.leave()}
      />
      <PlotButtons plotted={plotted} window={window} />
      <Legend plotted={plotted} window={window} />
      <div class="buttons">
        <button type="button" onClick={() => void savePicture()}>Save as PNG</button>
        <button type="button" onClick={saveTable}>Save as CSV</button>
        <button type="button" class="plain" onClick={() => plotted.clear()}>Remove all</button>
      </div>
    </>
  );
}

function lineOf(field: LiveField, points: PlottedLine["points"]): PlottedLine {
  return { label: labelOf(field), unit: field.spec.unit, points };
}

function linesOf(fields: readonly LiveField[], window: PlotWindow): PlottedLine[] {
  return fields.map((field) => lineOf(field, window.points(field)));
}

function pictureColours(place: Element) {
  return {
    ground: colourOf(place, "--card"),
    ink: colourOf(place, "--ink"),
    lines: Array.from({ length: colours }, (_, index) => colourOf(place, `--series-${index}`)),
  };
}

function press(event: KeyboardEvent, window: PlotWindow): void {
  const { key, shiftKey } = event;
  const way = key === "ArrowLeft" ? -1 : key === "ArrowRight" ? 1 : 0;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (way !== 0 && shiftKey) window.pan(way * panStep);
  else if (way !== 0) window.moveCursor(way * cursorStep);
  else if (key === "+" || key === "=") window.zoom(1 / zoomStep);
  else if (key === "-") window.zoom(zoomStep);
  else if (key === "Escape") window.follow();
  else return;
  event.preventDefault();
}

function PlotButtons({ plotted, window }: { plotted: Plotted; window: PlotWindow }): VNode {
  const paused = useLive(window.paused) !== undefined;
  const zoomed = useLive(window.zoomed) !== undefined;
  const span = useLive(plotted.span);
  const button = (name: string, sign: string, action: () => void) => (
    <button type="button" class="sign" aria-label={name} title={name} onClick={action}>{sign}</button>
  );
  return (
    <div class="buttons">
      <button type="button" aria-pressed={!paused && !zoomed} onClick={() => window.follow()}>Live</button>
      <button type="button" aria-pressed={paused} onClick={() => window.pause(!paused)}>Pause</button>
      <label>
        <span class="unseen">Time shown</span>
        <select
          value={String(span)}
          onChange={(event) => {
            plotted.span.value = Number(event.currentTarget.value);
            window.zoomed.value = undefined;
          }}
        >
          {spans.map(([seconds, text]) => <option key={seconds} value={String(seconds)}>{text}</option>)}
        </select>
      </label>
      <span class="signs">
        {button("Earlier", "◀", () => window.pan(-panStep))}
        {button("Zoom out", "−", () => window.zoom(zoomStep))}
        {button("Zoom in", "+", () => window.zoom(1 / zoomStep))}
        {button("Later", "▶", () => window.pan(panStep))}
      </span>
      <LogarithmicSwitches plotted={plotted} />
    </div>
  );
}

/** A switch for each axis, which makes it logarithmic. */
function LogarithmicSwitches({ plotted }: { plotted: Plotted }): VNode {
  const units = scalesOf(useLive(plotted.fields)).map(unitOf);
  const logarithmic = useLive(plotted.logarithmic);
  return (
    <>
      {units.map((unit) => (
        <button
          key={unit}
          type="button"
          aria-pressed={logarithmic.includes(unit)}
          title="A logarithmic axis; zero and negative values are not on it"
          onClick={() => plotted.toggleLogarithmic(unit)}
        >
          {unit === "" ? "Log" : `Log ${unit}`}
        </button>
      ))}
    </>
  );
}

/** The names and values: those under the cursor, or the newest. */
function Legend({ plotted, window }: { plotted: Plotted; window: PlotWindow }): VNode {
  const fields = useLive(plotted.fields);
  const cursor = useLive(window.cursor);
  const paused = useLive(window.paused);
  const logarithmic = useLive(plotted.logarithmic);
  const time = cursor ?? paused;
  return (
    <>
      <p class="cursor-time" role="status">{time === undefined ? "now" : clock(Math.round(time / 1000))}</p>
      <ul class="legend">
        {fields.map((field, index) => (
          <LegendLine
            logarithmic={logarithmic.includes(field.spec.unit ?? "")}
            key={labelOf(field)}
            field={field}
            index={index}
            past={time === undefined ? undefined : { value: valueAt(window.points(field), time) }}
            remove={() => plotted.remove(field)}
          />
        ))}
      </ul>
    </>
  );
}

function LegendLine({ field, index, past, logarithmic, remove }: {
  readonly field: LiveField;
  readonly index: number;
  /** What it was at the cursor; `undefined` asks for what it is. */
  readonly past: { readonly value: number | undefined } | undefined;
  /** Whether its axis is logarithmic. */
  readonly logarithmic: boolean;
  readonly remove: () => void;
}): VNode {
  const reading = useLive(field.reading);
  const value = past === undefined ? reading.value : past.value;
  const text = past === undefined
    ? shownText(field, reading)
    : past.value === undefined
    ? "–"
    : shortNumber(field.spec, past.value);
  return (
    <li class={past === undefined ? reading.quality : ""}>
      <span class={`swatch colour-${index % colours}`} aria-hidden="true" />
      <span class="legend-name">
        {labelOf(field)}
        {logarithmic && typeof value === "number" && value <= 0 ? <small>(not on a log axis)</small> : null}
      </span>
      <span class="value">
        <span class="text">{text}</span> <span class="unit">{field.spec.unit ?? ""}</span>
      </span>
      <button
        type="button"
        class="plain"
        aria-label={`Remove ${labelOf(field)} from the plot`}
        onClick={remove}
      >
        ×
      </button>
    </li>
  );
}

function useDark(): boolean {
  const [query] = useState(() => matchMedia("(prefers-color-scheme: dark)"));
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const changed = () => setDark(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return dark;
}
