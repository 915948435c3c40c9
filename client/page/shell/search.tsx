/**
 * The search over all of the page: it finds what people type, and goes there.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useMemo, useState } from "npm:preact@11.2.0/hooks";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { find, type Findable, findables } from "./finding.ts";
import { places } from "./places.tsx";
import { Sheet } from "./sheet.tsx";

/** So many are offered at once: who types more sees others. */
const mostOffered = 40;

/** The dialog. */
export function Search({ bench, begun, close }: {
  readonly bench: LiveBench;
  /** What was typed before it was open. */
  readonly begun: string;
  readonly close: () => void;
}): VNode {
  const own = useLive(bench.instruments);
  const others = useLive(bench.fleet.instruments);
  const instruments = useMemo(() => [...own, ...others.filter(({ aside }) => !aside)], [own, others]);
  // Those of other PCs are found as well, as soon as they are told.
  useEffect(() => void (own.some(({ name }) => name === "fleet") && bench.fleet.find()), []);
  const [typed, setTyped] = useState(begun);
  const [active, setActive] = useState(0);
  const interlocks = useLive(bench.guards.interlocks);
  const watchdogs = useLive(bench.guards.watchdogs);
  const { plots } = useLive(bench.arrangement.shown);
  const queue = useLive(bench.runs.queue);
  const runs = useMemo(() => queue?.runs ?? [], [queue?.runs.map(({ id }) => id).join()]);
  const all = useMemo(() => findables(instruments, places, [...interlocks, ...watchdogs], plots, runs), [
    instruments,
    interlocks,
    watchdogs,
    plots,
    runs,
  ]);
  const found = useMemo(() => find(all, typed), [all, typed]);
  const offered = found.slice(0, mostOffered);
  const goTo = ({ address }: Findable) => {
    close();
    // Once the dialog has gone, and has given back the focus.
    setTimeout(() => {
      if (location.hash === address) dispatchEvent(new HashChangeEvent("hashchange"));
      else location.hash = address;
    });
  };
  const press = (event: KeyboardEvent) => {
    const { key } = event;
    const to = key === "ArrowDown"
      ? active + 1
      : key === "ArrowUp"
      ? active - 1
      : key === "PageDown"
      ? active + 8
      : key === "PageUp"
      ? active - 8
      : undefined;
    // What is typed counts, also where it is not drawn yet.
    const now = event.target instanceof HTMLInputElement ? event.target.value : typed;
    const chosen = now === typed ? offered[active] : find(all, now)[0];
    if (to !== undefined) setActive(Math.max(0, Math.min(offered.length - 1, to)));
    else if (key === "Enter" && chosen !== undefined) goTo(chosen);
    else return;
    event.preventDefault();
  };
  return (
    <Sheet title="Search" kind="search" close={close}>
      <input
        type="text"
        role="combobox"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        autofocus
        placeholder="An instrument, a value, a command: CH4, filter, temperature"
        aria-label="Search"
        aria-expanded={offered.length > 0}
        aria-controls="found"
        aria-activedescendant={offered.length === 0 ? undefined : `found-${active}`}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={press}
      />
      <ul role="listbox" id="found" aria-label="Found">
        {offered.map((item, at) => (
          <li
            key={`${item.kind} ${item.address}`}
            id={`found-${at}`}
            role="option"
            aria-selected={at === active}
            ref={(element) => void (at === active && element?.scrollIntoView({ block: "nearest" }))}
            onClick={() => goTo(item)}
          >
            <span class="found-title">{item.title}</span>
            {item.of === "" ? null : <span class="found-of">{item.of}</span>}
            <span class="found-kind">{item.kind}</span>
          </li>
        ))}
      </ul>
      <p class="about" role="status">
        {found.length === 0
          ? "Nothing is called that."
          : found.length > mostOffered
          ? `${found.length} found; the first ${mostOffered} are shown.`
          : ""}
      </p>
    </Sheet>
  );
}
