/**
 * Takes runs in: from files, from what clients send, and from runs that were there before.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { RunCheck } from "../../protocol/runs.ts";
import type { Principal } from "../access/principal.ts";
import { BenchFileError } from "../files/source.ts";
import type { Given } from "./parameters.ts";
import { isProgram } from "./program_run.ts";
import type { FileToRehearse } from "./rehearser.ts";
import { whoIs } from "./run_actor.ts";
import { checkLoaded, checkRun, unknownRun } from "./run_check.ts";
import { type FirstLoaded, mayRunCode, type RunLoader } from "./run_loader.ts";
import type { RunQueue } from "./run_queue.ts";
import type { KeptRun } from "./run_store.ts";
import { counted, isScript, placeOfStep } from "./script_run.ts";

/** Whether somebody may drive all of them. @throws {HeliographError} Where they may not. */
export type MayDrive = (instruments: readonly string[], principal: Principal) => void;

/** What is to be run. */
export interface RunSource {
  /** The file's name. */
  readonly file: string;
  /** What it holds; empty for that of the bench's folder. */
  readonly text: string;
  /** The number of a run whose file is taken instead, as it was then; 0 for none. */
  readonly again: number;
}

/** Takes runs in. */
export class RunIntake {
  readonly #loader: RunLoader;
  readonly #queue: Pick<RunQueue, "known">;
  readonly #mayDrive: MayDrive;

  /** Has taken none in. @param queue Where runs were before. */
  constructor(loader: RunLoader, queue: Pick<RunQueue, "known">, mayDrive: MayDrive) {
    this.#loader = loader;
    this.#queue = queue;
    this.#mayDrive = mayDrive;
  }

  /** Loads a run. @throws {BenchFileError} With what is wrong. @throws {HeliographError} With what else keeps it from that. */
  async load({ file, text, again }: RunSource, given: Given, principal: Principal): Promise<FirstLoaded> {
    const kept = again > 0 ? this.#queue.known(again) : undefined;
    // Of a program that is what it has yielded, and not the program.
    if (kept !== undefined && kept.script === undefined) {
      const { text, files } = asItWas(kept);
      return this.#loader.fromSteps(kept.file, text, given, files);
    }
    const mayDrive = (instrument: string) => this.#mayDrive([instrument], principal);
    return await this.#loader.first(kept?.file ?? file, kept?.text ?? text, given, principal, mayDrive);
  }

  /** What a run's file says, and what is wrong with it or keeps somebody from running it. */
  async check(source: RunSource, given: Given, principal: Principal): Promise<RunCheck> {
    const { file, text, again } = source;
    const may = (instruments: readonly string[]) => this.#mayDrive(instruments, principal);
    try {
      if (isScript(file) || (isProgram(file) && again === 0)) {
        return checkLoaded(file, (await this.load(source, given, principal)).loaded, may);
      }
      const read = again > 0 ? asItWas(this.#queue.known(again)) : await this.#loader.read(file, text);
      return checkRun(file, read.text, this.#loader.surroundings(given, read.files), may);
    } catch (error) {
      if (error instanceof BenchFileError) return unknownRun(error.problems);
      if (error instanceof HeliographError) return unknownRun([{ file, where: "", message: error.message }]);
      throw error;
    }
  }

  /**
   * What is rehearsed.
   *
   * @throws {BenchFileError} Where there is no such file. @throws {HeliographError} Where they may not evaluate code.
   */
  async toRehearse({ file, text, again }: RunSource, principal: Principal): Promise<FileToRehearse> {
    const kept = again > 0 ? this.#queue.known(again) : undefined;
    if (kept !== undefined && kept.script === undefined) {
      // Of a program that is what it has yielded.
      return { file: kept.file.replace(/\.[jt]s$/i, ".json"), text: kept.text, files: kept.files };
    }
    const name = kept?.file ?? file;
    if (isScript(name) || isProgram(name)) mayRunCode(principal);
    return { file: name, text: await this.#loader.textOf(name, kept?.text ?? text) };
  }
}

/**
 * A run that was loaded, as it is kept.
 *
 * @param file What it is called. @param at The number of the step to begin at, from 1. @param principal For whom it acts.
 * @throws {HeliographError} Where there is no such step.
 */
export function loadedEntry(
  file: string,
  { loaded, text, files, script }: FirstLoaded,
  at: number,
  principal: Principal,
): Omit<KeptRun, "id"> {
  const begins = placeOfStep(loaded, at);
  if (begins === undefined) {
    throw new HeliographError(
      "bad_argument",
      `Cannot begin at step ${at}: ${loaded.title} has ${counted(loaded)}, counted from 1`,
    );
  }
  return {
    title: loaded.title,
    file,
    text,
    files: Object.fromEntries([...files].flatMap(([name, text]) => text === undefined ? [] : [[name, text]])),
    given: { ...loaded.given },
    ...script === undefined ? {} : { script },
    instruments: [...loaded.instruments],
    who: whoIs(principal),
    state: "loaded",
    reason: "",
    startAt: null,
    began: null,
    ended: null,
    serial: 0,
    place: { at: begins },
    last: { at: 0 },
  };
}

/** The file of a run, and those that it goes through, as they were then. */
function asItWas({ text, files }: KeptRun): Pick<FirstLoaded, "text" | "files"> {
  return { text, files: new Map(Object.entries(files)) };
}
