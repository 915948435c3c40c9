/**
 * The rows of a card: its readouts and settings in the file's order, and Confirm where something waits for it.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useMemo, useState } from "npm:preact@11.2.0/hooks";
import { Forbidden, useConfirmForbidden } from "../guards/forbidden.tsx";
import { Refused } from "../guards/limit.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import type { Plotted } from "../plots/plotted.ts";
import { fieldCaption, type Row } from "./fields.ts";
import { Readout } from "./readout.tsx";
import { Setting, type Typed } from "./setting.tsx";
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
  const [typed, setTyped] = useState<ReadonlyMap<string, Typed>>(new Map());
  const [reverts, setReverts] = useState(0);
  const staged = useLive(instrument.staged);
  const welcome = useLive(bench.welcome);
  const mayConfirm = may(welcome, "drive", instrument.name);
  const waiting = mayConfirm && (staged > 0 || typed.size > 0);
  const handlers = useMemo(() => ({
    touched: setTouched,
    typed: (field: string, how: Typed | undefined) =>
      setTyped((now) => {
        if (now.get(field) === how) return now;
        const next = new Map(now);
        if (how === undefined) next.delete(field);
        else next.set(field, how);
        return next;
      }),
  }), []);
  const touch = useMemo(() => ({ ...handlers, waiting, reverts }), [waiting, reverts]);
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
  const wrong = rows.find(({ field: { spec } }) => typed.get(spec.name) === "wrong");
  const confirm = (
    <ConfirmBar
      key=" confirm"
      bench={bench}
      instrument={instrument}
      typed={typed.size > 0}
      wrong={wrong === undefined ? "" : fieldCaption(wrong.field.spec)}
      forget={() => setReverts((count) => count + 1)}
    />
  );
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
function ConfirmBar({ bench, instrument, typed, wrong, forget }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  /** Whether something is typed that is not staged. */
  readonly typed: boolean;
  /** The setting in whose box something wrong is: then Confirm would send another value than is seen there. */
  readonly wrong: string;
  /** Takes back what is typed. */
  readonly forget: () => void;
}): VNode {
  const count = useLive(instrument.staged);
  const { state } = useLive(bench.connection);
  const [work, complaint, busy] = useWork();
  const { title } = instrument;
  const off = state !== "open" || busy;
  const forbidden = useConfirmForbidden(useLive(bench.guards.forbids(instrument.name)), instrument);
  useLive(bench.guards.limits);
  const refused = bench.guards.unconfirmed(instrument.name);
  return (
    <div class="confirm-bar">
      <span role="status">
        {wrong !== ""
          ? `correct ${wrong} first`
          : count === 0
          ? ""
          : count === 1
          ? "1 change waits"
          : `${count} changes wait`}
      </span>
      <button
        type="button"
        class="strong"
        aria-label={`Confirm ${title}`}
        disabled={off || wrong !== "" || forbidden !== undefined || refused.length > 0}
        onClick={() => work(() => bench.confirm(instrument))}
      >
        Confirm
      </button>
      <button
        type="button"
        aria-label={`Revert ${title}`}
        disabled={off || count === 0 && !typed}
        onClick={() => {
          forget();
          if (count > 0) void work(() => bench.revert(instrument));
        }}
      >
        Revert
      </button>
      {forbidden === undefined ? null : <Forbidden by={forbidden} what={forbidden.what.text} />}
      {refused.map((why) => <Refused key={why} why={why} />)}
      <Complaint text={complaint} />
    </div>
  );
}
