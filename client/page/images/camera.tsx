/**
 * The controls of a camera: any instrument that has `expose`, `abort` and a state.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import { mayDo } from "../../../protocol/vocabulary.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { type LiveField, type LiveInstrument, noReading } from "../live/live_instrument.ts";
import { ImagePreview } from "./image.tsx";
import { useLive } from "../live/live.tsx";
import { heldText } from "../bench/setting.tsx";
import { ValueControl, wireValue } from "../bench/value_control.tsx";
import { Complaint, onSingleClick, useWork } from "../bench/work.tsx";

/** Whether an instrument is a camera. */
export function isCamera({ fields, commands }: LiveInstrument): boolean {
  return fields.has("state") &&
    ["expose", "abort"].every((wanted) => commands.some(({ name }) => name === wanted));
}

/** The settings of an exposure, with their labels. */
const settings = [["exposuretime", "Exposure time"], ["imagetype", "Type"], [
  "imagetitle",
  "Title",
]] as const;

/** The entered values without one of them. */
function without(entered: Readonly<Record<string, string>>, title: string): Readonly<Record<string, string>> {
  const { [title]: _, ...others } = entered;
  return others;
}

/** The controls. */
export function CameraControls(
  { bench, instrument }: { bench: LiveBench; instrument: LiveInstrument },
): VNode {
  const { name, fields, commands } = instrument;
  const reading = (field: string) => useLive(fields.get(field)?.reading ?? noReading);
  const [state, progress, remaining] = [
    reading("state"),
    reading("progress"),
    reading("exposuretimeremaining"),
  ];
  const [lastFile, message] = [reading("lastfile"), reading("message")];
  const [number, total] = [
    reading("exposuresequencenumber"),
    reading("exposuresequencetotal"),
  ];
  const held = settings.map(([field]) => reading(field));
  const welcome = useLive(bench.welcome);
  const connection = useLive(bench.connection);
  const [entered, setEntered] = useState<Readonly<Record<string, string>>>({});
  const [count, setCount] = useState("2");
  const [work, complaint] = useWork();
  const off = !mayDo(welcome?.role, "operator") || connection.state !== "open";
  const has = (command: string) => commands.some((each) => each.name === command);
  const busy = !["idle", "aborted", "failed"].includes(state.text);
  /** Sets what was entered; what is entered meanwhile stays. */
  const apply = async (title: string) => {
    const field = fields.get(title);
    const wanted = entered[title];
    if (field === undefined || wanted === undefined) return;
    await bench.set(field, wireValue(field.spec, wanted));
    setEntered((now) => now[title] === wanted ? without(now, title) : now);
  };
  /** Takes an exposure; the entered settings are set first. */
  const takeWith = (command: string, args: readonly unknown[]) =>
    void work(async () => {
      for (const [title] of settings) await apply(title);
      await bench.call(name, command, args);
    });
  const plain = (command: string) => void work(() => bench.call(name, command));
  const share = typeof progress.value === "number" ? progress.value : 0;
  return (
    <div class={`camera ${busy ? "busy" : ""}`}>
      <div class="camera-settings">
        {settings.map(([title, label], at) => {
          const field: LiveField | undefined = fields.get(title);
          if (field === undefined) return null;
          const unit = field.spec.unit === undefined ? "" : `, ${field.spec.unit}`;
          const id = `camera-${name}-${title}`;
          const is = heldText(held[at]!, field.spec);
          return (
            <label key={title} for={id} class={`${title} ${entered[title] === undefined ? "" : "typed"}`}>
              <span>
                {label}
                {unit} {entered[title] === undefined ? null : <small>is {is === "" ? "empty" : is}</small>}
              </span>
              <ValueControl
                spec={field.spec}
                id={id}
                label={`${label}${unit}`}
                value={entered[title] ?? is}
                disabled={off}
                onChange={(value) =>
                  setEntered((now) => value === is ? without(now, title) : { ...now, [title]: value })}
                onEnter={() => void work(() => apply(title))}
                onEscape={() => setEntered((now) => without(now, title))}
              />
            </label>
          );
        })}
      </div>
      <div class="buttons">
        <button
          type="button"
          class="strong"
          disabled={off || busy}
          onClick={() => takeWith("expose", [])}
        >
          Expose
        </button>
        {has("sequence")
          ? (
            <span class="pair">
              <button
                type="button"
                disabled={off || busy}
                onClick={() => takeWith("sequence", [Number(count)])}
              >
                Sequence
              </button>
              <input
                type="number"
                min="1"
                step="1"
                aria-label="Exposures in the sequence"
                value={count}
                disabled={off}
                onInput={(event) => setCount(event.currentTarget.value)}
              />
            </span>
          )
          : null}
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
            <button
              type="button"
              disabled={off}
              onClick={onSingleClick(() => plain("resume"))}
            >
              Resume
            </button>
          )
          : null}
        <button
          type="button"
          class="danger"
          disabled={off || !busy}
          onClick={onSingleClick(() => plain("abort"))}
        >
          Abort
        </button>
      </div>
      <Complaint text={complaint} />
      <div class="progress">
        <progress
          max="100"
          value={busy ? share : 0}
          aria-label={`${instrument.title}: ${state.text}`}
        />
        <span role="status" class="state">{state.text}</span>
        {busy && typeof total.value === "number" && total.value > 1 &&
            number.text !== ""
          ? <span>image {number.text}</span>
          : null}
        {typeof remaining.value === "number" && remaining.value > 0 ? <span>{remaining.text} s left</span> : null}
      </div>
      {lastFile.text === "" ? null : (
        <p class="last-file">
          <span>Last image</span> {lastFile.text}
        </p>
      )}
      {message.text === "" ? null : <p class="complaint">{message.text}</p>}
      {instrument.hasImages ? <ImagePreview bench={bench} instrument={instrument} /> : null}
    </div>
  );
}
