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
import type { Arrangement } from "../../../protocol/arrangement.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { keep, readKept } from "../shell/kept.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { isCamera } from "../images/camera.tsx";
import { Card } from "./card.tsx";
import { cardHeight, columnsOf, type Room, useRoom } from "./columns.ts";
import { goToCard, useWanted } from "./wanted.ts";
import type { Plotted } from "../plots/plotted.ts";

/** The key under which the browser keeps what is folded here. */
const foldedKey = "heliograph.folded";

/** On a bench of more instruments than these, cards that are far from what is seen are drawn in short. */
const mostWhole = 30;
/** So many of each column are drawn whole at once. */
const seenFirst = 3;

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
  { bench, plotted, instruments, arrangement }: {
    readonly bench: LiveBench;
    readonly plotted: Plotted;
    readonly instruments: readonly LiveInstrument[];
    readonly arrangement: Arrangement;
  },
): VNode {
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
  const byName = new Map(instruments.map((instrument) => [instrument.name, instrument]));
  const hidden = new Set(instruments.filter((each) => isHidden(arrangement, each)).map(({ name }) => name));
  const isShown = ({ name }: LiveInstrument) => revealed || !hidden.has(name);
  const shown = sections(arrangement, [...byName.keys()])
    .map(({ group, names }) => ({ group, cards: names.map((name) => byName.get(name)!).filter(isShown) }))
    .filter(({ cards }) => cards.length > 0);
  const grouped = arrangement.groups.length > 0;
  const goneTo = useRef<typeof asked>(undefined);
  const revealedFor = useRef<typeof asked>(undefined);
  useEffect(() => {
    if (asked === undefined || asked === goneTo.current || room === undefined) return;
    if (goToCard(asked)) {
      goneTo.current = asked;
      return;
    }
    // It is hidden, or in a group that is folded; one that is not there changes nothing.
    if (hidden.has(asked.instrument) && revealedFor.current !== asked) {
      // Once: somebody may hide it again before it was gone to.
      revealedFor.current = asked;
      setRevealed(true);
    }
    const section = shown.find(({ cards }) => cards.some(({ name }) => name === asked.instrument));
    if (section !== undefined) setFolded(new Set([...folded].filter((title) => title !== (section.group ?? ""))));
  }, [asked, revealed, folded, instruments, room === undefined]);
  const many = instruments.length > mostWhole;
  const columns = (cards: readonly LiveInstrument[], room: Room, first: boolean) => (
    <div class="columns">
      {/* With groups, the columns of all of them are in line. */}
      {columnsOf(cards, room, grouped, arrangement.main).map((column, index, { length }) => (
        <div class="column" key={index}>
          {column.map((instrument, at) => (
            <Card
              key={instrument.name}
              bench={bench}
              instrument={instrument}
              plotted={plotted}
              heading={grouped ? "h3" : "h2"}
              mark={hidden.has(instrument.name) ? "hidden" : ""}
              wanted={asked?.instrument === instrument.name ? asked.part : undefined}
              far={!many || isCamera(instrument)
                ? undefined
                : cardHeight(instrument, arrangement.main ?? {}, room.density, room.width / length)}
              seenFirst={first && at < seenFirst}
            />
          ))}
        </div>
      ))}
    </div>
  );
  return (
    <div class="bench" ref={setMain}>
      {shown.length === 0 ? <p class="nothing">Every instrument is hidden.</p> : null}
      {room === undefined ? null : !grouped ? shown.map(({ cards }) => columns(cards, room, true)) : shown.map((
        { group, cards },
        index,
      ) => (
        <Group
          key={group ?? ""}
          title={group ?? othersTitle}
          count={cards.length}
          folded={folded.has(group ?? "")}
          toggle={() => toggle(group ?? "")}
        >
          {columns(cards, room, index === 0)}
        </Group>
      ))}
      {hidden.size === 0 ? null : (
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
