/**
 * Picks a field to plot, out of all numeric ones of the bench.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import type { LiveBench } from "../live/live_bench.ts";
import { isNumeric, type LiveField } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { labelOf, type Plotted } from "./plotted.ts";

/** So many are offered at once: who types more sees others. */
const mostOffered = 30;

interface Offer {
  readonly field: LiveField;
  readonly text: string;
}

/** A box to type in, and a list of what fits. */
export function Picker({ bench, plotted }: { bench: LiveBench; plotted: Plotted }): VNode {
  const own = useLive(bench.instruments);
  const others = useLive(bench.fleet.instruments);
  const instruments = [...own, ...others];
  const chosen = useLive(plotted.fields);
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const words = typed.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const offers: Offer[] = !open
    ? []
    : instruments.flatMap(({ title, fields }) =>
      [...fields.values()].filter((field) => isNumeric(field.spec) && !chosen.includes(field)).map((field) => ({
        field,
        text: `${title}: ${field.spec.title}${field.spec.unit === undefined ? "" : ` (${field.spec.unit})`}`,
      }))
    ).filter(({ field, text }) => {
      const sought = `${text} ${labelOf(field)}`.toLowerCase();
      return words.every((word) => sought.includes(word));
    });
  const offered = offers.slice(0, mostOffered);
  const take = ({ field }: Offer) => {
    plotted.add(field);
    setTyped("");
    setActive(0);
  };
  const press = (event: KeyboardEvent) => {
    const { key } = event;
    const way = key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0;
    if (way !== 0) {
      setActive(open ? Math.min(Math.max(0, active + way), offered.length - 1) : 0);
      setOpen(true);
    } else if (key === "Enter" && offered[active] !== undefined) take(offered[active]);
    else if (key === "Escape" && open) setOpen(false);
    else return;
    event.preventDefault();
  };
  return (
    <div class="picker">
      <input
        type="text"
        role="combobox"
        autocomplete="off"
        placeholder="Add a field"
        aria-label="Add a field"
        aria-expanded={open}
        aria-controls="plot-offers"
        aria-activedescendant={offered[active] === undefined ? undefined : `plot-offer-${active}`}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setActive(0);
          setOpen(true);
        }}
        onClick={() => setOpen(true)}
        onFocus={() => void (own.some(({ name }) => name === "fleet") && bench.fleet.find())}
        onBlur={() => setOpen(false)}
        onKeyDown={press}
      />
      <ul role="listbox" id="plot-offers" aria-label="Fields" hidden={!open}>
        {offered.map((offer, at) => (
          <li
            key={labelOf(offer.field)}
            role="option"
            id={`plot-offer-${at}`}
            aria-selected={at === active}
            ref={(element) => void (at === active && element?.scrollIntoView({ block: "nearest" }))}
            // Before the box loses the focus.
            onMouseDown={(event) => {
              event.preventDefault();
              take(offer);
            }}
          >
            {offer.text}
          </li>
        ))}
        {offers.length > mostOffered
          ? <li class="nothing" role="presentation">and {offers.length - mostOffered} more: type to find them</li>
          : null}
        {offers.length === 0 ? <li class="nothing" role="presentation">No number is called that</li> : null}
      </ul>
    </div>
  );
}
