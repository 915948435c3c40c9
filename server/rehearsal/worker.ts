/**
 * The Worker in which a run is rehearsed, in a time of its own.
 *
 * @module
 */

import type { RehearsalAnswer, RehearsalOrder } from "../../protocol/rehearsal.ts";
import type { CodeReply, CodeRequest } from "./code_messages.ts";
import { VirtualTime } from "./virtual_time.ts";

const time = new VirtualTime();
time.install();

// This Worker's own scope, which Deno's types for a window do not know.
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<RehearsalOrder>) => void;
  postMessage(answer: RehearsalAnswer | CodeRequest): void;
};

scope.onmessage = async ({ data }) => scope.postMessage(await answer(data));

async function answer(order: RehearsalOrder): Promise<RehearsalAnswer> {
  try {
    // Whatever looks at the time is loaded when that is the Worker's own.
    const { rehearse } = await import("./rehearsal.ts");
    const { RemoteCode } = await import("./remote_code.ts");
    const code = new RemoteCode((request) => scope.postMessage(request), time);
    // After the order, what comes is of code.
    scope.onmessage = ({ data }: MessageEvent) => code.take(data as CodeReply);
    return { rehearsal: await rehearse(order, time, code) };
  } catch (error) {
    const { problems, code, message = String(error) } = error as {
      problems?: Extract<RehearsalAnswer, { problems: unknown }>["problems"];
      code?: string;
      message?: string;
    };
    return problems === undefined ? { failure: message, code } : { problems };
  }
}
