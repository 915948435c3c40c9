/**
 * The cards of the instruments, in the order of the arrangement.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import { inColumns, isHidden, sections } from "./arrangement.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { keep, readKept } from "../shell/kept.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { isCamera } from "../images/camera.tsx";
import { Card } from "./card.tsx";
import { mainFields, rowsOf } from "./fields.ts";
import { rowsShown } from "./rows.tsx";
import { useLive } from "../live/live.tsx";
import type { Plotted } from "../plots/plotted.ts";

/** The narrowest column of cards, by how dense the page is, in pixels. */
const columnWidths = { comfortable: 380, compact: 330, wall: 500 } as const;
type Density = keyof typeof columnWidths;

/** How dense the page is. */
function density(): Density {
  const { density = "" } = document.documentElement.dataset;
  return Object.hasOwn(columnWidths, density) ? density as Density : "comfortable";
}

/** The key under which the browser keeps what is folded here. */
const foldedKey = "heliograph.folded";

/** The title over cards without a group, where there are groups. */
export const othersTitle = "Others";

/** The height of a card before it is drawn, in pixels, as near as it can be told from its description. */
function cardHeight(instrument: LiveInstrument, chosen: readonly string[] | undefined, density: Density): number {
  const camera = isCamera(instrument);
  const mains = camera ? [] : mainFields(instrument, chosen);
  const rows = rowsShown(rowsOf(instrument, mains).length, camera);
  if (density === "wall") return 70 + 120 * mains.length;
  const [row, rest] = density === "compact" ? [27, 40] : [34, 52];
  const commands = instrument.commands.length === 0 ? 0 : row;
  return rest + 20 + (mains.length === 0 ? 0 : 84) + rows * row + commands + (camera ? 480 : 0);
}

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
  const [room, setRoom] = useState({ columns: 1, density: density() });
  const [main, setMain] = useState<HTMLElement | null>(null);
  const [folded, setFolded] = useState(storedFolds);
  const [revealed, setRevealed] = useState(false);
  useEffect(() => {
    if (main === null) return;
    const look = () => {
      const now = density();
      const columns = Math.max(1, Math.floor(main.clientWidth / columnWidths[now]));
      setRoom((known) => known.columns === columns && known.density === now ? known : { columns, density: now });
    };
    const resized = new ResizeObserver(look);
    resized.observe(main);
    const changed = new MutationObserver(look);
    changed.observe(document.documentElement, { attributeFilter: ["data-density"] });
    return () => {
      resized.disconnect();
      changed.disconnect();
    };
  }, [main]);
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
  const columns = (cards: readonly LiveInstrument[]) => (
    <div class="columns">
      {/* With groups, the columns of all of them are in line. */}
      {inColumns(
        cards,
        grouped ? room.columns : Math.min(room.columns, cards.length),
        (card) => cardHeight(card, arrangement.main?.[card.name], room.density),
      ).map((column, index) => (
        <div class="column" key={index}>
          {column.map((instrument) => (
            <Card
              key={instrument.name}
              bench={bench}
              instrument={instrument}
              plotted={plotted}
              heading={grouped ? "h3" : "h2"}
              mark={hidden.has(instrument.name) ? "hidden" : ""}
              wanted={undefined}
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
