/**
 * Shows what a change makes of the file, line by line.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { DiffLine } from "../../../protocol/bench_edit.ts";

const said = { "=": "stays", "-": "goes", "+": "comes" } as const;

/** The lines that go and come. */
export function Diff({ lines }: { lines: readonly DiffLine[] }): VNode {
  if (lines.length === 0) return <p class="about">Nothing changes.</p>;
  return (
    <ol class="diff" aria-label="What will be written">
      {lines.map(({ kind, line, text }) => (
        <li key={`${kind}${line}`} class={said[kind]}>
          <span class="number">{line}</span>
          <span class="sign" aria-hidden="true">{kind === "=" ? " " : kind}</span>
          {kind === "=" ? null : <span class="unseen">{said[kind]}:</span>}
          <code>{text}</code>
        </li>
      ))}
    </ol>
  );
}
