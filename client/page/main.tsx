/**
 * The page's beginning.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import { render } from "npm:preact@11.2.0";
import { App } from "./app.tsx";
import { Bench } from "./bench.ts";
import { Plotted } from "./plotted.ts";

const { protocol, host } = location;
const bench = new Bench(
  `${protocol === "https:" ? "wss:" : "ws:"}//${host}/ws`,
);
render(
  <App bench={bench} plotted={new Plotted(bench)} />,
  document.getElementById("page")!,
);
