/**
 * A watchdog: unless a message renews it in time, its steps are done.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { WatchdogDescription } from "../../protocol/guards.ts";
import { zonedTime } from "../../protocol/local_time.ts";
import { identifierOf } from "../bench/names.ts";
import { Actions } from "./actions.ts";
import type { KeptWatchdog } from "./guard_store.ts";
import type { OwnAlarm } from "./alarms.ts";
import type { InterlockParts } from "./interlock.ts";
import type { Step } from "./steps.ts";

const log = getLogger(["heliograph", "guards"]);

/** After a start, whoever renews it has so long at least, in milliseconds. */
const leastAtStart = 30_000;

/** A watchdog. */
export class Watchdog {
  /** What people call it. */
  readonly title: string;
  /** An identifier. */
  readonly name: string;
  /** What it is for. */
  readonly summary: string;
  /** Whether the bench file has it: then it does not end. */
  readonly fixed: boolean;
  readonly #parts: InterlockParts;
  readonly #actions: Actions;
  readonly #alarm: OwnAlarm;
  #cannot: OwnAlarm | undefined;
  #problem = "";
  #steps: readonly Step[];
  #within: number;
  #ends: number;
  #renewed = new Date();
  #renewedBy: string;
  #expired = false;
  #acted = false;

  /** Makes it, and it begins to wait. @param within In seconds. */
  constructor(
    title: string,
    { summary, fixed, within, by, steps, parts }: {
      readonly summary: string;
      readonly fixed: boolean;
      readonly within: number;
      readonly by: string;
      readonly steps: readonly Step[];
      readonly parts: InterlockParts;
    },
  ) {
    this.title = title;
    this.name = identifierOf(title);
    this.summary = summary;
    this.fixed = fixed;
    this.#parts = parts;
    this.#actions = new Actions(`watchdog ${title}`, parts.act, parts.failing(`watchdog ${title}`, "critical"));
    this.#alarm = parts.alarms.own(`watchdog ${this.name}`, {
      title: `Watchdog ${title}`,
      severity: "high",
      text: `See why nobody renews it; "heliograph watchdog renew ${this.name}" ends this`,
    });
    this.#steps = steps;
    this.#within = within;
    this.#renewedBy = by;
    this.#ends = parts.now() + within * 1000;
  }

  /** What it does, which may be with other instruments now. */
  set steps(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** What it does. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** What it cannot do, which is an alarm also before it expires; empty where it can do all. */
  set problem(problem: string) {
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem === "") {
      this.#cannot?.clear();
      return;
    }
    log.error("Watchdog {name} cannot do what it should: {problem}", { name: this.title, problem });
    this.#cannot ??= this.#parts.alarms.own(`watchdog ${this.name} cannot`, {
      title: `Watchdog ${this.title} cannot do its steps`,
      severity: "high",
      text: `Begin it anew with steps that can be done: "heliograph watchdog ${this.name} 10m --then …"`,
    });
    this.#cannot.raise(problem);
  }

  /** Whether it has expired and was not renewed since. */
  get expired(): boolean {
    return this.#expired;
  }

  /** What is to be known of it after a restart. */
  get kept(): Omit<KeptWatchdog, "then"> {
    return {
      within: this.#within,
      renewed: this.#renewed.toISOString(),
      renewedBy: this.#renewedBy,
      expired: this.#expired,
      acted: this.#acted,
    };
  }

  /** Goes on with what was kept: the time that the server was away counts, but for the last half minute. */
  resume({ within, renewed, renewedBy, expired, acted }: Omit<KeptWatchdog, "then">): void {
    if (!this.fixed) this.#within = within;
    this.#renewed = new Date(renewed);
    this.#renewedBy = renewedBy;
    this.#expired = expired;
    this.#acted = acted;
    const [whole, gone] = [this.#within * 1000, Date.now() - this.#renewed.getTime()];
    // A clock that was set back makes it no longer.
    const left = Math.min(whole, Math.max(Math.min(leastAtStart, whole), whole - Math.max(0, gone)));
    this.#ends = this.#parts.now() + left;
    if (expired && !acted) void this.#do(true);
  }

  /** Somebody sends a sign of life. @param within Another time, in seconds. @default the same */
  renew(by: string, within: number = this.#within): void {
    if (this.#expired) log.info("{by} renewed watchdog {name}: it waits again", { by, name: this.title });
    this.#expired = false;
    this.#actions.stop();
    this.#within = within;
    this.#renewed = new Date();
    this.#renewedBy = by;
    this.#ends = this.#parts.now() + within * 1000;
    this.#alarm.clear();
    this.#parts.changed();
  }

  /** Looks whether its time is over. */
  look(): void {
    this.#look();
    if (this.#expired) this.#alarm.raise(this.#why);
    else this.#alarm.clear();
  }

  get #why(): string {
    return `nobody has renewed it within ${this.#within} s, the last time ${this.#renewedBy} at ${
      zonedTime(this.#renewed)
    }`;
  }

  #look(): void {
    if (this.#expired || this.#parts.now() < this.#ends) return;
    this.#expired = true;
    this.#acted = false;
    log.error(
      "Watchdog {name} EXPIRED: nobody has renewed it within {seconds} s, the last time {by} at {time}; {does}",
      {
        name: this.title,
        seconds: this.#within,
        by: this.#renewedBy,
        time: zonedTime(this.#renewed),
        does: this.#steps.map(({ text }) => text).join(", then "),
      },
    );
    this.#parts.changed();
    void this.#do(false);
  }

  async #do(atStart: boolean): Promise<void> {
    await this.#actions.run(this.#steps, () => this.#expired, atStart);
    this.#acted = true;
    this.#parts.changed();
  }

  /** Tries nothing again any more. */
  stop(): void {
    this.#actions.stop();
  }

  /** It is no more. */
  end(): void {
    this.#actions.stop();
    this.#alarm.clear();
    this.#cannot?.clear();
  }

  /** What it is, and what has become of it. */
  describe(): WatchdogDescription {
    return {
      name: this.name,
      title: this.title,
      summary: this.summary,
      state: this.#expired ? "expired" : "waiting",
      within: this.#within,
      left: this.#expired ? 0 : Math.max(0, Math.round((this.#ends - this.#parts.now()) / 100) / 10),
      renewedBy: this.#renewedBy,
      renewed: this.#renewed.toISOString(),
      trips: this.#actions.describe(this.#steps),
    };
  }
}
