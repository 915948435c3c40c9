/**
 * The parts of the form for an instrument: an input with its help, and what is wrong with it.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { EditProblem, EntryPath } from "../../../protocol/bench_edit.ts";
import { isAt, placeText } from "./entry.ts";

/** What is wrong with one part. */
export function Problems({ id, problems }: { id: string; problems: readonly EditProblem[] }): VNode | null {
  if (problems.length === 0) return null;
  return (
    <span class="complaint" id={id} role="status">
      {problems.map(({ message }) => message).join("; ")}
    </span>
  );
}

/** An input with its label, help and what is wrong with it. */
export function Line({ label, path, text, take, problems, help = "", placeholder = "", list, required = false }: {
  readonly label: string;
  readonly path: EntryPath;
  readonly text: string;
  readonly take: (text: string) => void;
  readonly problems: readonly EditProblem[];
  readonly help?: string;
  readonly placeholder?: string;
  /** The id of a list of proposals. */
  readonly list?: string;
  readonly required?: boolean;
}): VNode {
  const id = `edit-${path.join("-").replace(/\W+/g, "_")}`;
  const mine = problems.filter((problem) => isAt(problem, path));
  return (
    <div class="edit-line">
      <label for={id}>{label}{required ? <span class="edit-needed" aria-hidden="true">*</span> : null}</label>
      <input
        id={id}
        type="text"
        value={text}
        placeholder={placeholder}
        aria-describedby={`${id}-help ${id}-wrong`}
        aria-invalid={mine.length > 0 || undefined}
        aria-required={required || undefined}
        autocomplete="off"
        spellcheck={false}
        {...(list === undefined ? {} : { list })}
        onInput={(event) => take(event.currentTarget.value)}
      />
      <Problems id={`${id}-wrong`} problems={mine} />
      {help === "" ? null : <small id={`${id}-help`}>{help}</small>}
    </div>
  );
}

/** What is wrong with what no input of the form stands for. */
export function OtherProblems({ problems, shown }: {
  readonly problems: readonly EditProblem[];
  readonly shown: readonly EntryPath[];
}): VNode | null {
  const others = problems.filter((problem) => !shown.some((path) => isAt(problem, path)));
  if (others.length === 0) return null;
  return (
    <ul class="edit-problems" aria-label="What is wrong">
      {others.map(({ path, message }) => (
        <li key={placeText(path) + message}>{path.length === 0 ? "" : <b>{placeText(path)}:</b>} {message}</li>
      ))}
    </ul>
  );
}
