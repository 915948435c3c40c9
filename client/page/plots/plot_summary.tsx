/**
 * A table of what the plot shows, for those who would rather read it or listen to it.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import { shortNumber } from "../../../protocol/number_format.ts";
import type { LiveField } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { summaryOf, valueAt } from "./plot_data.ts";
import type { PlotWindow } from "./plot_window.ts";
import { labelOf, type Plotted } from "./plotted.ts";

/** How often it is counted anew while it is open, in milliseconds. */
const interval = 2000;

/** The table, folded until somebody opens it. */
export function PlotSummary({ plotted, window }: { plotted: Plotted; window: PlotWindow }): VNode {
  const [open, setOpen] = useState(false);
  return (
    <details class="plot-summary" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Table of what is seen</summary>
      {open ? <Rows plotted={plotted} window={window} /> : null}
    </details>
  );
}

function Rows({ plotted, window }: { plotted: Plotted; window: PlotWindow }): VNode {
  const fields = useLive(plotted.fields);
  const cursor = useLive(window.cursor);
  useLive(window.zoomed);
  useLive(window.paused);
  useLive(plotted.span);
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), interval);
    return () => clearInterval(timer);
  }, []);
  const { span, until } = window;
  const shown = (field: LiveField, value: number | undefined) =>
    value === undefined ? "–" : shortNumber(field.spec, value);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">{cursor === undefined ? "Last" : "At the cursor"}</th>
          <th scope="col">Lowest</th>
          <th scope="col">Highest</th>
          <th scope="col">Mean</th>
          <th scope="col">Unit</th>
        </tr>
      </thead>
      <tbody>
        {fields.map((field) => {
          const points = window.points(field);
          const end = Math.min(span.to, until);
          const { lowest, highest, mean } = summaryOf(points, { from: span.from, to: end });
          return (
            <tr key={labelOf(field)}>
              <th scope="row">{plotted.titleOf(field)}</th>
              <td>{shown(field, valueAt(points, cursor ?? end))}</td>
              <td>{shown(field, lowest)}</td>
              <td>{shown(field, highest)}</td>
              <td>{mean === undefined ? "–" : shortNumber({ type: "float" }, Number(mean.toPrecision(5)))}</td>
              <td>{field.spec.unit ?? ""}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
