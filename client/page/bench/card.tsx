/**
 * The card of one instrument, made from its description.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import { timeOfDay } from "../../../protocol/local_time.ts";
import type { VNode } from "npm:preact@11.2.0";
import { mayDo } from "../../../protocol/vocabulary.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveField, LiveInstrument } from "../live/live_instrument.ts";
import { CameraControls, isCamera } from "../images/camera.tsx";
import { Commands } from "./commands.tsx";
import { useLive } from "../live/live.tsx";
import type { Plotted } from "../plots/plotted.ts";
import { Readout } from "./readout.tsx";
import { Setting } from "./setting.tsx";
import { Trace } from "./trace.tsx";
import { Complaint, onSingleClick, useWork } from "./work.tsx";

/** More settings than these are folded away. */
const mostSettings = 8;

/** The card of one instrument. */
export function Card({ bench, instrument, plotted, heading: Heading, mark }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  readonly plotted: Plotted;
  /** The level of its title. */
  readonly heading: "h2" | "h3";
  /** What is said of it beside its title, if anything. */
  readonly mark: string;
}): VNode {
  const { name, title, caption, fields } = instrument;
  // Scripts and the command line say the title.
  const summary = [...caption === title ? [] : [title], ...instrument.summary === "" ? [] : [instrument.summary]].join(
    ": ",
  );
  const camera = isCamera(instrument);
  const all = [...fields.values()];
  const readouts = all.filter(({ spec }) => spec.access === "readout");
  const settings = all.filter(({ spec }) => spec.access === "setting");
  const id = `card-${name}`;
  const rows = (
    <dl class="rows">
      {settings.map((field) => <Setting key={field.spec.name} bench={bench} field={field} />)}
    </dl>
  );
  const readings = (
    <dl class="rows">
      {readouts.map((field) => (
        <Readout
          key={field.spec.name}
          bench={bench}
          field={field}
          plotted={plotted}
        />
      ))}
    </dl>
  );
  return (
    <article class="card" aria-labelledby={id}>
      <div class="card-head">
        <Heading>
          <span id={id}>{caption}</span>
          {mark === "" ? null : <span class="badge">{mark}</span>}
        </Heading>
        <Holder bench={bench} instrument={instrument} />
      </div>
      {summary === "" ? null : <p class="summary">{summary}</p>}
      <Contact instrument={instrument} />
      {camera ? <CameraControls bench={bench} instrument={instrument} /> : null}
      {readouts.length === 0
        ? null
        : camera
        ? <Folded title="Readouts" count={readouts.length}>{readings}</Folded>
        : readings}
      {settings.length === 0
        ? null
        : settings.length > mostSettings
        ? <Folded title="Settings" count={settings.length}>{rows}</Folded>
        : rows}
      <Staged bench={bench} instrument={instrument} settings={settings} />
      <Commands bench={bench} instrument={instrument} />
      <Trace bench={bench} instrument={instrument} />
    </article>
  );
}

function Folded(
  { title, count, children }: { title: string; count: number; children: VNode },
): VNode {
  return (
    <details class="folded">
      <summary>
        {title} <span class="count">{count}</span>
      </summary>
      {children}
    </details>
  );
}

function Contact({ instrument }: { instrument: LiveInstrument }): VNode | null {
  const contact = useLive(instrument.contact);
  if (contact === null) return null;
  const { state, address, reason } = contact;
  return (
    <p class={`contact ${state}`}>
      <span class="lamp" aria-hidden="true" /> {state} <span class="address">{address}</span>
      {reason === "" ? null : <span class="reason">{reason}</span>}
    </p>
  );
}

function Holder(
  { bench, instrument }: { bench: LiveBench; instrument: LiveInstrument },
): VNode | null {
  const holder = useLive(instrument.holder);
  const welcome = useLive(bench.welcome);
  const { state } = useLive(bench.connection);
  const [work, complaint] = useWork();
  const { name, title } = instrument;
  // The default instrument drives nothing, and everybody needs it: the server lets nobody take it.
  const allowed = mayDo(welcome?.role, "operator") && state === "open" && name !== "api";
  const mine = holder !== null && bench.isMine(holder);
  const who = holder === null ? "" : mine ? "you" : holder.name || `client ${holder.session}`;
  return (
    <span class={`holder ${mine ? "mine" : ""}`}>
      {holder === null ? null : (
        <span
          title={`from ${holder.address}, until ${timeOfDay(new Date(holder.until))}`}
        >
          held by {who}
        </span>
      )}
      {!allowed ? null : mine
        ? (
          <button
            type="button"
            aria-label={`Release ${title}`}
            onClick={onSingleClick(() => work(() => bench.release(name)))}
          >
            Release
          </button>
        )
        : holder === null
        ? (
          <button
            type="button"
            class="plain"
            aria-label={`Take ${title}`}
            onClick={onSingleClick(() => work(() => bench.take(name)))}
          >
            Take
          </button>
        )
        : mayDo(welcome?.role, "admin")
        ? (
          <button
            type="button"
            class="plain"
            aria-label={`Take ${title} over`}
            onClick={onSingleClick(() => work(() => bench.take(name, true)))}
          >
            Take over
          </button>
        )
        : null}
      <Complaint text={complaint} />
    </span>
  );
}

function Staged({ bench, instrument, settings }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  readonly settings: readonly LiveField[];
}): VNode | null {
  const count = useLive(instrument.staged);
  const welcome = useLive(bench.welcome);
  const { state } = useLive(bench.connection);
  const [work, complaint, busy] = useWork();
  if (
    !settings.some(({ spec }) => spec.needsConfirm) ||
    !mayDo(welcome?.role, "operator")
  ) return null;
  const { title } = instrument;
  const off = state !== "open" || busy;
  return (
    <div class={`staged-bar ${count > 0 ? "waiting" : ""}`}>
      <span role="status">
        {count === 0 ? "" : count === 1 ? "1 change waits" : `${count} changes wait`}
      </span>
      {count === 0 ? null : (
        <button
          type="button"
          aria-label={`Revert ${title}`}
          disabled={off}
          onClick={() => work(() => bench.revert(instrument))}
        >
          Revert
        </button>
      )}
      <button
        type="button"
        class={count > 0 ? "strong" : ""}
        aria-label={`Confirm ${title}`}
        disabled={off}
        onClick={() => work(() => bench.confirm(instrument))}
      >
        Confirm
      </button>
      <Complaint text={complaint} />
    </div>
  );
}
