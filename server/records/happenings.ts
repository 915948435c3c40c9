/**
 * Tells the journal what nobody asked for in a command: settings that have another value, who comes and goes, and what
 * becomes of alarms.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { Session, Sessions } from "../access/sessions.ts";
import type { Bench } from "../bench/bench.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import type { AlarmEvent } from "../bench/hub.ts";
import { alarmCategory, type Journal } from "./journal.ts";

const log = getLogger(["heliograph", alarmCategory]);

/** A setting that changes all the time is told once in so many milliseconds. */
const oncePer = 1000;
/** Who stays for a shorter time is told only by what they do, in milliseconds: a script may connect for each command. */
const shortVisit = 2000;

/** What was told of a setting. */
interface Told {
  /** The text of its value. */
  text: string;
  /** When, by the monotonic clock. */
  at: number;
  /** Tells the newest value once it may. */
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Whether a field is a setting whose value is known; what waits for confirm is only what somebody wants. */
function isSetting({ access, staged, quality }: BenchField): boolean {
  return access === "setting" && !staged && quality === "good";
}

/** Follows the settings of a bench and its sessions. */
export class Happenings {
  readonly #journal: Pick<Journal, "add">;
  readonly #settings = new Map<BenchField, Told>();
  /** Those who came just now: when they have stayed, they are told. */
  readonly #came = new Map<Session, ReturnType<typeof setTimeout>>();
  readonly #unsubscribe: readonly (() => void)[];

  /** Begins to follow. */
  constructor(bench: Bench, sessions: Sessions, journal: Pick<Journal, "add">) {
    this.#journal = journal;
    for (const { allFields } of bench.instruments) for (const field of allFields) this.#know(field);
    const name = "the journal of settings";
    this.#unsubscribe = [
      bench.hub.subscribe("change", ({ instrument, field }) => this.#look(instrument, field), { name }),
      bench.hub.subscribe("alarm", (event) => this.#tellAlarm(event), { name: "the journal of alarms" }),
      bench.hub.subscribe("bench", ({ went }) => went?.allFields.forEach((field) => this.#forget(field)), { name }),
    ];
    sessions.onCome((session) => this.#come(session));
    sessions.onLeave((session) => this.#leave(session));
  }

  /** Ends it. */
  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const field of this.#settings.keys()) this.#forget(field);
    for (const timer of this.#came.values()) clearTimeout(timer);
    this.#came.clear();
  }

  /** What a setting is when it is first known is no change. */
  #know(field: BenchField): void {
    if (isSetting(field)) this.#settings.set(field, { text: field.text, at: -Infinity, timer: undefined });
  }

  #forget(field: BenchField): void {
    clearTimeout(this.#settings.get(field)?.timer);
    this.#settings.delete(field);
  }

  #look(instrument: Instrument, field: BenchField): void {
    if (!isSetting(field)) return;
    const told = this.#settings.get(field);
    if (told === undefined) return this.#know(field);
    if (told.timer !== undefined) return;
    const wait = told.at + oncePer - performance.now();
    if (wait <= 0) return this.#tell(instrument, field, told);
    told.timer = setTimeout(() => {
      told.timer = undefined;
      this.#tell(instrument, field, told);
    }, wait);
  }

  #tell({ name }: Instrument, field: BenchField, told: Told): void {
    const { title, text } = field;
    if (text === told.text || !isSetting(field)) return;
    this.#journal.add({ kind: "setting", instrument: name, text: `${title}: ${told.text} → ${text}` });
    told.text = text;
    told.at = performance.now();
  }

  #tellAlarm({ alarm, by }: AlarmEvent): void {
    const { title, state, severity, reason, text: advice, setAside, acknowledged, fields } = alarm;
    const isRaised = by === "" && state === "unacknowledged";
    const why = by === "" ? "" : (setAside ?? acknowledged)?.reason ?? "";
    const told = isRaised ? [`Alarm ${title} (${severity}): ${reason}`, advice] : [`Alarm ${title} is ${state}`];
    const text = `${told.filter((each) => each !== "").join("; ")}${why === "" ? "" : `: ${why}`}`;
    // The log tells it, too: the journal leaves that line out.
    log[isRaised ? "warning" : by === "" && state === "suppressed" ? "debug" : "info"]("{text}{by}", {
      text,
      by: by === "" ? "" : ` (${by})`,
    });
    if (by === "" && state === "suppressed") return;
    // The instrument that it is about, so that it stands on the plots of that.
    const instruments = new Set(fields.map((field) => field.slice(0, field.lastIndexOf("."))));
    const instrument = instruments.size === 1 ? [...instruments][0]! : "";
    this.#journal.add({ kind: "alarm", level: isRaised ? "warning" : "info", client: by, instrument, text });
  }

  #come(session: Session): void {
    this.#came.set(
      session,
      setTimeout(() => {
        this.#came.delete(session);
        this.#tellOf(session, "came");
      }, shortVisit),
    );
  }

  #leave(session: Session): void {
    const timer = this.#came.get(session);
    clearTimeout(timer);
    if (!this.#came.delete(session)) this.#tellOf(session, "went");
  }

  #tellOf({ principal: { label, id, by, address } }: Session, what: "came" | "went"): void {
    this.#journal.add({ kind: "client", client: label, session: id, wire: by, address, text: what });
  }
}
