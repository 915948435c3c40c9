/**
 * The place with the journal: what everybody does and the server says, and a line for commands below.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { LiveBench } from "../live/live_bench.ts";
import { ConsolePanel } from "./console.tsx";
import { DataLogFold } from "./data_log.tsx";

/** The journal over the whole place. */
export function JournalPlace({ bench }: { bench: LiveBench }): VNode {
  return (
    <section class="console whole" aria-label="Journal">
      <ConsolePanel bench={bench} />
      <DataLogFold bench={bench} />
    </section>
  );
}
