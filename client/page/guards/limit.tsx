/**
 * Says at a control how fast, how long or how often it may be used, and what of that is left, before anybody tries.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { WireValue } from "../../../protocol/description.ts";
import type { LimitDescription } from "../../../protocol/guards.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { timeText, useTimeZone } from "../shell/times.ts";
import { Steps } from "./safe_state.tsx";

/** What is wrong with a value that is not allowed now; empty where it is. */
export function beyondLimit({ least, most, said }: LimitDescription, value: WireValue | undefined): string {
  if (typeof value !== "number") return "";
  // As people read it, which is what they type.
  const far = (one: number, other: number) => one - other > 1e-9 * Math.max(1, Math.abs(other));
  return most !== null && far(value, most) || least !== null && far(least, value) ? said : "";
}

/** What is said at a control; nothing where nothing is to be said. */
export function Limited({ bench, limit, id }: {
  readonly bench: LiveBench;
  readonly limit: LimitDescription | undefined;
  readonly id?: string | undefined;
}): VNode | null {
  const zone = useTimeZone();
  if (limit === undefined) return null;
  const { said, free, lost } = limit;
  const again = free === null ? "" : `; again ${timeText(new Date(free), new Date(bench.now()), zone)}`;
  return (
    <>
      {said === "" ? null : (
        <small class={free === null ? "limited" : "forbidden"} id={id}>
          {free === null ? null : <span class="no-entry" aria-hidden="true" />}
          <span>{said}{again}</span>
        </small>
      )}
      {lost === "" ? null : (
        <small class="forbidden">
          <span>not responding: {lost}</span>
        </small>
      )}
    </>
  );
}

/** Says that something would be refused. */
export function Refused({ why }: { readonly why: string }): VNode {
  return (
    <small class="forbidden">
      <span class="no-entry" aria-hidden="true" />
      <span>{why}</span>
    </small>
  );
}

/** All limits of the bench. */
export function LimitList({ bench }: { readonly bench: LiveBench }): VNode | null {
  const limits = useLive(bench.guards.limits);
  if (limits.length === 0) return null;
  return (
    <section aria-labelledby="guards-limits">
      <h3 id="guards-limits">Limits</h3>
      <div class="guard-cards">
        {limits.map(({ instrument, field, command, title, text, now, lost, then }) => {
          const id = `guard-limit-${instrument}-${field ?? command}`;
          return (
            <article class="card guard" key={id} id={id} tabIndex={-1} aria-labelledby={`${id}-title`}>
              <h4 id={`${id}-title`}>{title}</h4>
              <p>{text[0]!.toUpperCase() + text.slice(1)}</p>
              {now === "" ? null : <p class="about">Now: {now}</p>}
              {lost === "" ? null : <p class="guard-reason">Not responding: {lost}</p>}
              {then.length === 0 ? null : (
                <>
                  <h5>Does, when its time is over</h5>
                  <Steps steps={then} />
                </>
              )}
            </article>
          );
        })}
      </div>
    </section>
  );
}
