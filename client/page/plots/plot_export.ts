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

/** The colours of a picture. */
export interface PictureColours {
  readonly ground: string;
  readonly ink: string;
  readonly lines: readonly string[];
}

/**
 * A picture of the plot with its span of time above it and its legend below it.
 *
 * @param plot What was drawn.
 * @param lines What is plotted.
 * @param span What is seen.
 * @param colours How it looks.
 * @returns A PNG.
 */
export async function pngOf(
  plot: HTMLCanvasElement,
  lines: readonly PlottedLine[],
  { from, to }: Span,
  colours: PictureColours,
): Promise<Blob> {
  const scale = devicePixelRatio;
  const [margin, head, row] = [10 * scale, 34 * scale, 19 * scale];
  const canvas = document.createElement("canvas");
  canvas.width = plot.width + 2 * margin;
  canvas.height = head + plot.height + lines.length * row + margin;
  const context = canvas.getContext("2d")!;
  const widest = canvas.width - 2 * margin;
  context.fillStyle = colours.ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = "middle";
  context.fillStyle = colours.ink;
  context.font = `600 ${13 * scale}px system-ui, sans-serif`;
  context.fillText(spanText(from, to), margin, head / 2, widest);
  context.drawImage(plot, margin, head);
  context.font = `${12 * scale}px system-ui, sans-serif`;
  for (const [at, line] of lines.entries()) {
    const middle = head + plot.height + (at + 0.5) * row;
    context.fillStyle = colours.lines[at % colours.lines.length]!;
    context.fillRect(margin, middle - 1.5 * scale, 14 * scale, 3 * scale);
    context.fillStyle = colours.ink;
    context.fillText(withUnit(line), margin + 22 * scale, middle, widest - 22 * scale);
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
