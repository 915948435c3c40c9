/**
 * Asks for how long a guard is set aside, and why.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useLayoutEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import { Complaint, useWork } from "../bench/work.tsx";

/** A time as the server takes it, and in words. */
export type TimeChoice = readonly [time: string, words: string];

/** The form; the second of the times is chosen at first. */
export function ReasonForm({ doing, title, about = "", times, danger = false, send, close }: {
  /** What is done: `Bypass`. */
  readonly doing: string;
  /** With what. */
  readonly title: string;
  /** What that means. @default nothing is said */
  readonly about?: string;
  readonly times: readonly TimeChoice[];
  /** Whether it is dangerous. @default it is not */
  readonly danger?: boolean;
  readonly send: (time: string, reason: string) => Promise<unknown>;
  readonly close: () => void;
}): VNode {
  const [time, setTime] = useState(times[1]![0]);
  const [reason, setReason] = useState("");
  const [work, complaint, busy] = useWork();
  const first = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => first.current?.focus(), []);
  return (
    <form
      class="guard-form"
      aria-label={`${doing} ${title}`}
      onSubmit={(event) => {
        event.preventDefault();
        void work(() => send(time, reason)).then((done) => done && close());
      }}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      {about === "" ? null : <p>{about}</p>}
      <label>
        <span>Why</span>
        <input
          type="text"
          ref={first}
          required
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <label>
        <span>For</span>
        <select value={time} onChange={(event) => setTime(event.currentTarget.value)}>
          {times.map(([each, words]) => <option key={each} value={each}>{words}</option>)}
        </select>
      </label>
      <div class="guard-doings">
        <button type="submit" class={danger ? "danger" : "strong"} disabled={busy || reason.trim() === ""}>
          {doing}
        </button>
        <button type="button" onClick={close}>Cancel</button>
      </div>
      <Complaint text={complaint} />
    </form>
  );
}
