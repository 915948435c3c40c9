/**
 * What a run has told, folded away.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { RunLine } from "../../../protocol/runs.ts";
import { clockText, useTimeZone } from "../shell/times.ts";

/** So many are drawn. */
const mostShown = 500;

/** The lines, the newest first. */
export function RunLines({ lines }: { readonly lines: readonly RunLine[] }): VNode | null {
  const zone = useTimeZone();
  if (lines.length === 0) return <p class="about">What it told is not known any more; the journal may have it.</p>;
  const shown = lines.slice(-mostShown).toReversed();
  return (
    <details class="folded">
      <summary>
        What it told <span class="count">{lines.length}</span>
      </summary>
      <ol class="run-lines">
        {shown.map(({ number, time, text }) => (
          <li key={number}>
            <time dateTime={time}>{clockText(new Date(time), zone)}</time> {text}
          </li>
        ))}
      </ol>
      {lines.length > shown.length ? <p class="about">The last {shown.length} are shown.</p> : null}
    </details>
  );
}
