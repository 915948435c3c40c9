/**
 * The input control for a value, by its type: settings and the arguments of commands use it.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { ValueDescription, WireValue } from "../../../protocol/description.ts";

/** The properties of a control. */
export interface ValueControlProps {
  readonly spec: ValueDescription;
  readonly id: string;
  readonly label: string;
  /** What is entered, as text; a switch is `true` or `false`. */
  readonly value: string;
  readonly disabled: boolean;
  /** The id of what complains about it. */
  readonly describedBy?: string | undefined;
  readonly onChange: (value: string) => void;
  readonly onEnter: () => void;
  readonly onEscape: () => void;
  /** The focus leaves what was typed. @default nothing happens */
  readonly onLeave?: () => void;
}

/** Whether a number is shown, and may be entered, in digits of another base: `0x1F`. */
export function isInOtherBase({ format }: ValueDescription): boolean {
  return format === "hexadecimal" || format === "binary";
}

/** The smallest change of a number that shows. @param spec What it may be. */
export function stepOf({ type, decimals, format = "fixed" }: ValueDescription): string {
  if (type === "int") return "1";
  return decimals === undefined || format !== "fixed" ? "any" : (10 ** -decimals).toFixed(decimals);
}

/**
 * The entered text as the value that is sent: text that is no number is sent as it is, so that the server says what is
 * wrong.
 */
export function wireValue(
  { type }: ValueDescription,
  entered: string,
): WireValue {
  if (type === "switch") return entered === "true";
  const number = Number(entered);
  return (type === "float" || type === "int") && entered.trim() !== "" &&
      Number.isFinite(number)
    ? number
    : entered;
}

/** The control. */
export function ValueControl(props: ValueControlProps): VNode {
  const {
    spec,
    id,
    label,
    value,
    disabled,
    describedBy,
    onChange,
    onEnter,
    onEscape,
    onLeave,
  } = props;
  const shared = {
    id,
    disabled,
    "aria-label": label,
    "aria-describedby": describedBy,
    "aria-invalid": describedBy === undefined ? undefined : true,
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      onEnter();
    } else if (event.key === "Escape") onEscape();
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
        <span class="knob" aria-hidden="true" /> {isOn ? "On" : "Off"}
      </button>
    );
  }
  const typing = {
    ...shared,
    value,
    onKeyDown,
    onBlur: onLeave,
    onInput: (event: { readonly currentTarget: HTMLInputElement }) => onChange(event.currentTarget.value),
  };
  if (spec.type === "text" || isInOtherBase(spec)) {
    return <input {...typing} type="text" autocomplete="off" spellcheck={false} />;
  }
  const { minimum, maximum } = spec;
  return (
    <input
      {...typing}
      type="number"
      // The keys of a phone for decimals have no minus.
      inputMode={minimum !== undefined && minimum >= 0 ? "decimal" : undefined}
      // A long number is seen whole, beside the arrows that change it.
      style={value.length > 7 ? { width: `calc(${value.length + 1}ch + 2.6rem)` } : undefined}
      // Whoever scrolls the page changes nothing.
      onWheel={(event) => event.currentTarget.blur()}
      min={minimum}
      max={maximum}
      step={stepOf(spec)}
      title={limitsText(spec)}
    />
  );
}

/** The limits, for people; empty where there are none. */
export function limitsText(
  { minimum, maximum, unit }: ValueDescription,
): string {
  const end = unit === undefined ? "" : ` ${unit}`;
  if (minimum !== undefined && maximum !== undefined) {
    return `${minimum} to ${maximum}${end}`;
  }
  if (minimum !== undefined) return `at least ${minimum}${end}`;
  return maximum === undefined ? "" : `at most ${maximum}${end}`;
}
