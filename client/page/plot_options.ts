/**
 * The look of a plot: its lines, and an axis for each unit.
 *
 * @module
 */

import { timeOfDay } from "../../protocol/local_time.ts";
import type uPlot from "npm:uplot@1.6.32";
import type { LiveField } from "./live_instrument.ts";
import { labelOf } from "./plotted.ts";

/** The height of the plot, in CSS pixels. */
export const plotHeight = 260;
/** So many colours tell lines apart; with more they begin again. */
export const colours = 8;

/** Fields of one unit share an axis. A unit may be called anything, also as an axis of uPlot's own is. */
export function scaleOf({ spec }: LiveField): string {
  return `in ${spec.unit ?? ""}`;
}

/** The axes, by unit. */
export function scalesOf(fields: readonly LiveField[]): string[] {
  return [...new Set(fields.map(scaleOf))];
}

/** A colour of the style sheet. */
export function colourOf(element: Element, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

/** The time of day. @param time In seconds since 1970. */
export function clock(time: number): string {
  const [hours, minutes, seconds] = timeOfDay(new Date(time * 1000)).split(":");
  return seconds === "00" ? `${hours}:${minutes}` : `${hours}:${minutes}:${seconds}`;
}

/** The options of uPlot. @param fields What is plotted. @param place Where, for size and colours. */
export function optionsOf(fields: readonly LiveField[], place: HTMLElement): uPlot.Options {
  const grid = { stroke: colourOf(place, "--line"), width: 1 };
  const axis = { stroke: colourOf(place, "--quiet"), grid, ticks: grid, font: "11px system-ui, sans-serif" };
  const scales = scalesOf(fields);
  return {
    width: Math.max(1, place.clientWidth),
    height: plotHeight,
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { x: { auto: false }, ...Object.fromEntries(scales.map((scale) => [scale, { auto: false }])) },
    series: [
      {},
      ...fields.map((field, index): uPlot.Series => ({
        label: labelOf(field),
        scale: scaleOf(field),
        stroke: colourOf(place, `--series-${index % colours}`),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    axes: [
      { ...axis, size: 32, values: (_, times) => times.map(clock) },
      ...scales.map((scale, index): uPlot.Axis => ({
        ...axis,
        scale,
        label: scale.slice(3),
        labelSize: scale === "in " ? 0 : 16,
        labelFont: axis.font,
        labelGap: 0,
        size: 52,
        side: index % 2 === 0 ? 3 : 1,
        grid: index === 0 ? grid : { show: false },
      })),
    ],
  };
}
