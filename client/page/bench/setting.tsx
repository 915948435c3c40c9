/**
 * A setting and what the device says of it, as one row: label, control, unit, readback.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { ValueDescription } from "../../../protocol/description.ts";
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import { alarmClass, AlarmMark, useAlarm } from "../guards/alarm_mark.tsx";
import { Forbidden, forbidding, limitWords, ofSetting, wholeForbidden } from "../guards/forbidden.tsx";
import { beyondLimit, Limited } from "../guards/limit.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { type LiveField, noReading } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import type { Plotted } from "../plots/plotted.ts";
import { agreement, fieldCaption, type Row } from "./fields.ts";
import { isDecimal, isInOtherBase, readNumber } from "./number_entry.ts";
import { aboutOf, shownText, Value } from "./readout.tsx";
import { ValueControl, wireValue } from "./value_control.tsx";
import { Complaint, useWork } from "./work.tsx";

/** The text in a control for the value that the server holds. */
export function heldText(
  { value, text }: { value: unknown; text: string },
  spec: ValueDescription,
): string {
  if (value === null) return "";
  // What is rounded for people is whole in its box.
  const isRounded = spec.format !== undefined && spec.format !== "fixed" && spec.decimals !== undefined;
  return (spec.type === "float" && !isRounded) || isInOtherBase(spec) ? text : String(value);
}

/** What is typed in a box: it can be staged, or is wrong. */
export type Typed = "right" | "wrong";

/** What the card is told of its settings. */
export interface Touch {
  /** Somebody does something with a setting, after which a confirm stands. */
  readonly touched: (field: string) => void;
  /** Something is typed there that is neither staged nor sent, and whether it could be; `undefined`: no longer. */
  readonly typed: (field: string, how: Typed | undefined) => void;
  /** How often what is typed was taken back: all of it goes. */
  readonly reverts: number;
  /** Whether something waits for confirm: that comes next for who goes on by the Tab key. */
  readonly waiting: boolean;
}

/** A setting that was told to be what it is already does not change: so long that is waited for, in milliseconds. */
const longestUntold = 500;

/** Waits until a field is shown as something else than before. */
async function changed({ reading }: LiveField, before: LiveField["reading"]["value"]): Promise<void> {
  if (reading.value !== before) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const unsubscribe = reading.subscribe(resolve);
  const timer = setTimeout(resolve, longestUntold);
  await promise;
  clearTimeout(timer);
  unsubscribe();
}

/** One setting as a row. */
export function Setting({ bench, row: { field, device }, plotted, touch }: {
  readonly bench: LiveBench;
  readonly row: Row;
  readonly plotted: Plotted;
  readonly touch: Touch;
}): VNode {
  const reading = useLive(field.reading);
  const welcome = useLive(bench.welcome);
  const { state } = useLive(bench.connection);
  const [typed, setTyped] = useState<string>();
  const [work, complaint, busy, forget] = useWork();
  const { spec, instrument } = field;
  const held = reading.quality === "error" && spec.type === "float"
    ? String(reading.value ?? "")
    : heldText(reading, spec);
  const value = typed ?? held;
  const differs = typed !== undefined && typed !== held;
  const id = `setting-${instrument}-${spec.name}`;
  const entry = differs && isDecimal(spec) ? readNumber(spec, typed) : undefined;
  const problem = entry !== undefined && "problem" in entry && typed !== "" && typed !== "-" ? entry.problem : "";
  const forbids = useLive(bench.guards.forbids(instrument));
  const { any, some } = ofSetting(forbids, spec.name);
  const refuser = entry !== undefined && "value" in entry ? forbidding(some, entry.value) : undefined;
  const limit = useLive(bench.guards.limit(`${instrument}.${spec.name}`));
  // What waits for confirm is limited when it is sent.
  const tooFar = limit === undefined || spec.needsConfirm || entry === undefined || !("value" in entry)
    ? ""
    : beyondLimit(limit, entry.value);
  const refusal = refuser === undefined ? tooFar : `${limitWords(refuser)}: ${refuser.by.title} forbids that now`;
  // It may be set off, but not on.
  const spent = spec.type === "switch" && !spec.needsConfirm && reading.value !== true &&
    (limit?.free ?? null) !== null;
  const wrong = complaint === "" ? problem || refusal : complaint;
  const how = !differs || !spec.needsConfirm ? undefined : wrong === "" ? "right" : "wrong";
  const waits = how === "right";
  useEffect(() => touch.typed(spec.name, how), [how]);
  useEffect(() => () => touch.typed(spec.name, undefined), []);
  useEffect(() => {
    if (touch.reverts > 0 && spec.needsConfirm) restore();
  }, [touch.reverts]);
  const send = async (entered: string) => {
    if (entry !== undefined && ("problem" in entry || refusal !== "") && entered === typed) return;
    const before = field.reading.value;
    const done = await work(() => bench.set(field, wireValue(spec, entered)));
    // Confirm stays, and with it the focus, between what was typed and what is staged, which may be told after the answer.
    if (done && spec.needsConfirm) await changed(field, before);
    // What was typed meanwhile stays; a switch that was refused is not what it was to be.
    if (done || spec.type === "switch") setTyped((now) => now === entered ? undefined : now);
  };
  const change = (entered: string) => {
    forget();
    touch.touched(spec.name);
    setTyped(entered === held ? undefined : entered);
    // A staged choice harms nobody until it is confirmed, and a switch is turned on purpose; the rest wants an Enter.
    if (spec.type === "switch" || (spec.type === "choice" && spec.needsConfirm)) void send(entered);
  };
  // Whoever types and then presses Confirm means what was typed; to stage it harms nobody.
  const leave = () => {
    if (waits && !busy) void send(value);
  };
  const restore = () => {
    setTyped(undefined);
    forget();
  };
  const { quality, staged = false, unit } = reading;
  const writable = may(welcome, "drive", instrument);
  const alarm = useAlarm(bench, field);
  const marks = `${quality} ${staged ? "staged" : ""} ${differs ? "typed" : ""} ${alarmClass(alarm)}`;
  const asks = differs && !spec.needsConfirm && spec.type !== "switch";
  return (
    <div class={`row setting ${marks}`} data-field={spec.name}>
      <label class="label" for={writable ? id : undefined} title={aboutOf(field)}>
        {fieldCaption(spec)} <AlarmMark alarm={alarm} reading={reading} />
      </label>
      <span class="control">
        {writable
          ? (
            <ValueControl
              spec={spec}
              id={id}
              label={`${fieldCaption(spec)}${unit === undefined ? "" : `, ${unit}`}`}
              value={value}
              disabled={state !== "open" || any !== undefined || spent}
              describedBy={wrong === "" ? undefined : `${id}-wrong`}
              onChange={change}
              onEnter={() => void send(value)}
              onEscape={restore}
              onLeave={leave}
            />
          )
          : (
            <span class="value">
              {quality === "good" ? <span class="text">{shownText(field, reading)}</span> : "–"}
            </span>
          )}
      </span>
      <span class="unit">{unit}</span>
      {asks
        ? (
          <span class="back">
            <button
              type="button"
              class="strong"
              aria-label={`Set ${fieldCaption(spec)}`}
              disabled={busy || state !== "open" || problem !== "" || refusal !== "" || any !== undefined}
              onClick={() => void send(value)}
            >
              Set
            </button>
          </span>
        )
        : device === undefined
        ? staged ? <span class="back was">was {reading.applied}</span> : null
        : (
          <Readback
            bench={bench}
            field={field}
            device={device}
            plotted={plotted}
            applied={staged ? reading.applied : undefined}
            skipped={touch.waiting}
          />
        )}
      {wrong !== ""
        ? complaint === ""
          ? <span class="complaint" id={`${id}-wrong`}>{wrong}</span>
          : <Complaint text={complaint} id={`${id}-wrong`} />
        : entry !== undefined && "value" in entry && entry.reformatted
        ? <small class="meant">sends {entry.value} {unit}</small>
        : null}
      {!writable
        ? null
        // What is forbidden of all of the instrument, its card says once.
        : any !== undefined
        ? any === wholeForbidden(forbids) ? null : <Forbidden by={any} />
        : some.map((each) => <Forbidden key={each.what.text} by={each} what={limitWords(each)} />)}
      {writable ? <Limited bench={bench} limit={limit} /> : null}
    </div>
  );
}

/** What the device says of a setting, and whether that is what was set. */
function Readback({ bench, field, device, plotted, applied, skipped }: {
  readonly bench: LiveBench;
  readonly field: LiveField;
  readonly device: LiveField;
  readonly plotted: Plotted;
  /** What the setting was before it was staged, where it is. */
  readonly applied: string | undefined;
  readonly skipped: boolean;
}): VNode {
  const setting = useLive(field.reading);
  const reading = useLive(device?.reading ?? noReading);
  const [, look] = useState(0);
  const { readback } = field.spec;
  const agrees = readback && agreement(readback, setting, reading, bench.now());
  useEffect(() => {
    if (agrees !== "waits") return;
    const timer = setInterval(() => look((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [agrees]);
  const mark = agrees === "differs" ? "≠" : agrees === "waits" ? "…" : "";
  const said = agrees === "differs" ? "differs from what was set:" : agrees === "waits" ? "not yet what was set:" : "";
  return (
    <span
      class={`back ${agrees ?? ""}`}
      data-field={device.spec.name}
      title={`${device.spec.title}: what the device says${agrees === "differs" ? ", which is not what was set" : ""}`}
    >
      <span class="unseen">the device says, {said}</span>
      {mark === "" ? null : <span class="mark" aria-hidden="true">{mark}</span>}
      <Value field={device} plotted={plotted} reading={reading} skipped={skipped} />
      {applied === undefined ? null : <span class="unseen">was {applied}</span>}
    </span>
  );
}
