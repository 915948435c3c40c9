/**
 * The alarms that are not normal: what to do, since when, and who knows; to acknowledge, shelve, and take them back.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import type { AlarmDetails } from "../../../protocol/guards.ts";
import { Complaint, useWork } from "../bench/work.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { addressOf } from "../shell/address.ts";
import { timeText, useTimeZone } from "../shell/times.ts";
import { alarmWords, isUnacknowledged } from "./alarm_words.ts";
import { ReasonForm, type TimeChoice } from "./reason_form.tsx";
import { SoundSwitch } from "./sound.tsx";
import { useSteadyOrder } from "./steady.ts";

/** The times for which an alarm is shelved; without one it is out of service. */
const shelfTimes: readonly TimeChoice[] = [
  ["15m", "15 minutes"],
  ["1h", "1 hour"],
  ["8h", "8 hours"],
  ["3d", "3 days"],
];
const withoutEnd = "";

/** The list. */
export function Alarms({ bench }: { bench: LiveBench }): VNode {
  const alarms = useSteadyOrder(
    useLive(bench.guards.alarms),
    (last): AlarmDetails => ({ ...last, state: "normal", active: false, now: "" }),
  );
  const welcome = useLive(bench.welcome);
  const [work, complaint, busy] = useWork();
  const unknown = alarms.filter(isUnacknowledged).length;
  return (
    <section aria-labelledby="guards-alarms">
      <div class="guard-head">
        <h3 id="guards-alarms">Alarms</h3>
        {unknown > 1 && may(welcome, "drive", "guards")
          ? (
            <button
              type="button"
              disabled={busy}
              onClick={() => void work(() => bench.call("guards", "acknowledge", ["all"]))}
            >
              Acknowledge all {unknown}
            </button>
          )
          : null}
        <SoundSwitch />
      </div>
      <Complaint text={complaint} />
      {alarms.length === 0 ? <p class="about">None: all are normal.</p> : (
        <ul class="alarm-list">
          {alarms.map((alarm) => <Alarm key={alarm.name} bench={bench} alarm={alarm} />)}
        </ul>
      )}
    </section>
  );
}

function Alarm({ bench, alarm }: { readonly bench: LiveBench; readonly alarm: AlarmDetails }): VNode {
  const { name, title, severity, text, state, active, reason, since, raised, times, fields, acknowledged } = alarm;
  const { setAside, shelvedUntil, summary } = alarm;
  const zone = useTimeZone();
  const now = new Date(bench.now());
  const time = (at: string) => timeText(new Date(at), now, zone);
  const titleOf = (label: string) => {
    const [instrument, field] = label.split(".");
    const found = bench.instruments.value.find((each) => each.name === instrument);
    const { spec } = [...found?.fields.values() ?? []].find((each) => each.spec.name === field) ?? {};
    return spec === undefined ? label : `${spec.title} of ${found!.caption}`;
  };
  return (
    <li
      class={`card alarm severity-${severity} ${state.replaceAll(" ", "-")}`}
      id={`guard-alarm-${name}`}
      tabIndex={-1}
      aria-labelledby={`alarm-${name}`}
    >
      <div class="guard-head">
        <span class="severity">{severity}</span>
        <h4 id={`alarm-${name}`}>{title}</h4>
        <span class="alarm-state">{alarmWords[state]}</span>
        <span class="about">since {time(active !== false && raised !== null ? raised : since)}</span>
        {times > 1 ? <span class="about">{times} times</span> : null}
      </div>
      {text === "" ? null : <p class="alarm-text">{text}</p>}
      {summary === "" ? null : <p class="about">{summary}</p>}
      {reason === "" ? null : <p class="alarm-reason">{reason}</p>}
      {setAside === null ? null : (
        <p class="guard-bypass">
          {shelvedUntil === null ? "Out of service" : `Shelved until ${time(shelvedUntil)}`}: {setAside.reason}{" "}
          <span class="about">({setAside.by}, {time(setAside.at)})</span>
        </p>
      )}
      {acknowledged === null || state === "normal" ? null : (
        <p class="about">
          {acknowledged.by} knows, since {time(acknowledged.at)}
          {acknowledged.reason === "" ? "" : `: ${acknowledged.reason}`}
        </p>
      )}
      <div class="guard-doings">
        <Doings bench={bench} alarm={alarm} />
        {fields.map((label) => {
          const [instrument = "", field = ""] = label.split(".");
          return <a key={label} href={addressOf("bench", [instrument, field])}>{titleOf(label)}</a>;
        })}
      </div>
    </li>
  );
}

/** What can be done with it. */
function Doings({ bench, alarm: { name, title, state, setAside, shelvedUntil } }: {
  readonly bench: LiveBench;
  readonly alarm: AlarmDetails;
}): VNode | null {
  const welcome = useLive(bench.welcome);
  const [work, complaint, busy] = useWork();
  const [shelving, setShelving] = useState(false);
  if (!may(welcome, "drive", "guards")) return null;
  const admin = may(welcome, "administer");
  // Its button goes: who works by keyboard stays at the alarm.
  const ask = async (command: string) => {
    if (await work(() => bench.call("guards", command, [name]))) {
      document.getElementById(`guard-alarm-${name}`)?.focus({ preventScroll: true });
    }
  };
  const button = (command: string, words: string, strong = false) => (
    <button
      type="button"
      class={strong ? "strong" : ""}
      aria-label={`${words} ${title}`}
      disabled={busy}
      onClick={() => void ask(command)}
    >
      {words}
    </button>
  );
  const aside = setAside !== null;
  return (
    <>
      {isUnacknowledged({ state }) ? button("acknowledge", "Acknowledge", true) : null}
      {state === "latched" ? button("reset", "Reset", true) : null}
      {aside
        ? shelvedUntil !== null
          ? button("unshelve", "Unshelve")
          : admin
          ? button("in_service", "Back in service")
          : null
        : shelving
        ? null
        : (
          <button type="button" aria-label={`Shelve ${title}`} onClick={() => setShelving(true)}>
            Shelve…
          </button>
        )}
      {shelving && !aside
        ? <Shelve bench={bench} name={name} title={title} admin={admin} close={() => setShelving(false)} />
        : null}
      <Complaint text={complaint} />
    </>
  );
}

/** Asks for how long it is set aside, and why. */
function Shelve({ bench, name, title, admin, close }: {
  readonly bench: LiveBench;
  readonly name: string;
  readonly title: string;
  /** Whether it may be set aside without an end. */
  readonly admin: boolean;
  readonly close: () => void;
}): VNode {
  return (
    <ReasonForm
      doing="Shelve"
      title={title}
      times={admin ? [...shelfTimes, [withoutEnd, "out of service, until somebody takes it back"]] : shelfTimes}
      send={(time, reason) =>
        time === withoutEnd
          ? bench.call("guards", "out_of_service", [name, reason])
          : bench.call("guards", "shelve", [name, time, reason])}
      close={close}
    />
  );
}
