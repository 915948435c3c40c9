/**
 * Who you are and what you may do, and who else is connected.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { Role } from "../../../protocol/vocabulary.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { ClientsPanel } from "./clients.tsx";
import { view } from "./place.ts";
import { Sheet } from "./sheet.tsx";

/** What a role may do, in people's words. */
const may: Readonly<Record<Role, string>> = {
  observer: "You may look at everything, and change nothing.",
  operator: "You may drive the instruments.",
  admin: "You may drive the instruments, take them from others, and change the bench.",
};

/** The sheet. */
export function People({ bench, close }: { bench: LiveBench; close: () => void }): VNode {
  const role = useLive(bench.welcome)?.role;
  return (
    <Sheet title="People" kind="people" close={close}>
      <p>
        {view.readOnly
          ? "This page was opened by a link without controls: it changes nothing."
          : role === undefined
          ? ""
          : may[role]}
      </p>
      <div class="clients-panel">
        <ClientsPanel bench={bench} />
      </div>
    </Sheet>
  );
}
