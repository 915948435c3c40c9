/**
 * The plot: strips that share an axis of time, and what can be done with all of them.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import { keptSeconds } from "../../../protocol/history.ts";
import { shortNumber } from "../../../protocol/number_format.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { useTimeZone } from "../shell/times.ts";
import { thenAddress } from "../then/moments.ts";
import { cursorTime } from "./axis_times.ts";
import { dayOf, dayText, lastNight, wholeDay } from "./days.ts";
import { type Span, valueAt } from "./plot_data.ts";
import { csvOf, pngOf, save } from "./plot_export.ts";
import { Picker } from "./plot_picker.tsx";
import { PlotSummary } from "./plot_summary.tsx";
import { PlotWindow } from "./plot_window.ts";
import { labelOf, type Plotted, spans, stripsOf } from "./plotted.ts";
import { StripOf } from "./strip.tsx";
import { colourOf } from "./strip_options.ts";
import type { StripView } from "./strip_view.ts";

/** By how much of what is seen one press of a key or a button moves it, or the cursor. */
const panStep = 0.25;
const cursorStep = 0.01;
const zoomStep = 1.5;
/** The size of a saved picture, in CSS pixels; each strip has a part of its height. */
const pictureSize = { width: 1000, height: 520, leastStrip: 120 };

/** The strips with their buttons. */
export function PlotPanel({ bench, plotted }: { bench: LiveBench; plotted: Plotted }): VNode {
  const fields = useLive(plotted.fields);
  const [window] = useState(() => new PlotWindow(bench, plotted));
  const views = useRef(new Map<string, StripView>());
  const place = useRef<HTMLDivElement>(null);
  const strips = stripsOf(fields);
  const units = strips.map(({ unit }) => unit).join("\n");
  // What was needed for other numbers is too wide for these.
  useEffect(() => void (window.gutter.value = 48), [units]);
  if (fields.length === 0) {
    return (
      <div class="plot-empty">
        <p class="nothing">Click a number or a sparkline on a card to plot it, or pick a field:</p>
        <Picker bench={bench} plotted={plotted} />
      </div>
    );
  }
  const savePicture = async () => {
    const height = Math.max(pictureSize.leastStrip, Math.round(pictureSize.height / strips.length));
    const drawn = await Promise.all(strips.map(async ({ unit, fields }) => ({
      unit,
      lines: fields.map((field) => ({
        title: plotted.titleOf(field),
        colour: colourOf(place.current!, `--series-${plotted.colourOf(field)}`),
      })),
      picture: await views.current.get(unit)!.picture(pictureSize.width, height),
    })));
    const looks = { ground: colourOf(place.current!, "--card"), ink: colourOf(place.current!, "--ink") };
    save(await pngOf(drawn, window.span, looks), "png");
  };
  const saveTable = () => {
    const lines = fields.map((field) => ({
      label: labelOf(field),
      unit: field.spec.unit,
      points: field.history!,
    }));
    save(new Blob([csvOf(lines)], { type: "text/csv" }), "csv");
  };
  return (
    <>
      <div class="plot-bar">
        <PlotButtons bench={bench} plotted={plotted} window={window} />
        <CursorTime plotted={plotted} window={window} />
        <Picker bench={bench} plotted={plotted} />
        <span class="plot-files">
          <button type="button" title="A picture of what is seen" onClick={() => void savePicture()}>PNG</button>
          <button type="button" title="A table of all values that are kept" onClick={saveTable}>CSV</button>
          <button type="button" class="plain" onClick={() => plotted.clear()}>Remove all</button>
        </span>
      </div>
      <div
        class="strips"
        ref={place}
        role="application"
        aria-roledescription="plot"
        tabIndex={0}
        aria-label={`Plot of ${fields.map((field) => plotted.titleOf(field)).join(", ")}`}
        aria-description="Left and right move the cursor, with Shift what is seen; plus and minus zoom; Enter shows what everything was at the cursor; Escape follows now"
        onKeyDown={(event) => press(event, plotted, window)}
        onBlur={({ relatedTarget }) => {
          // The button that looks at the cursor's time needs it.
          const stays = relatedTarget instanceof Element && relatedTarget.closest(".plot-bar") !== null;
          if (window.cursorStays && !stays && !window.pinned) window.leave();
        }}
      >
        {strips.map((strip, at) => (
          <StripOf
            key={strip.unit}
            plotted={plotted}
            window={window}
            strip={strip}
            first={at === 0}
            lowest={at === strips.length - 1}
            drawn={(unit, view) => view === undefined ? views.current.delete(unit) : views.current.set(unit, view)}
          />
        ))}
      </div>
      <PlotSummary plotted={plotted} window={window} />
    </>
  );
}

function press(event: KeyboardEvent, plotted: Plotted, window: PlotWindow): void {
  const { key, shiftKey, target, currentTarget } = event;
  // The buttons of a strip have keys of their own.
  if (target !== currentTarget) return;
  const way = key === "ArrowLeft" ? -1 : key === "ArrowRight" ? 1 : 0;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (way !== 0 && shiftKey) window.pan(way * panStep);
  else if (way !== 0) window.moveCursor(way * cursorStep);
  else if (key === "+" || key === "=") window.zoom(1 / zoomStep);
  else if (key === "-") window.zoom(zoomStep);
  else if (key === "Escape") window.follow();
  else if (key === "Enter" && plotted.looksBack && window.cursor.value !== undefined) lookAt(window.cursor.value);
  else return;
  event.preventDefault();
}

/** Goes to what everything was at a time. */
function lookAt(time: number): void {
  location.hash = thenAddress(Math.round(time));
}

function PlotButtons({ bench, plotted, window }: {
  readonly bench: LiveBench;
  readonly plotted: Plotted;
  readonly window: PlotWindow;
}): VNode {
  // Whether there are records.
  useLive(bench.status);
  const paused = useLive(window.paused) !== undefined;
  const zoomed = useLive(window.zoomed) !== undefined;
  const span = useLive(plotted.span);
  const marks = useLive(plotted.marks);
  const more = useLive(window.marks.more);
  const button = (name: string, sign: string, action: () => void) => (
    <button type="button" class="sign" aria-label={name} title={name} onClick={action}>{sign}</button>
  );
  return (
    <div class="plot-buttons">
      <span class="joined" role="group" aria-label="Time shown">
        {spans.filter(([seconds]) => plotted.looksBack || seconds <= keptSeconds).map(([seconds, text]) => (
          <button
            key={seconds}
            type="button"
            aria-pressed={!zoomed && span === seconds}
            onClick={() => {
              plotted.span.value = seconds;
              window.zoomed.value = undefined;
            }}
          >
            {text}
          </button>
        ))}
      </span>
      {plotted.looksBack ? <Days window={window} /> : null}
      <span class="joined">
        <button type="button" aria-pressed={!paused && !zoomed} onClick={() => window.follow()}>Live</button>
        <button type="button" aria-pressed={paused} onClick={() => window.pause(!paused)}>Pause</button>
      </span>
      <span class="joined">
        {button("Earlier", "◀", () => window.pan(-panStep))}
        {button("Zoom out", "−", () => window.zoom(zoomStep))}
        {button("Zoom in", "+", () => window.zoom(1 / zoomStep))}
        {button("Later", "▶", () => window.pan(panStep))}
      </span>
      <button
        type="button"
        aria-pressed={marks}
        title="Vertical lines where an instrument that is plotted was told something, was lost or came back, and at notes"
        onClick={() => plotted.marks.value = !marks}
      >
        Marks
      </button>
      {marks && more !== "" ? <small class="marks-more">{more}</small> : null}
    </div>
  );
}

/** The last night, or a day that is chosen. */
function Days({ window }: { readonly window: PlotWindow }): VNode {
  const zone = useTimeZone();
  const zoomed = useLive(window.zoomed);
  const now = window.now;
  const night = lastNight(now, zone);
  const isNight = zoomed?.from === night.from && zoomed.to <= night.to;
  const show = ({ from, to }: Span) => window.show({ from, to: Math.min(to, window.now) });
  const day = zoomed === undefined ? "" : wholeDay(zoomed, zone);
  return (
    <span class="joined">
      <button
        type="button"
        aria-pressed={isNight}
        title="From noon to noon"
        onClick={() => show(night)}
      >
        Last night
      </button>
      <input
        type="date"
        aria-label="Day shown"
        title="A day to be shown"
        max={dayText(now, zone)}
        value={day}
        onChange={({ currentTarget: { value } }) => {
          const span = dayOf(value, zone);
          if (span !== undefined) show(span);
        }}
      />
    </span>
  );
}

/** The time whose values are in the legends; those who move the cursor by keys are told the values, too. */
function CursorTime({ plotted, window }: { plotted: Plotted; window: PlotWindow }): VNode {
  const cursor = useLive(window.cursor);
  const paused = useLive(window.paused);
  const zoomed = useLive(window.zoomed);
  const past = useLive(window.past.state);
  const zone = useTimeZone();
  const time = cursor ?? paused;
  const text = time !== undefined ? cursorTime(time, zone) : zoomed === undefined ? "now" : "";
  const values = cursor === undefined || !window.cursorStays ? [] : plotted.fields.value.map((field) => {
    const value = valueAt(window.points(field), cursor);
    const told = value === undefined ? "no value" : `${shortNumber(field.spec, value)} ${field.spec.unit ?? ""}`;
    return `${plotted.titleOf(field)} ${told}`;
  });
  return (
    <p class="cursor-time">
      <span>{text}</span>
      {cursor === undefined || !plotted.looksBack ? null : (
        <button
          type="button"
          class="then-button"
          title="What everything was at the cursor; a click on the plot leaves it there"
          onClick={() => lookAt(cursor)}
        >
          Then
        </button>
      )}
      {typeof past === "object" ? <span class="past-failure" role="alert">{past.failure}</span> : null}
      {past === "asking" ? <span class="past-asking">looking back …</span> : null}
      <span class="unseen" role="status">{values.length === 0 ? "" : [text, ...values].join("; ")}</span>
    </p>
  );
}
