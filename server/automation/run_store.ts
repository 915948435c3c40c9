/**
 * Keeps the queue of runs and where each stands, so that this is known after a restart: written before it is acted on.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import * as z from "npm:zod@4.6.7";
import { scriptStepSchema } from "../code/script.ts";
import { FileKeeper } from "../files/file_keeper.ts";
import { afterFailed, runStates } from "../../protocol/runs.ts";
import { rights } from "../../protocol/vocabulary.ts";

const log = getLogger(["heliograph", "automation"]);

/** For how long a server that stops waits for the disk, in milliseconds. */
const longestWait = 5000;

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

const scalar = z.union([z.number(), z.string(), z.boolean()]);
const moment = z.iso.datetime();

const standing = {
  /** Counts up with what is written of it: the higher one is what holds. */
  serial: z.number(),
  /** Where its steps stand, and those of its end. */
  place,
  last: place,
  /** How its steps have ended; then its `finally` is done. */
  outcome: z.strictObject({ state: z.enum(["done", "stopped", "failed", "aborted"]), reason: z.string() }).optional(),
};

/** Where the run under way stands: written with each step, beside the file that holds all of them. */
const atSchema = z.strictObject({ id: z.number(), ...standing });

/** The name of the file that says it. */
const atFile = "runs.at.json";

/** When steps began and ended: the number of the step, from 0, and both in milliseconds since 1970. */
const times = z.array(z.tuple([z.number(), z.number(), z.number().nullable()]));

const entrySchema = z.strictObject({
  id: z.number(),
  title: z.string(),
  file: z.string(),
  /** What the file said, and the CSV files that it goes through, as they were when it was added. */
  text: z.string(),
  files: z.record(z.string(), z.string()),
  given: z.record(z.string(), scalar),
  /** What a PyOpticon script has scheduled: its functions cannot be kept, and it is loaded again. */
  script: z.array(scriptStepSchema).optional(),
  instruments: z.array(z.string()),
  /** For whom it acts: a proven name, or what somebody on this PC might do. */
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
  /** Those of its last steps; what a PC that lost its power had not written yet is missing. */
  times: times.optional(),
  /** How often what was still to come has been changed: `text` is what it has become. */
  edits: z.number().optional(),
  ...standing,
});

/** A run, as it is kept. */
export type KeptRun = z.output<typeof entrySchema>;

const keptSchema = z.strictObject({
  next: z.number(),
  afterFailed: z.enum(afterFailed),
  queue: z.array(entrySchema),
  history: z.array(entrySchema),
});

/** What is kept. */
export type KeptRuns = z.output<typeof keptSchema>;

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
  /** What is to be written: all of it, and where the run under way stands. */
  readonly #all = new Writing((text) => this.#write((keeper) => keeper.write(text)));
  readonly #at = new Writing((text) => this.#write((keeper) => keeper.writeBeside(atFile, text)));
  /** Why runs are not kept; empty where they are. */
  hint = "";

  /** Reads nothing yet. @param files Where. */
  constructor({ state, folder }: RunFiles) {
    this.#folder = folder;
    this.#keeper = new FileKeeper(state, { ownFolder: true, reads: [folder] });
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
    return this.#all.write(() => `${JSON.stringify(make())}\n`);
  }

  /** Keeps where the run under way stands, as `keep`: a short file, so that a step begins soon. */
  mark({ id, serial, place, last, outcome }: KeptRun): Promise<void> {
    return this.#at.write(() => `${JSON.stringify({ id, serial, place, last, outcome })}\n`);
  }

  async #write(work: (keeper: FileKeeper) => Promise<void>): Promise<void> {
    const keeper = this.#keeper;
    try {
      await work(keeper);
      this.hint = "";
    } catch (error) {
      const hint = `Where runs stand cannot be written to ${keeper.file}: ${(error as Error).message}`;
      if (hint !== this.hint) log.error("{hint}", { hint });
      this.hint = hint;
      throw new Error(hint);
    }
  }

  /** Waits until it is written, and ends. */
  async stop(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([
      Promise.all([this.#all.done, this.#at.done]),
      new Promise((resolve) => timer = setTimeout(resolve, longestWait)),
    ]);
    clearTimeout(timer);
    this.#keeper.stop();
  }
}

/** Writes what is to be written last; what comes while it writes is written after it. */
class Writing {
  readonly #put: (text: string) => Promise<void>;
  #make = () => "";
  #next: PromiseWithResolvers<void> | undefined;
  #busy = false;
  /** Resolves when nothing is left. */
  done = Promise.resolve();

  constructor(put: (text: string) => Promise<void>) {
    this.#put = put;
  }

  write(make: () => string): Promise<void> {
    this.#make = make;
    const { promise } = this.#next ??= Promise.withResolvers();
    // Not everybody waits for it; whoever does is told.
    promise.catch(() => {});
    if (!this.#busy) this.done = this.#go();
    return promise;
  }

  async #go(): Promise<void> {
    this.#busy = true;
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#next = undefined;
      await this.#put(this.#make()).then(next.resolve, next.reject);
    }
    this.#busy = false;
  }
}
