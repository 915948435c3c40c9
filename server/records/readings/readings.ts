/**
 * The readings of a server: what every field was is kept beside the journal, and found again after a restart.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { HistoryQuery } from "../../../protocol/readings.ts";
import type { Bench } from "../../bench/bench.ts";
import { type RecordsOptions, usualBytes, usualMinutesDays, usualRawDays } from "../../config/records_settings.ts";
import { startFileWorker } from "../../files/file_worker.ts";
import { inPeoplesWords } from "../../files/part_file.ts";
import { TaskWorker } from "../../files/task_worker.ts";
import { within } from "../../network/within.ts";
import type { ReadingsLook } from "../records_messages.ts";
import type { ReadingsLimits } from "./forgetting.ts";
import type { ReadingsAnswer, ReadingsTask } from "./readings_messages.ts";
import { ReadingsSpool } from "./readings_spool.ts";
import { Taker } from "./taker.ts";

const log = getLogger(["heliograph", "records"]);

/** How often it is looked whether there is something to do, in milliseconds. */
const lookEvery = 1000;
/** What is on the spool is taken into the database so often, in milliseconds, */
const moveEvery = 300_000;
/** or where it has so many bytes: whoever looks back reads them all. */
const mostBytes = 16_000_000;
/** How often it is looked whether something is too old or too much, in milliseconds. */
const forgetEvery = 600_000;
/** How often what was written is made safe from a power failure, in milliseconds: each time takes the disk some. */
const syncEvery = 10_000;
/** How often it is looked how much room the disk has, in milliseconds. */
const roomEvery = 5_000;
/** A database that takes nothing for so many bytes has the rest wait in memory. */
const mostStuck = 128_000_000;
/** A server that stops waits so long for the disk, in milliseconds. */
const longestWait = 5000;

/** What readings need of the records that they are part of. */
export interface RecordsAround {
  /** Whether this PC's clock can be relied on where something is thrown away for its age. */
  readonly clockIsSteady: boolean;
  /** Tells the journal. */
  tell(text: string): void;
  /** Whether their folder is open, or is tried again. */
  readonly willOpen: boolean;
  /** Calls a listener when it is open. */
  whenOpen(listener: () => void): void;
  lookAtReadings(task: (folder: string) => ReadingsLook): Promise<string>;
}

/** Keeps the readings of a bench, and finds what was read. */
export class Readings {
  readonly #bench: Bench;
  readonly #records: RecordsAround;
  readonly #folder: string | undefined;
  readonly #limits: ReadingsLimits;
  readonly #worker: TaskWorker<ReadingsTask, ReadingsAnswer>;
  #spool: ReadingsSpool | undefined;
  #taker: Taker | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #moved = 0;
  #forgot = -Infinity;
  #lookedForRoom = -Infinity;
  #synced = 0;
  #syncing: Promise<unknown> = Promise.resolve();
  /** That the disk is nearly full; empty where it is not. */
  #crowded = "";
  /** Whether some room on the disk is held, which the journal gets where it is full. */
  #reserved = false;
  #working: Promise<void> | undefined;
  /** The file that could not be taken into the database, and has to come first. */
  #stuck: number | undefined;
  #stopping = false;
  /** What is wrong, as the log was told. */
  #problem = "";

  /**
   * Keeps nothing yet.
   *
   * @param records Whose folder it is.
   * @param options Where. @default nowhere
   */
  constructor(bench: Bench, records: RecordsAround, options?: RecordsOptions) {
    this.#bench = bench;
    this.#records = records;
    this.#folder = options?.folder;
    const { rawDays = usualRawDays, minutesDays = usualMinutesDays, bytes = usualBytes } = options ?? {};
    this.#limits = { rawDays, minutesDays, bytes };
    this.#worker = new TaskWorker<ReadingsTask, ReadingsAnswer>({
      start: (failed) =>
        startFileWorker(
          new URL("./readings_worker.ts", import.meta.url),
          "readings",
          [options!.folder],
          failed,
          [],
          true,
        ),
      stopping: () => new Error("the server is stopping"),
      failed: (reason) => new Error(reason),
    });
  }

  /** Why readings are not kept, or wait; empty where all is well. */
  get problem(): string {
    return this.#problem;
  }

  /** That the disk is nearly full; empty where it is not. */
  get crowded(): string {
    return this.#crowded;
  }

  /**
   * Opens the spool, before the server gives up its permissions, and begins once the records are open. Where that cannot
   * be, the server goes on without: the log says why. Nothing is thrown.
   */
  async open(): Promise<void> {
    const folder = this.#folder;
    // Where the records will never be, readings are not either: that is told already.
    if (folder === undefined || !this.#records.willOpen) return;
    try {
      this.#spool = new ReadingsSpool(
        folder,
        (frames, span) => this.#ask("thinned", { kind: "thin", frames, span }),
      );
      this.#worker.start();
    } catch (error) {
      return this.#tell(`No readings are kept: ${inPeoplesWords(error).message}.`);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    let open = false;
    this.#records.whenOpen(() => {
      open = true;
      void this.#begin(folder).then(resolve);
    });
    // Records that cannot be opened yet are tried again: that is not waited for.
    if (open) await promise;
  }

  /** Finds the readings of some fields. @returns A {@linkcode HistoryAnswer} as JSON. */
  history(query: HistoryQuery): Promise<string> {
    return this.#look((folder) => ({ kind: "history", folder, query }));
  }

  /** Tells what all fields were. @param at In milliseconds since 1970. @returns A {@linkcode MomentAnswer} as JSON. */
  moment(at: number): Promise<string> {
    return this.#look((folder) => ({ kind: "moment", folder, at }));
  }

  /** Tells which fields there are. @returns {@linkcode RecordedField}s as JSON. */
  fields(): Promise<string> {
    return this.#look((folder) => ({ kind: "fields", folder }));
  }

  /** Writes what was read, and lets go of the folder. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    if (this.#taker !== undefined && this.#spool !== undefined) {
      this.#taker.stop();
      const [spool, taker] = [this.#spool, this.#taker];
      await within(longestWait, this.#syncing.then(() => this.#last(spool, taker)).catch(() => {}));
    }
    this.#worker.stop();
    this.#spool?.[Symbol.dispose]();
    this.#spool = undefined;
  }

  async #last(spool: ReadingsSpool, taker: Taker): Promise<void> {
    await this.#working;
    if (spool.retry() && this.#stuck === undefined) await this.#move(spool, taker);
    await this.#ask("closed", { kind: "close" });
  }

  #look(task: (folder: string) => ReadingsLook): Promise<string> {
    this.#taker?.write();
    return this.#records.lookAtReadings(task);
  }

  async #begin(folder: string): Promise<void> {
    const spool = this.#spool;
    if (spool === undefined || this.#stopping) return;
    try {
      const { segment, damaged, damage } = await this.#ask("opened", { kind: "open", folder });
      if (damage !== undefined) {
        log.error("The readings in {folder} were damaged ({reason}): they are kept as {aside}, and others are begun", {
          folder,
          ...damage,
        });
      }
      this.#tellDamaged(damaged);
      if (this.#stopping) return;
      this.#reserved = (await this.#ask("reserved", { kind: "reserve", hold: true })).held;
      if (this.#stopping) return;
      this.#taker = new Taker(this.#bench, spool, segment + 1);
      this.#moved = performance.now();
      this.#timer = setInterval(() => this.#tick(), lookEvery);
    } catch (error) {
      if (!this.#stopping) this.#tell(`No readings are kept: ${inPeoplesWords(error).message}.`);
    }
  }

  #tick(): void {
    const [spool, taker] = [this.#spool, this.#taker];
    if (spool === undefined || taker === undefined) return;
    const now = performance.now();
    if (now - this.#synced > syncEvery) {
      this.#synced = now;
      this.#syncing = spool.sync();
    }
    if (this.#working !== undefined) return;
    const looks = now - this.#lookedForRoom > roomEvery;
    if (!looks && this.#stuck === undefined && spool.state.failure === "" && !this.#isDue(spool)) return;
    this.#working = this.#work(spool, taker).finally(() => this.#working = undefined);
  }

  #isDue(spool: ReadingsSpool): boolean {
    return spool.bytes > mostBytes || performance.now() - this.#moved > moveEvery;
  }

  /** @returns Whether there is room: where there was none, it is the journal's first. */
  async #hasRoom(spool: ReadingsSpool): Promise<boolean> {
    if (spool.state.failure === "") return true;
    const gives = this.#reserved;
    this.#reserved = (await this.#ask("reserved", { kind: "reserve", hold: !gives })).held;
    // What is given away is room in which old readings can be thinned.
    if (gives) await this.#lookForRoom();
    return this.#reserved;
  }

  #tellUnwritten({ state: { failure, waiting, thinned, lost } }: ReadingsSpool): void {
    const thin = thinned === 0 ? "" : ", the oldest thinned";
    const gone = lost === 0 ? "" : "; some could not wait any longer and are lost";
    this.#tell(`Readings cannot be written: ${failure}; ${Math.ceil(waiting / 1000)} kB wait in memory${thin}${gone}.`);
  }

  async #work(spool: ReadingsSpool, taker: Taker): Promise<void> {
    try {
      if (performance.now() - this.#lookedForRoom > roomEvery) await this.#lookForRoom();
      // What a database does not take is written to the other file, as long as that does not grow for ever.
      const isFull = this.#stuck !== undefined && spool.bytes > mostStuck;
      if (!isFull && (!await this.#hasRoom(spool) || !spool.retry())) return this.#tellUnwritten(spool);
      if (this.#stuck !== undefined) await this.#take(this.#stuck);
      else if (this.#isDue(spool)) await this.#move(spool, taker);
      if (spool.allWritten && this.#problem !== "") {
        this.#problem = "";
        log.info("Readings are written again");
      }
      if (performance.now() - this.#forgot > forgetEvery) await this.#forget();
      while (!this.#stopping && (await this.#ask("tidied", { kind: "tidy", now: Date.now() })).more);
    } catch (error) {
      if (this.#stopping) return;
      this.#tell(
        `Readings wait on the spool: they cannot be taken into the database: ${inPeoplesWords(error).message}.`,
      );
      if (spool.bytes > mostStuck) spool.hold("the database takes nothing");
      if (/full|space/i.test((error as Error).message)) spool.hold((error as Error).message);
    }
  }

  /** Where the disk is nearly full that is said, and old readings are thinned. */
  async #lookForRoom(): Promise<void> {
    this.#lookedForRoom = performance.now();
    const { room, forgotten: { raw } } = await this.#ask("room", { kind: "room" });
    if (raw !== undefined) {
      log.warning("The disk is nearly full: of the readings before {time}, what they were by minutes is kept", {
        time: told(raw),
      });
    }
    if (room === undefined) return;
    if (room.free < room.little) {
      if (this.#crowded === "") {
        log.warning("The disk of the records is nearly full: {free} are free", { free: megabytes(room.free) });
      }
      this.#crowded = `The disk of the records is nearly full: ${megabytes(room.free)} are free.`;
    } else if (this.#crowded !== "") {
      this.#crowded = "";
      log.info("The disk of the records has room again");
    }
  }

  async #forget(): Promise<void> {
    this.#forgot = performance.now();
    const now = this.#records.clockIsSteady ? Date.now() : undefined;
    const { forgotten: { raw, minutes } } = await this.#ask("forgotten", { kind: "forget", limits: this.#limits, now });
    if (raw !== undefined) {
      this.#records.tell(`Forgot the single readings before ${told(raw)}; what they were by minutes is kept`);
    }
    if (minutes !== undefined) this.#records.tell(`Forgot all readings before ${told(minutes)}`);
  }

  async #move(spool: ReadingsSpool, taker: Taker): Promise<void> {
    this.#moved = performance.now();
    taker.write();
    const file = spool.handOver();
    taker.begin(taker.segment + 1);
    await this.#take(file);
  }

  async #take(file: number): Promise<void> {
    this.#stuck = file;
    this.#tellDamaged((await this.#ask("moved", { kind: "move", file })).damaged);
    this.#stuck = undefined;
  }

  #tellDamaged(bytes: number): void {
    if (bytes > 0) log.warning("{bytes} bytes of the readings' spool were cut short and are left out", { bytes });
  }

  /** Told in the log once: it is in `hint` as long as it is so. */
  #tell(problem: string): void {
    const isNew = this.#problem === "" || this.#problem.split(":")[0] !== problem.split(":")[0];
    this.#problem = problem;
    if (isNew) log.error("{problem}", { problem });
  }

  async #ask<K extends ReadingsAnswer["kind"]>(
    kind: K,
    task: ReadingsTask,
  ): Promise<Extract<ReadingsAnswer, { readonly kind: K }>> {
    const answer = await this.#worker.ask(task);
    if (answer.kind === "failed") throw new Error(answer.reason);
    if (answer.kind !== kind) throw new Error(`the readings' Worker answered ${answer.kind} in the place of ${kind}`);
    return answer as Extract<ReadingsAnswer, { readonly kind: K }>;
  }
}

function told(time: number): string {
  return new Date(time).toISOString().replace(/:00\.000Z$/, "Z");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
