/**
 * What a run is when it is loaded, and what it is checked against.
 *
 * @module
 */

import type { Elsewhere } from "../bench/elsewhere.ts";
import type { Instrument } from "../bench/instrument.ts";
import { ownInstruments } from "../bench/names.ts";
import type { Site } from "../config/site.ts";
import type { Given } from "./parameters.ts";
import type { RunStep } from "./steps.ts";

/** A run that can be begun. */
export interface LoadedRun {
  readonly title: string;
  readonly summary: string;
  readonly given: Given;
  readonly steps: readonly RunStep[];
  readonly finally: readonly RunStep[];
  readonly ifFails: "pause" | "stop";
  readonly afterRestart: "ask" | "finally" | "continue";
  /** The names of the instruments that it drives. */
  readonly instruments: readonly string[];
  /** Whether it is a PyOpticon script: its times count from its start, and its delays are no steps of their own. */
  readonly isScript: boolean;
}

/** What a run's file is checked against. */
export interface RunSurroundings {
  readonly instruments: readonly Instrument[];
  /** Those of other PCs, of which conditions may speak. @default there are none */
  readonly elsewhere?: Pick<Elsewhere, "expect" | "whyNot"> | undefined;
  /** Where on Earth the bench stands. @default it is not known */
  readonly site?: Site | undefined;
  /** By when it is said when the sun will be where it is waited for. @default now */
  readonly now?: Date;
  /** What was given for its parameters. */
  readonly given: Given;
  /** Whether what must be given may be left out, since the file is only checked. @default false */
  readonly onlyChecked?: boolean;
  /** The texts of the CSV files that it names, by name; `undefined` where there is none. */
  readonly files: ReadonlyMap<string, string | undefined>;
}

/** Those of a bench that a run may drive, for the check of a file without a server. */
export function drivable(instruments: readonly Instrument[]): Instrument[] {
  return instruments.filter(({ name }) => !ownInstruments.has(name));
}
