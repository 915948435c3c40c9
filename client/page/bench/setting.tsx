/**
 * The control of a setpoint: a field that can be set, and whether its value is applied, staged or only typed.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { ValueDescription } from "../../../protocol/description.ts";
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import { mayDo } from "../../../protocol/vocabulary.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveField } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { isInOtherBase, ValueControl, wireValue } from "./value_control.tsx";
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

/** One setting as a row. */
export function Setting(
  { bench, field }: { bench: LiveBench; field: LiveField },
): VNode {
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
  const complaintId = `${id}-complaint`;
  const send = async (entered: string) => {
    const done = await work(() => bench.set(field, wireValue(spec, entered)));
    // What was typed meanwhile stays; a switch that was refused is not what it was to be.
    if (done || spec.type === "switch") setTyped((now) => now === entered ? undefined : now);
  };
  const change = (entered: string) => {
    forget();
    setTyped(entered === held ? undefined : entered);
    // A staged choice harms nobody until it is confirmed, and a switch is turned on purpose; the rest wants an Enter.
    if (
      spec.type === "switch" || (spec.type === "choice" && spec.needsConfirm)
    ) void send(entered);
  };
  // Whoever types and then presses Confirm means what was typed; to stage it harms nobody.
  const leave = () => {
    if (spec.needsConfirm && differs && complaint === "" && !busy) void send(value);
  };
  const restore = () => {
    setTyped(undefined);
    forget();
  };
  const { quality, staged = false, reason, text, unit } = reading;
  const writable = mayDo(welcome?.role, "operator");
  return (
    <div
      class={`row setting ${quality} ${staged ? "staged" : ""} ${differs ? "typed" : ""}`}
      data-field={spec.name}
    >
      <dt title={spec.summary}>
        {spec.title}
      </dt>
      <dd>
        {/* On the same line: what is below, Confirm, stays where somebody is about to click it. */}
        {staged
          ? (
            <span class="badge staged-badge" title={`Waits for Confirm; it was ${reading.applied}`}>
              <span class="unseen">staged,</span> was {reading.applied}
            </span>
          )
          : null}
        {quality === "good" ? null : <span class="badge">{quality}</span>}
        {writable
          ? (
            <ValueControl
              spec={spec}
              id={id}
              label={`${spec.title}${unit === undefined ? "" : `, ${unit}`}`}
              value={value}
              disabled={state !== "open"}
              describedBy={complaint === "" ? undefined : complaintId}
              onChange={change}
              onEnter={() => void send(value)}
              onEscape={restore}
              onLeave={leave}
            />
          )
          : (
            <span class="value">
              <span class="text">{text}</span>
            </span>
          )}
        {unit === undefined ? null : <span class="unit">{unit}</span>}
        {differs && spec.type !== "switch"
          ? (
            <button
              type="button"
              class="strong"
              aria-label={`Set ${spec.title}`}
              disabled={busy || state !== "open"}
              onClick={() => void send(value)}
            >
              Set
            </button>
          )
          : null}
      </dd>
      {quality === "good" ? null : <dd class="doubt">{reason ?? ""}</dd>}

      <Complaint text={complaint} id={complaintId} />
    </div>
  );
}
