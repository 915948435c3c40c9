/**
 * The card of one instrument, made from its description: what matters large, then its rows, then its commands.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useRef } from "npm:preact@11.2.0/hooks";
import { CameraControls, isCamera } from "../images/camera.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import type { Plotted } from "../plots/plotted.ts";
import { CardMenu, Holder } from "./card_menu.tsx";
import { Commands } from "./commands.tsx";
import { mainFields, rowsOf } from "./fields.ts";
import { useNear } from "./near.ts";
import { MainValue } from "./readout.tsx";
import { Rows } from "./rows.tsx";
import { Trace } from "./trace.tsx";
import { Trouble } from "./trouble.tsx";

interface CardProps {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  readonly plotted: Plotted;
  /** The name of a field or a command of it that somebody wants to see. */
  readonly wanted: string | undefined;
}

/** The card of one instrument. Far from what is seen it has only its head, which says whether all is well. */
export function Card({ bench, instrument, plotted, heading: Heading, mark, wanted, whole, height }: CardProps & {
  /** The level of its title. */
  readonly heading: "h2" | "h3";
  /** What is said of it beside its title, if anything. */
  readonly mark: string;
  /** Whether it is drawn whole wherever it is. */
  readonly whole: boolean;
  /** About how high it will be, in pixels. */
  readonly height: number;
}): VNode {
  const { name, title, caption } = instrument;
  const card = useRef<HTMLElement>(null);
  const near = useNear(card, whole || wanted !== undefined);
  // Scripts and the command line say the title.
  const summary = [...caption === title ? [] : [title], ...instrument.summary === "" ? [] : [instrument.summary]].join(
    ": ",
  );
  const id = `card-${name}`;
  return (
    <article
      class="card"
      aria-labelledby={id}
      id={`bench-${name}`}
      ref={card}
      style={near ? undefined : { minHeight: `${height}px`, containIntrinsicHeight: `${height}px` }}
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
      {near ? <Body bench={bench} instrument={instrument} plotted={plotted} wanted={wanted} /> : null}
    </article>
  );
}

/** What stands below the head. */
function Body({ bench, instrument, plotted, wanted }: CardProps): VNode {
  const chosen = useLive(bench.arrangement.shown).main?.[instrument.name];
  const camera = isCamera(instrument);
  const mains = camera ? [] : mainFields(instrument, chosen);
  return (
    <>
      <Trouble bench={bench} instrument={instrument} />
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
    </>
  );
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
