/**
 * The card of one instrument, made from its description: what matters large, then its rows, then its commands.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import { CameraControls, isCamera } from "../images/camera.tsx";
import { Forbidden, wholeForbidden } from "../guards/forbidden.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import type { Plotted } from "../plots/plotted.ts";
import { CardMenu, Holder } from "./card_menu.tsx";
import { Commands } from "./commands.tsx";
import { fieldCaption, mainFields, rowsOf } from "./fields.ts";
import { useNear } from "./near.ts";
import { MainValue } from "./readout.tsx";
import { Rows } from "./rows.tsx";
import { Trace } from "./trace.tsx";
import { Trouble } from "./trouble.tsx";

/** The card of one instrument. */
export function Card({ bench, instrument, plotted, heading: Heading, mark, wanted, far, seenFirst }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  readonly plotted: Plotted;
  /** The level of its title. */
  readonly heading: "h2" | "h3";
  /** What is said of it beside its title, if anything. */
  readonly mark: string;
  /** The name of a field or a command of it that somebody wants to see. */
  readonly wanted: string | undefined;
  /** Its height in pixels, about, where it is drawn in short while it is far from what is seen; else it is whole. */
  readonly far: number | undefined;
  /** Whether it is seen when the page opens. */
  readonly seenFirst: boolean;
}): VNode {
  const { name, title, caption } = instrument;
  // Scripts and the command line say the title.
  const summary = [...caption === title ? [] : [title], ...instrument.summary === "" ? [] : [instrument.summary]].join(
    ": ",
  );
  const chosen = useLive(bench.arrangement.shown).main?.[name];
  const camera = isCamera(instrument);
  const mains = camera ? [] : mainFields(instrument, chosen);
  const id = `card-${name}`;
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const forbidden = wholeForbidden(useLive(bench.guards.forbids(name)));
  const near = useNear(place, far, seenFirst);
  if (far !== undefined && wanted === undefined && !near.whole) {
    return (
      <article
        class="card managed"
        aria-labelledby={id}
        id={`bench-${name}`}
        ref={setPlace}
        // The Tab key comes here, and then to what is in it.
        tabIndex={0}
        onFocusIn={near.use}
        style={{ minHeight: `${near.height}px` }}
      >
        <div class="card-head">
          <Heading>
            <ContactLamp instrument={instrument} />
            <span id={id}>{caption}</span>
          </Heading>
        </div>
        {/* The browser's own search finds it. */}
        <p class="summary">{textOf(instrument)}</p>
      </article>
    );
  }
  return (
    <article
      class={`card ${far === undefined ? "" : "managed"}`}
      aria-labelledby={id}
      id={`bench-${name}`}
      ref={setPlace}
      {...far === undefined ? {} : { tabIndex: -1, onFocusIn: near.use, onPointerDown: near.use }}
    >
      <div class="card-head">
        <Heading>
          <ContactLamp instrument={instrument} />
          <span id={id} title={summary === "" ? undefined : summary}>{caption}</span>
          {mark === "" ? null : <span class="badge">{mark}</span>}
        </Heading>
        <Holder bench={bench} instrument={instrument} />
        <CardMenu bench={bench} instrument={instrument} />
      </div>
      {summary === "" ? null : <p class="summary">{summary}</p>}
      <Trouble bench={bench} instrument={instrument} />
      {forbidden === undefined ? null : <Forbidden by={forbidden} what={`whatever drives it`} />}
      {camera ? <CameraControls bench={bench} instrument={instrument} /> : null}
      {mains.length === 0 ? null : (
        <div class={`mains ${mains.length === 1 ? "alone" : ""}`}>
          {mains.map((field) => (
            <MainValue key={field.spec.name} bench={bench} instrument={instrument} field={field} plotted={plotted} />
          ))}
        </div>
      )}
      <Rows
        bench={bench}
        instrument={instrument}
        rows={rowsOf(instrument, mains)}
        plotted={plotted}
        folded={camera}
        wanted={wanted}
      />
      <Commands bench={bench} instrument={instrument} wanted={wanted} />
      <Trace bench={bench} instrument={instrument} />
    </article>
  );
}

/** The names of all that is on a card. */
function textOf({ summary, fields, commands }: LiveInstrument): string {
  const names = [...[...fields.values()].map(({ spec }) => fieldCaption(spec)), ...commands.map(({ name }) => name)];
  return [summary, names.join(", ")].filter((part) => part !== "").join(" ");
}

/** Whether it answers; nothing for one that needs no contact. */
function ContactLamp({ instrument }: { instrument: LiveInstrument }): VNode | null {
  const contact = useLive(instrument.contact);
  if (contact === null) return null;
  const { state, address } = contact;
  return (
    <span class={`contact ${state}`} title={`${state}: ${address}`}>
      <span class="lamp" aria-hidden="true" />
      <span class="unseen">{state},</span>
    </span>
  );
}
