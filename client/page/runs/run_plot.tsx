/**
 * The fields that a run uses over its time, with its steps as bands.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useMemo, useState } from "npm:preact@11.2.0/hooks";
import uPlot from "npm:uplot@1.6.32";
import { History, type Points } from "../../../protocol/history.ts";
import { shortNumber } from "../../../protocol/number_format.ts";
import type { RunDetails } from "../../../protocol/runs.ts";
import { fieldCaption } from "../bench/fields.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { isNumeric, type LiveField } from "../live/live_instrument.ts";
import { Live, useLive } from "../live/live.tsx";
import { Past } from "../plots/past.ts";
import { gridOf, rangeOf, type Span, valueAt } from "../plots/plot_data.ts";
import { labelOf, type Strip, stripsOf } from "../plots/plotted.ts";
import { colourOf, optionsOf } from "../plots/strip_options.ts";
import { addressOf } from "../shell/address.ts";
import { isDark, timeZone } from "../shell/preferences.ts";
import { sentence } from "./run_words.ts";

/** So many fields are plotted. */
const mostFields = 8;
/** From so wide a band on its number is written, in CSS pixels. */
const leastBand = 16;
/** How often one that is under way is drawn, in milliseconds. */
const drawInterval = 1000;

/** A step in the plot. */
interface Band extends Span {
  readonly number: number;
  readonly text: string;
}

/** What is plotted: from when to when, and the steps. */
export type PlottedRun = Pick<RunDetails, "steps" | "ended">;

/** Where the values of a plot come from. */
export interface PlottedValues {
  /** Changes whenever others are known. */
  readonly known: Live<number>;
  /** The time that the pointer is at, in milliseconds since 1970. */
  readonly cursor: Live<number | undefined>;
  points(field: LiveField): Points;
  /** Up to when they are known. @param to The end of what is shown. */
  until(to: number): number;
  /** Asks for those that are not known yet. @param seen What is shown. @param each How far they may be apart. */
  want?(fields: readonly LiveField[], seen: Span, each: number): void;
}

/** The values of the run's time, as far as they are known. */
class RunValues implements PlottedValues {
  readonly known: Live<number> = new Live(0);
  readonly cursor: Live<number | undefined> = new Live<number | undefined>(undefined);
  readonly #past: Past;
  readonly #bench: LiveBench;
  readonly #own = new Map<LiveField, History>();
  readonly #ends: (() => void)[] = [];
  /** Whether the server keeps records of what was before. */
  looksBack = false;

  constructor(bench: LiveBench, fields: readonly LiveField[], live: boolean) {
    this.#bench = bench;
    this.#past = new Past(() => bench.now());
    for (const field of fields) void this.#ask(bench, field, live);
    this.#ends.push(this.#past.state.subscribe(() => this.known.value++));
  }

  async #ask(bench: LiveBench, field: LiveField, live: boolean): Promise<void> {
    const own = new History();
    const { times, values } = await bench.history(field).catch(() => ({ times: [], values: [] }));
    for (const [at, time] of times.entries()) own.add(Math.round(time * 1000), values[at] ?? NaN);
    this.#own.set(field, own);
    this.known.value++;
    if (!live) return;
    this.#ends.push(field.reading.subscribe(() => {
      const { value, quality, staged } = field.reading.value;
      if (!staged) own.add(bench.now(), quality === "good" && typeof value === "number" ? value : NaN);
    }));
  }

  points(field: LiveField): Points {
    return this.#past.joined(field, this.#own.get(field) ?? new History());
  }

  until(to: number): number {
    return Math.min(this.#bench.now(), to);
  }

  want(fields: readonly LiveField[], { from, to }: Span, each: number): void {
    const since = this.looksBack ? this.since(fields, to) : undefined;
    if (since !== undefined && from < since) this.#past.want(fields, { from, to: Math.min(to, since) }, each);
  }

  /** From when on the page itself knows all of them, in milliseconds since 1970; `undefined` before it does. */
  since(fields: readonly LiveField[], to: number): number | undefined {
    if (this.#own.size < fields.length) return undefined;
    return Math.max(...fields.map((field) => {
      const own = this.#own.get(field)!;
      return own.size === 0 ? to : own.time(0);
    }));
  }

  close(): void {
    for (const end of this.#ends) end();
  }
}

/** The plot; nothing where the run uses no number. */
export function RunPlot({ bench, run }: { readonly bench: LiveBench; readonly run: RunDetails }): VNode | null {
  const instruments = useLive(bench.instruments);
  const [open, setOpen] = useState(true);
  const names = run.fields.join();
  const fields = useMemo(() => {
    const all = instruments.flatMap(({ fields }) => [...fields.values()]);
    return run.fields.flatMap((label) => all.find((field) => labelOf(field) === label && isNumeric(field.spec)) ?? [])
      .slice(0, mostFields);
  }, [instruments, names]);
  const { began } = run;
  if (fields.length === 0 || began === null) return null;
  const to = run.ended ?? new Date(bench.now()).toISOString();
  const query = new URLSearchParams([...fields.map((field) => ["f", labelOf(field)]), ["from", began], ["to", to]]);
  return (
    <details class="folded run-plot" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Plot, with its steps</summary>
      {open ? <RunStrips key={names} bench={bench} run={run} fields={fields} began={Date.parse(began)} /> : null}
      <p>
        <a href={addressOf("plots", [], query)}>This time in Plots</a>
      </p>
    </details>
  );
}

/** The steps that have begun. */
function bandsOf({ steps, ended }: PlottedRun, now: number): Band[] {
  const end = ended === null ? now : Date.parse(ended);
  return steps.flatMap(({ began, ended, text }, at) =>
    began === null ? [] : [{
      from: Date.parse(began),
      to: ended === null ? end : Date.parse(ended),
      number: at + 1,
      text,
    }]
  );
}

function RunStrips({ bench, run, fields, began }: {
  readonly bench: LiveBench;
  readonly run: RunDetails;
  readonly fields: readonly LiveField[];
  readonly began: number;
}): VNode {
  const values = useMemo(() => new RunValues(bench, fields, run.ended === null), []);
  useEffect(() => () => values.close(), []);
  const looksBack = (useLive(bench.status)?.records.folder ?? "") !== "";
  values.looksBack = looksBack;
  // What was asked for in vain is asked for again.
  useEffect(() => void (looksBack && values.known.value++), [looksBack]);
  useLive(values.known);
  const since = values.since(fields, run.ended === null ? bench.now() : Date.parse(run.ended));
  return (
    <>
      <Strips bench={bench} run={run} fields={fields} began={began} values={values} />
      {since !== undefined && since > began + 60_000 && !looksBack
        ? <p class="about">Of what was more than an hour ago nothing is known: this server keeps no records.</p>
        : null}
    </>
  );
}

/** Fields over the time of a run, with its steps as bands. @param began In milliseconds since 1970. */
export function Strips({ bench, run, fields, began, values }: {
  readonly bench: LiveBench;
  readonly run: PlottedRun;
  readonly fields: readonly LiveField[];
  readonly began: number;
  readonly values: PlottedValues;
}): VNode {
  const cursor = useLive(values.cursor);
  const strips = stripsOf(fields);
  const bands = bandsOf(run, bench.now());
  // What was begun last counts: a step of no length lies on the border of two.
  const band = cursor === undefined ? undefined : bands.findLast((each) => each.from <= cursor && cursor <= each.to);
  return (
    <>
      <p class="run-band" aria-hidden="true">
        {band === undefined
          ? "Point at the plot to see the step and the values."
          : `${band.number}. ${sentence(band.text)}`}
      </p>
      {strips.map((strip, at) => (
        <OneStrip
          key={strip.unit}
          bench={bench}
          run={run}
          strip={strip}
          all={fields}
          values={values}
          lowest={at === strips.length - 1}
          began={began}
        />
      ))}
    </>
  );
}

function OneStrip({ bench, run, strip, all, values, lowest, began }: {
  readonly bench: LiveBench;
  readonly run: PlottedRun;
  readonly strip: Strip;
  readonly all: readonly LiveField[];
  readonly values: PlottedValues;
  readonly lowest: boolean;
  readonly began: number;
}): VNode {
  const dark = useLive(isDark);
  const zone = useLive(timeZone);
  const cursor = useLive(values.cursor);
  const [place, setPlace] = useState<HTMLDivElement | null>(null);
  const [details] = useState(() => new Live(run));
  const live = run.ended === null;
  const colour = (field: LiveField) => all.indexOf(field) % mostFields;
  useEffect(() => void (details.value = run), [run]);
  useEffect(() => {
    if (place === null) return;
    const span = (): Span => {
      const { ended } = details.value;
      const to = ended === null ? bench.now() : Date.parse(ended);
      // A little of what was before and after, so that its ends are seen.
      const room = Math.max(1000, (to - began) * 0.02);
      return { from: began - room, to: to + room };
    };
    const look = { logarithmic: false, lowest, zone, gutter: (needed: number) => Math.max(56, needed) };
    const options = optionsOf(strip, { colourOf: colour }, place, look);
    const plot = new uPlot(
      {
        ...options,
        cursor: { ...options.cursor, drag: { x: false, y: false } },
        hooks: {
          drawClear: [(plot) => drawBands(plot, place, bandsOf(details.value, bench.now()))],
          setCursor: [
            ({ cursor: { left = -1 }, posToVal }) =>
              values.cursor.value = left < 0 ? undefined : posToVal(left, "x") * 1000,
          ],
        },
      },
      [[], ...strip.fields.map(() => [])],
      place,
    );
    let frame = 0;
    const draw = () => {
      const seen = span();
      const columns = Math.max(50, plot.over.clientWidth);
      values.want?.(all, seen, (seen.to - seen.from) / columns);
      const until = details.value.ended === null ? bench.now() : values.until(seen.to);
      const { times, lines } = gridOf(strip.fields.map((field) => values.points(field)), seen, until, columns);
      plot.batch(() => {
        plot.setData([times.map((time) => time / 1000), ...lines], false);
        plot.setScale("y", rangeOf(lines));
        plot.setScale("x", { min: seen.from / 1000, max: seen.to / 1000 });
      });
    };
    const soon = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(draw);
    };
    const resized = new ResizeObserver(() => {
      plot.setSize({ width: Math.max(1, place.clientWidth), height: Math.max(1, place.clientHeight) });
      soon();
    });
    resized.observe(place);
    const timer = live ? setInterval(soon, drawInterval) : undefined;
    const ends = [values.known.subscribe(soon), details.subscribe(soon)];
    draw();
    return () => {
      cancelAnimationFrame(frame);
      clearInterval(timer);
      resized.disconnect();
      for (const end of ends) end();
      plot.destroy();
    };
  }, [place, dark, zone, lowest, live]);
  return (
    <div class={`run-strip-plot ${lowest ? "lowest" : ""}`}>
      <ul class="legend">
        {strip.fields.map((field) => (
          <LegendLine
            key={labelOf(field)}
            bench={bench}
            field={field}
            colour={colour(field)}
            cursor={cursor}
            values={values}
          />
        ))}
      </ul>
      <div class="strip-chart" ref={setPlace} />
    </div>
  );
}

function LegendLine({ bench, field, colour, cursor, values }: {
  readonly bench: LiveBench;
  readonly field: LiveField;
  readonly colour: number;
  readonly cursor: number | undefined;
  readonly values: PlottedValues;
}): VNode {
  const of = bench.instruments.value.find(({ name }) => name === field.instrument)?.caption ?? field.instrument;
  const value = cursor === undefined ? undefined : valueAt(values.points(field), cursor);
  const { unit } = field.spec;
  return (
    <li>
      <span class={`swatch colour-${colour}`} aria-hidden="true" />
      <span class="legend-name">
        {of} {fieldCaption(field.spec)}
        {unit === undefined ? "" : ` (${unit})`}
      </span>
      {value === undefined ? null : <span class={`value ink-${colour}`}>{shortNumber(field.spec, value)}</span>}
    </li>
  );
}

/** Every second step is shaded, and each has its number where there is room. */
function drawBands(plot: uPlot, place: Element, bands: readonly Band[]): void {
  const { ctx, bbox: { left, top, width, height } } = plot;
  const at = (time: number) => Math.min(left + width, Math.max(left, plot.valToPos(time / 1000, "x", true)));
  ctx.save();
  for (const { from, to, number } of bands) {
    const [begin, end] = [at(from), at(to)];
    if (number % 2 === 1) {
      ctx.globalAlpha = 0.08;
      ctx.fillStyle = colourOf(place, "--ink");
      ctx.fillRect(begin, top, end - begin, height);
    }
    ctx.globalAlpha = 0.5;
    ctx.fillStyle = colourOf(place, "--quiet");
    ctx.fillRect(Math.round(begin), top, devicePixelRatio, height);
    if (end - begin < leastBand * devicePixelRatio) continue;
    ctx.globalAlpha = 1;
    ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "top";
    ctx.fillText(String(number), begin + 4 * devicePixelRatio, top + 3 * devicePixelRatio);
  }
  ctx.restore();
}
