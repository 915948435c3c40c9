/**
 * Takes exposures, as an observer thinks of them: type, time, how many, title; then Expose.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import { Forbidden, forbidding, ofCommand, ofSetting, wholeForbidden } from "../guards/forbidden.tsx";
import { beyondLimit, Limited, Refused } from "../guards/limit.tsx";
import { useLive } from "../live/live.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { type LiveField, type LiveInstrument, noReading } from "../live/live_instrument.ts";
import { may } from "../live/may.ts";
import { ValueControl, wireValue } from "../bench/value_control.tsx";
import { Complaint, onSingleClick, useWork } from "../bench/work.tsx";
import { isBusy } from "./exposure_progress.tsx";

/** The settings that every exposure needs, with their labels. */
const main = [["imagetype", "Type"], ["exposuretime", "Exposure time"], ["imagetitle", "Title"]] as const;

/** Those that are set once a night. */
const rare = [
  ["exposuresequencedelay", "Delay between"],
  ["imageroot", "File names begin with"],
  ["imagesequencenumber", "Next number"],
  ["imagefolder", "Folder"],
  ["colbin", "Column binning"],
  ["rowbin", "Row binning"],
] as const;

/** The entered values without one of them. */
function without(entered: Readonly<Record<string, string>>, title: string): Readonly<Record<string, string>> {
  const { [title]: _, ...others } = entered;
  return others;
}

/** The held text of a field, as its control shows it. */
function heldText(field: LiveField | undefined): string {
  const { value, text } = field?.reading.value ?? { value: null, text: "" };
  return value === null ? "" : typeof value === "number" ? String(value) : text;
}

/** The form. */
export function ExposureForm({ bench, instrument, small = false, onExpose }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  /** Whether it stands on a card: only what every exposure needs. @default false */
  readonly small?: boolean;
  /** Is told before an exposure is taken. @default nobody is */
  readonly onExpose?: () => void;
}): VNode | null {
  const { name, fields, commands } = instrument;
  const reading = (field: string) => useLive(fields.get(field)?.reading ?? noReading);
  const state = reading("state");
  const [written, test, message] = [reading("imageswritten"), reading("imagetest"), reading("message")];
  // What is shown depends on these; each is drawn again as it changes.
  [...main, ...rare].forEach(([field]) => reading(field));
  const welcome = useLive(bench.welcome);
  const connection = useLive(bench.connection);
  const forbids = useLive(bench.guards.forbids(name));
  const [entered, setEntered] = useState<Readonly<Record<string, string>>>({});
  const [count, setCount] = useState("1");
  const [work, complaint] = useWork();
  // azcam's cameras begin with a zero, of which a newcomer sees nothing but noise.
  const [proposed, setProposed] = useState(() =>
    written.value === 0 && heldText(fields.get("imagetype")) === "zero" &&
    fields.get("imagetype")?.spec.choices?.includes("object") === true
  );
  if (!may(welcome, "drive", instrument.name)) return null;
  const off = connection.state !== "open";
  const has = (command: string) => commands.some((each) => each.name === command);
  const busy = isBusy(state.text);
  const many = Number(count) > 1;
  const taking = commands.find((each) => each.name === (many && has("sequence") ? "sequence" : "expose"));
  useLive(bench.guards.limits);
  const limit = bench.guards.limit(`${name}.${taking?.name}`).value;
  const waiting: Readonly<Record<string, string>> = proposed && entered.imagetype === undefined
    ? { imagetype: "object", ...entered }
    : entered;
  const { any, some } = taking === undefined ? { any: undefined, some: [] } : ofCommand(forbids, taking);
  // What was entered is set first.
  const settings = Object.entries(waiting).flatMap(([title, wanted]) => {
    const field = fields.get(title);
    return field === undefined ? [] : [{ ...ofSetting(forbids, title), value: wireValue(field.spec, wanted), title }];
  });
  const counted = some.filter(({ what }) => what.argument === taking?.arguments[0]?.name);
  const forbidden = any ?? (many ? forbidding(counted, Number(count)) : undefined) ??
    settings.map((each) => each.any ?? forbidding(each.some, each.value)).find((each) => each !== undefined);
  const limited = [...main, ...rare].flatMap(([title]) => {
    const own = bench.guards.limit(`${name}.${title}`).value;
    return own === undefined
      ? []
      : [{ title, limit: own, beyond: beyondLimit(own, settings.find((each) => each.title === title)?.value) }];
  });
  const refused = forbidden !== undefined || (limit?.free ?? null) !== null ||
    limited.some(({ beyond }) => beyond !== "");
  const apply = async (title: string) => {
    const field = fields.get(title);
    const wanted = waiting[title];
    if (field === undefined || wanted === undefined) return;
    await bench.set(field, wireValue(field.spec, wanted));
    if (title === "imagetype") setProposed(false);
    setEntered((now) => now[title] === wanted ? without(now, title) : now);
  };
  /** Takes exposures; what was entered is set first. */
  const take = () => {
    onExpose?.();
    void work(async () => {
      for (const title of Object.keys(waiting)) await apply(title);
      const number = Number(count);
      if (number === 1 || !has("sequence")) await bench.call(name, "expose");
      else await bench.call(name, "sequence", [number]);
    });
  };
  const plain = (command: string) => void work(() => bench.call(name, command));
  const control = (title: string, label: string) => {
    const field = fields.get(title);
    if (field === undefined) return null;
    const id = `camera-${small ? "card-" : ""}${name}-${title}`;
    const is = heldText(field);
    const typed = waiting[title] !== undefined && waiting[title] !== is;
    return (
      <label key={title} for={id} class={`${title} ${typed ? "typed" : ""}`}>
        <span>
          {label}
          {typed ? <small>is {is === "" ? "empty" : is}</small> : null}
        </span>
        <span class="with-unit">
          <ValueControl
            spec={field.spec}
            id={id}
            label={field.spec.unit === undefined ? label : `${label}, ${field.spec.unit}`}
            value={waiting[title] ?? is}
            disabled={off}
            onChange={(value) => {
              if (title === "imagetype") setProposed(false);
              setEntered((now) => value === is ? without(now, title) : { ...now, [title]: value });
            }}
            onEnter={() => void work(() => apply(title))}
            onEscape={() => setEntered((now) => without(now, title))}
          />
          {field.spec.unit === undefined ? null : <span class="unit" aria-hidden="true">{field.spec.unit}</span>}
        </span>
      </label>
    );
  };
  return (
    <form
      class={`exposure-form ${small ? "small" : ""}`}
      aria-label={`Exposures of ${instrument.title}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (!off && !busy && !refused) take();
      }}
    >
      <div class="exposure-settings">
        {main.slice(0, 2).map(([title, label]) => control(title, label))}
        {has("sequence")
          ? (
            <label class="how-many">
              <span>Count</span>
              <input
                type="number"
                min="1"
                step="1"
                required
                value={count}
                disabled={off}
                onInput={(event) => setCount(event.currentTarget.value)}
              />
            </label>
          )
          : null}
        {main.slice(2).map(([title, label]) => control(title, label))}
      </div>
      <div class="buttons">
        <button type="submit" class="strong expose" disabled={off || busy || refused}>
          {many ? `Take ${count} exposures` : "Expose"}
        </button>
        {has("pause") && state.text !== "paused"
          ? (
            <button
              type="button"
              disabled={off || state.text !== "exposing"}
              onClick={onSingleClick(() => plain("pause"))}
            >
              Pause
            </button>
          )
          : null}
        {has("resume") && state.text === "paused"
          ? (
            <button type="button" disabled={off} onClick={onSingleClick(() => plain("resume"))}>
              Resume
            </button>
          )
          : null}
        {has("start_readout") && !small
          ? (
            <button
              type="button"
              title="End the exposure time now, and read out"
              disabled={off || !["exposing", "paused"].includes(state.text)}
              onClick={onSingleClick(() => plain("start_readout"))}
            >
              Read out now
            </button>
          )
          : null}
        <button type="button" class="danger" disabled={off || !busy} onClick={onSingleClick(() => plain("abort"))}>
          Abort
        </button>
      </div>
      {forbidden === undefined || forbidden === wholeForbidden(forbids) && small
        ? null
        : <Forbidden by={forbidden} what={forbidden.what.text} />}
      {limited.map(({ title, limit, beyond }) =>
        beyond === "" ? <Limited key={title} bench={bench} limit={limit} /> : <Refused key={title} why={beyond} />
      )}
      <Limited bench={bench} limit={limit} />
      {/* What the camera says itself stands above. */}
      <Complaint text={complaint === message.text ? "" : complaint} />
      {small ? null : (
        <>
          {fields.has("imagetest")
            ? (
              <label class="keep-images">
                <input
                  type="checkbox"
                  checked={test.value === 0}
                  disabled={off}
                  onChange={(event) => {
                    const keeps = event.currentTarget.checked;
                    void work(() => bench.set(fields.get("imagetest")!, keeps ? 0 : 1));
                  }}
                />
                <span>Keep every image</span>
                <small>{test.value === 0 ? nextName(instrument) : "test.fits is overwritten by the next image"}</small>
              </label>
            )
            : null}
          <details class="folded">
            <summary>Files, sequence and binning</summary>
            <div class="exposure-settings">{rare.map(([title, label]) => control(title, label))}</div>
          </details>
        </>
      )}
    </form>
  );
}

/** The name of the next file, as far as the settings say it. */
function nextName({ fields }: LiveInstrument): string {
  const root = heldText(fields.get("imageroot"));
  const number = heldText(fields.get("imagesequencenumber")).padStart(4, "0");
  return `next: ${root}${number}.fits`;
}
