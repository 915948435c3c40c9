/**
 * Starts the Worker in which a run is rehearsed.
 *
 * @module
 */

import { type ErrorCode, HeliographError } from "../../protocol/errors.ts";
import type { Rehearsal, RehearsalAnswer, RehearsalOrder } from "../../protocol/rehearsal.ts";
import { BenchFileError } from "../files/source.ts";
import { CodeElsewhere, type CodeRunner } from "./code_elsewhere.ts";
import type { CodeReply, CodeRequest } from "./code_messages.ts";

const refused = () => Promise.reject(new HeliographError("unavailable", "No code is run here"));
const noCode: CodeRunner = { load: refused, evaluate: refused };

/** The Worker of one rehearsal, which may do what this program may. */
export class RehearsalWorker implements Disposable {
  readonly #worker: Worker;
  readonly #answered = Promise.withResolvers<RehearsalAnswer>();

  /** Starts it. @param take Takes what it asks of code; `tell` answers that. */
  constructor(take: (request: CodeRequest) => void) {
    const worker = this.#worker = new Worker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: "rehearsal",
    });
    worker.onmessage = ({ data }: MessageEvent<RehearsalAnswer | CodeRequest>) => {
      if ("code" in data && !("failure" in data)) take(data);
      else this.#answered.resolve(data as RehearsalAnswer);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#answered.resolve({ failure: event.message, code: "internal" });
    };
  }

  /** Has it rehearse. */
  answer(order: RehearsalOrder): Promise<RehearsalAnswer> {
    this.#worker.postMessage(order);
    return this.#answered.promise;
  }

  /** Tells it of code. */
  tell(reply: CodeReply): void {
    this.#worker.postMessage(reply);
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/**
 * What a rehearsal has answered.
 *
 * @throws {BenchFileError} With what is wrong with the bench or the run.
 * @throws {HeliographError} Where it could not be rehearsed for another reason.
 */
export function rehearsalOf(answer: RehearsalAnswer): Rehearsal {
  if ("rehearsal" in answer) return answer.rehearsal;
  if ("problems" in answer) throw new BenchFileError(answer.problems);
  throw new HeliographError((answer.code ?? "internal") as ErrorCode, `Cannot rehearse it: ${answer.failure}`);
}

/**
 * Rehearses a run in a Worker of its own, which may do what this program may.
 *
 * @param runner Runs what of it is code. @default it is refused
 * @throws {BenchFileError} With what is wrong with the bench or the run.
 * @throws {HeliographError} Where it cannot be rehearsed for another reason.
 */
export async function rehearsed(order: RehearsalOrder, runner: CodeRunner = noCode): Promise<Rehearsal> {
  const code = new CodeElsewhere(runner, (reply) => worker.tell(reply));
  using worker: RehearsalWorker = new RehearsalWorker((request) => void code.take(request));
  try {
    return rehearsalOf(await worker.answer(order));
  } finally {
    await code.stop();
  }
}
