/**
 * Code as the Worker of a rehearsal sees it: it runs elsewhere, in the PC's time, and the Worker's time stands still
 * meanwhile. It passes where code waits for what it has asked of the bench.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { ScriptParts } from "../automation/script_process.ts";
import { wireError } from "../bench/wire_error.ts";
import type { CodeSender } from "../code/host_process.ts";
import type { Evaluated, ScriptStep } from "../code/messages.ts";
import type { LoadedScript, ScriptOwner } from "../code/script.ts";
import type { CodeReply, CodeRequest } from "./code_messages.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** A script, or an expression. */
interface Remote {
  readonly owner: CodeSender & Partial<Pick<ScriptOwner, "check">>;
  /** Settles what is under way. */
  settle: PromiseWithResolvers<unknown> | undefined;
  ended: HeliographError | undefined;
}

/** Runs code elsewhere. */
export class RemoteCode implements Pick<ScriptParts, "load" | "evaluate"> {
  readonly #post: (request: CodeRequest) => void;
  readonly #time: Pick<VirtualTime, "hold" | "passDuring">;
  readonly #remotes = new Map<number, Remote>();
  #last = 0;

  /** @param post Sends a request to whoever has started the Worker. */
  constructor(post: (request: CodeRequest) => void, time: Pick<VirtualTime, "hold" | "passDuring">) {
    this.#post = post;
    this.#time = time;
  }

  /** As `Sandbox.loadScript`. */
  readonly load = async (source: string, owner: ScriptOwner): Promise<LoadedScript> => {
    const [code, remote] = this.#begin(owner);
    const steps = await this.#ask(remote, { code, load: source }) as readonly ScriptStep[];
    return {
      steps,
      get ended() {
        return remote.ended;
      },
      call: async (number) => {
        if (remote.ended !== undefined) throw remote.ended;
        if (remote.settle !== undefined) {
          throw new HeliographError("unavailable", "Another function of the script is running");
        }
        return await this.#ask(remote, { code, call: number }) as boolean;
      },
      stop: () => {
        remote.ended ??= new HeliographError("aborted", "The script was stopped");
        this.#remotes.delete(code);
        this.#post({ code, stop: true });
        remote.settle?.reject(remote.ended);
        return Promise.resolve();
      },
    };
  };

  /** As `Sandbox.evaluate`, of JavaScript. */
  readonly evaluate = async (source: string, sender: CodeSender): Promise<Evaluated> => {
    const [code, remote] = this.#begin(sender);
    try {
      return await this.#ask(remote, { code, evaluate: source }) as Evaluated;
    } finally {
      this.#remotes.delete(code);
    }
  };

  /** Takes what is told. */
  take(reply: CodeReply): void {
    const remote = this.#remotes.get(reply.code);
    // What was on its way from code that was stopped.
    if (remote === undefined) return;
    if ("done" in reply) remote.settle?.resolve(reply.done);
    else if ("output" in reply) remote.owner.output(reply.output);
    else if ("failed" in reply) {
      const error = new HeliographError(reply.failed.code, reply.failed.message);
      if (reply.ended) remote.ended = error;
      remote.settle?.reject(error);
    } else void this.#answer(remote, reply);
  }

  #begin(owner: Remote["owner"]): [number, Remote] {
    const remote: Remote = { owner, settle: undefined, ended: undefined };
    this.#remotes.set(++this.#last, remote);
    return [this.#last, remote];
  }

  async #ask(remote: Remote, request: CodeRequest): Promise<unknown> {
    const settle = remote.settle = Promise.withResolvers<unknown>();
    this.#post(request);
    try {
      return await this.#time.hold(settle.promise);
    } finally {
      remote.settle = undefined;
    }
  }

  async #answer({ owner }: Remote, reply: Extract<CodeReply, { ask: unknown } | { check: unknown }>): Promise<void> {
    const { code } = reply;
    try {
      if ("ask" in reply) {
        this.#post({ code, answer: await this.#time.passDuring(owner.answer(reply.ask)) });
      } else {
        await owner.check!(reply.check);
        this.#post({ code, answer: null });
      }
    } catch (error) {
      const { code: kind, message } = wireError(error);
      this.#post({ code, answer: { error: { code: kind, message } } });
    }
  }
}
