/**
 * Writes down where a run stands before something is done, so that it is known after a restart what may have been done.
 *
 * @module
 */

import { takeAhead } from "../places.ts";
import type { Place } from "../run_store.ts";
import type { RunStep } from "../steps.ts";
import type { RunEnd } from "./run_end.ts";
import type { RunTime } from "./run_time.ts";
import type { StepsNow } from "./steps_now.ts";

/** That what comes after a wait may be done, on the disk before the wait is over. */
interface Ahead {
  /** What comes. */
  readonly step: RunStep;
  /** Where what waits stands. */
  readonly wait: Place;
  readonly written: Promise<boolean>;
  /** How often it had been written where the run stands. */
  readonly keeps: number;
}

/** What it writes with. */
interface Parts {
  readonly time: RunTime;
  readonly end: RunEnd;
  readonly now: StepsNow;
  readonly keep: (all: boolean) => Promise<void>;
}

/** Writes where a run stands. */
export class PlaceWriter {
  readonly #parts: Parts;
  readonly #steps: readonly RunStep[];
  readonly #place: Place;
  /** How often it was written. */
  #keeps = 0;
  /** What may be done next, and is written down so. */
  #ahead: Ahead | undefined;

  /**
   * Has written nothing yet.
   *
   * @param steps The run's. @param place Where it stands among them.
   * @param parts `keep` writes down where it stands, `all` also its state; its promise says that it is on the disk.
   */
  constructor(steps: readonly RunStep[], place: Place, parts: Parts) {
    this.#steps = steps;
    this.#place = place;
    this.#parts = parts;
  }

  /** Writes down where it stands. @param all Also its state. */
  keep(all: boolean): Promise<void> {
    this.#keeps++;
    return this.#parts.keep(all);
  }

  /** Writes it down before a step acts; at the run's end it acts also where that cannot be written. */
  async mark(place: Place): Promise<void> {
    const { time, end, now } = this.#parts;
    place.began ??= time.wall();
    const ahead = this.takeBack();
    // Whatever was written since, it said no more that this may be done.
    const said = ahead?.step === now.at(place) && ahead?.keeps === this.#keeps;
    if (said && await ahead?.written) return;
    if (end.isFinishing) await this.keep(false).catch(() => {});
    else await this.keep(false);
  }

  /** As {@linkcode PlaceWriter.mark}, for what waits: it may be done again, and waits for no disk. */
  note(place: Place): void {
    place.began ??= this.#parts.time.wall();
    this.keep(false).catch(() => {});
  }

  /** Writes down that what comes after a wait may be done. @param wait Where what waits stands. */
  ahead(wait: Place): void {
    // Of several that wait beside each other, each writes for itself.
    if (this.#parts.now.count > 1) return;
    wait.ahead = true;
    const [step] = takeAhead(this.#steps, structuredClone(this.#place));
    if (step === undefined) return void (wait.ahead = undefined);
    const written = this.keep(false).then(() => true, () => false);
    this.#ahead = { step, wait, written, keeps: this.#keeps };
  }

  /** What was written ahead holds no more. @returns It. */
  takeBack(): Ahead | undefined {
    const ahead = this.#ahead;
    if (ahead !== undefined) ahead.wait.ahead = undefined;
    this.#ahead = undefined;
    return ahead;
  }
}
