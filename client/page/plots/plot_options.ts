/**
 * The look of a plot: its lines, and an axis for each unit.
 *
 * @module
 */

import { timeOfDay } from "../../../protocol/local_time.ts";
import { axisNumbers } from "../../../protocol/number_format.ts";
import type uPlot from "npm:uplot@1.6.32";
import type { LiveField } from "../live/live_instrument.ts";
import { labelOf } from "./plotted.ts";

/** The height of the plot, in CSS pixels. */
export const plotHeight = 260;
/** So many colours tell lines apart; with more they begin again. */
export const colours = 8;

/** Fields of one unit share an axis. A unit may be called anything, also as an axis of uPlot's own is. */
export function scaleOf({ spec }: LiveField): string {
  return `in ${spec.unit ?? ""}`;
}

/** The unit of an axis; empty where its fields have none. */
export function unitOf(scale: string): string {
  return scale.slice(3);
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

/**
 * The options of uPlot.
 *
 * @param fields What is plotted.
 * @param place Where, for size and colours.
 * @param logarithmic The units whose axes are logarithmic.
 */
export function optionsOf(
  fields: readonly LiveField[],
  place: HTMLElement,
  logarithmic: readonly string[],
): uPlot.Options {
  const grid = { stroke: colourOf(place, "--line"), width: 1 };
  const axis = { stroke: colourOf(place, "--quiet"), grid, ticks: grid, font: "11px system-ui, sans-serif" };
  const scales = scalesOf(fields);
  return {
    width: Math.max(1, place.clientWidth),
    height: plotHeight,
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: {
      x: { auto: false },
      ...Object.fromEntries(scales.map((scale): [string, uPlot.Scale] => [
        scale,
        logarithmic.includes(unitOf(scale)) ? { auto: false, distr: 3 } : { auto: false },
      ])),
    },
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
        label: unitOf(scale),
        labelSize: scale === "in " ? 0 : 16,
        labelFont: axis.font,
        labelGap: 0,
        size: (_, texts) => Math.max(52, 16 + 7 * Math.max(0, ...(texts ?? []).map((text) => text.length))),
        values: (_, values, __, ___, step) =>
          axisNumbers(values, logarithmic.includes(unitOf(scale)) ? undefined : step),
        side: index % 2 === 0 ? 3 : 1,
        grid: index === 0 ? grid : { show: false },
      })),
    ],
  };
}
