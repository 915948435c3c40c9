/**
 * An alarm of a bench: what it looks for, its state, and who did what with it.
 *
 * @module
 */

import type { AlarmDeed, AlarmDescription, AlarmState as AlarmStateName, Severity } from "../../protocol/alarms.ts";
import type { AlarmDetails, ConditionPart } from "../../protocol/guards.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { identifierOf } from "../bench/names.ts";
import { type AlarmRules, AlarmState } from "./alarm_state.ts";
import type { KeptAlarm } from "./guard_store.ts";

/** A field of an instrument. */
export interface PlacedField {
  readonly instrument: Instrument;
  readonly field: BenchField;
}

/** What an alarm looks for, as it is now. */
export interface AlarmSight {
  /** Whether it is so; `null` where that is not known, which counts as so. */
  readonly so: boolean | null;
  /** Whether it is also far enough on the good side to return. */
  readonly returned: boolean;
  /** Why its enabling condition says that it does not count; empty where it counts. */
  readonly disabled: string;
  /** The title of another alarm that tells why it is not known; empty for none. */
  readonly told: string;
  /** The values that were seen, or why they are not known. */
  readonly reason: string;
  /** The fields for which it is not known. */
  readonly doubtful: readonly PlacedField[];
}

/** Looks for what an alarm is about. */
export interface AlarmWatch {
  /** @param on Whether the alarm is raised. */
  look(on: boolean): AlarmSight;
  /** The fields that it is about, as `instrument.field`. */
  readonly fields: readonly string[];
  /** What it looks for, in words; empty where it is no condition. */
  readonly condition: string;
  /** The parts of that now. */
  parts(): readonly ConditionPart[];
}

/** What an alarm is, whatever it looks for. */
export interface AlarmSpec {
  readonly severity: Severity;
  /** What a person should do. */
  readonly text: string;
  readonly summary?: string;
}

/** What an alarm needs of the others. */
export interface AlarmParts {
  /** A clock that nobody sets, in milliseconds. */
  readonly now: () => number;
  /** Told of every change. @param by Who did it; empty for nobody. */
  readonly told: (alarm: Alarm, from: AlarmStateName, by: string) => void;
}

/** An alarm. */
export class Alarm {
  readonly title: string;
  /** An identifier. */
  readonly name: string;
  readonly #rules: AlarmRules;
  readonly #parts: AlarmParts;
  #spec: AlarmSpec;
  #watch: AlarmWatch;
  #state: AlarmState;
  #sight: AlarmSight = { so: false, returned: true, disabled: "", told: "", reason: "", doubtful: [] };
  #shown: AlarmStateName = "normal";
  #since = new Date();
  #raised: Date | undefined;
  #reason = "";
  #times = 0;
  #acknowledged: AlarmDeed | null = null;
  #setAside: (AlarmDeed & { readonly until: string | null }) | null = null;

  /** Makes it; it is normal until it is looked at. */
  constructor(title: string, spec: AlarmSpec, rules: AlarmRules, watch: AlarmWatch, parts: AlarmParts) {
    this.title = title;
    this.name = identifierOf(title);
    this.#spec = spec;
    this.#rules = rules;
    this.#watch = watch;
    this.#parts = parts;
    this.#state = new AlarmState(rules, parts.now());
  }

  /** How soon a person has to do something. */
  get severity(): Severity {
    return this.#spec.severity;
  }

  /** Its state. */
  get state(): AlarmStateName {
    return this.#state.name;
  }

  /** Whether what it looks for was so when it was looked at last, and it is raised, shown or not. */
  get on(): boolean {
    return this.#state.on;
  }

  /** Whether somebody has shelved it or taken it out of service. */
  get isSetAside(): boolean {
    return this.#setAside !== null;
  }

  /** Whether another alarm tells, in its place, why it is not known. */
  get told(): boolean {
    return this.#state.told;
  }

  /** The fields for which it is not known whether it is so. */
  get doubtful(): readonly PlacedField[] {
    return this.#sight.doubtful;
  }

  /** Looks for the same in another way from now on: its instruments may be others. */
  change(spec: AlarmSpec, watch: AlarmWatch): void {
    this.#spec = spec;
    this.#watch = watch;
  }

  /** Looks for what it is about, and tells where that changes its state. */
  look(): void {
    const sight = this.#sight = this.#watch.look(this.#state.on);
    const { so, returned, disabled, told } = sight;
    const observation = {
      broken: so !== false,
      known: so !== null,
      returned,
      disabled: disabled !== "",
      told: told !== "",
    };
    const wasOn = this.#state.on;
    const raised = this.#state.look(observation, this.#parts.now());
    if (this.#setAside !== null && !["shelved", "out of service"].includes(this.#state.name)) this.#setAside = null;
    if (this.#state.on && (!wasOn || raised)) this.#rises();
    this.#tell("", raised);
  }

  #rises(): void {
    this.#times = ["normal", "suppressed"].includes(this.#shown) ? 1 : this.#times + 1;
    this.#raised = new Date();
    this.#reason = this.#sight.reason;
    this.#acknowledged = null;
  }

  #tell(by: string, anyway: boolean): void {
    const { name } = this.#state;
    if (name === this.#shown && !anyway) return;
    const from = this.#shown;
    if (name !== from) this.#since = new Date();
    this.#shown = name;
    this.#parts.told(this, from, by);
  }

  /** Somebody knows of it. @returns Whether nobody did before. */
  acknowledge(by: string, reason: string): boolean {
    if (!this.#state.acknowledge()) return false;
    this.#acknowledged = deed(by, reason);
    this.#tell(by, true);
    return true;
  }

  /** Lets it go where it has latched. @throws {HeliographError} `unavailable` where what it looks for is still so. */
  reset(by: string): void {
    this.look();
    if (!this.#state.reset()) {
      throw new HeliographError(
        "unavailable",
        `Cannot reset alarm ${this.title}: it is active: ${this.#sight.reason || this.#reason}`,
      );
    }
    this.#tell(by, false);
  }

  /** Sets it aside. @param seconds For how long; for ever where it is taken out of service. */
  setAside(by: string, reason: string, seconds?: number): void {
    const until = seconds === undefined ? null : new Date(Date.now() + seconds * 1000).toISOString();
    this.#setAside = { ...deed(by, reason), until };
    if (seconds === undefined) this.#state.setAside("out of service");
    else this.#state.setAside("shelved", this.#parts.now() + seconds * 1000);
    this.#tell(by, true);
  }

  /** Takes it back from where it was set aside. @param how From where. */
  takeBack(by: string, how: "shelved" | "out of service"): void {
    if (this.#state.name !== how) {
      throw new HeliographError("unavailable", `Alarm ${this.title} is not ${how}: it is ${this.#state.name}`);
    }
    this.#setAside = null;
    if (this.#state.takeBack()) this.#rises();
    this.#tell(by, false);
    this.look();
  }

  /** What of it is to be known after a restart; `undefined` for nothing. */
  get kept(): KeptAlarm | undefined {
    const { memory } = this.#state;
    if (!memory.on && !memory.unacknowledged && !memory.latched && this.#setAside === null) return undefined;
    return {
      ...memory,
      state: this.#shown,
      since: this.#since.toISOString(),
      raised: this.#raised?.toISOString() ?? null,
      reason: this.#reason,
      times: this.#times,
      acknowledged: this.#acknowledged,
      setAside: this.#setAside,
    };
  }

  /** Goes on with what was kept, without telling it anew. `"lost"` where that is not known: what latches is latched. */
  resume(kept: KeptAlarm | "lost" | undefined): void {
    if (kept === undefined) return;
    if (kept === "lost") {
      if (!this.#rules.latched) return;
      this.#reason = "it is not known whether it was raised: what was kept of it is lost";
      this.#state = new AlarmState(this.#rules, this.#parts.now(), { on: false, unacknowledged: true, latched: true });
      return this.#tell("", false);
    }
    this.#state = new AlarmState(this.#rules, this.#parts.now(), kept);
    this.#raised = kept.raised === null ? undefined : new Date(kept.raised);
    this.#reason = kept.reason;
    this.#times = kept.times;
    this.#acknowledged = kept.acknowledged;
    const { setAside } = kept;
    if (setAside?.until === null) this.#state.setAside("out of service");
    else if (setAside !== null && setAside !== undefined) {
      // A clock that was set back makes it no longer.
      const [at, until] = [Date.parse(setAside.at), Date.parse(setAside.until)];
      this.#state.setAside("shelved", this.#parts.now() + Math.min(until - Date.now(), until - at));
    }
    this.#setAside = setAside;
    this.#shown = kept.state;
    this.#since = new Date(kept.since);
  }

  /** What it is, and what has become of it. */
  describe(): AlarmDescription {
    const { so, disabled, told } = this.#sight;
    const state = this.#state.name;
    const suppressed = state !== "suppressed" ? "" : told === "" ? disabled : `${told} tells why it is not known`;
    return {
      name: this.name,
      title: this.title,
      severity: this.#spec.severity,
      text: this.#spec.text,
      state,
      active: so === false && this.#state.on ? true : so,
      reason: suppressed || this.#reason,
      since: this.#since.toISOString(),
      raised: this.#raised?.toISOString() ?? null,
      times: this.#times,
      fields: this.#watch.fields,
      acknowledged: this.#acknowledged,
      setAside: this.#setAside && { by: this.#setAside.by, at: this.#setAside.at, reason: this.#setAside.reason },
      shelvedUntil: this.#setAside?.until ?? null,
    };
  }

  /** The same, with its condition and the parts of that. */
  details(): AlarmDetails {
    return {
      ...this.describe(),
      summary: this.#spec.summary ?? "",
      latched: this.#rules.latched,
      condition: this.#watch.condition,
      now: this.#sight.reason,
      parts: this.#watch.parts(),
    };
  }
}

function deed(by: string, reason: string): AlarmDeed {
  return { by, at: new Date(Date.now()).toISOString(), reason };
}
