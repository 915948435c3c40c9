/**
 * Who you are and what you may do, and who else is connected.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { WayInAndOut, Who } from "../access/who.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { ClientsPanel } from "./clients.tsx";
import { Sheet } from "./sheet.tsx";

/** The sheet. */
export function People({ bench, close }: { bench: LiveBench; close: () => void }): VNode {
  return (
    <Sheet title="People" kind="people" close={close}>
      <Who bench={bench} close={close} />
      <div class="clients-panel">
        <ClientsPanel bench={bench} />
      </div>
      <WayInAndOut bench={bench} close={close} />
    </Sheet>
  );
}
