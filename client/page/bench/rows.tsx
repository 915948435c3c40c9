/**
 * The rows of a card: its readouts and settings in the file's order, and Confirm where something waits for it.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useMemo, useState } from "npm:preact@11.2.0/hooks";
import { mayDo } from "../../../protocol/vocabulary.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import type { Plotted } from "../plots/plotted.ts";
import type { Row } from "./fields.ts";
import { Readout } from "./readout.tsx";
import { Setting } from "./setting.tsx";
import { Complaint, useWork } from "./work.tsx";

/** Cards with more rows than these show the first of them, and the rest to who asks. */
const mostRows = 10;
const firstRows = 6;

/** How many rows a card shows at first. */
export function rowsShown(count: number, folded: boolean): number {
  return folded ? 0 : count > mostRows ? firstRows : count;
}

/** The rows. */
export function Rows({ bench, instrument, rows, plotted, folded, wanted }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  readonly rows: readonly Row[];
  readonly plotted: Plotted;
  /** Whether none of them is shown until somebody asks. */
  readonly folded: boolean;
  /** The name of a field that somebody wants to see. */
  readonly wanted: string | undefined;
}): VNode | null {
  const [all, setAll] = useState(false);
  const [touched, setTouched] = useState<string>();
  const [typed, setTyped] = useState<ReadonlySet<string>>(new Set());
  const staged = useLive(instrument.staged);
  const welcome = useLive(bench.welcome);
  const mayConfirm = mayDo(welcome?.role, "operator");
  const waiting = mayConfirm && (staged > 0 || typed.size > 0);
  const handlers = useMemo(() => ({
    touched: setTouched,
    typed: (field: string, isTyped: boolean) =>
      setTyped((now) => {
        if (now.has(field) === isTyped) return now;
        const next = new Set(now);
        if (!next.delete(field)) next.add(field);
        return next;
      }),
  }), []);
  const touch = useMemo(() => ({ ...handlers, waiting }), [waiting]);
  if (rows.length === 0) return null;
  const few = rowsShown(rows.length, folded);
  const hidden = wanted !== undefined &&
    rows.slice(few).some(({ field, device }) => [field, device].some((each) => each?.spec.name === wanted));
  const shown = all || hidden ? rows : rows.slice(0, few);
  const isTouched = ({ field: { spec } }: Row) => spec.name === touched && spec.needsConfirm;
  const place = shown.find(isTouched) ?? shown.findLast(({ field }) => field.reading.value.staged) ??
    shown.findLast(({ field }) => field.spec.needsConfirm);
  const told = rows.some(({ device }) => device !== undefined);
  // The place of the button that sets what was typed is kept.
  const backs = told || mayConfirm &&
      rows.some(({ field: { spec } }) => spec.access === "setting" && spec.type !== "switch" && !spec.needsConfirm);
  const confirm = <ConfirmBar key=" confirm" bench={bench} instrument={instrument} />;
  return (
    <div class={`rows ${backs ? "with-back" : ""}`}>
      {!mayConfirm || shown.every(({ device }) => device === undefined)
        ? null
        : (
          <div class="row-head" aria-hidden="true">
            <span class="control">set</span>
            <span class="back">device</span>
          </div>
        )}
      {shown.flatMap((row) => {
        const { field } = row;
        const { name, access } = field.spec;
        const drawn = access === "setting"
          ? <Setting key={name} bench={bench} row={row} plotted={plotted} touch={touch} />
          : <Readout key={name} bench={bench} field={field} plotted={plotted} />;
        return waiting && row === place ? [drawn, confirm] : [drawn];
      })}
      {waiting && place === undefined ? confirm : null}
      {shown.length === rows.length && !all
        ? null
        : (
          <button type="button" class="plain more-rows" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Fewer" : few === 0 ? `${rows.length} settings and readouts` : `${rows.length - few} more`}
          </button>
        )}
    </div>
  );
}

/** Confirms or takes back what waits. */
function ConfirmBar({ bench, instrument }: { bench: LiveBench; instrument: LiveInstrument }): VNode {
  const count = useLive(instrument.staged);
  const { state } = useLive(bench.connection);
  const [work, complaint, busy] = useWork();
  const { title } = instrument;
  const off = state !== "open" || busy;
  return (
    <div class="confirm-bar">
      <span role="status">{count === 0 ? "" : count === 1 ? "1 change waits" : `${count} changes wait`}</span>
      <button
        type="button"
        class="strong"
        aria-label={`Confirm ${title}`}
        disabled={off}
        onClick={() => work(() => bench.confirm(instrument))}
      >
        Confirm
      </button>
      <button
        type="button"
        aria-label={`Revert ${title}`}
        disabled={off || count === 0}
        onClick={() => work(() => bench.revert(instrument))}
      >
        Revert
      </button>
      <Complaint text={complaint} />
    </div>
  );
}
