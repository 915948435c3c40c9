/**
 * Starts the Worker in which a run is rehearsed.
 *
 * @module
 */

import { type ErrorCode, HeliographError } from "../../protocol/errors.ts";
import type { Rehearsal, RehearsalAnswer, RehearsalOrder } from "../../protocol/rehearsal.ts";
import { BenchFileError } from "../files/source.ts";
import { CodeElsewhere, type CodeRunner } from "./code_elsewhere.ts";
import type { CodeRequest } from "./code_messages.ts";

const refused = () => Promise.reject(new HeliographError("unavailable", "No code is run here"));
const noCode: CodeRunner = { load: refused, evaluate: refused };

/**
 * Rehearses a run in a Worker of its own, which may do what this program may.
 *
 * @param runner Runs what of it is code. @default it is refused
 * @throws {BenchFileError} With what is wrong with the bench or the run.
 * @throws {HeliographError} Where it cannot be rehearsed for another reason.
 */
export async function rehearsed(order: RehearsalOrder, runner: CodeRunner = noCode): Promise<Rehearsal> {
  const answered = Promise.withResolvers<RehearsalAnswer>();
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "rehearsal" });
  const code = new CodeElsewhere(runner, (reply) => worker.postMessage(reply));
  worker.onmessage = ({ data }: MessageEvent<RehearsalAnswer | CodeRequest>) => {
    if ("code" in data && !("failure" in data)) void code.take(data);
    else answered.resolve(data as RehearsalAnswer);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    answered.resolve({ failure: event.message, code: "internal" });
  };
  try {
    worker.postMessage(order);
    const answer = await answered.promise;
    if ("rehearsal" in answer) return answer.rehearsal;
    if ("problems" in answer) throw new BenchFileError(answer.problems);
    throw new HeliographError((answer.code ?? "internal") as ErrorCode, `Cannot rehearse it: ${answer.failure}`);
  } finally {
    await code.stop();
    worker.terminate();
  }
}
