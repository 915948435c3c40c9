/**
 * Answers what other PCs ask: a message of the framed dialect, by the one way in.
 *
 * @module
 */

import { parseDashboardMessage } from "../../protocol/dashboard_message.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { Principal } from "../access/principal.ts";
import { encodeValue } from "../bench/typed_values.ts";
import { framedAnswer } from "./framed_answer.ts";
import type { Request, RequestKind, RequestOf, RequestRunner } from "./request.ts";

/** What needs a connection that stays, or would go round in circles. */
const notThere: ReadonlySet<string> = new Set(["Watch", "Follow", "Unwatch", "Close", "Hello", "Ask"]);

/**
 * Answers a message of another PC.
 *
 * @returns Its framed reply. What a command returned stands in `typed` too, where JSON would lose its kind.
 * @throws {HeliographError} When it is refused or fails.
 */
export async function answerRemote(
  requests: RequestRunner,
  message: Readonly<Record<string, unknown>>,
  principal: Principal,
): Promise<string> {
  const { request } = parseDashboardMessage(JSON.stringify(message));
  if (request instanceof HeliographError) throw request;
  if (notThere.has(request.cmd)) throw new HeliographError("unavailable", `${request.cmd} is not there between PCs`);
  return await answer(requests, request as Request, principal);
}

async function answer<K extends RequestKind>(
  requests: RequestRunner,
  request: RequestOf<K>,
  principal: Principal,
): Promise<string> {
  const kind: K = request.cmd;
  const reply = await requests.run(request, principal);
  if (kind !== "Call") return framedAnswer(1, kind, reply);
  // A float that is whole, and a tuple, are others to Python and on azcam's line than JSON tells.
  const typed = encodeValue(reply);
  const isPlain = !/\{"(?:float|tuple|word|number)":/.test(JSON.stringify(typed));
  return JSON.stringify({ id: 1, ok: true, value: reply ?? null, ...isPlain ? {} : { typed } });
}
