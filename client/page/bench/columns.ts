/**
 * How the cards fill the window: as many columns as there is room for, as even as they can be.
 *
 * @module
 */

import { useLayoutEffect, useState } from "npm:preact@11.2.0/hooks";
import { isCamera } from "../images/camera.tsx";
import { isNumeric, type LiveInstrument } from "../live/live_instrument.ts";
import { inColumns } from "./arrangement.ts";
import { mainFields, rowsOf } from "./fields.ts";
import { rowsShown } from "./rows.tsx";

/** The narrowest column of cards, by how dense the page is, in pixels. */
const columnWidths = { comfortable: 380, compact: 330, wall: 440 } as const;
type Density = keyof typeof columnWidths;
/** The widest column, in pixels; on a wall there is none. */
const widest = 560;

/** What room there is for the cards. */
export interface Room {
  /** How many columns fit. */
  readonly columns: number;
  readonly density: Density;
  /** The size of the place that is seen without scrolling, in pixels. */
  readonly width: number;
  readonly height: number;
}

/** How dense the page is. */
function densityNow(): Density {
  const { density = "" } = document.documentElement.dataset;
  return Object.hasOwn(columnWidths, density) ? density as Density : "comfortable";
}

/** What room there is in an element, whenever that changes; `undefined` before it is known. */
export function useRoom(place: HTMLElement | null): Room | undefined {
  const [room, setRoom] = useState<Room>();
  // Before the browser paints: cards that were drawn in one column first would be drawn twice.
  useLayoutEffect(() => {
    if (place === null) return;
    const look = () => {
      const density = densityNow();
      const width = place.clientWidth;
      const columns = Math.max(1, Math.floor(width / columnWidths[density]));
      const height = innerHeight - place.getBoundingClientRect().top - scrollY;
      setRoom((known) => {
        const same = known?.density === density && known.width === width && known.height === height;
        return same ? known : { columns, density, width, height };
      });
    };
    look();
    const resized = new ResizeObserver(look);
    resized.observe(place);
    const changed = new MutationObserver(look);
    changed.observe(document.documentElement, { attributeFilter: ["data-density"] });
    return () => {
      resized.disconnect();
      changed.disconnect();
    };
  }, [place]);
  return room;
}

/** The names of the fields that people chose to be large, by their instruments. */
type Chosen = Readonly<Record<string, readonly string[]>>;

/** The height of a card before it is drawn, in pixels, as near as it can be told from its description. */
export function cardHeight(instrument: LiveInstrument, chosen: Chosen, density: Density, width: number): number {
  const camera = isCamera(instrument);
  const mains = camera ? [] : mainFields(instrument, chosen[instrument.name]);
  const sparks = mains.length > 1 && mains.some(({ spec }) => isNumeric(spec));
  if (density === "wall") return 62 + (26 + 1.2 * Math.min(140, Math.max(46, 0.15 * width))) * mains.length;
  const rows = rowsOf(instrument, mains);
  const [row, head] = density === "compact" ? [29, 42] : [34, 72];
  const heading = rows.some(({ device }) => device !== undefined) ? 14 : 0;
  const commands = instrument.commands.length === 0 ? 0 : row;
  const more = rowsShown(rows.length, camera) < rows.length ? row : 0;
  return head + 20 + (mains.length === 0 ? 0 : 58) + (sparks ? 30 : 0) + heading +
    rowsShown(rows.length, camera) * row + more + commands +
    (camera ? 300 : 0);
}

/**
 * Puts cards into columns.
 *
 * @param cards In their order.
 * @param room What room there is.
 * @param all Whether all columns are kept, so that those of several groups are in line.
 * @param chosen What people chose to be large.
 */
export function columnsOf(
  cards: readonly LiveInstrument[],
  { columns, density, width, height }: Room,
  all: boolean,
  chosen: Chosen = {},
): LiveInstrument[][] {
  const fill = (count: number) => {
    const heightOf = (card: LiveInstrument) => cardHeight(card, chosen, density, width / count);
    return { filled: inColumns(cards, count, heightOf), heightOf };
  };
  const most = all ? columns : Math.min(columns, cards.length);
  if (all) return fill(most).filled;
  // As large as they can be without anybody having to scroll.
  const fewest = density === "wall" ? 1 : Math.ceil(width / widest);
  for (let count = fewest; count < most; count++) {
    const { filled, heightOf } = fill(count);
    const tall = (column: readonly LiveInstrument[]) => column.reduce((sum, card) => sum + heightOf(card) + 12, 0);
    if (Math.max(...filled.map(tall)) <= height - 40) return filled;
  }
  return fill(most).filled;
}
