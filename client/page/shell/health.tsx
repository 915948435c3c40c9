/**
 * Whether all is well: the connection, and how many instruments need attention.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import { fieldCaption, notSent } from "../bench/fields.ts";
import { useIsTroubled } from "../guards/strip.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { addressOf } from "./place.ts";
import { Sheet } from "./sheet.tsx";
import { timeText, useTimeZone } from "./times.ts";

/** How often all instruments are looked at, in milliseconds. */
const lookInterval = 1000;

/** An instrument that needs attention, and why. */
interface Ailing {
  readonly name: string;
  readonly caption: string;
  readonly why: string;
}

function ailment({ contact, fields }: LiveInstrument): string {
  if (contact.value?.state === "lost") return contact.value.reason || "does not answer";
  // Somebody has switched it off, and knows.
  if (contact.value?.state === "off") return "";
  for (const { reading, spec } of fields.values()) {
    const { quality, reason, time } = reading.value;
    // What has never been read and has no reason only has not come yet; a setting that nobody has sent is no trouble.
    if (quality !== "good" && (reason === undefined ? time !== null : reason !== notSent)) {
      return `${fieldCaption(spec)}: ${reason ?? "no reading for too long"}`;
    }
  }
  return "";
}

function ailingOf(instruments: readonly LiveInstrument[]): readonly Ailing[] {
  return instruments.flatMap((instrument) => {
    const why = ailment(instrument);
    return why === "" ? [] : [{ name: instrument.name, caption: instrument.caption, why }];
  });
}

/** Looks at all instruments now and then: thousands of readings come each second. */
function useAiling(bench: LiveBench): readonly Ailing[] {
  const instruments = useLive(bench.instruments);
  const [ailing, setAiling] = useState(() => ailingOf(instruments));
  useEffect(() => {
    const look = () =>
      setAiling((before) => {
        const now = ailingOf(instruments);
        return JSON.stringify(now) === JSON.stringify(before) ? before : now;
      });
    look();
    const timer = setInterval(look, lookInterval);
    return () => clearInterval(timer);
  }, [instruments]);
  return ailing;
}

/** One line of the header. */
export function Health({ bench }: { bench: LiveBench }): VNode {
  const { state, everOpen } = useLive(bench.connection);
  return (
    <div class={`health ${state}`}>
      {/* Those who listen are told that it was lost, but not how the seconds go by. */}
      <span class="unseen" role="status">
        {state === "open" ? "Connected" : everOpen ? "Connection lost" : "Connecting…"}
      </span>
      {state === "open" ? <Instruments bench={bench} /> : <Lost bench={bench} />}
    </div>
  );
}

function Instruments({ bench }: { bench: LiveBench }): VNode | null {
  // The server itself is none of them.
  const count =
    useLive(bench.instruments).filter(({ name }) => !["api", "guards", "messages", "automation"].includes(name)).length;
  const ailing = useAiling(bench);
  const { kept, hint } = useLive(bench.status)?.records ?? { kept: true, hint: "" };
  const troubled = useIsTroubled(bench);
  const [open, setOpen] = useState(false);
  if (ailing.length === 0 && hint !== "") return <Notice hint={hint} kept={kept} />;
  // What is not well with the guards stands beside this.
  if (ailing.length === 0 && troubled) return null;
  if (ailing.length === 0) {
    return (
      <p class="well">
        <span class="lamp" aria-hidden="true" />
        <span>{count === 0 ? "Connected" : "All well"}</span>
      </p>
    );
  }
  const need = `${count === 1 ? "instrument" : "instruments"} ${ailing.length === 1 ? "needs" : "need"} attention`;
  return (
    <>
      {hint === "" ? null : <Notice hint={hint} kept={kept} beside />}
      <button type="button" class="plain ailing" onClick={() => setOpen(true)}>
        <span class="lamp" aria-hidden="true" />
        <span>
          {ailing.length} of {count} <span class="long">{need}</span>
        </span>
      </button>
      {!open ? null : (
        <Sheet title={`${ailing.length} of ${count} ${need}`} close={() => setOpen(false)}>
          <ul class="ailing-list">
            {ailing.map(({ name, caption, why }) => (
              <li key={name}>
                <a href={addressOf("bench", [name])} onClick={() => setOpen(false)}>{caption}</a>
                <span>{why}</span>
              </li>
            ))}
          </ul>
        </Sheet>
      )}
    </>
  );
}

/** Says what is wrong with the records. */
function Notice(
  { hint, kept, beside = false }: {
    readonly hint: string;
    readonly kept: boolean;
    /** Whether it stands beside another sign: then there is little room on a phone. @default false */
    readonly beside?: boolean;
  },
): VNode {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="plain ailing" title={hint} onClick={() => setOpen(true)}>
        <span class="lamp" aria-hidden="true" />
        <span class={beside ? "long" : ""}>{kept ? "Records in trouble" : "Nothing is kept"}</span>
      </button>
      {open
        ? (
          <Sheet
            title={kept ? "Something is wrong with the records" : "What happens is not kept"}
            close={() => setOpen(false)}
          >
            <p>{hint}</p>
          </Sheet>
        )
        : null}
    </>
  );
}

/** Says that the server is lost, since when the values are, and when it is tried again. */
function Lost({ bench }: { bench: LiveBench }): VNode {
  const { state, retryAt, everOpen, reason } = useLive(bench.connection);
  const zone = useTimeZone();
  const [since] = useState(() => new Date(bench.now()));
  const [, tick] = useState(0);
  useEffect(() => {
    if (state !== "lost") return;
    const timer = setInterval(() => tick((count) => count + 1), 500);
    return () => clearInterval(timer);
  }, [state]);
  const seconds = Math.max(0, Math.ceil((retryAt - performance.now()) / 1000));
  return (
    <>
      <p class="lost-line" aria-hidden="true">
        <span class="lamp" />
        <span>
          {!everOpen ? state === "connecting" ? "Connecting…" : "No connection to the server" : (
            <>
              <span class="brief">lost</span>
              <span class="long">{`Connection lost${reason === "" ? "" : ` (${reason})`}: values from `}</span>
              {timeText(since, new Date(bench.now()), zone)}
            </>
          )}
          <span class="long">
            {state === "lost" ? `; trying again in ${seconds} s` : everOpen ? "; trying again…" : ""}
          </span>
        </span>
      </p>
      {state === "lost" ? <button type="button" onClick={() => bench.retry()}>Now</button> : null}
    </>
  );
}
