/**
 * PyOpticon scripts in their sandboxes: one is run once so that its steps are known, and again, for as long as its run
 * lasts, so that its functions can be called.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import type { Principal } from "../access/principal.ts";
import type { Bench } from "../bench/bench.ts";
import { ownInstruments } from "../bench/names.ts";
import { wireError } from "../bench/wire_error.ts";
import type { CodeSender } from "../code/host_process.ts";
import type { Answer, Ask, Evaluated, ScriptStep } from "../code/messages.ts";
import { PrintedLines } from "../code/printed_lines.ts";
import type { LoadedScript, ScriptOwner } from "../code/script.ts";
import { BenchFileError } from "../files/source.ts";
import { checkAction, differenceOf } from "./script_run.ts";

const log = getLogger(["heliograph", "automation"]);

/** How many scripts are loaded at once. */
const mostLoading = 4;
/** How much of what one call of a function prints is told. */
const printed = { lines: 200, length: 1000 };

/** What the server gives to scripts. */
export interface ScriptParts {
  readonly bench: Pick<Bench, "find" | "instruments">;
  /** Loads a script in a sandbox of its own. */
  readonly load: (source: string, owner: ScriptOwner) => Promise<LoadedScript>;
  /** Evaluates an expression of JavaScript. @param asker Whose it is. */
  readonly evaluate: (source: string, sender: CodeSender, asker: string) => Promise<Evaluated>;
  /** What a script's dashboard answers. */
  readonly answer: (ask: Ask, principal: Principal) => Promise<Answer>;
}

/** Who loads a script, and for whom. */
export interface Loading {
  /** Its name. */
  readonly file: string;
  readonly source: string;
  /** In whose name it asks. */
  readonly principal: Principal;
  /** Whether somebody may drive an instrument that it names. @throws {HeliographError} Where they may not. */
  readonly mayDrive?: (instrument: string) => void;
}

const tooLate: Answer = {
  error: { code: "aborted", message: "Nothing is done: the run has ended, or is at another step" },
};

/** A function or a condition has raised; the script is there for the next. */
export class Raised extends Error {}

/** Loads scripts, and counts how many are being loaded: a script could have others loaded. */
export class Scripts {
  readonly parts: ScriptParts;
  #loading = 0;

  /** Loads nothing yet. */
  constructor(parts: ScriptParts) {
    this.parts = parts;
  }

  /**
   * Runs a script once, to know its steps.
   *
   * @throws {BenchFileError} With what is wrong with it, and the line.
   * @throws {HeliographError} Where no script can be run.
   */
  async stepsOf(loading: Loading): Promise<readonly ScriptStep[]> {
    const { file, principal } = loading;
    const lines = this.#linesOf(file, principal);
    const script = await this.load(loading, { output: (text) => lines.take(text) });
    lines.end();
    await script.stop();
    return script.steps;
  }

  /** Evaluates an expression of JavaScript, by which a run is made: it only looks. @throws {HeliographError} */
  async evaluate(source: string, { file, principal }: Omit<Loading, "source">): Promise<unknown> {
    const lines = this.#linesOf(file, principal);
    const looking = principal.deputy({ role: "observer" });
    const sender = {
      answer: (ask: Ask) => this.#look(ask, looking),
      output: (text: string) => lines.take(text),
    };
    const { value } = await this.parts.evaluate(source, sender, `${principal.hostname} ${principal.name}`);
    lines.end();
    return value;
  }

  #linesOf(file: string, principal: Principal): PrintedLines {
    return new PrintedLines(
      (line) => log.info("{who}: {file} prints while it is loaded: {line}", { who: principal.label, file, line }),
      printed,
    );
  }

  /** Loads a script that stays. @param owner What it prints, and what answers it from then on. @throws As `stepsOf`. */
  async load(
    { file, source, principal, mayDrive }: Loading,
    { output, answer }: Pick<ScriptOwner, "output"> & Partial<Pick<ScriptOwner, "answer">>,
  ): Promise<LoadedScript> {
    if (this.#loading >= mostLoading) {
      throw new HeliographError("too_many_requests", `Cannot load ${file}: ${mostLoading} scripts are being loaded`);
    }
    this.#loading++;
    let loaded = false;
    const { bench } = this.parts;
    // What runs before the run has begun only looks.
    const looking = principal.deputy({ role: "observer", gone: () => loaded });
    try {
      const script = await this.parts.load(source, {
        check: (step) => {
          if (step.kind !== "action") return;
          const { name } = checkAction(step, bench.instruments);
          mayDrive?.(name);
        },
        answer: async (ask) => !loaded ? await this.#look(ask, looking) : await answer?.(ask) ?? tooLate,
        output,
      });
      if (script.steps.length === 0) {
        await script.stop();
        const message = "it schedules nothing: a script calls schedule_action, schedule_delay, schedule_function or " +
          "schedule_await_condition";
        throw new BenchFileError([{ file, where: "", message }]);
      }
      return script;
    } catch (error) {
      throw inFile(file, error);
    } finally {
      loaded = true;
      this.#loading--;
    }
  }

  async #look(ask: Ask, principal: Principal): Promise<Answer> {
    const driven = drivenBy(ask, this.parts.bench);
    if (driven === undefined && ask.ask !== "hold") return await this.parts.answer(ask, principal);
    return {
      error: {
        code: "not_allowed",
        message:
          `nothing is driven while a script is loaded${driven === undefined ? "" : `, and this drives ${driven}`}` +
          ": put it into a function, and give that to schedule_function",
      },
    };
  }
}

/** What a script asks for drives an instrument: its name. `automation` counts, which could load the script anew. */
function drivenBy(ask: Ask, bench: Pick<Bench, "find">): string | undefined {
  if (ask.ask !== "set" && ask.ask !== "confirm" && ask.ask !== "call") return undefined;
  const instrument = typeof ask.instrument === "string" ? bench.find(ask.instrument) : undefined;
  // What there is not is refused elsewhere.
  if (instrument === undefined) return undefined;
  if (ask.ask !== "call" || instrument.name === "automation") return instrument.name;
  const command = typeof ask.command === "string" ? instrument.findCommand(ask.command) : undefined;
  return command === undefined || command.role === "observer" ? undefined : instrument.name;
}

/** What went wrong with a script, at its line. */
export function inFile(file: string, error: unknown): unknown {
  if (!(error instanceof HeliographError)) return error;
  const line = /^(.*) \(line (\d+)\)$/s.exec(error.message);
  if (line !== null) return new BenchFileError([{ file, line: Number(line[2]), where: "", message: line[1]! }]);
  const own = ["code_failed", "deadline_exceeded", "limit_exceeded"].includes(error.code);
  return own ? new BenchFileError([{ file, where: "", message: error.message }]) : error;
}

/** What a run tells of its script, and what it does for it. */
export interface ScriptOfRun extends Loading {
  /** What it has scheduled when the run began. */
  readonly steps: () => readonly ScriptStep[];
  /** It is about to drive an instrument. @throws {HeliographError} Where somebody else has that. */
  readonly use: (instrument: string) => void;
}

/** The script of a run: its functions are called here, and where its process has gone it is loaded again. */
export class RunScript {
  readonly #scripts: Scripts;
  readonly #of: ScriptOfRun;
  readonly #lines: PrintedLines;
  #script: LoadedScript | undefined;
  #starting: Promise<LoadedScript> | undefined;
  #stopped = false;
  /** Whether a step is being done: otherwise nothing that it asks for is done. */
  #calling = false;
  #before: string[] = [];
  #print: ((line: string) => void) | undefined;

  /** Loads nothing yet. */
  constructor(scripts: Scripts, of: ScriptOfRun) {
    this.#scripts = scripts;
    this.#of = of;
    this.#lines = new PrintedLines((line) => this.#tell(line), printed);
  }

  /** Hands on what it prints from now on, and what it has printed before. */
  printTo(print: (line: string) => void): void {
    this.#print = print;
    for (const line of this.#before) print(line);
    this.#before = [];
  }

  /** Loads it for the first time. @returns What it schedules. @throws As `Scripts.stepsOf`. */
  async begin(): Promise<readonly ScriptStep[]> {
    this.#script = await this.#load();
    return this.#script.steps;
  }

  /**
   * Loads it where it is not there.
   *
   * @throws {Error} Where it cannot be loaded, or schedules others than it did: its functions are not those any more.
   */
  async present(): Promise<LoadedScript> {
    if (this.#script !== undefined) return this.#script;
    this.#starting ??= this.#loadAgain().finally(() => this.#starting = undefined);
    return await this.#starting;
  }

  /**
   * Calls the function or the condition of a step.
   *
   * @returns Whether a condition is so.
   * @throws {Raised} With what it raised, and the line.
   * @throws {Error} Where its process is gone: a person decides whether it is loaded again.
   */
  async call(number: number): Promise<boolean> {
    const gone = this.#script?.ended;
    if (gone !== undefined) {
      this.#script = undefined;
      throw new Error(`its process has ended: ${gone.message}; ${lost}`);
    }
    const script = await this.present();
    this.#calling = true;
    try {
      return await script.call(number);
    } catch (error) {
      const { message } = wireError(error);
      if (script.ended === undefined) throw new Raised(message);
      this.#script = undefined;
      throw new Error(`${message}; ${lost}`);
    } finally {
      this.#calling = false;
      const more = this.#lines.end();
      if (more > 0) this.#tell(`… and ${more} more lines`);
    }
  }

  /** Ends its process, whatever it does: nothing that it asks for is done any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const script = this.#script ?? await this.#starting?.catch(() => undefined);
    await script?.stop();
  }

  async #loadAgain(): Promise<LoadedScript> {
    const script = await this.#load();
    const difference = differenceOf(this.#of.steps(), script.steps, true);
    if (difference === undefined) return this.#script = script;
    await script.stop();
    throw new Error(`the script schedules other steps than when its run began: ${difference}`);
  }

  async #load(): Promise<LoadedScript> {
    const script = await this.#scripts.load(this.#of, {
      output: (text) => this.#lines.take(text),
      answer: (ask) => this.#answer(ask),
    });
    if (this.#stopped) await script.stop();
    return script;
  }

  async #answer(ask: Ask): Promise<Answer> {
    if (this.#stopped || !this.#calling) return tooLate;
    const { bench, answer } = this.#scripts.parts;
    try {
      const driven = drivenBy(ask, bench);
      if (driven !== undefined && !ownInstruments.has(driven)) this.#of.use(driven);
    } catch (error) {
      const { code, message } = wireError(error);
      return { error: { code, message } };
    }
    return await answer(ask, this.#of.principal);
  }

  #tell(line: string): void {
    if (this.#print !== undefined) this.#print(line);
    else if (this.#before.length < printed.lines) this.#before.push(line);
  }
}

/** What a person is told whose script has ended in the middle. */
const lost = "the script is loaded again before its next function, and has its variables as at its begin";
