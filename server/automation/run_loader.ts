/**
 * Loads runs: files of steps, programs that yield them, and PyOpticon scripts, for the first time and again.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { Principal } from "../access/principal.ts";
import type { Bench } from "../bench/bench.ts";
import type { Elsewhere } from "../bench/elsewhere.ts";
import type { Site } from "../config/site.ts";
import { BenchFileError } from "../files/source.ts";
import type { Given } from "./parameters.ts";
import { isProgram, onItsSteps, yieldedBy } from "./program_run.ts";
import { loadRun } from "./load_run.ts";
import type { LoadedRun, RunSurroundings } from "./loaded_run.ts";
import { filesOf, readRun } from "./run_file.ts";
import type { KeptRun, RunStore } from "./run_store.ts";
import type { Scripts } from "./script_process.ts";
import { isScript, scriptRun } from "./script_run.ts";

/** A run that was loaded for the first time, and what is to be kept of it. */
export interface FirstLoaded {
  readonly loaded: LoadedRun;
  /** The text of its file; of a program, what that has yielded. */
  readonly text: string;
  /** The CSV files that it goes through. */
  readonly files: ReadonlyMap<string, string | undefined>;
  /** What a script has scheduled. */
  readonly script?: KeptRun["script"];
}

/** Whether somebody may load what is code. @throws {HeliographError} `not_allowed` where they may not. */
export function mayRunCode(principal: Principal): void {
  if (principal.may("evaluate")) return;
  throw new HeliographError("not_allowed", "A script is code, and you may not evaluate code: that is another right");
}

/** The instruments of a bench, and those of other PCs. */
interface LoaderBench extends Pick<Bench, "instruments"> {
  readonly elsewhere: (Pick<Elsewhere, "expect" | "whyNot"> & Partial<Pick<Elsewhere, "followNamed">>) | undefined;
}

/** Loads runs for a bench. */
export class RunLoader {
  readonly #bench: LoaderBench;
  readonly #site: Site | undefined;
  readonly #now: () => Date;
  readonly #store: Pick<RunStore, "read">;
  readonly #scripts: Scripts;

  /** Loads nothing yet. @param now Tells the time. @param site Where on Earth the bench stands. @default not known */
  constructor(
    bench: LoaderBench,
    store: Pick<RunStore, "read">,
    scripts: Scripts,
    now: () => Date,
    site?: Site,
  ) {
    this.#bench = bench;
    this.#now = now;
    this.#site = site;
    this.#store = store;
    this.#scripts = scripts;
  }

  /** A run that was loaded before. @throws {BenchFileError} Where it does not fit the bench any more. */
  again({ file, text, given, files, script }: KeptRun): LoadedRun {
    if (script === undefined) return this.#fromSteps(file, text, given, new Map(Object.entries(files)));
    return scriptRun(file, script, this.#bench.instruments);
  }

  /**
   * Loads a file for the first time: code is run once, to know its steps.
   *
   * @param file Its name.
   * @param text What it holds; empty for that of the bench's folder.
   * @param mayDrive Whether whoever loads it may drive what a script names. @throws {HeliographError}
   * @throws {BenchFileError} With what is wrong. @throws {HeliographError} With what else keeps it from being loaded.
   */
  async first(
    file: string,
    text: string,
    given: Given,
    principal: Principal,
    mayDrive: (instrument: string) => void,
  ): Promise<FirstLoaded> {
    const said = await this.textOf(file, text);
    if (!isProgram(file) && !isScript(file)) return await this.#withFiles(file, said, given);
    mayRunCode(principal);
    // Python would take the mark that Windows puts before a text for a word.
    const source = said.replace(/^\uFEFF/, "");
    if (isProgram(file)) {
      const evaluate = (expression: string) => this.#scripts.evaluate(expression, { file, principal });
      const steps = await yieldedBy(file, source, given, evaluate, false);
      return await onItsSteps(() => this.#withFiles(file, steps, given));
    }
    const [name] = Object.keys(given);
    if (name !== undefined) {
      throw new BenchFileError([{ file, where: "", message: `is a script, which has no parameters such as ${name}` }]);
    }
    const script = [...await this.#scripts.stepsOf({ file, source, principal, mayDrive })];
    return { loaded: scriptRun(file, script, this.#bench.instruments), text: source, files: new Map(), script };
  }

  /**
   * Reads a file of steps, and the CSV files that it goes through.
   *
   * @param text What it holds; empty for that of the bench's folder.
   * @throws {BenchFileError} With what is wrong.
   */
  async read(file: string, text: string): Promise<Pick<FirstLoaded, "text" | "files">> {
    const said = await this.textOf(file, text);
    // What it says of other PCs' fields is checked, too.
    await this.#bench.elsewhere?.followNamed?.(said);
    const files = new Map<string, string | undefined>();
    for (const name of filesOf(readRun(file, said).words)) files.set(name, await this.#store.read(name));
    return { text: said, files };
  }

  /** A file of steps that was read. @throws {BenchFileError} With what is wrong. */
  fromSteps(file: string, text: string, given: Given, files: FirstLoaded["files"]): FirstLoaded {
    return { loaded: this.#fromSteps(file, text, given, files), text, files };
  }

  /** What steps are checked against. */
  surroundings(given: Given, files: FirstLoaded["files"]): RunSurroundings {
    const { instruments, elsewhere } = this.#bench;
    return { instruments, elsewhere, site: this.#site, now: this.#now(), given, files };
  }

  /**
   * What a file holds.
   *
   * @param text It; empty for that of the bench's folder.
   * @throws {BenchFileError} Where there is no such file.
   */
  async textOf(file: string, text: string): Promise<string> {
    const said = text !== "" ? text : await this.#store.read(file);
    if (said !== undefined) return said;
    throw new BenchFileError([{ file, where: "", message: "there is no such file in the bench's folder" }]);
  }

  async #withFiles(file: string, text: string, given: Given): Promise<FirstLoaded> {
    const { files } = await this.read(file, text);
    return this.fromSteps(file, text, given, files);
  }

  #fromSteps(file: string, text: string, given: Given, files: ReadonlyMap<string, string | undefined>): LoadedRun {
    return loadRun(readRun(file, text), this.surroundings(given, files));
  }
}
