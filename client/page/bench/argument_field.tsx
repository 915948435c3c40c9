/**
 * A thing that is given: the argument of a command, or the parameter of a run.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { ArgumentDescription } from "../../../protocol/description.ts";
import { limitsText, ValueControl } from "./value_control.tsx";

/** A box with the name of what is given, its limits, and what is wrong with it. */
export function ArgumentField({ id, argument, required, text, problem, disabled, change, enter, clear }: {
  readonly id: string;
  readonly argument: ArgumentDescription;
  /** Whether it must be given. */
  readonly required: boolean;
  readonly text: string;
  readonly problem: string;
  readonly disabled: boolean;
  readonly change: (value: string) => void;
  readonly enter: () => void;
  readonly clear: () => void;
}): VNode {
  const { name, unit, summary = "" } = argument;
  const called = name.replaceAll("_", " ");
  const label = `${called[0]!.toUpperCase()}${called.slice(1)}`;
  const about = [summary, limitsText(argument)].filter((part) => part !== "").join("; ");
  return (
    <div class="argument">
      <label class="argument-name" for={id}>
        <span>
          {label}
          {required ? <abbr class="required" title="must be given">*</abbr> : null}
        </span>
        {about === "" ? null : <small>{about}</small>}
      </label>
      <span class="argument-control">
        <ValueControl
          spec={argument}
          id={id}
          label={`${label}${unit === undefined ? "" : ` (${unit})`}`}
          value={text}
          required={required}
          disabled={disabled}
          describedBy={problem === "" ? undefined : `${id}-problem`}
          onChange={change}
          onEnter={enter}
          onEscape={clear}
        />
        {unit === undefined ? null : <span class="unit">{unit}</span>}
      </span>
      {problem === "" ? null : <span class="complaint" id={`${id}-problem`}>{problem}</span>}
    </div>
  );
}
