/**
 * Starts the Worker in which a run is rehearsed.
 *
 * @module
 */

import { type ErrorCode, HeliographError } from "../../protocol/errors.ts";
import type { Rehearsal, RehearsalAnswer, RehearsalOrder } from "../../protocol/rehearsal.ts";
import { BenchFileError } from "../files/source.ts";

/**
 * Rehearses a run in a Worker of its own, which may do what this program may.
 *
 * @throws {BenchFileError} With what is wrong with the bench or the run.
 * @throws {HeliographError} Where it cannot be rehearsed for another reason.
 */
export async function rehearsed(order: RehearsalOrder): Promise<Rehearsal> {
  const answered = Promise.withResolvers<RehearsalAnswer>();
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "rehearsal" });
  worker.onmessage = ({ data }) => answered.resolve(data);
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
    worker.terminate();
  }
}
