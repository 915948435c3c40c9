/**
 * The page as a whole: its head, the cards of the instruments, and the panels beside them.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { ComponentChildren, VNode } from "npm:preact@11.2.0";
import { useEffect, useLayoutEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import { mayDo } from "../../../protocol/vocabulary.ts";
import { Arranging } from "../bench/arranging.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { Cards } from "../bench/cards.tsx";
import { ClientsPanel } from "./clients.tsx";
import { ImagesPlace } from "../images/images_place.tsx";
import { overviewOf } from "../overview/overview.ts";
import { OverviewPlace } from "../overview/overview_place.tsx";
import { ConsolePanel } from "../journal/console.tsx";
import { useLive } from "../live/live.tsx";
import { PlotPanel } from "../plots/plot.tsx";
import { DropTarget } from "../plots/plot_drag.tsx";
import type { Plotted } from "../plots/plotted.ts";

const panels = ["plot", "console", "clients"] as const;
type PanelName = typeof panels[number];
const panelTitles = {
  plot: "Plot",
  console: "Console",
  clients: "Clients",
} as const;

/** The page. */
export function App(
  { bench, plotted }: { bench: LiveBench; plotted: Plotted },
): VNode {
  const [open, setOpen] = useState<ReadonlySet<PanelName>>(new Set());
  const [sought, setSought] = useState("");
  /** The panel that somebody has opened by its button, and wants to be in. */
  const soughtPanel = useRef<PanelName | undefined>(undefined);
  const toggle = (name: PanelName) => {
    const next = new Set(open);
    if (!next.delete(name)) {
      // A small screen has room for one.
      if (!matchMedia("(min-width: 900px)").matches) next.clear();
      next.add(name);
      soughtPanel.current = name;
    }
    setOpen(next);
  };
  useEffect(
    () => plotted.onAdd(() => setOpen((now) => now.has("plot") ? now : new Set([...now, "plot"]))),
    [],
  );
  const { state, everOpen } = useLive(bench.connection);
  const welcome = useLive(bench.welcome);
  const isArranged = useLive(bench.arrangement.known);
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const look = () => setHash(location.hash);
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, []);
  const [wantsArranging, setArranging] = useState(false);
  const mayArrange = mayDo(welcome?.role, "operator");
  const arranging = mayArrange && wantsArranging;
  return (
    <div
      class={`page ${open.size > 0 ? "with-panels" : ""} ${state === "open" ? "" : "lost"}`}
    >
      <a class="skip" href="#bench">Skip to the instruments</a>
      <header>
        <h1>heliograph</h1>
        <ConnectionState bench={bench} />
        <SimulatedMark bench={bench} />
        <input
          type="search"
          class="seek"
          placeholder="Find an instrument"
          aria-label="Find an instrument"
          value={sought}
          disabled={arranging}
          onInput={(event) => setSought(event.currentTarget.value)}
        />
        {mayArrange
          ? (
            <button type="button" aria-pressed={arranging} onClick={() => setArranging(!arranging)}>
              Arrange
            </button>
          )
          : null}
        <nav aria-label="Places">
          <PlaceLinks bench={bench} hash={hash} />
        </nav>
        <nav aria-label="Panels">
          {panels.map((name) => (
            <button
              key={name}
              id={buttonId(name)}
              type="button"
              aria-pressed={open.has(name)}
              onClick={() => toggle(name)}
            >
              {panelTitles[name]}
            </button>
          ))}
        </nav>
      </header>
      <OpenWarning bench={bench} />
      <main id="bench" tabIndex={-1} aria-label="Instruments">
        {!everOpen || !isArranged
          ? null
          : arranging
          ? <Arranging bench={bench} />
          : hash.startsWith("#/overview")
          ? <OverviewPlace bench={bench} addressOf={({ name }) => `#/bench/${name}`} />
          : hash.startsWith("#/images")
          ? (
            <ImagesPlace
              bench={bench}
              name={hash.split("/")[2]}
              addressOf={(name) => `#/images/${name}`}
            />
          )
          : <Cards bench={bench} plotted={plotted} sought={sought} />}
      </main>
      {open.size === 0 ? null : (
        <aside aria-label="Open panels">
          {open.has("plot")
            ? (
              <Panel name="plot" sought={soughtPanel} close={toggle}>
                <PlotPanel bench={bench} plotted={plotted} />
              </Panel>
            )
            : null}
          {open.has("console")
            ? (
              <Panel name="console" sought={soughtPanel} close={toggle}>
                <ConsolePanel bench={bench} />
              </Panel>
            )
            : null}
          {open.has("clients")
            ? (
              <Panel name="clients" sought={soughtPanel} close={toggle}>
                <ClientsPanel bench={bench} />
              </Panel>
            )
            : null}
        </aside>
      )}
      <DropTarget plotted={plotted} />
    </div>
  );
}

/** Links to what fills the page; the bench is what it shows otherwise. */
function PlaceLinks({ bench, hash }: { bench: LiveBench; hash: string }): VNode {
  const hasImages = useLive(bench.instruments).some((each) => each.hasImages);
  const hasDrawing = useLive(overviewOf(bench).shown)?.drawing != null;
  const places = [
    ["#/bench", "Bench", true],
    ["#/overview", "Overview", hasDrawing],
    ["#/images", "Images", hasImages],
  ] as const;
  const here = places.find(([address], at) => at > 0 && hash.startsWith(address))?.[0] ?? "#/bench";
  return (
    <>
      {places.map(([address, title, offered]) =>
        offered
          ? <a key={address} href={address} aria-current={address === here ? "page" : undefined}>{title}</a>
          : null
      )}
    </>
  );
}

function buttonId(name: PanelName): string {
  return `open-${name}`;
}

interface PanelProps {
  readonly name: PanelName;
  readonly sought: { current: PanelName | undefined };
  readonly close: (name: PanelName) => void;
  readonly children: ComponentChildren;
}

function Panel({ name, sought, close, children }: PanelProps): VNode {
  const title = panelTitles[name];
  const section = useRef<HTMLElement>(null);
  // Before anything else can have the focus there.
  useLayoutEffect(() => {
    if (sought.current === name) section.current?.focus();
    sought.current = undefined;
  }, []);
  return (
    <section class={`panel ${name}`} aria-label={title} tabIndex={-1} ref={section}>
      <div class="panel-head">
        <h2>{title}</h2>
        <button
          type="button"
          class="plain"
          aria-label={`Close ${title}`}
          onClick={() => {
            close(name);
            document.getElementById(buttonId(name))?.focus();
          }}
        >
          ×
        </button>
      </div>
      {children}
    </section>
  );
}

/** Warns everybody on the page that the server runs with --insecure-open. */
function OpenWarning({ bench }: { bench: LiveBench }): VNode | null {
  const welcome = useLive(bench.welcome);
  if (welcome?.open !== true) return null;
  return (
    <p class="open-warning" role="note">
      Insecure: everybody who reaches this server over the network may drive the instruments (--insecure-open).
    </p>
  );
}

/** Tells everybody on the page that nothing on it is real. */
function SimulatedMark({ bench }: { bench: LiveBench }): VNode | null {
  if (useLive(bench.welcome)?.simulated !== true) return null;
  return <p class="simulated" role="note" title="Simulators stand in the place of the instruments">simulated</p>;
}

function ConnectionState({ bench }: { bench: LiveBench }): VNode {
  const { state, retryAt, everOpen, reason } = useLive(bench.connection);
  const welcome = useLive(bench.welcome);
  const [, tick] = useState(0);
  useEffect(() => {
    if (state !== "lost") return;
    const timer = setInterval(() => tick((count) => count + 1), 500);
    return () => clearInterval(timer);
  }, [state]);
  const seconds = Math.max(0, Math.ceil((retryAt - performance.now()) / 1000));
  const what = state === "open"
    ? "Connected"
    : !everOpen
    ? "Connecting…"
    : state === "connecting"
    ? "Connection lost; reconnecting…"
    : `Connection lost${reason === "" ? "" : ` (${reason})`}; trying again in ${seconds} s`;
  return (
    <p class={`connection ${state}`}>
      <span class="lamp" aria-hidden="true" />
      {/* Those who listen are told that it was lost, but not how the seconds go by. */}
      <span class="unseen" role="status">
        {state === "open" ? "Connected" : everOpen ? "Connection lost" : "Connecting…"}
      </span>
      <span aria-hidden="true">{what}</span>
      {state === "open" && welcome !== undefined
        ? (
          <span class="role">
            {welcome.role === "observer" ? "observer: read only" : welcome.role}
          </span>
        )
        : null}
      {state === "lost" ? <button type="button" onClick={() => bench.retry()}>Now</button> : null}
    </p>
  );
}
