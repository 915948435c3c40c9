/**
 * The readout of a field: its value, its age, and how far it is to be trusted.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { FieldReading } from "../../../protocol/description.ts";
import { shortNumber } from "../../../protocol/number_format.ts";
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useMemo, useState } from "npm:preact@11.2.0/hooks";
import type { LiveBench } from "../live/live_bench.ts";
import { isNumeric, type LiveField } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { draggable } from "../plots/plot_drag.tsx";
import type { Plotted } from "../plots/plotted.ts";

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

/** One readout as a row. A click on a number plots it; the age shows while it is pointed at, or has the focus. */
export function Readout(
  { bench, field, plotted }: {
    bench: LiveBench;
    field: LiveField;
    plotted: Plotted;
  },
): VNode {
  const reading = useLive(field.reading);
  const chosen = useLive(plotted.fields).includes(field);
  const [looking, setLooking] = useState(false);
  const { spec } = field;
  const { quality } = reading;
  const text = shownText(field, reading);
  const unit = quality === "error" || reading.value === null ? undefined : reading.unit;
  // Thousands of rows are drawn each second: what they listen with stays the same.
  const [ofRow, ofButton] = useMemo(() => {
    const [look, lookAway] = [() => setLooking(true), () => setLooking(false)];
    const drag = isNumeric(spec) ? draggable(field, plotted) : {};
    return [
      { onMouseEnter: look, onMouseLeave: lookAway, ...drag },
      { onFocus: look, onBlur: lookAway, onClick: () => plotted.toggle(field) },
    ];
  }, [field, plotted]);
  const value = (
    <>
      <span class="text">{text === "" ? "–" : text}</span>
      {unit === undefined ? null : <span class="unit">{unit}</span>}
    </>
  );
  return (
    <div
      class={`row readout ${quality}`}
      data-field={spec.name}
      {...ofRow}
    >
      <dt title={spec.summary}>
        {spec.title} {looking && quality === "good" ? <Age bench={bench} field={field} /> : null}
      </dt>
      <dd>
        {quality === "good" ? null : <span class="badge">{quality}</span>}
        {!isNumeric(spec) ? <span class="value">{value}</span> : (
          <button
            type="button"
            class="value"
            aria-pressed={chosen}
            aria-label={`${spec.title}: ${text} ${unit ?? ""}, plot`}
            {...ofButton}
          >
            {value}
          </button>
        )}
      </dd>
      {quality === "good" ? null : <Doubt bench={bench} reading={reading} />}
    </div>
  );
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

/** Shows why a value is not to be trusted, and since when. */
function Doubt(
  { bench, reading }: { bench: LiveBench; reading: FieldReading },
): VNode {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const { time, reason } = reading;
  const age = ago(bench, time);
  return <dd class="doubt">{reason === undefined ? age : `${reason} (${age})`}</dd>;
}

function ago(bench: LiveBench, time: string | null): string {
  return time === null ? "never read" : `${ageText((bench.now() - Date.parse(time)) / 1000)} ago`;
}
