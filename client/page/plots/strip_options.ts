/**
 * The look of a strip: its lines, its axis, and the times below the lowest.
 *
 * @module
 */

import { axisNumbers } from "../../../protocol/number_format.ts";
import uPlot from "npm:uplot@1.6.32";
import type { TimeZoneChoice } from "../shell/preferences.ts";
import { axisTimes } from "./axis_times.ts";
import { colours, labelOf, type Plotted, type Strip } from "./plotted.ts";

/** The height of the times below the lowest strip, in CSS pixels. */
export const timesHeight = 34;

/** How a strip is drawn. */
export interface StripLook {
  readonly logarithmic: boolean;
  /** Whether the times stand below it. */
  readonly lowest: boolean;
  readonly zone: TimeZoneChoice;
  /** The width of its numbers, in CSS pixels; told how much they need. */
  readonly gutter: (needed: number) => number;
}

/** A colour of the style sheet. */
export function colourOf(element: Element, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

function decadeOrNone(value: number): number | null {
  const decade = Math.log10(value);
  return Math.abs(decade - Math.round(decade)) < 1e-6 ? value : null;
}

/**
 * The options of uPlot.
 *
 * @param strip What is plotted.
 * @param plotted Which colours its fields have.
 * @param place Where, for size and colours.
 */
export function optionsOf(
  strip: Strip,
  plotted: Pick<Plotted, "colourOf">,
  place: HTMLElement,
  look: StripLook,
): uPlot.Options {
  const grid = { stroke: colourOf(place, "--line"), width: 1 };
  const quiet = colourOf(place, "--quiet");
  const axis = { stroke: quiet, grid, ticks: { ...grid, size: 4 }, font: "11px system-ui, sans-serif" };
  const lineColour = (at: number) => colourOf(place, `--series-${plotted.colourOf(strip.fields[at]!)}`);
  return {
    width: Math.max(1, place.clientWidth),
    height: Math.max(1, place.clientHeight),
    padding: [6, 12, look.lowest ? 0 : 4, 0],
    legend: { show: false },
    ...(look.zone === "utc" ? { tzDate: (time: number) => uPlot.tzDate(new Date(time * 1000), "Etc/UTC") } : {}),
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
    scales: { x: { auto: false }, y: look.logarithmic ? { auto: false, distr: 3 } : { auto: false } },
    series: [
      {},
      ...strip.fields.map((field, at): uPlot.Series => ({
        label: labelOf(field),
        scale: "y",
        stroke: lineColour(at),
        width: 1.5,
        // A second line of a colour is told from the first by its dashes.
        ...(at >= colours ? { dash: [6, 4] } : {}),
        points: { show: false },
        spanGaps: false,
      })),
    ],
    axes: [
      {
        ...axis,
        size: look.lowest ? timesHeight : 0,
        values: (_, times, __, ___, step) => look.lowest ? axisTimes(times, step, look.zone) : times.map(() => ""),
        ticks: { ...axis.ticks, show: look.lowest },
        gap: 2,
        space: 70,
      },
      {
        ...axis,
        scale: "y",
        // On a logarithmic axis a line for each decade is enough.
        grid: look.logarithmic ? { ...grid, filter: (_, splits) => splits.map(decadeOrNone) } : grid,
        stroke: strip.fields.length === 1 ? lineColour(0) : quiet,
        size: (_, texts) => look.gutter(14 + 6.6 * Math.max(0, ...(texts ?? []).map((text) => text.length))),
        values: (_, values, __, ___, step) => axisNumbers(values, look.logarithmic ? undefined : step),
        gap: 4,
        space: 28,
      },
    ],
  };
}
