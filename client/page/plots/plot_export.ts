/**
 * Exports a plot to files: CSV of all values kept, and a picture of the visible part.
 *
 * @module
 */

import { localTime } from "../../../protocol/local_time.ts";
import type { Points } from "../../../protocol/history.ts";
import { joined, type Span } from "./plot_data.ts";

/** A line of the plot. */
export interface PlottedLine {
  /** Its field's full name. */
  readonly label: string;
  readonly unit: string | undefined;
  readonly points: Points;
}

function withUnit({ label, unit }: PlottedLine): string {
  return unit === undefined ? label : `${label} (${unit})`;
}

/** A field of CSV, in quotes. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** A row for each time at which something changed: the time in UTC, and what each field held then. */
export function csvOf(lines: readonly PlottedLine[]): string {
  const { times, lines: columns } = joined(lines.map(({ points }) => points));
  const head = ["time", ...lines.map((line) => quoted(withUnit(line)))].join(",");
  const rows = times.map((time, at) =>
    [new Date(time).toISOString(), ...columns.map((values) => values[at] ?? "")].join(",")
  );
  return [head, ...rows, ""].join("\r\n");
}

/** A strip as it is drawn for a picture. */
export interface PicturedStrip {
  readonly unit: string;
  readonly lines: readonly { readonly title: string; readonly colour: string }[];
  readonly picture: HTMLCanvasElement;
}

/**
 * A picture of the plot: the span of time above, then the strips, each below its legend.
 *
 * @param strips What was drawn, from the top.
 * @param span What is seen.
 * @param looks Its colours.
 * @returns A PNG.
 */
export async function pngOf(
  strips: readonly PicturedStrip[],
  { from, to }: Span,
  looks: { readonly ground: string; readonly ink: string },
): Promise<Blob> {
  const scale = devicePixelRatio;
  const [margin, head, row] = [10 * scale, 34 * scale, 24 * scale];
  const canvas = document.createElement("canvas");
  canvas.width = strips[0]!.picture.width + 2 * margin;
  canvas.height = head + strips.reduce((sum, { picture }) => sum + row + picture.height, margin);
  const context = canvas.getContext("2d")!;
  const write = (text: string, left: number, middle: number, font = "") => {
    context.font = `${font} ${12 * scale}px system-ui, sans-serif`;
    context.fillText(text, left, middle);
    return left + context.measureText(text).width;
  };
  context.fillStyle = looks.ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = "middle";
  context.fillStyle = looks.ink;
  write(spanText(from, to), margin, head / 2, "600");
  let top = head;
  for (const { unit, lines, picture } of strips) {
    context.fillStyle = looks.ink;
    let left = Math.max(write(unit, margin, top + row / 2, "600") + 12 * scale, 58 * scale);
    for (const { title, colour } of lines) {
      context.fillStyle = colour;
      context.fillRect(left, top + row / 2 - 1.5 * scale, 14 * scale, 3 * scale);
      context.fillStyle = looks.ink;
      left = write(title, left + 20 * scale, top + row / 2) + 18 * scale;
    }
    context.drawImage(picture, margin, top + row);
    top += row + picture.height;
  }
  const { promise, resolve } = Promise.withResolvers<Blob | null>();
  canvas.toBlob(resolve, "image/png");
  return await promise ?? Promise.reject(new Error("This browser cannot make a picture of the plot"));
}

/** A span of time in local time, as people read it. */
function spanText(from: number, to: number): string {
  const [begin, end] = [from, to].map((time) => localTime(new Date(time)));
  return `${location.host}: ${begin} – ${end!.slice(0, 10) === begin!.slice(0, 10) ? end!.slice(11) : end}`;
}

/** Gives a file to the browser's user. @param blob Its content. @param ending Of its name. */
export function save(blob: Blob, ending: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `heliograph-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.${ending}`;
  link.click();
  // Some browsers begin to read it only now.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
