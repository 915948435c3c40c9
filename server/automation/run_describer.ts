/**
 * Tells runs, for whoever looks at the queue: those that wait, the one under way, and those that have ended.
 *
 * @module
 */

import type { RunDescription, RunDetails, RunLine } from "../../protocol/runs.ts";
import type { Bench } from "../bench/bench.ts";
import type { LoadedRun } from "./loaded_run.ts";
import type { Run } from "./run.ts";
import { fieldsOf } from "./run_fields.ts";
import { readRun } from "./run_file.ts";
import type { RunLoader } from "./run_loader.ts";
import type { KeptRun } from "./run_store.ts";
import { counted } from "./script_run.ts";
import { describeSteps, StepTimes } from "./step_times.ts";

/** Of how many runs that have ended it is known what they have told. */
const mostTold = 10;

/** Tells runs. */
export class RunDescriber {
  readonly #bench: Bench;
  readonly #loader: Pick<RunLoader, "again">;
  /** What the last runs that have ended have told, by their numbers. */
  readonly #told = new Map<number, RunLine[]>();
  /** How many steps the files of runs have. */
  readonly #counts = new WeakMap<KeptRun, { readonly text: string; readonly count: number }>();

  /** Knows nothing yet. */
  constructor(bench: Bench, loader: Pick<RunLoader, "again">) {
    this.#bench = bench;
    this.#loader = loader;
  }

  /** Remembers what a run has told that has ended. */
  ended({ id }: KeptRun, lines: RunLine[]): void {
    this.#told.set(id, lines);
    for (const id of [...this.#told.keys()].slice(0, -mostTold)) this.#told.delete(id);
  }

  /** A run. @param run It, where it is under way. */
  describe(kept: KeptRun, run: Run | undefined): RunDescription {
    return {
      id: kept.id,
      title: kept.title,
      file: kept.file,
      state: run?.state ?? kept.state,
      reason: run?.pausedBecause ?? kept.reason,
      who: kept.who.label,
      parameters: kept.given,
      instruments: kept.instruments,
      ...this.#progressOf(kept, run),
      now: run?.now ?? [],
      left: run?.left ?? { seconds: 0, atLeast: true },
      nextIn: run?.nextIn ?? null,
      waitingFor: run?.waitingFor ?? [],
      asks: run?.asks ?? null,
      told: run?.told ?? this.#told.get(kept.id)?.at(-1)?.number ?? 0,
      edits: kept.edits ?? 0,
      startAt: kept.startAt,
      began: kept.began,
      ended: kept.ended,
    };
  }

  /**
   * A run, with its steps and what it has told.
   *
   * @param run It, where it is under way.
   * @param after The number of the last of its lines that is known already.
   * @param withSteps Whether its steps are told.
   */
  show(kept: KeptRun, run: Run | undefined, after: number, withSteps: boolean): RunDetails {
    const loaded = run?.loaded ?? this.#tryLoad(kept);
    const under = kept.ended === null && kept.began !== null;
    const steps = run?.describe() ??
      describeSteps(loaded?.steps ?? [], kept.place.at, false, {
        isScript: loaded?.isScript,
        times: new StepTimes(kept.times),
      });
    // A script's steps are its own: nobody changes them.
    const canBeChanged = kept.script === undefined && (under || kept.began === null);
    const words = canBeChanged ? readRun(kept.file, kept.text).words.steps : [];
    return {
      ...this.describe(kept, run),
      steps: !withSteps
        ? []
        : steps.map((step, at) =>
          step.state === "to come" && words[at] !== undefined ? { ...step, words: words[at] } : step
        ),
      finally: describeSteps(loaded?.finally ?? [], kept.last.at, run?.finishing === true),
      lines: run?.lines(after) ?? this.#told.get(kept.id)?.filter(({ number }) => number > after) ?? [],
      fields: loaded === undefined ? [] : fieldsOf(loaded, this.#bench),
    };
  }

  /** A run that is not under way; `undefined` where its file does not fit the bench any more. */
  #tryLoad(kept: KeptRun): LoadedRun | undefined {
    try {
      return this.#loader.again(kept);
    } catch {
      return undefined;
    }
  }

  /** How many steps are done, and how many there are. */
  #progressOf(kept: KeptRun, run: Run | undefined): { done: number; of: number } {
    const { place: { at }, script } = kept;
    if (run === undefined && script === undefined) return { done: at, of: this.#stepsOf(kept) };
    const loaded = run?.loaded ?? this.#tryLoad(kept);
    // The bench has changed.
    if (loaded === undefined) return { done: 0, of: 0 };
    return { done: counted(loaded, at), of: counted(loaded) };
  }

  #stepsOf(kept: KeptRun): number {
    const { file, text } = kept;
    const known = this.#counts.get(kept);
    // The queue is told often.
    if (known?.text === text) return known.count;
    const count = readRun(file, text).words.steps.length;
    this.#counts.set(kept, { text, count });
    return count;
  }
}
