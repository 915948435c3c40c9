/**
 * A PyOpticon script in a sandbox's process of its own: it is run once and tells its steps, and then its functions and
 * conditions are called one at a time, for hours if need be.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { type ErrorCode, errorCodes, HeliographError } from "../../protocol/errors.ts";
import { wireError } from "../bench/wire_error.ts";
import type { CodeSender, HostProcess } from "./host_process.ts";
import type { Answer, Ask, ScriptOutcome, ScriptStep } from "./messages.ts";

/** The most steps of a script. */
export const mostSteps = 20_000;
/** The longest name of an instrument, a field or a function, and the longest value or message, in characters. */
const longestText = 10_000;
/** Within how many seconds a script must be loaded, a function be done, and a condition have its value. */
export interface ScriptDeadlines {
  readonly load: number;
  readonly function: number;
  readonly await: number;
}

/** The deadlines of scripts where nothing else is said. */
export const scriptDeadlines: ScriptDeadlines = { load: 30, function: 60, await: 10 };

const text = z.string().max(longestText);
const ifFails = z.enum(["skip", "stop"]).optional();
/** What comes from where code runs is checked before anything comes of it. */
export const scriptStepSchema: z.ZodType<ScriptStep> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("delay"), seconds: z.int().min(0).max(3_600_000_000) }),
  z.strictObject({
    kind: z.literal("action"),
    instrument: text,
    field: text,
    value: z.union([text, z.boolean()]),
    confirm: z.boolean(),
    ifFails,
  }),
  z.strictObject({ kind: z.literal("function"), name: text, ifFails }),
  z.strictObject({ kind: z.literal("await"), name: text, message: text }),
]);
const outcomeSchema: z.ZodType<ScriptOutcome> = z.union([
  z.strictObject({ truth: z.boolean() }),
  z.strictObject({
    failed: z.strictObject({ code: z.enum(Object.keys(errorCodes) as [ErrorCode]), message: z.string() }),
  }),
]);

/** The one whose script it is. */
export interface ScriptOwner extends Pick<CodeSender, "answer" | "output"> {
  /** Checks a step while the script is loaded. @throws {HeliographError} What is wrong with it, for the script. */
  readonly check: (step: ScriptStep) => void | Promise<void>;
}

/** What a script is to call now. */
interface Turn {
  readonly call: number;
  /** Whether that is a condition, which is called often and leaves little behind. */
  readonly waits: boolean;
}

/** A script that has been loaded, wherever it runs. */
export type LoadedScript = Pick<Script, "steps" | "ended" | "call" | "stop">;

/** A script that has been loaded. */
export class Script {
  readonly #owner: ScriptOwner;
  readonly #process: HostProcess;
  readonly #steps: ScriptStep[] = [];
  readonly #loaded = Promise.withResolvers<void>();
  #call: { readonly settle: (outcome: ScriptOutcome) => void; readonly fail: (reason: unknown) => void } | undefined;
  /** Hands the script, which waits, the number of the step whose function it is to call. */
  #turn: ((turn: Turn) => void) | undefined;
  #ended: HeliographError | undefined;

  readonly #deadlines: ScriptDeadlines;

  private constructor(process: HostProcess, source: string, owner: ScriptOwner, deadlines: ScriptDeadlines) {
    this.#process = process;
    this.#owner = owner;
    this.#deadlines = deadlines;
    const sender: CodeSender = { answer: (ask) => this.#answer(ask), output: (printed) => owner.output(printed) };
    const ended = new HeliographError("code_failed", "The script ended");
    process.run({ language: "python", mode: "script", source }, sender, undefined, ended).then(
      () => this.#end(ended),
      (error) => this.#end(wireErrorOf(error)),
    );
  }

  /**
   * Runs a script once.
   *
   * @param process Its own, idle; it ends with the script.
   * @param source Python.
   * @param owner Answers what it asks for.
   * @param deadlines How long it may take.
   * @throws {HeliographError} What is wrong with it, with its line; the process has ended then.
   */
  static async load(
    process: HostProcess,
    source: string,
    owner: ScriptOwner,
    deadlines: ScriptDeadlines,
  ): Promise<Script> {
    const script = new Script(process, source, owner, deadlines);
    const late = new HeliographError(
      "deadline_exceeded",
      `The script was stopped: it was not loaded within ${deadlines.load} s`,
    );
    const timer = setTimeout(() => process.kill(late), deadlines.load * 1000);
    try {
      await script.#loaded.promise;
      return script;
    } catch (error) {
      process.kill(wireErrorOf(error));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Its steps, in the order in which it has scheduled them. */
  get steps(): readonly ScriptStep[] {
    return this.#steps;
  }

  /** Why it has ended; `undefined` while it is there. Its functions are gone then: it has to be loaded again. */
  get ended(): HeliographError | undefined {
    return this.#ended;
  }

  /**
   * Calls the function or the condition of a step.
   *
   * @param number Which step, from 0.
   * @returns Whether a condition is so.
   * @throws {HeliographError} What it raised, with its line. Where it does not end within its time, or its process
   * ends otherwise, the script has ended, too.
   */
  async call(number: number): Promise<boolean> {
    const step = this.#steps[number];
    if (step?.kind !== "function" && step?.kind !== "await") {
      throw new HeliographError("bad_argument", `Cannot call step ${number + 1} of the script: it has no function`);
    }
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#turn === undefined) throw new HeliographError("unavailable", "Another function of the script is running");
    const { promise, resolve, reject } = Promise.withResolvers<ScriptOutcome>();
    this.#call = { settle: resolve, fail: reject };
    const seconds = this.#deadlines[step.kind];
    const what = `${step.kind === "await" ? "condition" : "function"} ${step.name || "without a name"}`;
    const late = new HeliographError(
      "deadline_exceeded",
      `The ${what} was stopped: it did not end within ${seconds} s`,
    );
    const timer = setTimeout(() => this.#process.kill(late), seconds * 1000);
    try {
      const turn = this.#turn;
      this.#turn = undefined;
      turn({ call: number, waits: step.kind === "await" });
      const outcome = await promise;
      if ("failed" in outcome) throw new HeliographError(outcome.failed.code, outcome.failed.message);
      return outcome.truth;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it, whatever it does. */
  async stop(): Promise<void> {
    this.#process.kill(new HeliographError("aborted", "The script was stopped"));
    await this.#process.ended;
  }

  #end(reason: HeliographError): void {
    this.#ended ??= reason;
    this.#loaded.reject(reason);
    this.#loaded.promise.catch(() => {});
    this.#call?.fail(reason);
    this.#call = undefined;
    this.#process.kill(reason);
  }

  async #answer(ask: Ask): Promise<Answer> {
    if (ask.ask === "turn") return await this.#waitForTurn(ask);
    if (ask.ask !== "step") return await this.#owner.answer(ask);
    try {
      await this.#schedule(ask.step);
      return { value: null };
    } catch (error) {
      const { code, message } = wireError(error);
      return { error: { code, message } };
    }
  }

  async #schedule(given: unknown): Promise<void> {
    const { data: step } = scriptStepSchema.safeParse(given);
    if (step === undefined) throw new HeliographError("bad_argument", "Cannot schedule that: it is no step");
    if (this.#steps.length === mostSteps) {
      throw new HeliographError("limit_exceeded", `A script has at most ${mostSteps} steps`);
    }
    await this.#owner.check(step);
    this.#steps.push(step);
  }

  async #waitForTurn({ outcome }: { readonly outcome: unknown }): Promise<Answer> {
    const call = this.#call;
    this.#call = undefined;
    const { promise, resolve } = Promise.withResolvers<Turn>();
    this.#turn = resolve;
    this.#loaded.resolve();
    if (call !== undefined) {
      const { data } = outcomeSchema.safeParse(outcome);
      if (data === undefined) call.fail(new HeliographError("code_failed", "The script tampered with its results"));
      else call.settle(data);
    }
    return { value: await promise };
  }
}

function wireErrorOf(error: unknown): HeliographError {
  return error instanceof HeliographError ? error : new HeliographError("code_failed", String(error));
}
