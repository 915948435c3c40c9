/**
 * The header: which bench this is, whether all is well, the places, the search, who you are, and how the page looks.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import { SafeButton } from "../guards/safe_state.tsx";
import { GuardStrip } from "../guards/strip.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { RunStrip } from "../runs/run_strip.tsx";
import { Health } from "./health.tsx";
import { Menu } from "./menu.tsx";
import { People } from "./people.tsx";
import { Icon, PlaceLinks } from "./places.tsx";
import { addressOf, view } from "./place.ts";
import { Search } from "./search.tsx";

type Open = "people" | "menu" | "search";

/** What some roles are called here; others as their bench calls them. */
const roleWords: Readonly<Record<string, string>> = {
  observer: "read only",
};

/** The header of the page. */
export function Header({ bench }: { bench: LiveBench }): VNode {
  const welcome = useLive(bench.welcome);
  const [open, setOpen] = useState<Open>();
  const [begun, setBegun] = useState("");
  const close = () => {
    setOpen(undefined);
    setBegun("");
  };
  const title = welcome?.title ?? "heliograph";
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { key, target } = event;
      const typing = target instanceof Element &&
        target.closest("input, textarea, select, [role=application]") !== null;
      const asked = key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey ||
        key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (!asked || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      setOpen("search");
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  const role = welcome?.roleName;
  return (
    <header>
      <h1>
        <a href={addressOf("bench")}>{title}</a>
      </h1>
      {welcome?.simulated === true
        ? <p class="simulated" role="note" title="Simulators stand in the place of the instruments">simulated</p>
        : null}
      <Health bench={bench} />
      <GuardStrip bench={bench} />
      <RunStrip bench={bench} />
      {view.wall ? null : (
        <>
          <PlaceLinks bench={bench} />
          <SafeButton bench={bench} />
          <div class="header-tools">
            <button
              type="button"
              id="open-search"
              class="search-button"
              aria-label="Search, Ctrl K"
              aria-keyshortcuts="Control+K"
              onClick={() => setOpen("search")}
              onKeyDown={(event) => {
                const { key } = event;
                // It looks like a box, and who comes there by the Tab key types as in one.
                if (!/^[\p{L}\p{N}]$/u.test(key) || event.ctrlKey || event.metaKey || event.altKey) return;
                event.preventDefault();
                setBegun(key);
                setOpen("search");
              }}
            >
              <Icon path="M10.5 4a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M15.5 15.5L20 20" />
              <span>Search</span> <kbd>Ctrl K</kbd>
            </button>
            <button
              type="button"
              id="open-people"
              class="plain who-button"
              title="Who you are, and who else is connected"
              onClick={() => setOpen("people")}
            >
              <Icon path="M12 4a4 4 0 1 1 0 8a4 4 0 0 1 0-8M4 20c1-4 4-5 8-5s7 1 8 5" />
              <span>
                {welcome?.name || "You"}
                {role === undefined ? "" : `: ${roleWords[role] ?? role}`}
              </span>
            </button>
            <button
              type="button"
              id="open-menu"
              class="plain"
              aria-label="How the page looks"
              onClick={() => setOpen("menu")}
            >
              <Icon path="M4 7h16M4 12h16M4 17h16" />
            </button>
          </div>
        </>
      )}
      {open === "people" ? <People bench={bench} close={close} /> : null}
      {open === "menu" ? <Menu bench={bench} close={close} /> : null}
      {open === "search" ? <Search bench={bench} begun={begun} close={close} /> : null}
    </header>
  );
}
