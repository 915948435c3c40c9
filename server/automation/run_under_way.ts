/**
 * The run that is under way, and what people and guards do with it.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { Principal } from "../access/principal.ts";
import type { Run } from "./run.ts";
import type { RunActor } from "./run_actor.ts";
import type { KeptRun } from "./run_store.ts";
import type { RunScript } from "./script_process.ts";

/** The run that is under way. */
export interface ActiveRun {
  readonly kept: KeptRun;
  readonly run: Run;
  readonly actor: RunActor;
  /** Ends that its control lasts for as long as it works. */
  readonly ends: () => void;
  readonly script: RunScript | undefined;
}

/** The run that is under way, if any. */
export class RunUnderWay {
  readonly #changed: () => void;
  #active: ActiveRun | undefined;

  /** None is. @param changed Told when what is told of it may be another. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** It; `undefined` where none is. */
  get active(): ActiveRun | undefined {
    return this.#active;
  }

  /** One begins. */
  begin(active: ActiveRun): void {
    this.#active = active;
  }

  /** It has ended: what it had control of is free. */
  end(): void {
    const active = this.#active;
    this.#active = undefined;
    active?.ends();
    void active?.script?.stop();
    active?.actor.release();
  }

  /** A run, where it is the one under way. */
  runOf(kept: KeptRun): Run | undefined {
    return this.#active?.kept === kept ? this.#active.run : undefined;
  }

  /** Lets it stand still where a person has taken an instrument that it needs. */
  lookAtControl(instrument: string): void {
    const who = this.#active?.actor.takenBy(instrument);
    if (who === undefined) return;
    this.#active!.run.pause(`${who} has taken ${instrument} from it`);
    this.#changed();
  }

  /** Lets it stand still where whoever it acts for may not drive any more. */
  lookAtRights(): void {
    const active = this.#active;
    const lost = active?.actor.lacks;
    if (active === undefined || lost === undefined) return;
    active.run.pause(`${active.kept.who.label} may not ${lost} any more; somebody who may can resume it`);
    this.#changed();
  }

  #of(id: number, what: string): ActiveRun {
    const active = this.#active;
    if (active !== undefined && (id === 0 || active.kept.id === id)) return active;
    if (active === undefined) throw new HeliographError("command_failed", `Cannot ${what}: no run is under way`);
    throw new HeliographError("bad_argument", `Cannot ${what} run ${id}: run ${active.kept.id} is under way`);
  }

  /** Lets the run stand still. */
  pause(id: number, by: string): void {
    const { run } = this.#of(id, "pause");
    if (run.finishing) throw new HeliographError("command_failed", "Cannot pause: it is at its finally, which is done");
    run.pause(`${by} paused it`);
    this.#changed();
  }

  /** Goes on; what somebody else has taken meanwhile must be free again. From now on it acts for whoever resumes it. */
  resume(id: number, principal: Principal): void {
    const active = this.#of(id, "resume");
    const { run, kept } = active;
    if (run.pausedBecause === undefined) {
      throw new HeliographError("command_failed", `Cannot resume run ${kept.id}: it is not paused`);
    }
    active.actor.goOnFor(principal);
    run.resume(principal.origin.label);
    this.#changed();
  }

  /** Leaves the step that is under way. */
  skip(id: number, principal: Principal): void {
    const active = this.#of(id, "skip a step of");
    const { run } = active;
    if (run.finishing) throw new HeliographError("command_failed", "Cannot skip: it is at its finally, which is done");
    if (run.pausedBecause !== undefined) active.actor.goOnFor(principal);
    run.skip(principal.origin.label);
    this.#changed();
  }

  /** Ends the run, with its `finally`. */
  stop(id: number, by: string): void {
    this.#of(id, "stop").run.end({ state: "stopped", reason: `${by} stopped it` });
    this.#changed();
  }

  /** Ends the run at once, without its `finally`. */
  abort(id: number, by: string): void {
    this.#of(id, "abort").run.end({ state: "aborted", reason: `${by} aborted it` });
    this.#changed();
  }

  /** Pauses or stops what is under way, if anything: a guard asks. */
  forGuard(what: "pause" | "stop", by: string): void {
    if (this.#active === undefined || this.#active.run.finishing) return;
    if (what === "pause") this.pause(0, by);
    else this.stop(0, by);
  }

  /** Answers what the run asks. */
  answer(id: number, said: string, by: string): void {
    const { run, kept } = this.#of(id, "answer");
    if (run.asks === null) throw new HeliographError("command_failed", `Run ${kept.id} asks nothing`);
    run.answer(said, by);
    this.#changed();
  }
}
