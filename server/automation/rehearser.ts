/**
 * What rehearses runs for `automation`; it is made by whoever makes the server, since a rehearsal needs all of one.
 *
 * @module
 */

import type { Rehearsal } from "../../protocol/rehearsal.ts";
import type { Given } from "./parameters.ts";

/** A file that can be rehearsed. */
export interface FileToRehearse {
  /** Its name. */
  readonly file: string;
  /** What it holds. */
  readonly text: string;
  /** The CSV files that it goes through, as they are to be. @default as they are in the bench's folder */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

/** A rehearsal that somebody wants. */
export interface RehearsalWish extends FileToRehearse {
  readonly given: Given;
  /** The number of the step to begin at, from 1. */
  readonly at: number;
  /** Who wants it, for others. */
  readonly who: string;
  /** Whether they have gone: then it is ended. */
  readonly gone: () => boolean;
  /** Aborted when it has taken too long. */
  readonly signal: AbortSignal;
}

/** Rehearses runs. */
export interface Rehearser {
  /** Why none can be rehearsed; empty where they can be. */
  readonly whyNot: string;
  /**
   * Rehearses a run; one at a time.
   *
   * @throws {BenchFileError} With what is wrong with the bench or the run.
   * @throws {HeliographError} Where it cannot be rehearsed for another reason, was cancelled, or another one is under way.
   */
  rehearse(wish: RehearsalWish): Promise<Rehearsal>;
  /** Ends the one that is under way, if any. @param by Who wants that. */
  cancel(by: string): void;
}
