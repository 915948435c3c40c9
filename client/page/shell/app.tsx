/**
 * The page as a whole: its header, the place where somebody is, and the plot beside it.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useLayoutEffect, useRef } from "npm:preact@11.2.0/hooks";
import { SignInPlace } from "../access/sign_in.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { PlotDock } from "../plots/plot_dock.tsx";
import { DropTarget } from "../plots/plot_drag.tsx";
import type { Plotted } from "../plots/plotted.ts";
import { Header } from "./header.tsx";
import { usePlace } from "./places.tsx";
import { view } from "./place.ts";

/** The page. */
export function App({ bench, plotted }: { bench: LiveBench; plotted: Plotted }): VNode {
  const { state, everOpen } = useLive(bench.connection);
  const here = usePlace();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useLayoutEffect(() => {
    // Another place is another page: it begins at its top, and who reads it by keyboard begins there, too.
    if (!first.current) {
      scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [here]);
  const { Component } = here;
  if (useLive(bench.mustSignIn)) {
    return (
      <div class="page">
        <main id="place" class="place" aria-label="Sign in">
          <h1 class="sign-in-title">heliograph</h1>
          <SignInPlace />
        </main>
      </div>
    );
  }
  return (
    <div
      class={`page ${state === "open" ? "" : "lost"} ${view.wall ? "wall" : ""}`}
    >
      <button type="button" class="skip" onClick={() => main.current?.focus()}>Skip to {here.title}</button>
      <Header bench={bench} />
      <OpenWarning bench={bench} />
      <main id="place" class={`place ${here.name}-place-main`} tabIndex={-1} ref={main} aria-label={here.title}>
        {everOpen ? <Component bench={bench} plotted={plotted} /> : null}
      </main>
      {here.name === "plots" || here.name === "then" ? null : <PlotDock bench={bench} plotted={plotted} />}
      <DropTarget plotted={plotted} />
    </div>
  );
}

/** Warns everybody on the page that the server runs with --insecure-open. */
function OpenWarning({ bench }: { bench: LiveBench }): VNode | null {
  const welcome = useLive(bench.welcome);
  if (welcome?.open !== true) return null;
  return (
    <p class="open-warning" role="note">
      Insecure: everybody who reaches this server over the network gets in (--insecure-open).
    </p>
  );
}
