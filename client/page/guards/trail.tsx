/**
 * The values around a trip, as a small plot for each number: from two minutes before to two minutes after.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import type { TripDescription } from "../../../protocol/guards.ts";
import { shortNumber } from "../../../protocol/number_format.ts";
import { fieldCaption } from "../bench/fields.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { isNumeric, type LiveField } from "../live/live_instrument.ts";

/** How much is shown before and after, in milliseconds. */
const around = 120_000;
const [width, height] = [320, 72];

/** The values of a number over time: each holds until the next. */
interface Line {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
}

/** The plots; for those fields that are numbers and are on the bench. */
export function Trail({ bench, trip }: { readonly bench: LiveBench; readonly trip: TripDescription }): VNode {
  const fields = trip.fields.flatMap((label) => {
    const [instrument, name] = label.split(".");
    const found = bench.instruments.value.find((each) => each.name === instrument);
    const field = [...found?.fields.values() ?? []].find(({ spec }) => spec.name === name);
    return field === undefined || !isNumeric(field.spec) ? [] : [{ field, caption: found!.caption }];
  });
  if (fields.length === 0) return <p class="about">None of its fields is a number.</p>;
  return (
    <div class="trails">
      {fields.map(({ field, caption }) => (
        <One key={`${field.instrument}.${field.spec.name}`} bench={bench} field={field} of={caption} trip={trip} />
      ))}
    </div>
  );
}

function One({ bench, field, of, trip }: {
  readonly bench: LiveBench;
  readonly field: LiveField;
  readonly of: string;
  readonly trip: TripDescription;
}): VNode {
  const [line, setLine] = useState<Line | string>();
  const at = Date.parse(trip.time);
  const until = Math.min(at + around, bench.now());
  useEffect(() => {
    let gone = false;
    lineOf(bench, field, at - around, at + around).then(
      (found) => gone || setLine(found),
      (error: Error) => gone || setLine(error.message),
    );
    return () => void (gone = true);
  }, [field, trip.name]);
  const { spec } = field;
  const caption = `${fieldCaption(spec)} of ${of}`;
  if (line === undefined) return <p class="about">{caption}…</p>;
  if (typeof line === "string") return <p class="about">{caption}: {line}</p>;
  const shown = line.values.filter((value) => value !== null);
  if (shown.length === 0) return <p class="about">{caption}: nothing is known of that time any more</p>;
  const [lowest, highest] = [Math.min(...shown), Math.max(...shown)];
  const x = (time: number) => (time - (at - around)) / (2 * around) * width;
  const y = (value: number) => 4 + (highest === lowest ? 0.5 : (highest - value) / (highest - lowest)) * (height - 8);
  let path = "";
  line.values.forEach((value, index) => {
    if (value === null) return;
    const [from, to] = [line.times[index]!, line.times[index + 1] ?? until].map((time) =>
      x(Math.min(Math.max(time, at - around), at + around)).toFixed(1)
    );
    const level = y(value).toFixed(1);
    path += `${index > 0 && line.values[index - 1] !== null ? "L" : "M"}${from},${level}L${to},${level}`;
  });
  const number = (value: number) => shortNumber(spec, value);
  const unit = spec.unit === undefined ? "" : ` ${spec.unit}`;
  return (
    <figure class="trail">
      <figcaption>
        {caption} <span class="about">{number(lowest)} to {number(highest)}{unit}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${caption}, from 2 min before to 2 min after: ${number(lowest)} to ${number(highest)}${unit}`}
      >
        <line class="trail-trip" x1={x(at)} x2={x(at)} y1="0" y2={height} />
        <path d={path} />
      </svg>
      <p class="trail-axis" aria-hidden="true">
        <span>−2 min</span>
        <span>tripped</span>
        <span>+2 min</span>
      </p>
    </figure>
  );
}

/** The values between two times, and what held when they began: of the last hour, or of the records. */
async function lineOf(bench: LiveBench, field: LiveField, from: number, to: number): Promise<Line> {
  const known = await bench.history(field);
  const times = known.times.map((time) => time * 1000);
  if (times.length > 0 && times[0]! <= from + around / 2) return cut({ times, values: known.values }, from, to);
  const query = new URLSearchParams({
    field: `${field.instrument}.${field.spec.name}`,
    since: String(from),
    until: String(Math.min(to, Math.floor(bench.now()))),
    points: "400",
  });
  const answer = await fetch(`/api/v1/history?${query}`);
  // Without records there is what the server has kept since it was started.
  if (!answer.ok) return cut({ times, values: known.values }, from, to);
  const { series } = await answer.json();
  const points = series.at(-1)?.points;
  return points === undefined
    ? cut({ times, values: known.values }, from, to)
    : { times: points.times, values: points.last };
}

function cut({ times, values }: Line, from: number, to: number): Line {
  const first = Math.max(0, times.findLastIndex((time) => time <= from));
  const end = times.findIndex((time) => time > to);
  const last = end < 0 ? times.length : end;
  return { times: times.slice(first, last), values: values.slice(first, last) };
}
