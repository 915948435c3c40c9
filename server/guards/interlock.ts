/**
 * An interlock of a bench: its condition, its state, and what it does.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { BypassDescription, InterlockDescription, TripDescription } from "../../protocol/guards.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { zonedTime } from "../../protocol/local_time.ts";
import { identifierOf } from "../bench/names.ts";
import { Actions } from "./actions.ts";
import { FirstOut } from "./first_out.ts";
import type { CompiledInterlock } from "./compiled.ts";
import { describeForbidden } from "./forbidding.ts";
import type { KeptGuards } from "./guard_store.ts";
import type { InterlockWords } from "./guards_schema.ts";
import { InterlockState } from "./interlock_state.ts";
import type { Severity } from "../../protocol/alarms.ts";
import type { Alarms, OwnAlarm } from "./alarms.ts";
import type { Act } from "./steps.ts";

const log = getLogger(["heliograph", "guards"]);

const usualGrace = 30;

type KeptInterlock = KeptGuards["interlocks"][string];

/** What an interlock needs of the others. */
export interface InterlockParts {
  readonly act: Act;
  /** A clock that nobody sets, in milliseconds. */
  readonly now: () => number;
  /** Told whenever it forbids something else, or has something to be kept. */
  readonly changed: () => void;
  /** Told of each trip. */
  readonly tripped: (trip: Omit<TripDescription, "name">) => void;
  readonly alarms: Pick<Alarms, "own">;
  /** The alarm that steps fail. @param of Whose. */
  readonly failing: (of: string, severity: Severity) => OwnAlarm;
}

/** An interlock. */
export class Interlock {
  /** As the bench file has it. */
  readonly title: string;
  /** An identifier. */
  readonly name: string;
  readonly #words: InterlockWords;
  readonly #parts: InterlockParts;
  readonly #actions: Actions;
  readonly #firstOut = new FirstOut();
  readonly #alarm: OwnAlarm;
  #compiled: CompiledInterlock;
  #state: InterlockState;
  #safe: boolean | null = null;
  #reason = "not looked at yet";
  #since = new Date();
  #shown = "";
  #kept: KeptInterlock | undefined;
  #bypass: (BypassDescription & { readonly ends: number }) | undefined;

  /** Makes it; it is looked at when the server has what it needs. */
  constructor(title: string, words: InterlockWords, compiled: CompiledInterlock, parts: InterlockParts) {
    this.title = title;
    this.name = identifierOf(title);
    this.#words = words;
    this.#parts = parts;
    this.#compiled = compiled;
    this.#actions = new Actions(`interlock ${title}`, parts.act, parts.failing(`interlock ${title}`, "critical"));
    this.#alarm = parts.alarms.own(`interlock ${this.name}`, {
      title: `Interlock ${title}`,
      severity: words.severity ?? "high",
      text: words.summary ?? `"heliograph guards" tells what it forbids and does`,
    });
    this.#state = this.#begin(false);
  }

  #begin(latched: boolean): InterlockState {
    const { delay = 0, grace = usualGrace, latched: latches = false } = this.#words;
    return new InterlockState(
      { delay: delay * 1000, grace: grace * 1000, latched: latches },
      this.#parts.now(),
      latched && latches,
    );
  }

  /** The parts that speak of instruments, which may be others now. */
  set compiled(compiled: CompiledInterlock) {
    this.#compiled = compiled;
  }

  /** The parts that speak of instruments. */
  get compiled(): CompiledInterlock {
    return this.#compiled;
  }

  /** Whether it forbids now. */
  get forbids(): boolean {
    return this.#state.forbids;
  }

  /** What is to be known of it after a restart. */
  get kept(): KeptInterlock | undefined {
    if (this.#kept === undefined) return undefined;
    const { latched } = this.#state;
    return latched || !this.#kept.acted ? { ...this.#kept, latched } : undefined;
  }

  /** Its bypass, as it is kept and told. */
  get bypassed(): BypassDescription | undefined {
    if (this.#bypass === undefined) return undefined;
    const { by, reason, since, until } = this.#bypass;
    return { by, reason, since, until };
  }

  /** Begins with what was kept; `"lost"` where that is not known. */
  resume(kept: KeptInterlock | "lost" | undefined, bypass: BypassDescription | undefined): void {
    const lost: KeptInterlock = {
      latched: true,
      tripped: new Date().toISOString(),
      reason: "it is not known whether it had tripped: what was kept of it is lost",
      acted: true,
    };
    this.#kept = kept === "lost" ? lost : kept;
    this.#state = this.#begin(this.#kept?.latched ?? false);
    if (this.#kept !== undefined) this.#since = new Date(this.#kept.tripped);
    if (bypass !== undefined) {
      const [since, until] = [Date.parse(bypass.since), Date.parse(bypass.until)];
      // A clock that was set back makes it no longer.
      const left = Math.min(until - Date.now(), until - since);
      if (left > 0) this.#pass(bypass, left);
    }
    const before = this.#kept;
    this.look();
    // Where it has tripped now, its steps are done anyway.
    if (before?.acted === false && this.#kept === before && this.#bypass === undefined) {
      log.error("Interlock {name}: the server ended before all of its steps were done; they are done now", {
        name: this.title,
      });
      void this.#do(true);
    }
  }

  /** Looks at its condition, and does what is to be done. */
  look(): void {
    const now = this.#parts.now();
    if (this.#bypass !== undefined && now >= this.#bypass.ends) this.endBypass("its time is over");
    const { condition, until, problem } = this.#compiled;
    const held = condition === undefined || problem !== ""
      ? { known: false, reason: problem || "it has no condition" } as const
      : condition.look();
    const safe = held.known && held.so === (this.#words.must !== undefined);
    this.#safe = held.known ? safe : null;
    this.#firstOut.look(condition, safe);
    let returned = true;
    if (safe && until !== undefined) {
      const enough = until.look();
      returned = enough.known && enough.so;
    }
    const happened = this.#state.look({ safe, known: held.known, returned }, now);
    if (!held.known) this.#reason = `it is not known whether it is safe: ${held.reason}`;
    else if (!safe) this.#reason = condition!.values();
    else if (!returned) this.#reason = `${until!.values()}; it returns when ${until!.text}`;
    else this.#reason = "";
    if (happened === "trips") this.#trip();
    else if (happened === "returns") {
      log.info("Interlock {name} has returned: {values}{reset}", {
        name: this.title,
        values: condition!.values(),
        reset: this.#state.latched ? `; it stays latched until somebody resets it` : "",
      });
    }
    this.#tell(happened === "trips");
    this.#tellAlarm();
  }

  /** What is tripped, or waits for a reset, is an alarm; what is not known yet after a start is none yet. */
  #tellAlarm(): void {
    const { name } = this.#state;
    if (name === "clear" || name === "bypassed") return this.#alarm.clear();
    if (name !== "pending") this.#alarm.raise(this.#kept?.reason || this.#reason);
  }

  #trip(): void {
    const { forbids, trips } = this.#compiled;
    const does = [
      ...(forbids.length === 0 ? [] : [`it forbids ${forbids.map(({ text }) => text).join(", ")}`]),
      ...(trips.length === 0 ? [] : [`it does: ${trips.map(({ text }) => text).join(", then ")}`]),
    ];
    log.warning("Interlock {name} TRIPPED: {reason}; {does}", {
      name: this.title,
      reason: this.#reason,
      does: does.join("; "),
    });
    this.#kept = {
      latched: this.#state.latched,
      tripped: new Date().toISOString(),
      reason: this.#reason,
      acted: trips.length === 0,
    };
    const parts = this.#compiled.condition?.parts() ?? [];
    this.#parts.tripped({
      interlock: this.name,
      title: this.title,
      time: this.#kept.tripped,
      reason: this.#reason,
      first: this.#firstOut.first.flatMap((at) => parts[at]?.text ?? []),
      parts,
      fields: (this.#compiled.condition?.operands ?? []).map(({ instrument, field }) =>
        `${instrument.name}.${field.name}`
      ),
    });
    if (trips.length > 0) void this.#do(false);
  }

  /** Does its steps. @param atStart Whether instruments may not be reached yet. */
  async #do(atStart: boolean): Promise<void> {
    const kept = this.#kept;
    // Not in the middle of what a command does at this moment.
    await Promise.resolve();
    await this.#actions.run(this.#compiled.trips, () => atStart || this.forbids, atStart);
    if (this.#kept !== kept || kept === undefined) return;
    this.#kept = { ...kept, acted: true };
    this.#parts.changed();
  }

  /** Tells the others where it is in another state. */
  #tell(anyway: boolean): void {
    const { name } = this.#state;
    if (name === this.#shown && !anyway) return;
    this.#shown = name;
    this.#since = new Date();
    this.#parts.changed();
  }

  /** Resets it. @param by Who. @throws {HeliographError} `unavailable` where its condition is not as it should be. */
  reset(by: string): void {
    this.look();
    if (!this.#state.reset()) {
      throw new HeliographError(
        "unavailable",
        `Cannot reset interlock ${this.title}: ${this.#reason}; ${this.#wanted()}`,
      );
    }
    this.#actions.stop();
    this.#kept = undefined;
    this.#alarm.clear();
    log.info("{by} reset interlock {name}", { by, name: this.title });
    this.#tell(true);
  }

  /** Leaves it out of force for a while. @param milliseconds How long. */
  bypass(bypass: BypassDescription, milliseconds: number): void {
    this.#pass(bypass, milliseconds);
    this.#actions.stop();
    log.warning("{by} bypassed interlock {name} until {until}: {reason}", {
      ...bypass,
      until: zonedTime(new Date(bypass.until)),
      name: this.title,
    });
    this.#alarm.clear();
    this.#tell(true);
  }

  #pass(bypass: BypassDescription, milliseconds: number): void {
    this.#bypass = { ...bypass, ends: this.#parts.now() + milliseconds };
    this.#state.bypass(true);
  }

  /** Puts it into force again. @param why Why, for the journal. */
  endBypass(why: string): void {
    if (this.#bypass === undefined) return;
    this.#bypass = undefined;
    this.#state.bypass(false);
    log.warning("Interlock {name} is in force again: {why}", { name: this.title, why });
    this.#tell(true);
  }

  /** Tries nothing again any more. */
  stop(): void {
    this.#actions.stop();
  }

  /** Why it forbids, and what would help, as the end of a sentence. */
  get why(): string {
    if (this.#state.name === "latched") {
      const { tripped, reason } = this.#kept ?? { tripped: this.#since.toISOString(), reason: "" };
      return `it tripped at ${zonedTime(new Date(tripped))}${
        reason === "" ? "" : ` (${reason})`
      }, and is as it should be ` +
        `now; "guards.reset ${this.name}" lets it go`;
    }
    return `${this.#reason}; ${this.#wanted()}`;
  }

  #wanted(): string {
    const { must, when, until } = this.#words;
    const wanted = must === undefined ? `it trips when ${when}` : `it must be that ${must}`;
    const more = until === undefined ? "" : `, and returns when ${until}`;
    return `${wanted}${more}${this.#words.latched ? "; then it has to be reset" : ""}`;
  }

  /** What it is, and what has become of it. */
  describe(): InterlockDescription {
    const { condition, forbids, trips } = this.#compiled;
    const { must = null, when = null, until = null, summary = "", latched = false } = this.#words;
    const { name: state } = this.#state;
    return {
      name: this.name,
      title: this.title,
      summary,
      state,
      must,
      when,
      until,
      safe: this.#safe,
      reason: state === "clear" ? "" : state === "latched" ? this.#kept?.reason ?? "" : this.#reason,
      since: this.#since.toISOString(),
      latched,
      parts: condition?.parts() ?? [],
      forbids: forbids.map(({ text }) => text),
      forbidden: forbids.map(describeForbidden),
      refusal: this.forbids ? this.why : "",
      trips: this.#actions.describe(trips),
      bypass: this.bypassed ?? null,
    };
  }
}
