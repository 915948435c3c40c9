/**
 * The alarms of a bench: those of its file, the limits of its fields, and the server's own.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import {
  type AlarmDescription,
  type AlarmState as AlarmStateName,
  alarmStates,
  severities,
  type Severity,
} from "../../protocol/alarms.ts";
import type { AlarmDetails, AlarmSummary } from "../../protocol/guards.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { Bench } from "../bench/bench.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { didYouMean, identifierOf } from "../bench/names.ts";
import { Alarm, type AlarmSpec, type AlarmWatch, type PlacedField } from "./alarm.ts";
import type { AlarmRules } from "./alarm_state.ts";
import { ConditionWatch, LimitWatch, SaidWatch } from "./alarm_watches.ts";
import type { AlarmWords } from "./alarms_schema.ts";
import type { CompiledAlarms } from "./compiled_alarms.ts";
import type { KeptAlarm } from "./guard_store.ts";

const log = getLogger(["heliograph", "guards"]);

/** The states in which somebody has something to do. */
const standing: ReadonlySet<AlarmStateName> = new Set(["unacknowledged", "acknowledged", "returned", "latched"]);

/** In seconds. */
const usualGrace = 30;
/** For how long an alarm is shelved at most, in seconds. */
const longestShelf = 7 * 86_400;
/** How soon what has become of them is written down, in milliseconds: many may change at once. */
const keepsAfter = 50;

/** An alarm of the server's own. */
export interface OwnAlarm {
  /** It is so. Where it is so already, nobody is told again. @param reason What happened. */
  raise(reason: string): void;
  /** It is so no more. */
  clear(): void;
}

/** What an alarm of the server's own is. */
export interface OwnAlarmSpec {
  /** What people call it; by this it is known on the bench, so it should say what it is about. */
  readonly title: string;
  readonly severity: Severity;
  /** What a person should do. */
  readonly text: string;
  /** The fields that it is about, as `instrument.field`. @default none */
  readonly fields?: readonly string[];
  /** For how long it must be so before it is raised, in seconds. @default 0 */
  readonly delay?: number;
}

/** A fault of the server itself that a person is to be told of. */
export interface ServerFault extends OwnAlarmSpec {
  /** What is wrong now; empty where nothing is. */
  readonly reason: () => string;
}

/** What alarms need of the others. */
export interface AlarmsParts {
  /** A clock that nobody sets, in milliseconds. */
  readonly now: () => number;
  /** Told when something is to be kept. */
  readonly changed: () => void;
}

/** The alarms of a bench. */
export class Alarms {
  readonly #bench: Bench;
  readonly #words: Readonly<Record<string, AlarmWords>>;
  readonly #parts: AlarmsParts;
  readonly #alarms = new Map<string, Alarm>();
  readonly #own = new Map<string, { readonly alarm: Alarm; readonly watch: SaidWatch; readonly handle: OwnAlarm }>();
  readonly #faults: { readonly alarm: OwnAlarm; readonly reason: () => string }[] = [];
  /** Those of the bench file and of fields. */
  #looking: readonly Alarm[] = [];
  #watching = new Map<BenchField, Alarm[]>();
  /** What computed fields come from. */
  #sources: ReadonlyMap<BenchField, readonly PlacedField[]> = new Map();
  /** Alarms that are not known because an instrument does not answer, by that instrument. */
  #lost = new Map<Instrument, Set<Alarm>>();
  /** When an instrument was connected last. */
  readonly #connected = new WeakMap<Instrument, number>();
  #lostOf = new Map<Alarm, Instrument[]>();
  #kept: Readonly<Record<string, KeptAlarm>> | "lost" | undefined;
  #keeping: ReturnType<typeof setTimeout> | undefined;
  readonly #started: number;
  #settled = false;
  #stopped = false;

  /** Makes none yet: {@linkcode Alarms.compile} does. @param words As the bench file has them. */
  constructor(bench: Bench, words: Readonly<Record<string, AlarmWords>>, parts: AlarmsParts) {
    this.#bench = bench;
    this.#words = words;
    this.#parts = parts;
    this.#started = parts.now();
  }

  /**
   * An alarm of the server's own. The same name is the same alarm.
   *
   * @param name What it is known by among the server's own.
   */
  own(name: string, { title, severity, text, fields = [], delay = 0 }: OwnAlarmSpec): OwnAlarm {
    const there = this.#own.get(name);
    if (there !== undefined) {
      there.alarm.change({ severity, text }, there.watch);
      return there.handle;
    }
    const watch = new SaidWatch(fields);
    const alarm = this.#make(title, { severity, text }, { delay }, watch);
    const handle = {
      raise: (reason: string) => {
        watch.say(reason);
        this.#look(alarm);
      },
      clear: () => {
        watch.say(undefined);
        this.#look(alarm);
      },
    };
    this.#own.set(name, { alarm, watch, handle });
    return handle;
  }

  /** Makes a fault of the server itself an alarm. */
  tellOf({ reason, ...spec }: ServerFault): void {
    this.#faults.push({ alarm: this.own(spec.title, spec), reason });
  }

  /** Looks for all faults of the server itself. */
  lookAtServer(): void {
    for (const { alarm, reason } of this.#faults) {
      const now = reason();
      if (now === "") alarm.clear();
      else alarm.raise(now);
    }
  }

  #make(title: string, spec: AlarmSpec, words: Partial<AlarmWords>, watch: AlarmWatch): Alarm {
    const { delay = 0, grace = usualGrace, count, latched = false } = words;
    const rules: AlarmRules = {
      delay: delay * 1000,
      grace: grace * 1000,
      count: count && { times: count.times, within: count.within * 1000 },
      latched,
    };
    const told = (alarm: Alarm, from: AlarmStateName, by: string) => this.#told(alarm, from, by);
    // What the bench file calls the same is checked when it is loaded; what the server itself does is another then.
    const free = this.#alarms.has(identifierOf(title)) ? `${title} (heliograph)` : title;
    const alarm = new Alarm(free, spec, rules, watch, { now: this.#parts.now, told });
    this.#alarms.set(alarm.name, alarm);
    if (this.#kept !== undefined) alarm.resume(this.#kept === "lost" ? "lost" : this.#kept[alarm.name]);
    return alarm;
  }

  #told(alarm: Alarm, from: AlarmStateName, by: string): void {
    this.#bench.hub.publish("alarm", { alarm: alarm.describe(), from, by });
    this.#keep();
  }

  #keep(): void {
    if (this.#kept === undefined) return;
    this.#keeping ??= setTimeout(() => {
      this.#keeping = undefined;
      this.#parts.changed();
    }, keepsAfter);
  }

  /** Takes the instruments of the bench as they are now. */
  compile({ alarms, limits, sources }: CompiledAlarms): void {
    this.#sources = sources;
    const before = new Set(this.#looking);
    const looking: Alarm[] = [];
    const ofLimits = new Set<Alarm>();
    this.#watching = new Map();
    const teller = (fields: readonly PlacedField[]) => this.#teller(fields);
    const take = (
      title: string,
      spec: AlarmSpec,
      words: AlarmWords,
      watch: AlarmWatch,
      fields: readonly BenchField[],
    ) => {
      const there = this.#alarms.get(identifierOf(title));
      const alarm = there !== undefined && before.has(there) ? there : this.#make(title, spec, words, watch);
      alarm.change(spec, watch);
      before.delete(alarm);
      looking.push(alarm);
      for (const field of new Set(fields)) {
        const others = this.#watching.get(field);
        if (others === undefined) this.#watching.set(field, [alarm]);
        else others.push(alarm);
      }
      return alarm;
    };
    for (const [title, words] of Object.entries(this.#words)) {
      const conditions = alarms.get(title)!;
      const { severity = "high", text = "", summary = "" } = words;
      const watch = new ConditionWatch(conditions, { text: wordsOf(words) }, teller);
      const { condition, until, enabled } = conditions;
      const fields = [condition, until, enabled].flatMap((each) => each?.fields ?? []);
      take(title, { severity, text, summary }, words, watch, fields);
    }
    for (const { title, place, delay, severity, text, ...limit } of limits) {
      // One of its alarms tells where a field is not known, and that is none that somebody has set aside.
      const other = () => {
        const first = this.#watching.get(place.field)?.find((each) => ofLimits.has(each) && !each.isSetAside);
        return first === undefined || first.title === title ? "" : first.title;
      };
      ofLimits.add(
        take(title, { severity, text }, { delay }, new LimitWatch(place, limit, teller, other), [place.field]),
      );
    }
    // What went with its instrument is no alarm any more.
    for (const alarm of before) {
      this.#alarms.delete(alarm.name);
      this.#forget(alarm);
      if (alarm.state === "normal") continue;
      const gone: AlarmDescription = { ...alarm.describe(), state: "normal", active: false };
      this.#bench.hub.publish("alarm", {
        alarm: { ...gone, reason: "its field is not there any more" },
        from: alarm.state,
        by: "",
      });
    }
    this.#looking = looking;
    for (const each of this.#bench.instruments) {
      if (each.contact !== undefined && each.allFields.some((field) => this.#watching.has(field))) this.#contact(each);
    }
  }

  /** An instrument that does not answer tells for all of its fields. */
  #teller(fields: readonly PlacedField[]): string {
    const lost = this.#lostAmong(fields);
    return lost.length === 0 ? "" : contactTitle(lost[0]!);
  }

  /** The instruments for which alone fields are not known; none where there is another cause. */
  #lostAmong(fields: readonly PlacedField[]): Instrument[] {
    if (fields.length === 0) return [];
    const lost = new Set<Instrument>();
    for (const each of fields) {
      for (const { instrument, field } of this.#sources.get(each.field) ?? [each]) {
        if (field !== each.field && field.inEffect.quality === "good") continue;
        if (!this.#isLost(instrument)) return [];
        lost.add(instrument);
      }
    }
    return [...lost];
  }

  /** Whether an instrument does not answer, or has not had the time to be read since it does again. */
  #isLost(instrument: Instrument): boolean {
    if (instrument.contact === undefined) return false;
    if (instrument.contact.state !== "connected") return true;
    const again = this.#connected.get(instrument);
    return again !== undefined && this.#parts.now() - again < usualGrace * 1000;
  }

  /** The contact of an instrument is another. */
  contactChanged(instrument: Instrument): void {
    if (instrument.contact?.state === "connected") this.#connected.set(instrument, this.#parts.now());
    else this.#connected.delete(instrument);
    for (const field of instrument.allFields) this.changed(field);
  }

  /** A field has changed. */
  changed(field: BenchField): void {
    this.#watching.get(field)?.forEach((each) => this.#look(each));
  }

  /** Looks at all of them. */
  look(): void {
    if (!this.#settled && this.#parts.now() - this.#started >= usualGrace * 1000) {
      this.#settled = true;
      for (const { watch } of this.#own.values()) watch.settle();
    }
    for (const each of this.#looking) this.#look(each);
    for (const { alarm } of this.#own.values()) this.#look(alarm);
  }

  /** A fault in one of them harms no other. */
  #look(alarm: Alarm): void {
    try {
      // What ends with the server is not over therefore.
      if (this.#stopped) return;
      alarm.look();
      if (alarm.told || this.#lostOf.has(alarm)) this.#lookAtContact(alarm);
    } catch (error) {
      log.error("Alarm {name} cannot be looked at: {reason}", {
        name: alarm.title,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }

  #lookAtContact(alarm: Alarm): void {
    const before = this.#lostOf.get(alarm) ?? [];
    const now = alarm.told ? this.#lostAmong(alarm.doubtful) : [];
    if (now.length === 0) this.#lostOf.delete(alarm);
    else this.#lostOf.set(alarm, now);
    for (const each of now) {
      const others = this.#lost.get(each);
      if (others === undefined) this.#lost.set(each, new Set([alarm]));
      else others.add(alarm);
    }
    for (const each of before) if (!now.includes(each)) this.#lost.get(each)?.delete(alarm);
    for (const each of new Set([...before, ...now])) this.#tellContact(each);
  }

  #forget(alarm: Alarm): void {
    const lost = this.#lostOf.get(alarm) ?? [];
    this.#lostOf.delete(alarm);
    for (const each of lost) {
      this.#lost.get(each)?.delete(alarm);
      this.#tellContact(each);
    }
  }

  #tellContact(instrument: Instrument): void {
    const alarms = [...this.#lost.get(instrument) ?? []];
    const severity = severities.findLast((each) => alarms.some((alarm) => alarm.severity === each)) ?? "high";
    const own = this.#contact(instrument, severity);
    if (alarms.length === 0) {
      this.#lost.delete(instrument);
      return own.clear();
    }
    const { state = "off", reason = "" } = instrument.contact ?? {};
    const why = state === "connected"
      ? "answers again, and is not read yet"
      : `does not answer: ${reason || instrument.away || `its contact is ${state}`}`;
    own.raise(
      `${instrument.title} ${why}; not known therefore: ${alarms.map((each) => each.title).join(", ")}`,
    );
  }

  /** The alarm that an instrument does not answer. @param severity That of the worst that it tells for. */
  #contact(instrument: Instrument, severity: Severity = "high"): OwnAlarm {
    return this.own(`contact ${instrument.name}`, {
      title: contactTitle(instrument),
      severity,
      text: instrument.remote === undefined
        ? `See to its power and its cable; "heliograph trace ${instrument.name}" shows its line`
        : 'See to its PC and the network; "heliograph fleet" tells which PCs are there',
    });
  }

  /** Goes on with what was kept. */
  resume(kept: Readonly<Record<string, KeptAlarm>> | "lost" | undefined): void {
    this.#kept = kept ?? {};
    for (const [name, alarm] of this.#alarms) alarm.resume(kept === "lost" ? "lost" : kept?.[name]);
    this.look();
  }

  /** What is to be known after a restart. */
  get kept(): Record<string, KeptAlarm> {
    return Object.fromEntries([...this.#alarms].flatMap(([name, alarm]) => {
      const { kept } = alarm;
      return kept === undefined ? [] : [[name, kept]];
    }));
  }

  /** Ends. */
  stop(): void {
    this.#stopped = true;
    if (this.#keeping === undefined) return;
    clearTimeout(this.#keeping);
    this.#keeping = undefined;
    this.#parts.changed();
  }

  /**
   * Tells of alarms, those that stand first, and of these the most severe.
   *
   * @param state `all`, or one of their states. @default those that are not normal
   */
  list(state = ""): AlarmDetails[] {
    const wanted = state.replaceAll("_", " ");
    if (wanted !== "" && wanted !== "all" && !(alarmStates as readonly string[]).includes(wanted)) {
      throw new HeliographError(
        "bad_argument",
        `There is no state ${state}${didYouMean(wanted, ["all", ...alarmStates])}; give all, or one of ${
          alarmStates.join(", ")
        }`,
      );
    }
    return [...this.#alarms.values()]
      .filter((each) => wanted === "all" || (wanted === "" ? each.state !== "normal" : each.state === wanted))
      .sort((a, b) => rank(b) - rank(a))
      .map((each) => each.details());
  }

  /** How many are normal. */
  get normal(): number {
    return [...this.#alarms.values()].filter(({ state }) => state === "normal").length;
  }

  /** What people should see of them at a glance: how many. */
  get summary(): AlarmSummary {
    const counts = Object.fromEntries(severities.map((each) => [each, 0])) as Record<Severity, number>;
    let [unacknowledged, setAside] = [0, 0];
    for (const { state, severity } of this.#alarms.values()) {
      if (state === "shelved" || state === "out of service") setAside++;
      if (!standing.has(state)) continue;
      counts[severity]++;
      if (state === "unacknowledged" || state === "returned") unacknowledged++;
    }
    return { ...counts, unacknowledged, setAside };
  }

  /** Whether there is an alarm of that name. */
  has(name: string): boolean {
    return this.#alarms.has(identifierOf(name));
  }

  #find(name: string): Alarm {
    const found = this.#alarms.get(identifierOf(name));
    if (found !== undefined) return found;
    const names = [...this.#alarms.keys()];
    throw new HeliographError(
      "bad_argument",
      `There is no alarm ${name}${didYouMean(identifierOf(name), names)}; "guards.alarms all" lists them`,
    );
  }

  /**
   * Somebody knows of an alarm, or of all.
   *
   * @returns The titles of those of which nobody knew before.
   */
  acknowledge(name: string, reason: string, by: string): string[] {
    const alarms = name === "all" ? [...this.#alarms.values()] : [this.#find(name)];
    return alarms.filter((each) => each.acknowledge(by, reason.trim())).map(({ title }) => title);
  }

  /** Sets an alarm aside for a while; it comes back. @param seconds For how long. */
  shelve(name: string, seconds: number, reason: string, by: string): void {
    const alarm = this.#find(name);
    if (!(seconds > 0 && seconds <= longestShelf)) {
      throw new HeliographError("bad_argument", `Cannot shelve ${alarm.title} for ${seconds} s: at most 7 days`);
    }
    alarm.setAside(by, reasonFor(`shelve ${alarm.title}`, reason), seconds);
  }

  /** Takes a shelved alarm back before its time. */
  unshelve(name: string, by: string): void {
    this.#find(name).takeBack(by, "shelved");
  }

  /** Sets an alarm aside until somebody takes it back. */
  outOfService(name: string, reason: string, by: string): void {
    const alarm = this.#find(name);
    alarm.setAside(by, reasonFor(`take ${alarm.title} out of service`, reason));
  }

  /** Takes an alarm back that was out of service. */
  inService(name: string, by: string): void {
    this.#find(name).takeBack(by, "out of service");
  }

  /** Lets an alarm go that has latched. */
  reset(name: string, by: string): void {
    this.#find(name).reset(by);
  }
}

/** What stands comes before what is set aside, suppressed or normal; then the most severe. */
function rank({ state, severity }: Alarm): number {
  return severities.indexOf(severity) + (standing.has(state) ? severities.length : 0);
}

function contactTitle({ title }: Instrument): string {
  return `Contact of ${title}`;
}

function reasonFor(what: string, reason: string): string {
  if (reason.trim() !== "") return reason.trim();
  throw new HeliographError("bad_argument", `Cannot ${what} without a reason: say why`);
}

/** What an alarm of the bench file looks for, in words. */
function wordsOf({ when, must, until, enabled }: AlarmWords): string {
  const parts = [
    must === undefined ? when ?? "" : `not (${must})`,
    ...(until === undefined ? [] : [`until ${until}`]),
    ...(enabled === undefined ? [] : [`while ${enabled}`]),
  ];
  return parts.join(", ");
}
