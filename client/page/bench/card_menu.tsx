/**
 * The menu in the head of a card: who drives the instrument, what is shown large, and what else is seldom wanted.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useLayoutEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import { clockText } from "../shell/times.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import * as arrange from "./arrangement.ts";
import { fieldCaption, mainFields } from "./fields.ts";
import { pcOf } from "../fleet/live_fleet.ts";
import { Complaint, onSingleClick, useWork } from "./work.tsx";

/** So many values at the most are shown large. */
const mostMain = 4;

/** Who drives the instrument, if somebody does. */
export function Holder({ bench, instrument }: { bench: LiveBench; instrument: LiveInstrument }): VNode | null {
  const holder = useLive(instrument.holder);
  if (holder === null) return null;
  const mine = bench.isMine(holder);
  return (
    <span
      class={`holder ${mine ? "mine" : ""}`}
      title={`from ${holder.address}, until ${clockText(new Date(holder.until))}`}
    >
      {mine ? "you drive" : `${holder.name || `client ${holder.session}`} drives`}
    </span>
  );
}

/** The button that opens it; nothing for who may only look. */
export function CardMenu({ bench, instrument }: { bench: LiveBench; instrument: LiveInstrument }): VNode | null {
  const welcome = useLive(bench.welcome);
  const { state } = useLive(bench.connection);
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  // A press anywhere closes the menu; that of its own button would open it again as it is let go.
  const pressedOpen = useRef(false);
  const own = pcOf(instrument.name) === undefined;
  if (!may(welcome, "drive", instrument.name) && !(own && (may(welcome, "arrange") || may(welcome, "administer")))) {
    return null;
  }
  return (
    <>
      <button
        type="button"
        class="plain menu-button"
        aria-label={`More for ${instrument.title}`}
        aria-expanded={open}
        disabled={state !== "open"}
        ref={button}
        onPointerDown={() => pressedOpen.current = open}
        onClick={({ detail }) => setOpen(detail === 0 ? !open : !pressedOpen.current)}
      >
        ⋯
      </button>
      {open
        ? <Menu bench={bench} instrument={instrument} under={button.current!} close={() => setOpen(false)} />
        : null}
    </>
  );
}

/** The menu: above everything else on the page, until somebody clicks elsewhere. */
function Menu({ bench, instrument, under, close }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  readonly under: HTMLElement;
  readonly close: () => void;
}): VNode {
  const holder = useLive(instrument.holder);
  const contact = useLive(instrument.contact);
  const welcome = useLive(bench.welcome);
  const arrangement = useLive(bench.arrangement.shown);
  const [work, complaint] = useWork();
  const [choosing, setChoosing] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const { name, title, fields } = instrument;
  useLayoutEffect(() => {
    const element = menu.current!;
    element.showPopover();
    const { right, bottom } = under.getBoundingClientRect();
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(8, right - width)}px`;
    element.style.top = `${Math.max(8, Math.min(bottom + 4, innerHeight - height - 8))}px`;
    element.querySelector<HTMLElement>("button, input")?.focus();
  }, [choosing]);
  const mine = holder !== null && bench.isMine(holder);
  // How the bench of another PC is arranged and made up is said on its own page.
  const own = pcOf(name) === undefined;
  const mains = mainFields(instrument, arrangement.main?.[name]).map(({ spec }) => spec.name);
  const choose = (field: string, isMain: boolean) => {
    const next = isMain ? [...mains, field] : mains.filter((each) => each !== field);
    void work(() => bench.arrangement.change(arrange.chooseMain(arrangement, name, next)));
  };
  const item = (text: string, label: string, what: () => Promise<unknown>) => (
    <button
      type="button"
      class="plain"
      aria-label={label}
      onClick={onSingleClick(() => void work(what).then((done) => done && close()))}
    >
      {text}
    </button>
  );
  return (
    <div
      class="card-menu"
      popover="auto"
      role="group"
      aria-label={title}
      ref={menu}
      onToggle={(event) => event.newState === "closed" && close()}
    >
      {choosing
        ? (
          <fieldset>
            <legend>Shown large, for everybody</legend>
            {[...fields.values()].map(({ spec }) => (
              <label key={spec.name}>
                <input
                  type="checkbox"
                  checked={mains.includes(spec.name)}
                  disabled={!mains.includes(spec.name) && mains.length >= mostMain}
                  onChange={(event) => choose(spec.name, event.currentTarget.checked)}
                />{" "}
                {fieldCaption(spec)}
              </label>
            ))}
            {item("As the bench file says", `Reset the main values of ${title}`, () =>
              bench.arrangement.change(arrange.chooseMain(arrangement, name, undefined)))}
          </fieldset>
        )
        : (
          <>
            {contact === null ? null : <p class="address">{contact.state}: {contact.address}</p>}
            {/* The default instrument drives nothing, and everybody needs it: the server lets nobody take it. */}
            {name === "api" || !may(welcome, "drive", name)
              ? null
              // Who has control on another PC is not told here: it says so itself where it refuses.
              : !own
              ? (
                <>
                  {item("Take control", `Take control of ${title}`, () => bench.take(name))}
                  {item("Release control", `Release control of ${title}`, () =>
                    bench.release(name))}
                </>
              )
              : mine
              ? item("Release control", `Release control of ${title}`, () =>
                bench.release(name))
              : holder === null
              ? item("Take control", `Take control of ${title}`, () => bench.take(name))
              : may(welcome, "takeOver")
              ? item("Take control over", `Take control over: ${title}`, () => bench.take(name, true))
              : null}
            {fields.size === 0 || !own || !may(welcome, "arrange") ? null : (
              <button
                type="button"
                class="plain"
                onClick={() => setChoosing(true)}
              >
                Choose what is shown large…
              </button>
            )}
            {own && may(welcome, "administer") && contact !== null && contact.state !== "off"
              ? item("Free its port for another program", `Free the port of ${title}`, () => bench.switch(name, false))
              : null}
            {own && may(welcome, "administer") && name !== "api"
              ? <a class="plain" href={`#/edit/${encodeURIComponent(name)}`} aria-label={`Change ${title}`}>Change…</a>
              : null}
            {own && may(welcome, "arrange")
              ? item("Hide this card", `Hide this card: ${title}`, () =>
                bench.arrangement.change(arrange.hide(arrangement, name)))
              : null}
          </>
        )}
      <Complaint text={complaint} />
    </div>
  );
}
