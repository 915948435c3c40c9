/**
 * The live plot of numeric fields.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import uPlot from "npm:uplot@1.6.32";
import type { Bench, LiveField } from "./bench.ts";
import { keptSeconds } from "./history.ts";
import { Live, useLive } from "./live.tsx";
import { shownText } from "./readout.tsx";

/** How often a plot is drawn, in milliseconds. */
const drawInterval = 500;
const plotHeight = 240;
/** The least that is shown, in seconds. */
const shortestSpan = 30;
/** The spans to choose from, in seconds. */
const spans: readonly [seconds: number, text: string][] = [[60, "1 min"], [
  600,
  "10 min",
], [keptSeconds, "1 h"]];
/** So many colours tell lines apart; with more they begin again. */
const colours = 8;

/** What is plotted. */
export class Plotted {
  /** The fields in the order in which they were chosen. */
  readonly fields: Live<readonly LiveField[]> = new Live<readonly LiveField[]>(
    [],
  );
  #added: () => void = () => {};

  /** Adds a field, or takes it away where it is there. */
  toggle(field: LiveField): void {
    const { value } = this.fields;
    if (value.includes(field)) {
      this.fields.value = value.filter((each) => each !== field);
      return;
    }
    this.fields.value = [...value, field];
    this.#added();
  }

  /** Calls the listener when a field is added, until the returned function is called. */
  onAdd(listener: () => void): () => void {
    this.#added = listener;
    return () => this.#added = () => {};
  }
}

/** The panel with the plot, its legend and its buttons. */
export function PlotPanel(
  { bench, plotted }: { bench: Bench; plotted: Plotted },
): VNode {
  const fields = useLive(plotted.fields);
  const [paused, setPaused] = useState(false);
  const [span, setSpan] = useState(600);
  const [place, setPlace] = useState<HTMLDivElement | null>(null);
  const dark = useDark();
  useEffect(() => {
    if (place === null || fields.length === 0) return;
    const plot = new uPlot(optionsOf(fields, place), dataOf(fields), place);
    const draw = () => {
      if (paused || document.visibilityState === "hidden") return;
      const now = bench.now() / 1000;
      // As long as there is not so much yet, what there is fills the plot.
      const earliest = Math.min(
        ...fields.map(({ history }) => history!.points.times[0] ?? now),
      );
      const from = Math.max(now - span, Math.min(earliest, now - shortestSpan));
      plot.batch(() => {
        plot.setData(dataOf(fields, now), false);
        for (const scale of new Set(fields.map(scaleOf))) {
          plot.setScale(scale, rangeOf(fields, scale, from));
        }
        plot.setScale("x", { min: from, max: now });
      });
    };
    draw();
    const timer = setInterval(draw, drawInterval);
    const resized = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: plotHeight }));
    resized.observe(place);
    return () => {
      clearInterval(timer);
      resized.disconnect();
      plot.destroy();
    };
  }, [place, fields, paused, span, dark]);
  if (fields.length === 0) {
    return <p class="nothing">Click a number on a card to plot it.</p>;
  }
  return (
    <>
      <div class="buttons">
        <button
          type="button"
          aria-pressed={paused}
          onClick={() => setPaused(!paused)}
        >
          Pause
        </button>
        <label>
          <span class="unseen">Time shown</span>
          <select
            value={String(span)}
            onChange={(event) => setSpan(Number(event.currentTarget.value))}
          >
            {spans.map(([seconds, text]) => <option key={seconds} value={String(seconds)}>{text}</option>)}
          </select>
        </label>
        <button type="button" onClick={() => save(fields)}>Save as CSV</button>
      </div>
      <div
        class="plot-place"
        ref={setPlace}
        role="img"
        aria-label={`Plot of ${fields.map(labelOf).join(", ")}`}
      />
      <ul class="legend">
        {fields.map((field, index) => (
          <LegendLine
            key={labelOf(field)}
            field={field}
            index={index}
            remove={() => plotted.toggle(field)}
          />
        ))}
      </ul>
    </>
  );
}

function LegendLine(
  { field, index, remove }: {
    field: LiveField;
    index: number;
    remove: () => void;
  },
): VNode {
  const reading = useLive(field.reading);
  const { unit, quality } = reading;
  return (
    <li class={quality}>
      <span class={`swatch colour-${index % colours}`} aria-hidden="true" />
      <span class="legend-name">{labelOf(field)}</span>
      <span class="value">
        <span class="text">{shownText(field, reading)}</span> <span class="unit">{unit ?? ""}</span>
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

function labelOf({ instrument, spec }: LiveField): string {
  return `${instrument}.${spec.name}`;
}

/** Fields of one unit share an axis. */
function scaleOf({ spec }: LiveField): string {
  return spec.unit ?? "number";
}

function optionsOf(
  fields: readonly LiveField[],
  place: HTMLElement,
): uPlot.Options {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const grid = { stroke: colour("--line"), width: 1 };
  const axis = {
    stroke: colour("--quiet"),
    grid,
    ticks: grid,
    font: "11px system-ui, sans-serif",
  };
  const scales = [...new Set(fields.map(scaleOf))];
  return {
    width: Math.max(1, place.clientWidth),
    height: plotHeight,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: Object.fromEntries(scales.map((scale) => [scale, { auto: false }])),
    series: [
      {},
      ...fields.map((field, index): uPlot.Series => ({
        label: labelOf(field),
        scale: scaleOf(field),
        stroke: colour(`--series-${index % colours}`),
        width: 1.5,
        points: { show: false },
        // Joined times: where only another field has a point, the line goes on.
        spanGaps: false,
      })),
    ],
    axes: [
      { ...axis, size: 32, values: (_, times) => times.map(clock) },
      ...scales.map((scale, index): uPlot.Axis => ({
        ...axis,
        scale,
        label: scale === "number" ? "" : scale,
        labelSize: scale === "number" ? 0 : 16,
        labelFont: axis.font,
        labelGap: 0,
        size: 52,
        side: index % 2 === 0 ? 3 : 1,
        grid: index === 0 ? grid : { show: false },
      })),
    ],
  };
}

function clock(time: number): string {
  const [hours, minutes, seconds] = new Date(time * 1000).toLocaleTimeString(
    "sv-SE",
  ).split(":");
  return seconds === "00" ? `${hours}:${minutes}` : `${hours}:${minutes}:${seconds}`;
}

/** The values over their joined times; `now` holds the last value, since only changes are told. */
function dataOf(fields: readonly LiveField[], now?: number): uPlot.AlignedData {
  const all = fields.map(({ history }): [number, number | null][] => {
    const { times, values } = history!.points;
    const points = Array.from(times, (time, at): [number, number | null] => {
      const value = values[at]!;
      return [time, Number.isNaN(value) ? null : value];
    });
    const last = points.at(-1);
    if (now !== undefined && last !== undefined && now > last[0]) {
      points.push([now, last[1]]);
    }
    return points;
  });
  const times = [
    ...new Set(all.flatMap((points) => points.map(([time]) => time))),
  ].sort((one, other) => one - other);
  const series = all.map((points) => {
    let at = 0;
    let value: number | null = null;
    return times.map((time) => {
      // A value holds until the next one is told.
      while (at < points.length && points[at]![0] <= time) {
        value = points[at++]![1];
      }
      return value;
    });
  });
  return [times, ...series] as uPlot.AlignedData;
}

function rangeOf(
  fields: readonly LiveField[],
  scale: string,
  from: number,
): { min: number; max: number } {
  let [min, max] = [Infinity, -Infinity];
  for (const field of fields) {
    if (scaleOf(field) !== scale) continue;
    const { times, values } = field.history!.points;
    for (let at = values.length - 1; at >= 0; at--) {
      const value = values[at]!;
      if (!Number.isNaN(value)) {
        [min, max] = [Math.min(min, value), Math.max(max, value)];
      }
      // The one before the first that is seen still counts: it holds until then.
      if (times[at]! < from) break;
    }
  }
  if (min > max) return { min: 0, max: 1 };
  const room = (max - min) * 0.1 || Math.abs(max) * 0.1 || 1;
  return { min: min - room, max: max + room };
}

/** Saves what is plotted: a line for each time at which something changed. */
function save(fields: readonly LiveField[]): void {
  const [times, ...series] = dataOf(fields);
  const title = (field: LiveField) =>
    `"${labelOf(field)}${field.spec.unit === undefined ? "" : ` (${field.spec.unit})`}"`;
  const lines = [
    ["time", ...fields.map(title)].join(","),
    ...Array.from(
      times!,
      (time, at) =>
        [
          new Date(time * 1000).toISOString(),
          ...series.map((values) => values[at] ?? ""),
        ].join(","),
    ),
  ];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(
    new Blob([lines.join("\r\n"), "\r\n"], { type: "text/csv" }),
  );
  link.download = `heliograph-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
