/**
 * The readout of a field: its value, its age, and whether it is to be trusted.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { FieldReading } from "../../../protocol/description.ts";
import { shortNumber } from "../../../protocol/number_format.ts";
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useMemo, useState } from "npm:preact@11.2.0/hooks";
import { alarmClass, AlarmMark, useAlarm } from "../guards/alarm_mark.tsx";
import { pcOf } from "../fleet/live_fleet.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { isNumeric, type LiveField, type LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { draggable } from "../plots/plot_drag.tsx";
import type { Plotted } from "../plots/plotted.ts";
import { Sparkline } from "../plots/sparkline.tsx";
import { fieldCaption } from "./fields.ts";

/** An age as text. @param seconds The age. */
export function ageText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}

/** The text of a field's value. A float without declared decimals may have many more than anybody reads. */
export function shownText(
  { spec }: LiveField,
  { value, text, quality }: FieldReading,
): string {
  if (
    spec.type !== "float" || spec.decimals !== undefined || spec.format !== undefined ||
    quality === "error" || typeof value !== "number"
  ) {
    return text;
  }
  return text.length <= 10 ? text : shortNumber(spec, value);
}

interface ReadoutProps {
  readonly bench: LiveBench;
  readonly field: LiveField;
  readonly plotted: Plotted;
}

/** One readout as a row. A click on a number plots it; the age shows while it is pointed at, or has the focus. */
export function Readout({ bench, field, plotted }: ReadoutProps): VNode {
  const reading = useLive(field.reading);
  const [looking, setLooking] = useState(false);
  const { spec } = field;
  const { quality } = reading;
  const alarm = useAlarm(bench, field);
  // Thousands of rows are drawn each second: what they listen with stays the same.
  const look = useMemo(() => lookWith(setLooking, field, plotted), [field, plotted]);
  return (
    <div class={`row readout ${quality} ${alarmClass(alarm)}`} data-field={spec.name} {...look}>
      <span class="label" title={aboutOf(field)}>
        {fieldCaption(spec)} {quality === "good"
          ? looking ? <Age bench={bench} field={field} /> : null
          : <Doubt bench={bench} reading={reading} />}
        <AlarmMark alarm={alarm} reading={reading} />
      </span>
      <span class="control">
        <Value field={field} plotted={plotted} reading={reading} />
      </span>
      <span class="unit">{quality === "good" ? reading.unit : null}</span>
    </div>
  );
}

/** One of the values that matter most of an instrument, large. */
export function MainValue(
  { bench, instrument, field, plotted }: ReadoutProps & { readonly instrument: LiveInstrument },
): VNode {
  const reading = useLive(field.reading);
  const [looking, setLooking] = useState(false);
  const { spec } = field;
  const { quality } = reading;
  const alarm = useAlarm(bench, field);
  const look = useMemo(() => lookWith(setLooking, field, plotted), [field, plotted]);
  const words = isNumeric(spec) ? "" : "words";
  return (
    <div class={`main-value ${words} ${quality} ${alarmClass(alarm)}`} data-field={spec.name} {...look}>
      <span class="label" title={aboutOf(field)}>
        {fieldCaption(spec)} {quality === "good"
          ? looking ? <Age bench={bench} field={field} /> : null
          : <Doubt bench={bench} reading={reading} />}
        <AlarmMark alarm={alarm} reading={reading} />
      </span>
      <span class="big">
        {/* The sparkline beside it is the same button, for who goes by the Tab key. */}
        <Value field={field} plotted={plotted} reading={reading} skipped />
        {quality === "good" && reading.unit !== undefined ? <span class="unit">{reading.unit}</span> : null}
      </span>
      <Sparkline bench={bench} plotted={plotted} instrument={instrument} field={field} />
    </div>
  );
}

/**
 * The value of a field: a number can be plotted by a click; one that is not good is a dash, or what another PC told last.
 *
 * @param skipped Whether the Tab key passes it by. @default it does not
 */
export function Value({ field, plotted, reading, skipped = false }: {
  readonly field: LiveField;
  readonly plotted: Plotted;
  readonly reading: FieldReading;
  readonly skipped?: boolean;
}): VNode {
  const chosen = useLive(plotted.fields).includes(field);
  const { spec } = field;
  const { quality } = reading;
  // What another PC told last stays, greyed: it is of use where nobody can ask it.
  const remembered = quality === "stale" && reading.time !== null && pcOf(field.instrument) !== undefined;
  const text = quality === "good" || remembered ? shownText(field, reading) : "";
  const shown = <span class="text">{text === "" ? "–" : text}</span>;
  const handlers = useMemo(
    () => isNumeric(spec) ? { onClick: () => plotted.toggle(field) } : undefined,
    [field, plotted],
  );
  if (handlers === undefined) return <span class="value">{shown}</span>;
  const said = quality === "good"
    ? `${text} ${reading.unit ?? ""}`
    : remembered
    ? `${quality}, it was ${text} ${reading.unit ?? ""}`
    : quality;
  return (
    <button
      type="button"
      class="value"
      tabIndex={skipped ? -1 : 0}
      aria-pressed={chosen}
      aria-label={`${fieldCaption(spec)}: ${said}, plot`}
      {...handlers}
    >
      {shown}
    </button>
  );
}

/** What a value's place listens with: its age is told to who looks at it, and a number can be dragged onto the plot. */
function lookWith(setLooking: (looking: boolean) => void, field: LiveField, plotted: Plotted) {
  const [look, lookAway] = [() => setLooking(true), () => setLooking(false)];
  const drag = isNumeric(field.spec) ? draggable(field, plotted) : {};
  return { onMouseEnter: look, onMouseLeave: lookAway, onFocusIn: look, onFocusOut: lookAway, ...drag };
}

/** What is said of a field to who points at its name. */
export function aboutOf({ spec }: LiveField): string {
  const { title, summary } = spec;
  return summary === undefined ? title : `${title}: ${summary}`;
}

/** Shows the age of a value, and keeps it current. */
function Age({ bench, field }: { bench: LiveBench; field: LiveField }): VNode {
  const [time, setTime] = useState(field.reading.value.time);
  const [, tick] = useState(0);
  useEffect(() => {
    const look = async () => {
      setTime(await bench.readTime(field) ?? field.reading.value.time);
      tick((count) => count + 1);
    };
    void look();
    const timer = setInterval(() => void look(), 1000);
    return () => clearInterval(timer);
  }, [field]);
  return <small class="age">{ago(bench, time)}</small>;
}

/** Shows how old the last value is of one that is not to be trusted; why that is so, the head of the card says. */
function Doubt({ bench, reading }: { bench: LiveBench; reading: FieldReading }): VNode {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const { time, text, quality, reason } = reading;
  const last = quality === "stale" && time !== null ? `it was ${text}` : "";
  return (
    <small class="age" title={[last, reason ?? ""].filter((part) => part !== "").join("; ")}>
      <span class="unseen">{quality},</span> {ago(bench, time)}
    </small>
  );
}

function ago(bench: LiveBench, time: string | null): string {
  return time === null ? "never read" : `${ageText((bench.now() - Date.parse(time)) / 1000)} ago`;
}
