/**
 * Keeps the queue of runs and where each stands, so that this is known after a restart: written before it is acted on.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import * as z from "npm:zod@4.6.7";
import type { ScriptStep } from "../code/messages.ts";
import { scriptStepSchema } from "../code/script.ts";
import { FileKeeper } from "../files/file_keeper.ts";
import { StateWriter } from "../files/state_writer.ts";
import { type AfterFailed, afterFailed, type RunState, runStates } from "../../protocol/runs.ts";
import { type Right, rights } from "../../protocol/vocabulary.ts";
import type { Scalar } from "./run_schema.ts";

const log = getLogger(["heliograph", "automation"]);

/** Where a list of steps stands; in a step that holds others, where those stand. */
export interface Place {
  /** The number of the step that it is at, from 0. */
  at: number;
  /** When that began, in milliseconds since 1970. */
  began?: number | undefined;
  /** When a wait for a time of day ends, in milliseconds since 1970. */
  due?: number | undefined;
  /** What comes after this wait may have been done: it is written shortly before that is due, which then waits for no disk. */
  ahead?: boolean | undefined;
  /** What the step asks for may have been done: it is written before that is asked. */
  acting?: boolean | undefined;
  /** What it set was set, and it waits for the readback. */
  reaching?: boolean | undefined;
  /** In which round it is, from 0. */
  round?: number | undefined;
  inner?: Place | undefined;
  branches?: Place[] | undefined;
  /** It has failed, and what is to be done then stands here. */
  instead?: Place | undefined;
}

const place: z.ZodType<Place> = z.lazy(() =>
  z.strictObject({
    at: z.number(),
    began: z.number().optional(),
    due: z.number().optional(),
    ahead: z.boolean().optional(),
    acting: z.boolean().optional(),
    reaching: z.boolean().optional(),
    round: z.number().optional(),
    inner: place.optional(),
    branches: z.array(place).optional(),
    instead: place.optional(),
  })
);

/** A run, as it is kept. */
export interface KeptRun {
  id: number;
  title: string;
  file: string;
  /** What the file said, and the CSV files that it goes through, as they were when it was added. */
  text: string;
  files: Record<string, string>;
  given: Record<string, Scalar>;
  /** What a PyOpticon script has scheduled: its functions cannot be kept, and it is loaded again. */
  script?: ScriptStep[] | undefined;
  /** The names of those that it drives. */
  instruments: string[];
  /** For whom it acts: a proven name, or what somebody on this PC might do. */
  who: { label: string; person: string; roleName: string; rights: Right[]; instruments: string[] | null };
  state: RunState;
  reason: string;
  /** When it is to begin, began and ended, as ISO 8601. */
  startAt: string | null;
  began: string | null;
  ended: string | null;
  /**
   * When its last steps began and ended: the number of the step, from 0, and both in milliseconds since 1970. What a PC
   * that lost its power had not written yet is missing.
   */
  times?: [step: number, began: number, ended: number | null][] | undefined;
  /** How often what was still to come has been changed: `text` is what it has become. */
  edits?: number | undefined;
  /** Counts up with what is written of it: the higher one is what holds. */
  serial: number;
  /** Where its steps stand, and those of its end. */
  place: Place;
  last: Place;
  /** How its steps have ended; then its `finally` is done. */
  outcome?: { state: "done" | "stopped" | "failed" | "aborted"; reason: string } | undefined;
}

/** What is kept. */
export interface KeptRuns {
  /** The number of the next run. */
  next: number;
  /** What becomes of those that wait when one has not got to its end. */
  afterFailed: AfterFailed;
  queue: KeptRun[];
  history: KeptRun[];
}

const moment = z.iso.datetime();

const standing = {
  serial: z.number(),
  place,
  last: place,
  outcome: z.strictObject({ state: z.enum(["done", "stopped", "failed", "aborted"]), reason: z.string() }).optional(),
};

/** Where the run under way stands: written with each step, beside the file that holds all of them. */
const atSchema = z.strictObject({ id: z.number(), ...standing });

/** The name of the file that says it. */
const atFile = "runs.at.json";

const entrySchema: z.ZodType<KeptRun> = z.strictObject({
  id: z.number(),
  title: z.string(),
  file: z.string(),
  text: z.string(),
  files: z.record(z.string(), z.string()),
  given: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  script: z.array(scriptStepSchema).optional(),
  instruments: z.array(z.string()),
  who: z.strictObject({
    label: z.string(),
    person: z.string(),
    roleName: z.string(),
    rights: z.array(z.enum(rights)),
    instruments: z.array(z.string()).nullable(),
  }),
  state: z.enum(runStates),
  reason: z.string(),
  startAt: moment.nullable(),
  began: moment.nullable(),
  ended: moment.nullable(),
  times: z.array(z.tuple([z.number(), z.number(), z.number().nullable()])).optional(),
  edits: z.number().optional(),
  ...standing,
});

const keptSchema: z.ZodType<KeptRuns> = z.strictObject({
  next: z.number(),
  afterFailed: z.enum(afterFailed),
  queue: z.array(entrySchema),
  history: z.array(entrySchema),
});

/** Where runs are kept. */
export interface RunFiles {
  /** The absolute path of the file that the queue is kept in. */
  readonly state: string;
  /** The absolute path of the folder whose run files and CSV files are read: the bench's. */
  readonly folder: string;
}

/** Keeps runs in a file. */
export class RunStore {
  readonly #keeper: FileKeeper;
  readonly #folder: string;
  readonly #writer: StateWriter;

  /** Reads nothing yet. @param files Where. */
  constructor({ state, folder }: RunFiles) {
    this.#folder = folder;
    this.#keeper = new FileKeeper(state, { ownFolder: true, reads: [folder] });
    this.#writer = new StateWriter(this.#keeper, {
      failed: (reason) => `Where runs stand cannot be written to ${state}: ${reason}`,
      logFailed: (hint) => log.error("{hint}", { hint }),
    });
  }

  /** Why runs are not kept; empty where they are. */
  get hint(): string {
    return this.#writer.hint;
  }

  /**
   * Reads what was kept, before the server gives up its permissions.
   *
   * @returns It; `undefined` where there is nothing that can be used, which is told.
   */
  async open(): Promise<KeptRuns | undefined> {
    const keeper = this.#keeper;
    try {
      keeper.start();
      const text = await keeper.read();
      const at = await keeper.readBeside(atFile);
      if (text !== undefined) {
        const kept = keptSchema.parse(JSON.parse(text));
        if (at === undefined) return kept;
        const stands = atSchema.parse(JSON.parse(at));
        const queue = kept.queue.map((run) =>
          run.id === stands.id && run.serial < stands.serial ? { ...run, ...stands } : run
        );
        return { ...kept, queue };
      }
      // The folder is made with the first run: most benches have none.
    } catch (error) {
      const reason = (error as Error).message;
      log.error(
        "The runs in {file} cannot be used: {reason}. It is NOT known where a run stood: look at the instruments",
        { file: keeper.file, reason },
      );
      // What cannot be read is replaced, but not thrown away.
      await keeper.setAside().catch(() => {});
    }
    return undefined;
  }

  /** A file of the bench's folder. @param name Its name. @returns What it holds; `undefined` where there is none. */
  async read(name: string): Promise<string | undefined> {
    if (/[\\/]|^\.+$/.test(name)) return undefined;
    return await this.#keeper.readOther(`${this.#folder}/${name}`).catch(() => undefined);
  }

  /** The names of the run files in the bench's folder, sorted; none where it cannot be looked into. */
  async list(): Promise<string[]> {
    const names = await this.#keeper.list(this.#folder).catch(() => []);
    return names.filter((name) => /\.(?:run\.(?:jsonc?|ts|js)|py)$/i.test(name));
  }

  /**
   * Keeps all of them.
   *
   * @returns When it is on the disk.
   * @throws {Error} With why it cannot be written.
   */
  keep(make: () => KeptRuns): Promise<void> {
    return this.#writer.write(() => `${JSON.stringify(make())}\n`);
  }

  /** Keeps where the run under way stands, as `keep`: a short file, so that a step begins soon. */
  mark(run: KeptRun): Promise<void> {
    return this.#writer.write(() => {
      const { id, serial, place, last, outcome } = run;
      return `${JSON.stringify({ id, serial, place, last, outcome })}\n`;
    }, atFile);
  }

  /** Waits until it is written, and ends. */
  async stop(): Promise<void> {
    await this.#writer.stop();
  }
}
