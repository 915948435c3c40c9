/**
 * The tiles of cards and groups while they are arranged: a title, and tools.
 *
 * Every control says with `data-focus` which one it is, so that it has the focus again wherever it is drawn next.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useLayoutEffect, useState } from "npm:preact@11.2.0/hooks";
import type { Place } from "./arrangement.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { Complaint } from "./work.tsx";

/** A button that keeps the focus also while it has nothing to do. */
function Step({ arrow, name, focus, off, idle, act }: {
  readonly arrow: string;
  readonly name: string;
  readonly focus: string;
  readonly off: boolean;
  readonly idle: boolean;
  readonly act: () => void;
}): VNode {
  return (
    <button
      type="button"
      data-focus={focus}
      aria-label={name}
      title={name}
      aria-disabled={idle}
      disabled={off}
      onClick={() => idle || act()}
    >
      {arrow}
    </button>
  );
}

/** A card that can be moved, grouped and hidden. */
export function Tile(
  { instrument, off, groups, group, complaint, lifted, drop, press, up, down, moveTo, regroup, hide }: {
    readonly instrument: LiveInstrument;
    /** Whether nothing can be changed now. */
    readonly off: boolean;
    /** The titles of all groups. */
    readonly groups: readonly string[];
    /** The index of its group; `none` for no group. */
    readonly group: string;
    readonly complaint: string;
    /** Whether it is being dragged. */
    readonly lifted: boolean;
    /** On which side of it what is dragged would be dropped. */
    readonly drop: "before" | "after" | undefined;
    readonly press: (event: PointerEvent) => void;
    /** Where it goes one up; `undefined` where it is the first. */
    readonly up: Place | undefined;
    readonly down: Place | undefined;
    readonly moveTo: (place: Place) => void;
    /** Puts it into another group: an index, `none`, or `new`. */
    readonly regroup: (group: string) => void;
    readonly hide: () => void;
  },
): VNode {
  const { name, title, caption } = instrument;
  return (
    <li
      class={`tile ${lifted ? "lifted" : ""}`}
      data-tile={name}
      data-drop={drop}
      onPointerDown={press}
    >
      <span class="grip" aria-hidden="true">⠿</span>
      <span class="tile-title">{caption}</span>
      <div class="tile-tools" role="group" aria-label={`Arrange ${title}`}>
        <Step
          arrow="↑"
          name={`Move ${title} up`}
          focus={`${name} up`}
          off={off}
          idle={up === undefined}
          act={() => moveTo(up!)}
        />
        <Step
          arrow="↓"
          name={`Move ${title} down`}
          focus={`${name} down`}
          off={off}
          idle={down === undefined}
          act={() => moveTo(down!)}
        />
        <select
          data-focus={`${name} group`}
          aria-label={`Group of ${title}`}
          disabled={off}
          value={group}
          onChange={({ currentTarget }) => {
            const { value } = currentTarget;
            // Until the change has been made it shows what is.
            currentTarget.value = group;
            regroup(value);
          }}
        >
          <option value="none">no group</option>
          {groups.map((title, index) => <option key={index} value={String(index)}>{title}</option>)}
          <option value="new">New group…</option>
        </select>
        <button type="button" data-focus={`${name} hide`} aria-label={`Hide ${title}`} disabled={off} onClick={hide}>
          Hide
        </button>
      </div>
      <Complaint text={complaint} />
    </li>
  );
}

/** A card that is hidden. */
export function HiddenTile({ instrument, off, show }: {
  readonly instrument: LiveInstrument;
  readonly off: boolean;
  readonly show: () => void;
}): VNode {
  const { name, title, caption } = instrument;
  return (
    <li class="tile resting">
      <span class="tile-title">{caption}</span>
      <div class="tile-tools">
        <button type="button" data-focus={`${name} show`} aria-label={`Show ${title}`} disabled={off} onClick={show}>
          Show
        </button>
      </div>
    </li>
  );
}

/** The title of a group, which can be changed, and what moves and removes it. */
export function GroupTools({ index, count, title, off, complaint, rename, move, remove }: {
  readonly index: number;
  readonly count: number;
  readonly title: string;
  readonly off: boolean;
  readonly complaint: string;
  readonly rename: (to: string) => void;
  readonly move: (by: -1 | 1) => void;
  readonly remove: () => void;
}): VNode {
  const [typed, setTyped] = useState(title);
  // What it is called now, whoever has changed it; also where a title was refused.
  useLayoutEffect(() => setTyped(title), [title, complaint]);
  const apply = (typed: string) => {
    const wanted = typed.trim();
    if (wanted === "") setTyped(title);
    else if (wanted !== title) rename(wanted);
  };
  return (
    <div class="group-tools" role="group" aria-label={`Arrange the group ${title}`}>
      <input
        type="text"
        data-focus={`group ${index} title`}
        aria-label="Title of the group"
        maxLength={80}
        value={typed}
        disabled={off}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onBlur={({ currentTarget }) => apply(currentTarget.value)}
        onKeyDown={({ key, currentTarget }) => {
          if (key === "Enter") apply(currentTarget.value);
          if (key === "Escape") setTyped(title);
        }}
      />
      <Step
        arrow="↑"
        name={`Move the group ${title} up`}
        focus={`group ${index} up`}
        off={off}
        idle={index === 0}
        act={() => move(-1)}
      />
      <Step
        arrow="↓"
        name={`Move the group ${title} down`}
        focus={`group ${index} down`}
        off={off}
        idle={index === count - 1}
        act={() => move(1)}
      />
      <button
        type="button"
        data-focus={`group ${index} delete`}
        aria-label={`Delete the group ${title}`}
        disabled={off}
        onClick={remove}
      >
        Delete
      </button>
      <Complaint text={complaint} />
    </div>
  );
}
