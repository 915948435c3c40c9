/**
 * Runs the code of a rehearsal for its Worker, in the sandbox of whoever has started that: what code asks for, the
 * Worker answers.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { wireError } from "../bench/wire_error.ts";
import type { CodeSender } from "../code/host_process.ts";
import type { Answer, Evaluated } from "../code/messages.ts";
import type { LoadedScript, ScriptOwner } from "../code/script.ts";
import type { CodeReply, CodeRequest } from "./code_messages.ts";

/** Runs code. */
export interface CodeRunner {
  /** Loads a script in a process of its own. @throws {HeliographError} */
  readonly load: (source: string, owner: ScriptOwner) => Promise<LoadedScript>;
  /** Evaluates an expression of JavaScript. @throws {HeliographError} */
  readonly evaluate: (source: string, sender: CodeSender) => Promise<Evaluated>;
}

/** What code is told that still asks when its rehearsal has ended. */
const nobodyAnswers: Answer = { error: { code: "aborted", message: "The rehearsal has ended" } };

/** The code of one rehearsal. */
export class CodeElsewhere {
  readonly #runner: CodeRunner;
  readonly #post: (reply: CodeReply) => void;
  readonly #scripts = new Map<number, LoadedScript>();
  readonly #answers = new Map<number, PromiseWithResolvers<Answer | null>>();
  #stopped = false;

  /** Runs nothing yet. @param post Tells the Worker. */
  constructor(runner: CodeRunner, post: (reply: CodeReply) => void) {
    this.#runner = runner;
    this.#post = post;
  }

  /** Does what the Worker asks for. */
  async take(request: CodeRequest): Promise<void> {
    const { code } = request;
    if ("answer" in request) return this.#answers.get(code)?.resolve(request.answer);
    try {
      const done = await this.#do(request);
      // Of what goes through JSON, nothing would be left of no value.
      if (!("stop" in request)) this.#post({ code, done: done ?? null });
    } catch (error) {
      const { code: kind, message } = wireError(error);
      const ended = this.#scripts.get(code)?.ended !== undefined;
      this.#post({ code, failed: { code: kind, message }, ended });
    }
  }

  async #do(request: Exclude<CodeRequest, { answer: unknown }>): Promise<unknown> {
    const { code } = request;
    const asked = (reply: CodeReply) => {
      const answer = Promise.withResolvers<Answer | null>();
      this.#answers.set(code, answer);
      this.#post(reply);
      return answer.promise;
    };
    const sender: CodeSender = {
      answer: async (ask) => await asked({ code, ask }) ?? { value: null },
      output: (output) => this.#post({ code, output }),
    };
    if ("evaluate" in request) return await this.#runner.evaluate(request.evaluate, sender);
    if ("load" in request) {
      const script = await this.#runner.load(request.load, {
        ...sender,
        check: async (check) => {
          const answer = await asked({ code, check });
          if (answer !== null && "error" in answer) throw new HeliographError(answer.error.code, answer.error.message);
        },
      });
      this.#scripts.set(code, script);
      if (this.#stopped) await script.stop();
      return script.steps;
    }
    const script = this.#scripts.get(code);
    if (script === undefined) throw new HeliographError("unavailable", "The script is not loaded");
    return "call" in request ? await script.call(request.call) : await script.stop();
  }

  /** Ends all of it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { resolve } of this.#answers.values()) resolve(nobodyAnswers);
    await Promise.all([...this.#scripts.values()].map((script) => script.stop()));
  }
}
