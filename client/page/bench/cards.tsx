/**
 * The cards of the instruments, in the order of the arrangement.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import { isHidden, sections } from "./arrangement.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { keep, readKept } from "../shell/kept.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { Card } from "./card.tsx";
import { columnsOf, useRoom } from "./columns.ts";
import { goToCard, useWanted } from "./wanted.ts";
import { useLive } from "../live/live.tsx";
import type { Plotted } from "../plots/plotted.ts";

/** The key under which the browser keeps what is folded here. */
const foldedKey = "heliograph.folded";

/** The title over cards without a group, where there are groups. */
export const othersTitle = "Others";

/** The titles of the groups that are folded on this PC; those of no group stand under no text at all. */
function storedFolds(): ReadonlySet<string> {
  try {
    const stored = JSON.parse(readKept(foldedKey) ?? "[]");
    return new Set(Array.isArray(stored) ? stored.map(String) : []);
  } catch {
    return new Set();
  }
}

/** The cards in their groups, each group in as many columns as there is room for. */
export function Cards(
  { bench, plotted, sought }: {
    bench: LiveBench;
    plotted: Plotted;
    sought: string;
  },
): VNode {
  const instruments = useLive(bench.instruments);
  const arrangement = useLive(bench.arrangement.shown);
  const [main, setMain] = useState<HTMLElement | null>(null);
  const room = useRoom(main);
  const asked = useWanted();
  const [folded, setFolded] = useState(storedFolds);
  const [revealed, setRevealed] = useState(false);
  const toggle = (title: string) => {
    const next = new Set(folded);
    if (!next.delete(title)) next.add(title);
    keep(foldedKey, JSON.stringify([...next]));
    setFolded(next);
  };
  const wanted = sought.trim().toLowerCase();
  const byName = new Map(instruments.map((instrument) => [instrument.name, instrument]));
  const hidden = new Set(instruments.filter((each) => isHidden(arrangement, each)).map(({ name }) => name));
  const isShown = ({ name, title, caption, summary }: LiveInstrument) =>
    wanted === ""
      ? revealed || !hidden.has(name)
      // Also what is hidden can be found.
      : `${name} ${title} ${caption} ${summary}`.toLowerCase().includes(wanted);
  const shown = sections(arrangement, [...byName.keys()])
    .map(({ group, names }) => ({ group, cards: names.map((name) => byName.get(name)!).filter(isShown) }))
    .filter(({ cards }) => cards.length > 0);
  const grouped = arrangement.groups.length > 0;
  const goneTo = useRef<typeof asked>(undefined);
  useEffect(() => {
    if (asked === undefined || asked === goneTo.current) return;
    if (goToCard(asked)) {
      goneTo.current = asked;
      return;
    }
    // It is hidden, or in a group that is folded; one that is not there changes nothing.
    if (hidden.has(asked.instrument)) setRevealed(true);
    const section = shown.find(({ cards }) => cards.some(({ name }) => name === asked.instrument));
    if (section !== undefined) setFolded(new Set([...folded].filter((title) => title !== (section.group ?? ""))));
  }, [asked, revealed, folded, instruments]);
  const columns = (cards: readonly LiveInstrument[]) => (
    <div class="columns">
      {/* With groups, the columns of all of them are in line. */}
      {columnsOf(cards, room, grouped, arrangement.main).map((column, index) => (
        <div class="column" key={index}>
          {column.map((instrument) => (
            <Card
              key={instrument.name}
              bench={bench}
              instrument={instrument}
              plotted={plotted}
              heading={grouped ? "h3" : "h2"}
              mark={hidden.has(instrument.name) ? "hidden" : ""}
              wanted={asked?.instrument === instrument.name ? asked.part : undefined}
            />
          ))}
        </div>
      ))}
    </div>
  );
  return (
    <div class="bench" ref={setMain}>
      {shown.length === 0 ? <Nothing sought={wanted !== ""} /> : null}
      {!grouped ? shown.map(({ cards }) => columns(cards)) : shown.map(({ group, cards }) => (
        <Group
          key={group ?? ""}
          title={group ?? othersTitle}
          count={cards.length}
          folded={wanted === "" && folded.has(group ?? "")}
          toggle={() => toggle(group ?? "")}
        >
          {columns(cards)}
        </Group>
      ))}
      {hidden.size === 0 || wanted !== "" ? null : (
        <p class="hidden-note">
          <span>Hidden: {listed([...hidden].map((name) => byName.get(name)!.caption))}</span>
          <button type="button" aria-pressed={revealed} onClick={() => setRevealed(!revealed)}>
            {revealed ? "Hide again" : "Show for now"}
          </button>
        </p>
      )}
    </div>
  );
}

/** So many cards that are hidden are named. */
const mostNamed = 5;

function listed(captions: readonly string[]): string {
  const more = captions.length - mostNamed;
  return captions.slice(0, mostNamed).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function Nothing({ sought }: { sought: boolean }): VNode {
  return <p class="nothing">{sought ? "No instrument is called that." : "Every instrument is hidden."}</p>;
}

function Group({ title, count, folded, toggle, children }: {
  readonly title: string;
  readonly count: number;
  readonly folded: boolean;
  readonly toggle: () => void;
  readonly children: VNode;
}): VNode {
  return (
    <section class="group" aria-label={title}>
      <h2>
        <button type="button" class="plain fold" aria-expanded={!folded} onClick={toggle}>
          <span class="fold-mark" aria-hidden="true">▾</span> {title} <span class="count">{count}</span>
        </button>
      </h2>
      {folded ? null : children}
    </section>
  );
}
