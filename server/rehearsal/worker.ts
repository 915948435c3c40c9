/**
 * The Worker in which a run is rehearsed, in a time of its own.
 *
 * @module
 */

import type { RehearsalAnswer, RehearsalOrder } from "../../protocol/rehearsal.ts";
import { VirtualTime } from "./virtual_time.ts";

const time = new VirtualTime();
time.install();

// This Worker's own scope, which Deno's types for a window do not know.
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<RehearsalOrder>) => void;
  postMessage(answer: RehearsalAnswer): void;
};

scope.onmessage = async ({ data }) => scope.postMessage(await answer(data));

async function answer(order: RehearsalOrder): Promise<RehearsalAnswer> {
  try {
    // Whatever looks at the time is loaded when that is the Worker's own.
    const { rehearse } = await import("./rehearsal.ts");
    return { rehearsal: await rehearse(order, time) };
  } catch (error) {
    const { problems, code, message = String(error) } = error as {
      problems?: Extract<RehearsalAnswer, { problems: unknown }>["problems"];
      code?: string;
      message?: string;
    };
    return problems === undefined ? { failure: message, code } : { problems };
  }
}
