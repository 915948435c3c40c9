/**
 * The place Fleet: all PCs at a glance, and the bench of another PC as if it were there.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect } from "npm:preact@11.2.0/hooks";
import type { FleetMember, FleetRun } from "../../../protocol/fleet.ts";
import { Complaint, useWork } from "../bench/work.tsx";
import { alarmWords } from "../guards/alarm_words.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import type { Plotted } from "../plots/plotted.ts";
import { sentence, stateText, timeLeft, toneOf } from "../runs/run_words.ts";
import { addressOf, place } from "../shell/place.ts";
import { timeText, useTimeZone } from "../shell/times.ts";
import { PcBench } from "./pc_bench.tsx";

/** A clock that is off by more, in seconds, is told. */
const clockOff = 2;
/** Instruments of heliograph itself: nobody looks for them here. */
const ownInstruments: ReadonlySet<string> = new Set(["api", "guards", "messages", "automation", "fleet"]);
/** So many instruments of a PC are named. */
const mostNamed = 12;

/** The place. */
export function FleetPlace({ bench, plotted }: { bench: LiveBench; plotted: Plotted }): VNode | null {
  const { name, rest: [pc] } = useLive(place);
  useEffect(() => bench.fleet.look(), []);
  const fleet = useLive(bench.fleet.description);
  const offered = useLive(bench.instruments).some(({ name }) => name === "fleet");
  if (name !== "fleet") return null;
  if (!offered) {
    return (
      <p class="nothing">
        This bench is in no fleet: say “fleet” in its bench file. <code>heliograph fleet init</code>{" "}
        writes what that needs.
      </p>
    );
  }
  if (fleet === undefined) return null;
  if (pc !== undefined) return <PcBench key={pc} bench={bench} plotted={plotted} pc={pc} />;
  const { connected, reason, broker, members } = fleet;
  return (
    <div class="fleet-place">
      {connected ? null : (
        <p class="trouble lost" role="alert">
          <strong>This PC is not in its fleet:</strong> {reason}
        </p>
      )}
      <ul class="fleet-pcs">
        {members.map((member) => <PcCard key={member.name} bench={bench} member={member} />)}
      </ul>
      <p class="about">By the broker at {broker}.</p>
    </div>
  );
}

function PcCard({ bench, member }: { readonly bench: LiveBench; readonly member: FleetMember }): VNode {
  const { name, title, self, here, reason, version, clockAhead, trouble, instruments } = member;
  const { alarms, runs, page } = member;
  const id = `pc-${name}`;
  const zone = useTimeZone();
  const time = (at: string) => timeText(new Date(at), new Date(bench.now()), zone);
  const named = instruments.filter((each) => !ownInstruments.has(each));
  const more = named.length - mostNamed;
  return (
    <li class={`card fleet-pc ${here ? "" : "away"}`} aria-labelledby={id}>
      <div class="fleet-head">
        <h2>
          <span class={`contact ${here ? "connected" : "lost"}`}>
            <span class="lamp" aria-hidden="true" />
          </span>
          <a id={id} href={self ? addressOf("bench") : addressOf("fleet", [name])}>{name}</a>
          {self ? <span class="badge">this PC</span> : null}
        </h2>
        <span class="about">{title}</span>
      </div>
      <p class="fleet-state" role="status">
        {here
          ? (
            <span class={trouble === "" ? "fleet-well" : "fleet-ill"}>
              {trouble === "" ? "All is well" : sentence(trouble)}
            </span>
          )
          : (
            <strong>
              {sentence(self ? `not in the fleet: ${reason}` : `not connected, last seen ${time(member.seen)}`)}
            </strong>
          )}
      </p>
      <div class="fleet-known">
        {here ? null : <p class="about">What was told last:</p>}
        {alarms === undefined || alarms.standing === 0 ? null : (
          <section aria-label={`Alarms of ${name}`}>
            <p class="fleet-count">
              {alarms.standing === 1 ? "1 alarm" : `${alarms.standing} alarms`}
              {alarms.unacknowledged === 0 ? ", all acknowledged" : `, ${alarms.unacknowledged} unacknowledged`}
              {alarms.unacknowledged > 0 && here ? <Acknowledge bench={bench} member={member} /> : null}
            </p>
            <ul>
              {alarms.worst.slice(0, 3).map((alarm) => (
                <li key={alarm.name} class={`fleet-alarm severity-${alarm.severity}`}>
                  <span class="severity">{alarm.severity}</span> {alarm.title}
                  <span class="about">
                    {alarm.state === "unacknowledged" ? "" : `${alarmWords[alarm.state]}, `}since {time(alarm.since)}
                  </span>
                </li>
              ))}
            </ul>
          </section>
        )}
        {runs === undefined || runs.length === 0
          ? null
          : <ul aria-label={`Runs of ${name}`}>{runs.map((run) => <Run key={run.id} run={run} />)}</ul>}
        <ul class="fleet-instruments" aria-label={`Instruments of ${name}`}>
          {named.slice(0, mostNamed).map((each) => (
            <li key={each}>
              <a href={self ? addressOf("bench", [each]) : addressOf("fleet", [name, each])}>{each}</a>
            </li>
          ))}
          {more > 0 ? <li class="about">and {more} more</li> : null}
        </ul>
        <p class="about">
          heliograph {version}, since {time(member.started)}
          {self || page === undefined ? null : (
            <>
              , <a href={page} rel="noreferrer">its own page</a>
            </>
          )}
          {clockAhead === null || Math.abs(clockAhead) < clockOff ? "" : (
            <strong class="fleet-clock">
              ; its clock is {Math.abs(clockAhead)} s {clockAhead > 0 ? "ahead" : "behind"}
            </strong>
          )}
        </p>
      </div>
    </li>
  );
}

/** Says that somebody knows of all alarms of a PC. */
function Acknowledge({ bench, member: { name, self } }: {
  readonly bench: LiveBench;
  readonly member: FleetMember;
}): VNode | null {
  const welcome = useLive(bench.welcome);
  const [work, complaint, busy] = useWork();
  const guards = self ? "guards" : `${name}/guards`;
  if (!may(welcome, "drive", guards)) return null;
  return (
    <>
      {" "}
      <button
        type="button"
        aria-label={`Acknowledge the alarms of ${name}`}
        disabled={busy}
        onClick={() => void work(() => bench.call(guards, "acknowledge", ["all"]))}
      >
        Acknowledge
      </button>
      <Complaint text={complaint} />
    </>
  );
}

function Run({ run }: { readonly run: FleetRun }): VNode {
  const { title, step, done, of, left, asks, state } = run;
  return (
    <li class={`fleet-run ${toneOf(run)}`}>
      <p>
        <span class="lamp" aria-hidden="true" /> <strong>{title}</strong> <span>{stateText(run)}</span>
      </p>
      <p>{asks === null ? sentence(step) : `Asks: ${asks}`}</p>
      <p class="about">
        {done}/{of} steps done{state === "finishing" ? "" : `, ${timeLeft(left)} left`}
      </p>
    </li>
  );
}
