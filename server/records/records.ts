/**
 * The records of a server: what happened is kept in a folder, and found again after a restart.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { resolve } from "node:path";
import type { JournalEntry } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { version } from "../../protocol/version.ts";
import { inPeoplesWords } from "../files/part_file.ts";
import { startFileWorker } from "../files/file_worker.ts";
import { TaskWorker } from "../files/task_worker.ts";
import { within } from "../network/within.ts";
import type { CopyCursor } from "./copying.ts";
import { Flood } from "./flood.ts";
import type { Journal } from "./journal.ts";
import type { JournalHead, JournalQuery, JournalRecord, RecordsDescription } from "../../protocol/records.ts";
import { networkFileSystem } from "./network_file_system.ts";
import {
  type RecordsOptions,
  usualBytes,
  usualJournalBytes,
  usualJournalDays,
  usualMinutesDays,
  usualRawDays,
} from "../config/records_settings.ts";
import type { ReadingsLook, RecordsAnswer, RecordsLook, RecordsTask } from "./records_messages.ts";
import { Spool } from "./spool.ts";
import { SteadyClock } from "./steady_clock.ts";

const log = getLogger(["heliograph", "records"]);

/** How often the spool is moved into the database, in milliseconds. */
const moveEvery = 1000;
/** How often it is looked whether the records take too much room, in milliseconds: a flood may write gigabytes an hour. */
const lookEvery = 60_000;
/** Of these looks, each so-manieth looks for what is too old, too. */
const agedEvery = 60;
/** The most tenths that are forgotten in one look. */
const mostTenths = 5;
/** How often a folder that could not be opened is tried again, in milliseconds. */
const openEvery = 10_000;
/** A server that stops waits so long for the disk, in milliseconds. */
const longestWait = 5000;
/** So many may look for something at a time: each may take seconds. */
const mostLooks = 8;
/** The most records that are remembered until the folder is open. */
const mostEarly = 10_000;

/** Whether records are kept, and why not. */
export interface RecordsState {
  /** Whether what happens now is kept. */
  readonly kept: boolean;
  /** Where, an absolute path; empty where nowhere. */
  readonly folder: string;
  /** What a person should know: why they are not kept, or what is wrong; empty where nothing is. */
  readonly hint: string;
}

/** The files were taken away: what is written to them comes to nobody. */
class GoneError extends Error {}

/** Keeps the journal, and finds in it. */
export class Records {
  readonly #options: RecordsOptions | undefined;
  readonly #journal: Journal;
  readonly #worker: TaskWorker<RecordsTask, RecordsAnswer>;
  /** Looks for something: what is kept does not wait for that. */
  readonly #reader: TaskWorker<RecordsTask, RecordsAnswer>;
  #looking = 0;
  #whenOpen = () => {};
  readonly #flood: Flood;
  #spool: Spool | undefined;
  /** The spool of a folder that could not be opened yet. */
  #opening: Spool | undefined;
  readonly #clock = new SteadyClock();
  #looks = 0;
  #stopping = false;
  /** Why the spool could not be written, as the log was told. */
  #unwritten = "";
  #state: RecordsState = { kept: false, folder: "", hint: "" };
  /** What came before the folder was open. */
  #early: JournalEntry[] | undefined = [];
  /** How many came when more could not be remembered. */
  #unremembered = 0;
  #last = 0;
  /** What was begun and has not ended: with the number of the record that tells so, where one does. */
  readonly #underWay = new Map<number, { readonly entry: JournalEntry; record: number | undefined }>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #forgetter: ReturnType<typeof setInterval> | undefined;
  /** What is being moved, one file after the other. */
  #moving: Promise<void> = Promise.resolve();
  readonly #unfollow: () => void;

  /**
   * Keeps nothing yet, but remembers what happens until it is open.
   *
   * @param journal What is kept.
   * @param options Where. @default nowhere
   */
  constructor(journal: Journal, options?: RecordsOptions) {
    this.#options = options;
    this.#journal = journal;
    this.#flood = new Flood((entry) => this.#write(entry));
    const worker = (name: string) =>
      new TaskWorker<RecordsTask, RecordsAnswer>({
        start: (failed) =>
          startFileWorker(new URL("./records_worker.ts", import.meta.url), name, [options!.folder], failed),
        stopping: () => new Error("the server is stopping"),
        failed: (reason) => new Error(reason),
      });
    this.#worker = worker("records");
    this.#reader = worker("records reader");
    if (options === undefined) this.#early = undefined;
    this.#unfollow = options === undefined ? () => {} : journal.follow("info", (entry) => this.#take(entry));
  }

  get #limits() {
    const options: Partial<RecordsOptions> = this.#options ?? {};
    const { journalDays = usualJournalDays, journalBytes = usualJournalBytes } = options;
    const { rawDays = usualRawDays, minutesDays = usualMinutesDays, bytes = usualBytes } = options;
    return { journalDays, journalBytes, rawDays, minutesDays, bytes };
  }

  /** Whether they are kept, and why not. */
  get state(): RecordsState {
    const { failure = "", waiting, lost } = this.#spool?.state ?? {};
    if (failure === "") return this.#state;
    const gone = lost === 0 ? "" : `; ${lost} could not wait any longer and are lost`;
    return {
      ...this.#state,
      kept: false,
      hint: `Records cannot be written: ${failure}; ${waiting} wait in memory${gone}.`,
    };
  }

  /**
   * Opens the folder, before the server gives up its permissions. Where that cannot be, the server goes on without: the
   * log says why, and `state` does. It is tried again now and then: a disk that is full or a server that still stops is
   * no reason to keep nothing until the next start. Nothing is thrown.
   */
  async open(): Promise<void> {
    const { folder } = this.#options ?? {};
    if (folder === undefined) return;
    try {
      Deno.mkdirSync(folder, { recursive: true });
      const network = networkFileSystem(folder);
      if (network !== undefined) {
        throw new Error(
          `it is on a network share (${network}), where a database is not safe: name a folder of this PC`,
        );
      }
      this.#opening = new Spool(resolve(folder));
      this.#worker.start();
      this.#reader.start();
    } catch (error) {
      this.#notKept(folder, inPeoplesWords(error).message);
      this.#giveUp();
      return;
    }
    if (await this.#tryToOpen(folder, this.#opening) || this.#stopping) return;
    this.#timer = setInterval(() => void this.#tryAgain(folder), openEvery);
  }

  async #tryAgain(folder: string): Promise<void> {
    const spool = this.#opening;
    // There is none while it is being tried.
    if (spool === undefined || !await this.#tryToOpen(folder, spool)) return;
    log.info("Records are kept in {folder} from now on", { folder });
  }

  /** @returns Whether it is open now. */
  async #tryToOpen(folder: string, spool: Spool): Promise<boolean> {
    this.#opening = undefined;
    try {
      const { head, newest, damaged, damage } = await this.#ask("opened", { kind: "open", folder });
      if (this.#stopping) throw new Error("the server is stopping");
      this.#spool = spool;
      this.#last = head.number;
      this.#state = { kept: true, folder, hint: "" };
      if (damage !== undefined) {
        log.error("The journal in {folder} was damaged ({reason}): it is kept as {aside}, and another one is begun", {
          folder,
          ...damage,
        });
      }
      this.#tellDamaged(damaged);
      this.#journal.recall(newest);
      this.#clock.follows(newest.map(({ time }) => Date.parse(time)));
    } catch (error) {
      if (this.#stopping) {
        spool.close();
        return false;
      }
      this.#opening = spool;
      this.#notKept(folder, inPeoplesWords(error).message);
      return false;
    }
    this.#begin();
    return true;
  }

  #begin(): void {
    clearInterval(this.#timer);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const entry of early) this.#take(entry);
    if (this.#unremembered > 0) {
      log.warning("{count} records came before the folder could be opened, and are lost", {
        count: this.#unremembered,
      });
    }
    this.#journal.add({ kind: "log", text: `heliograph ${version} has started` });
    this.#timer = setInterval(() => this.#tick(), moveEvery);
    this.#forgetter = setInterval(() => void this.forget(++this.#looks % agedEvery === 0), lookEvery);
    void this.forget();
    this.#whenOpen();
  }

  /**
   * Finds records of the journal, the newest of this moment among them.
   *
   * @returns {@linkcode JournalRecord}s as JSON.
   * @throws {HeliographError} `unavailable` where none are kept, `too_many_requests` where too many look at the same time.
   */
  async find(query: JournalQuery): Promise<string> {
    return (await this.#look("found", (folder) => ({ kind: "find", folder, query }))).json;
  }

  /**
   * Tells what was kept after a cursor, for whoever gathers the records of several PCs.
   *
   * @param bytes About how many bytes are told at most.
   * @returns A {@linkcode CopyPart} as JSON.
   * @throws {HeliographError} `unavailable` where none are kept, `too_many_requests` where too many look at the same time.
   */
  async copy(after: CopyCursor, bytes: number): Promise<string> {
    return (await this.#look("found", (folder) => ({ kind: "copy", folder, after, bytes }))).json;
  }

  /**
   * Tells what is kept.
   *
   * @param options Whether every record is looked at, and a head that was printed before, to be found again.
   * @throws {HeliographError} `too_many_requests` where too many look at the same time.
   */
  async describe(
    { verify, known }: { readonly verify: boolean; readonly known: JournalHead | undefined },
  ): Promise<RecordsDescription> {
    if (this.#spool === undefined && !verify) {
      return { ...this.state, ...this.#limits, journal: null, readings: null };
    }
    let journal: RecordsDescription["journal"] = null;
    let readings: RecordsDescription["readings"] = null;
    let unread = "";
    try {
      ({ summary: journal, readings } = await this.#look("summary", (folder) => ({ kind: "summary", folder })));
    } catch (error) {
      // What cannot be read is told beside why: somebody may have deleted the files.
      if (verify || error instanceof HeliographError) throw error;
      unread = `The records cannot be read: ${(error as Error).message}.`;
    }
    const { hint } = this.state;
    const found = { ...this.state, hint: hint === "" ? unread : hint, ...this.#limits, journal, readings };
    if (!verify) return found;
    const looked = await this.#look("verified", (folder) => ({ kind: "verify", folder, known }));
    return { ...found, verification: looked.verification };
  }

  /**
   * Looks for something in the readings.
   *
   * @returns What was found, as JSON.
   * @throws {HeliographError} `unavailable` where none are kept, `too_many_requests` where too many look at the same time.
   */
  async lookAtReadings(task: (folder: string) => ReadingsLook): Promise<string> {
    return (await this.#look("readings", task, () => {})).json;
  }

  /** Whether this PC's clock can be relied on where something is thrown away for its age. */
  get clockIsSteady(): boolean {
    return this.#clock.look();
  }

  /** Why this PC's clock cannot be relied on; empty where it can. */
  get clockDoubt(): string {
    return this.#clock.doubt;
  }

  /** Tells the journal. */
  tell(text: string): void {
    this.#journal.add({ kind: "log", text });
  }

  /** Whether the folder is open, or is tried again. */
  get willOpen(): boolean {
    return this.#spool !== undefined || this.#opening !== undefined;
  }

  /** Calls a listener when the folder is open: at once, where it is. */
  whenOpen(listener: () => void): void {
    if (this.#spool === undefined) this.#whenOpen = listener;
    else listener();
  }

  /** Looks for something, with all that was kept so far. */
  async #look<K extends RecordsAnswer["kind"]>(
    kind: K,
    task: (folder: string) => RecordsLook,
    before = () => this.#move() as unknown,
  ): Promise<Extract<RecordsAnswer, { readonly kind: K }>> {
    if (this.#spool === undefined) {
      throw new HeliographError(
        "unavailable",
        this.#state.hint || "No records are kept: no folder is named for them",
      );
    }
    if (this.#looking >= mostLooks) {
      throw new HeliographError(
        "too_many_requests",
        `Cannot look into the records: ${mostLooks} others are being looked for; try again in a moment`,
      );
    }
    this.#looking++;
    try {
      await before();
      return await this.#ask(kind, task(this.#options!.folder), this.#reader);
    } finally {
      this.#looking--;
    }
  }

  /** Forgets what is too much and, where that is asked, too old; a record tells of it. */
  async forget(aged = true): Promise<void> {
    const { journalDays, journalBytes } = this.#limits;
    const steady = this.#clock.look();
    try {
      let before = aged && steady ? Date.now() - journalDays * 86_400_000 : 0;
      for (let tenths = 0; tenths < mostTenths; tenths++) {
        if (!await this.#forgetOldest(before, journalBytes)) return;
        before = 0;
      }
    } catch (error) {
      if (this.#stopping) return;
      log.warning("Cannot forget old records: {reason}", { reason: inPeoplesWords(error).message });
    }
  }

  /** @returns Whether there was something to forget. */
  async #forgetOldest(before: number, bytes: number): Promise<boolean> {
    const { found } = await this.#ask("oldest", { kind: "oldest", before, bytes });
    if (found === undefined) return false;
    const { count, head } = found;
    const text = `Forgot the ${count} oldest record${
      count === 1 ? "" : "s"
    } of the journal, up to number ${head.number}`;
    const entry = {
      kind: "log",
      time: new Date().toISOString(),
      level: "info",
      client: "",
      instrument: "",
      text,
    } as const;
    this.#append({ ...entry, forgotten: head });
    // Before they go, what carries the chain on is there.
    await this.#move();
    await this.#ask("forgotten", { kind: "forget", last: head.number });
    log.info("{text}", { text });
    return true;
  }

  /** Writes what waits, and lets go of the folder. */
  async stop(): Promise<void> {
    this.#unfollow();
    this.#stopping = true;
    clearInterval(this.#timer);
    clearInterval(this.#forgetter);
    this.#flood.stop();
    // What has not ended by now ends with the server.
    this.#tellBeginnings();
    this.#opening?.close();
    this.#opening = undefined;
    // Whoever reads would keep it from being left in one file.
    this.#reader.stop();
    if (this.#spool !== undefined) {
      await within(longestWait, this.#move().then(() => this.#ask("closed", { kind: "close" })).catch(() => {}));
      this.#spool.close();
      this.#spool = undefined;
    }
    this.#worker.stop();
  }

  #take(entry: JournalEntry): void {
    if (this.#early !== undefined) {
      if (this.#early.length < mostEarly) this.#early.push(entry);
      else this.#unremembered++;
      return;
    }
    if (this.#spool === undefined) return;
    const { kind, answer } = entry;
    const ends = kind === "command" || kind === "code" || kind === "image";
    if (!ends) return this.#flood.take(entry);
    if (answer === undefined) return void this.#underWay.set(entry.number, { entry, record: undefined });
    const begun = this.#underWay.get(entry.number)?.record;
    this.#underWay.delete(entry.number);
    if (begun === undefined) this.#flood.take(entry);
    else this.#write(entry, begun);
  }

  #write(entry: JournalEntry, begun?: number): number {
    return this.#append(begun === undefined ? entry : { ...entry, begun });
  }

  #append(entry: Omit<JournalRecord, "number">): number {
    // The number of a connection means nothing in another run of the server.
    const { session: _session, ...kept } = entry as Omit<JournalEntry, "number">;
    const record = { ...kept, number: ++this.#last };
    this.#spool?.append(JSON.stringify(record));
    return record.number;
  }

  #tick(): void {
    // What takes longer is told when it has begun: a power failure may end it.
    this.#tellBeginnings();
    void this.#move();
  }

  #tellBeginnings(): void {
    for (const under of this.#underWay.values()) under.record ??= this.#write(under.entry);
  }

  /** Moves the file that was written to into the database, after those that are under way. */
  #move(): Promise<void> {
    return this.#moving = this.#moving.then(() => this.#moveNow());
  }

  /** The file whose lines could not be moved, and which has to come first. */
  #stuck: number | undefined;

  async #moveNow(): Promise<void> {
    const spool = this.#spool;
    if (spool === undefined) return;
    try {
      // Also where the database takes nothing: a file of the system is safer than this program's memory.
      if (!spool.retry()) this.#tellUnwritten(spool);
      if (this.#stuck !== undefined) await this.#moveFile(spool, this.#stuck);
      const which = spool.handOver();
      if (which !== undefined) await this.#moveFile(spool, which);
      if (spool.state.failure === "" && (this.#state.hint !== "" || this.#unwritten !== "")) {
        this.#unwritten = "";
        this.#state = { ...this.#state, kept: true, hint: "" };
        log.info("Records are written again");
      }
    } catch (error) {
      const reason = inPeoplesWords(error).message;
      const gone = error instanceof GoneError;
      const what = gone
        ? `Records are lost until the server is started again`
        : "Records wait on the spool: they cannot be moved into the database";
      const hint = `${what}: ${reason}.`;
      if (this.#state.hint === hint) return;
      this.#state = { ...this.#state, kept: !gone, hint };
      log.error("{what}: {reason}", { what, reason });
    }
  }

  /** Told in the log once: it is in `state` as long as it is so. */
  #tellUnwritten({ state: { failure } }: Spool): void {
    if (failure === this.#unwritten) return;
    this.#unwritten = failure;
    log.error("Records cannot be written, and wait in memory: {failure}", { failure });
  }

  async #moveFile(spool: Spool, which: number): Promise<void> {
    this.#stuck = which;
    const { damaged } = await this.#ask("moved", { kind: "move", spool: which });
    spool.takeBack(which);
    this.#stuck = undefined;
    this.#tellDamaged(damaged);
  }

  #tellDamaged(count: number): void {
    if (count > 0) log.warning("{count} lines of the records' spool were cut short and are left out", { count });
  }

  #giveUp(): void {
    this.#early = undefined;
    this.#opening?.close();
    this.#opening = undefined;
    this.#worker.stop();
    this.#reader.stop();
  }

  #notKept(folder: string, reason: string): void {
    const hint = `No records are kept: cannot keep them in ${folder}: ${reason}.`;
    if (this.#state.hint === hint) return;
    this.#state = { kept: false, folder: "", hint };
    log.warning("No records are kept: cannot keep them in {folder}: {reason}", { folder, reason });
  }

  async #ask<K extends RecordsAnswer["kind"]>(
    kind: K,
    task: RecordsTask,
    worker = this.#worker,
  ): Promise<Extract<RecordsAnswer, { readonly kind: K }>> {
    const answer = await worker.ask(task);
    if (answer.kind === "failed") throw answer.gone ? new GoneError(answer.reason) : new Error(answer.reason);
    if (answer.kind !== kind) throw new Error(`the records' Worker answered ${answer.kind} in the place of ${kind}`);
    return answer as Extract<RecordsAnswer, { readonly kind: K }>;
  }
}
