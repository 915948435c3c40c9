/**
 * PyOpticon's data log: what the bench is, as a row of a CSV file, again and again.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { type DataLogState, formatInterval, parseInterval, usualInterval } from "../../protocol/data_log.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { Bench } from "../bench/bench.ts";
import { chosenBy, type ChosenField } from "../bench/field_choice.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import type { DataLogOptions, DataLogWords } from "../config/data_log_settings.ts";
import { checkFileName } from "../camera/file_names.ts";
import { inPeoplesWords } from "../files/part_file.ts";
import { startFileWorker } from "../files/file_worker.ts";
import { TaskWorker } from "../files/task_worker.ts";
import { within } from "../network/within.ts";
import { type DataLogAnswer, type DataLogRow, type DataLogTask, usualName } from "./data_log_file.ts";

const log = getLogger(["heliograph", "datalog"]);

/** The most values that wait while they cannot be written, and the least number of rows all the same. */
const mostWaiting = 500_000;
const leastWaiting = 100;
/** A timer that is early by so much does not take the same row twice, in milliseconds. */
const early = 50;
/** The most rows that are written at once. */
const mostAtOnce = 500;
/** A server that stops waits so long for the disk, in milliseconds. */
const longestWait = 5000;

/** A data log under way. */
interface Run {
  readonly name: string;
  readonly seconds: number;
  readonly fields: readonly string[];
  /** When its first row was taken, on the clock of `performance.now()`. */
  readonly begun: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** The columns of a log: their fields, and what stands over them. */
interface Columns {
  readonly of: readonly ChosenField[];
  readonly labels: readonly string[];
}

/** Whether a field belongs into the data log: PyOpticon's widgets say so. */
function isLogged({ spec }: BenchField): boolean {
  return spec.log !== false;
}

/**
 * The fields of a data log, in the order of the bench.
 *
 * @param instruments What stands on the bench.
 * @param fields The instruments and fields that are wanted; none for all that belong into a log.
 * @throws {HeliographError} `bad_argument` for one that is not there.
 */
export function loggedFields(instruments: readonly Instrument[], fields: readonly string[]): ChosenField[] {
  if (fields.length === 0) {
    // What stands aside is no widget: `api`, azcam's parameters.
    return instruments.filter(({ spec }) => spec.aside !== true).flatMap((instrument) =>
      instrument.allFields.filter(isLogged).map((field) => ({ instrument, field }))
    );
  }
  const chosen = new Set(fields.flatMap((entry) => {
    try {
      return chosenBy(instruments, entry, isLogged).map(({ field }) => field);
    } catch (error) {
      if (!(error instanceof HeliographError)) throw error;
      throw new HeliographError("bad_argument", `Cannot log ${entry.slice(0, 100)}: ${error.message}`);
    }
  }));
  return instruments.flatMap((instrument) =>
    instrument.allFields.filter((field) => chosen.has(field)).map((field) => ({ instrument, field }))
  );
}

/** The data log of one bench. */
export class DataLog {
  readonly #bench: Bench;
  readonly #options: DataLogOptions | undefined;
  readonly #worker: TaskWorker<DataLogTask, DataLogAnswer>;
  /** Why nothing can be written at all. */
  #unavailable = "";
  #run: Run | undefined;
  #columns: Columns | undefined;
  readonly #waiting: DataLogRow[] = [];
  #writing: Promise<void> | undefined;
  #file = "";
  #rows = 0;
  #lost = 0;
  #problem = "";

  /**
   * Writes nothing yet.
   *
   * @param bench What is logged.
   * @param options Where, and whether a log is begun with the server. @default nowhere
   */
  constructor(bench: Bench, options?: DataLogOptions) {
    this.#bench = bench;
    this.#options = options;
    if (options === undefined) this.#unavailable = "this server has no folder for logs";
    this.#worker = new TaskWorker({
      start: (failed) =>
        startFileWorker(new URL("./data_log_worker.ts", import.meta.url), "data log", [options!.folder], failed),
      stopping: () => new Error("the server is stopping"),
      failed: (reason) => new Error(reason),
    });
    bench.hub.subscribe("bench", () => this.#columns = undefined, { name: "the data log" });
  }

  /** How it stands. */
  get state(): DataLogState {
    const run = this.#run;
    const waiting = this.#waiting.length;
    const waits = this.#problem === "" ? "" : `; ${waiting} row${waiting === 1 ? "" : "s"} wait in memory`;
    const lost = this.#lost === 0 ? "" : `; ${this.#lost} could not wait any longer and are lost`;
    return {
      running: run !== undefined,
      file: this.#file,
      folder: this.#options?.folder ?? "",
      every: run === undefined ? this.#options?.start?.every ?? usualInterval : formatInterval(run.seconds),
      fields: run?.fields ?? [],
      rows: this.#rows,
      problem: this.#problem === "" ? "" : `The data log cannot be written: ${this.#problem}${waits}${lost}`,
    };
  }

  /** Gets the right to write into the folder, before the server gives up its own. Nothing is thrown. */
  async open(): Promise<void> {
    if (this.#options === undefined) return;
    try {
      this.#worker.start();
      await this.#worker.ask({ kind: "answer" });
    } catch (error) {
      this.#unavailable = inPeoplesWords(error).message;
    }
  }

  /** Begins the log that the bench file asks for, once the bench is there; the log says why where it cannot. */
  begin(): void {
    const words = this.#options?.start;
    if (words === undefined) return;
    if (this.#unavailable !== "") {
      const { folder } = this.#options!;
      log.error("No data log is written into {folder}: {reason}", { folder, reason: this.#unavailable });
      return;
    }
    try {
      this.#startRun(words);
    } catch (error) {
      log.error("No data log is written: {reason}", { reason: (error as Error).message });
    }
  }

  /**
   * Begins a log, and writes its first row at once; a file that is there already is continued.
   *
   * @param words Its name, which PyOpticon's takes the place of where it has none; how often; of which fields.
   * @throws {HeliographError} Where it cannot be: one is written already, a name that no file may have, an unknown field, a
   * folder that cannot be written.
   */
  async start(words: DataLogWords): Promise<DataLogState> {
    if (this.#unavailable !== "") {
      throw new HeliographError("unavailable", `Cannot write a data log: ${this.#unavailable}`);
    }
    if (this.#run !== undefined) {
      const to = this.#file === "" ? "" : `, into ${this.#file}`;
      throw new HeliographError("bad_argument", `Cannot begin a data log: one is written already${to}; stop it first`);
    }
    await this.#startRun(words);
    if (this.#problem === "") return this.state;
    const reason = this.#problem;
    // Nobody believes in a log whose beginning has failed.
    await this.stop();
    this.#waiting.length = 0;
    this.#problem = "";
    throw new HeliographError("command_failed", `Cannot write a data log into ${this.#options!.folder}: ${reason}`);
  }

  /** Ends it, when what was taken is written as far as that can be; nothing happens where none is written. */
  async stop(): Promise<DataLogState> {
    const run = this.#run;
    this.#run = undefined;
    clearTimeout(run?.timer);
    await this.#writing;
    if (run === undefined) return this.state;
    if (this.#waiting.length > 0) await this.#write(run);
    if (this.#file !== "") {
      log.info("The data log {file} ends after {rows} rows", { file: this.#file, rows: this.#rows });
    }
    return this.state;
  }

  /** Ends it with the server. */
  async close(): Promise<void> {
    await within(longestWait, this.stop());
    this.#worker.stop();
  }

  /** @returns When the first row is written, or could not be. */
  #startRun({ name, every = usualInterval, fields = [] }: DataLogWords): Promise<void> {
    const seconds = parseInterval(every);
    const given = name === undefined || name === "" ? usualName(Date.now()) : name;
    checkFileName(given, "a data log");
    const ofCsv = /\.csv$/i.test(given) ? given : `${given}.csv`;
    if (loggedFields(this.#bench.instruments, fields).length === 0) {
      throw new HeliographError("bad_argument", "Cannot begin a data log: there are no fields to log");
    }
    const run: Run = { name: ofCsv, seconds, fields, begun: performance.now(), timer: undefined };
    this.#run = run;
    this.#columns = undefined;
    [this.#file, this.#rows, this.#lost, this.#problem] = ["", 0, 0, ""];
    this.#waiting.length = 0;
    log.info("A data log {name} begins in {folder}, a row every {every}", {
      name: ofCsv,
      folder: this.#options!.folder,
      every: formatInterval(seconds),
    });
    return this.#take(run, true);
  }

  #take(run: Run, first = false): Promise<void> {
    const row = this.#row(run);
    if (this.#waiting.length >= Math.max(leastWaiting, mostWaiting / (row.values.length + 1))) {
      this.#waiting.shift();
      this.#lost++;
    }
    this.#waiting.push(row);
    const interval = run.seconds * 1000;
    // By the time that passes, so that no row is late because one before it was.
    const next = interval - (performance.now() - run.begun) % interval;
    run.timer = setTimeout(() => void this.#take(run), next < early ? next + interval : next);
    return this.#writing ??= this.#write(run, first).finally(() => this.#writing = undefined);
  }

  #row({ fields }: Run): DataLogRow {
    const { of, labels } = this.#columns ??= this.#columnsOf(fields);
    return { time: Date.now(), labels, values: of.map(({ field }) => field.textAsSet) };
  }

  #columnsOf(fields: readonly string[]): Columns {
    const there = fields.filter((entry) => {
      try {
        return chosenBy(this.#bench.instruments, entry).length > 0;
      } catch {
        // It has gone from the bench since; its columns stay.
        return false;
      }
    });
    const of = fields.length > 0 && there.length === 0 ? [] : loggedFields(this.#bench.instruments, there);
    return { of, labels: of.map(({ instrument, field }) => `${instrument.title}: ${field.title}`) };
  }

  async #write({ name }: Run, makes = false): Promise<void> {
    const { folder } = this.#options!;
    try {
      if (makes) this.#note(await this.#worker.ask({ kind: "make", folder }));
      while (this.#waiting.length > 0) {
        const rows = this.#waiting.slice(0, mostAtOnce);
        const answer = await this.#worker.ask({ kind: "append", folder, name, rows });
        // Those that could not wait any longer have gone meanwhile.
        const { count } = answer;
        const at = count === 0 ? -1 : this.#waiting.indexOf(rows[count - 1]!);
        this.#waiting.splice(0, at + 1);
        this.#rows += count;
        if (answer.file !== "") this.#file = answer.file;
        if (!this.#note(answer)) return;
      }
    } catch (error) {
      this.#note({ kind: "failed", count: 0, file: "", reason: (error as Error).message });
    }
  }

  /** Tells the log once what is wrong, and once that it is well again. @returns Whether it was done. */
  #note(answer: DataLogAnswer): boolean {
    const { folder } = this.#options!;
    const problem = answer.kind === "failed" ? answer.reason : "";
    if (problem === "" && answer.count === 0) return true;
    if (problem !== this.#problem) {
      this.#problem = problem;
      if (problem === "") log.info("The data log in {folder} is written again", { folder });
      else log.error("The data log in {folder} cannot be written: {problem}", { folder, problem });
    }
    return problem === "";
  }
}
