/**
 * Drags a number onto the plot.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { LiveField } from "../live/live_instrument.ts";
import { useState } from "npm:preact@11.2.0/hooks";
import { useLive } from "../live/live.tsx";
import { labelOf, type Plotted } from "./plotted.ts";

/** The attributes of an element that can be dragged onto the plot. */
export function draggable(field: LiveField, plotted: Plotted): {
  readonly draggable: true;
  readonly onDragStart: (event: DragEvent) => void;
  readonly onDragEnd: () => void;
} {
  return {
    draggable: true,
    onDragStart: (event) => {
      event.dataTransfer!.setData("text/plain", labelOf(field));
      event.dataTransfer!.effectAllowed = "copy";
      // A page that changes at once ends the drag in some browsers.
      setTimeout(() => plotted.dragged.value = field);
    },
    onDragEnd: () => plotted.dragged.value = undefined,
  };
}

/**
 * The place to drop it: over the place of the plot's panel, which opens then. The cards stay where they are until then.
 */
export function DropTarget({ plotted }: { plotted: Plotted }): VNode | null {
  const field = useLive(plotted.dragged);
  const [over, setOver] = useState(false);
  if (field === undefined) return null;
  return (
    <div
      class={`drop-target ${over ? "over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        event.dataTransfer!.dropEffect = "copy";
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      // While something is dragged there are none: the end of the drag was not told, since its card has gone.
      onPointerMove={() => plotted.dragged.value = undefined}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        plotted.dragged.value = undefined;
        plotted.add(field);
      }}
    >
      <span>Drop here to plot {plotted.titleOf(field)}</span>
    </div>
  );
}
