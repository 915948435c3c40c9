/**
 * The input control for a value, by its type: settings and the arguments of commands use it.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { ValueDescription, WireValue } from "../../../protocol/description.ts";
import { digitsOf, isDecimal, readNumber, stepped } from "./number_entry.ts";

/** The properties of a control. */
export interface ValueControlProps {
  readonly spec: ValueDescription;
  readonly id: string;
  readonly label: string;
  /** What is entered, as text; a switch is `true` or `false`. */
  readonly value: string;
  readonly disabled: boolean;
  /** Whether it must be given. @default false */
  readonly required?: boolean;
  /** The id of what complains about it. */
  readonly describedBy?: string | undefined;
  readonly onChange: (value: string) => void;
  readonly onEnter: () => void;
  readonly onEscape: () => void;
  /** The focus leaves what was typed. @default nothing happens */
  readonly onLeave?: () => void;
}

/**
 * The entered text as the value that is sent: text that is no number is sent as it is, so that the server says what is
 * wrong.
 */
export function wireValue(spec: ValueDescription, entered: string): WireValue {
  if (spec.type === "switch") return entered === "true";
  if (!isDecimal(spec)) return entered;
  // What is beyond the limits may stand for something else where it is the default: the server knows.
  const { minimum: _, maximum: _maximum, ...unlimited } = spec;
  const read = readNumber(unlimited, entered);
  return "value" in read ? read.value : entered;
}

/** The control. */
export function ValueControl(props: ValueControlProps): VNode {
  const { spec, id, label, value, disabled, required = false, describedBy } = props;
  const { onChange, onEnter, onEscape, onLeave } = props;
  const shared = {
    id,
    disabled,
    "aria-label": label,
    "aria-describedby": describedBy,
    "aria-invalid": describedBy === undefined ? undefined : true,
  };
  if (spec.type === "choice" || spec.choices !== undefined) {
    const choices = spec.choices ?? [];
    return (
      <select
        {...shared}
        value={value}
        onKeyDown={(event) => event.key === "Escape" && onEscape()}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {choices.includes(value) ? null : <option value={value}>{value}</option>}
        {choices.map((choice) => <option key={choice} value={choice}>{choice}</option>)}
      </select>
    );
  }
  if (spec.type === "switch") {
    const isOn = value === "true";
    return (
      <button
        {...shared}
        type="button"
        role="switch"
        class="switch"
        aria-checked={isOn}
        onClick={() => onChange(String(!isOn))}
      >
        {/* What is not known is not off. */}
        <span class="knob" aria-hidden="true" /> {value === "" ? "–" : isOn ? "On" : "Off"}
      </button>
    );
  }
  const decimal = isDecimal(spec);
  const { minimum } = spec;
  return (
    <input
      {...shared}
      value={value}
      type="text"
      class={decimal ? "number" : ""}
      autocomplete="off"
      spellcheck={false}
      required={required}
      // The keys of a phone for decimals have no minus.
      inputMode={decimal && minimum !== undefined && minimum >= 0 ? "decimal" : undefined}
      // A number is seen whole.
      style={decimal ? { width: `calc(${digitsOf(spec, value)}ch + 1.2rem)` } : undefined}
      title={limitsText(spec)}
      onBlur={onLeave}
      onInput={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") {
          event.preventDefault();
          onEnter();
        } else if (event.key === "Escape") onEscape();
        else if (decimal && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
          event.preventDefault();
          onChange(stepped(spec, value, event.key === "ArrowUp" ? 1 : -1));
        }
      }}
    />
  );
}

/** The limits, for people; empty where there are none. */
export function limitsText({ minimum, maximum, unit }: ValueDescription): string {
  const end = unit === undefined ? "" : ` ${unit}`;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}${end}`;
  if (minimum !== undefined) return `at least ${minimum}${end}`;
  return maximum === undefined ? "" : `at most ${maximum}${end}`;
}
