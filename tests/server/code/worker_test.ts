/** The Worker in which code runs, spoken to as its process does. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { answerBytes, answerOffset, type FromWorker, type ToWorker } from "../../../server/code/messages.ts";
import { nothing } from "../../../server/code/host_worker.ts";

Deno.test("worker: a late notice of the answer before is not taken for the answer", async () => {
  const worker = new Worker(new URL("../../../server/code/worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: nothing },
  } as WorkerOptions);
  const said: FromWorker[] = [];
  let heard = Promise.withResolvers<void>();
  worker.onmessage = ({ data }) => {
    said.push(JSON.parse(data));
    heard.resolve();
  };
  const next = async (): Promise<FromWorker> => {
    for (; said.length === 0; heard = Promise.withResolvers()) await heard.promise;
    return said.shift()!;
  };
  const send = (message: ToWorker) => worker.postMessage(message);
  const answers = new SharedArrayBuffer(answerOffset + answerBytes);
  const state = new Int32Array(answers, 0, 2);
  send({ prepare: { answers, outputBytes: 1000, resultBytes: 1000, net: false } });
  deepStrictEqual(await next(), { ready: true });
  send({ run: { language: "javascript", mode: "eval", source: "export default get_dashboard().get_field('a', 'b')" } });
  ok("ask" in await next());
  // It waits by now, or will in a moment.
  for (let notices = 0; notices < 20; notices++) {
    Atomics.notify(state, 0);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const bytes = new TextEncoder().encode('{"value":{"value":7}}');
  new Uint8Array(answers, answerOffset).set(bytes);
  Atomics.store(state, 1, bytes.length);
  Atomics.store(state, 0, 1);
  Atomics.notify(state, 0);
  deepStrictEqual(await next(), { done: { text: "7", json: "7" } });
  worker.terminate();
});
