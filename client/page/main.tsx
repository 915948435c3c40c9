/**
 * Starts the page.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import { render } from "npm:preact@11.2.0";
import { App } from "./shell/app.tsx";
import { view } from "./shell/place.ts";
import { LiveBench } from "./live/live_bench.ts";
import { Plotted } from "./plots/plotted.ts";

const { protocol, host } = location;
const bench = new LiveBench(
  `${protocol === "https:" ? "wss:" : "ws:"}//${host}/ws`,
  view.readOnly,
);
const plotted = new Plotted(bench);
render(
  <App bench={bench} plotted={plotted} />,
  document.getElementById("page")!,
);
