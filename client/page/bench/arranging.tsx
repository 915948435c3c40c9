/**
 * The page while its cards are being arranged: each is a tile with its tools.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useLayoutEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import { type Arrangement, noArrangement } from "../../../protocol/arrangement.ts";
import * as arrange from "./arrangement.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { othersTitle } from "./cards.tsx";
import { type Target, useDrag } from "./drag.tsx";
import { GroupTools, HiddenTile, Tile } from "./tiles.tsx";
import { useLive } from "../live/live.tsx";
import { Complaint } from "./work.tsx";

/** Changes the arrangement for everybody. */
export type Change = (
  /** The tools beside which a refusal is told: a card's name, or what else they belong to. */
  at: string,
  next: Arrangement,
  /** What has been done, for who does not see it. */
  said: string,
) => void;

/** Gives the focus to a control, by its `data-focus`, once it is drawn. */
export type Refocus = (control: string) => void;

/**
 * Keeps the focus where the control goes that has it: a card that moves to another group is drawn anew there.
 *
 * @returns What gives the focus to another control instead.
 */
function useKeptFocus(): Refocus {
  const wanted = useRef<string | undefined>(undefined);
  const [, drawAgain] = useState(0);
  // What has the focus before this is drawn.
  const before = (document.activeElement as HTMLElement | null)?.dataset?.focus;
  useLayoutEffect(() => {
    const lost = document.activeElement === document.body ? before : undefined;
    const control = wanted.current ?? lost;
    wanted.current = undefined;
    if (control === undefined) return;
    const found = document.querySelector<HTMLElement>(`[data-focus=${CSS.escape(control)}]`);
    found?.focus();
    if (found instanceof HTMLInputElement) found.select();
  });
  return (control) => {
    wanted.current = control;
    drawAgain((count) => count + 1);
  };
}

function isSame(one: Arrangement, other: Arrangement): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** All cards as tiles, with what arranges them. */
export function Arranging({ bench }: { bench: LiveBench }): VNode {
  const instruments = useLive(bench.instruments);
  const arrangement = useLive(bench.arrangement.shown);
  const hint = useLive(bench.arrangement.hint);
  const { state } = useLive(bench.connection);
  const [complaint, setComplaint] = useState({ at: "", text: "" });
  const [said, setSaid] = useState("");
  const [done, setDone] = useState<{ what: string; before: Arrangement; after: Arrangement } | undefined>(undefined);
  const refocus = useKeptFocus();
  const off = state !== "open";
  // What anybody has arranged since is not undone with it.
  const undo = done !== undefined && isSame(done.after, arrangement) ? done : undefined;
  const names = instruments.map(({ name }) => name);
  const byName = new Map(instruments.map((instrument) => [instrument.name, instrument]));
  const titleOf = (name: string) => byName.get(name)!.title;
  const hidden = new Set(instruments.filter((each) => arrange.isHidden(arrangement, each)).map(({ name }) => name));
  const all = arrange.sections(arrangement, names);
  const shown = all.map(({ group, names }) => ({ group, names: names.filter((name) => !hidden.has(name)) }));
  const change: Change = (at, next, said) => {
    setComplaint({ at: "", text: "" });
    setSaid(said);
    bench.arrangement.change(next).catch(({ message }: Error) => {
      setSaid("");
      setComplaint({ at, text: message });
    });
  };
  const undoable = (what: string, next: Arrangement) => {
    setDone({ what, before: arrangement, after: next });
    change("bench", next, "");
    refocus("undo");
  };
  const moveTo = (name: string, place: arrange.Place) => {
    const next = arrange.move(arrangement, names, name, place);
    const section = arrange.sections(next, names).find(({ group }) => group === place.group)!;
    const visible = section.names.filter((each) => !hidden.has(each));
    const where = place.group ?? (next.groups.length > 0 ? othersTitle : "the page");
    const order = `${visible.indexOf(name) + 1} of ${visible.length}`;
    change(name, next, `${titleOf(name)} is ${order} in ${where}`);
  };
  const newGroup = (name?: string) => {
    const title = arrange.freeTitle(arrangement);
    const made = arrange.group(arrangement, title);
    const next = name === undefined ? made : arrange.move(made, names, name, { group: title, before: undefined });
    change(name ?? "bench", next, `There is a new group, ${title}`);
    refocus(`group ${next.groups.length - 1} title`);
  };
  const groupOf = (key: string) => key === "none" ? undefined : arrangement.groups[Number(key)]?.title;
  const { dragged, press, ghost } = useDrag((name, { group, before }: Target) => {
    if (byName.has(name)) moveTo(name, { group: groupOf(group), before });
  });
  /** The tile that gets the focus when another leaves its list: to the same tool of the next. */
  const nextTo = (list: readonly string[], name: string, tool: string) => {
    const at = list.indexOf(name);
    const neighbour = list[at + 1] ?? list[at - 1];
    refocus(neighbour === undefined ? "new group" : `${neighbour} ${tool}`);
  };
  const hiddenNames = all.flatMap(({ names }) => names.filter((name) => hidden.has(name)));
  const tile = (instrument: LiveInstrument, key: string, group: string | undefined) => {
    const { name, title } = instrument;
    return (
      <Tile
        key={name}
        instrument={instrument}
        off={off}
        groups={arrangement.groups.map(({ title }) => title)}
        group={key}
        complaint={complaint.at === name ? complaint.text : ""}
        lifted={dragged?.tile === name}
        drop={dragged?.target?.mark?.tile === name ? dragged.target.mark.side : undefined}
        press={(event) => off || press(event, name)}
        up={arrange.step(shown, name, -1)}
        down={arrange.step(shown, name, 1)}
        moveTo={(place) => moveTo(name, place)}
        regroup={(key) => key === "new" ? newGroup(name) : moveTo(name, { group: groupOf(key), before: undefined })}
        hide={() => {
          nextTo(shown.find((each) => each.group === group)!.names, name, "hide");
          change("bench", arrange.hide(arrangement, name), `${title} is hidden`);
        }}
      />
    );
  };
  return (
    <div class="arranging">
      <div class="arrange-bar">
        <p>Drag the cards, or use their buttons. Everybody's page changes at once.</p>
        <button type="button" data-focus="new group" disabled={off} onClick={() => newGroup()}>New group</button>
        <button
          type="button"
          data-focus="reset"
          disabled={off}
          onClick={() => undoable("Reset", noArrangement)}
        >
          Reset
        </button>
        {undo === undefined ? null : (
          <button
            type="button"
            data-focus="undo"
            disabled={off}
            onClick={() => {
              change("bench", undo.before, `${undo.what} is undone`);
              setDone(undefined);
              refocus("new group");
            }}
          >
            Undo {undo.what}
          </button>
        )}
        {complaint.at === "bench" ? <Complaint text={complaint.text} /> : null}
        {hint === "" ? null : <p class="arrange-hint">{hint}</p>}
        <p class="unseen" role="status">{said}</p>
      </div>
      {shown.map(({ group, names: cards }, index) => {
        const key = group === undefined ? "none" : String(index);
        const title = group ?? othersTitle;
        return (
          <section
            class={`group ${dragged?.target?.group === key ? "over" : ""}`}
            key={key}
            data-group={key}
            aria-label={title}
          >
            {group === undefined ? arrangement.groups.length === 0 ? null : <h2>{title}</h2> : (
              <GroupTools
                index={index}
                count={arrangement.groups.length}
                title={title}
                off={off}
                complaint={complaint.at === `group ${index}` ? complaint.text : ""}
                rename={(to) =>
                  change(`group ${index}`, arrange.rename(arrangement, title, to), `The group is called ${to}`)}
                move={(by) => {
                  change(`group ${index}`, arrange.moveGroup(arrangement, title, by), `${title} was moved`);
                  refocus(`group ${index + by} ${by < 0 ? "up" : "down"}`);
                }}
                remove={() => undoable(`deleting ${title}`, arrange.ungroup(arrangement, names, title))}
              />
            )}
            {cards.length === 0 ? <p class="nothing">No cards: drop some here.</p> : null}
            <ul class="tiles">{cards.map((name) => tile(byName.get(name)!, key, group))}</ul>
          </section>
        );
      })}
      {hiddenNames.length === 0 ? null : (
        <section class="group" aria-label="Hidden">
          <h2>Hidden</h2>
          <ul class="tiles">
            {hiddenNames.map((name) => (
              <HiddenTile
                key={name}
                instrument={byName.get(name)!}
                off={off}
                show={() => {
                  nextTo(hiddenNames, name, "show");
                  change("bench", arrange.show(arrangement, byName.get(name)!), `${titleOf(name)} is shown`);
                }}
              />
            ))}
          </ul>
        </section>
      )}
      {dragged === undefined
        ? null
        : <div class="ghost" aria-hidden="true" ref={ghost}>{byName.get(dragged.tile)?.title}</div>}
    </div>
  );
}
