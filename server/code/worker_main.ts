/**
 * The Worker that runs one piece of code, with no more permissions than the operator granted, and is then thrown away.
 *
 * @module
 */

import { makeNoCode } from "../processes/no_code.ts";
import type { CodeContext, RunCode } from "./code_context.ts";
import { AskError, describeFailure, knownCode, Stop, tooLong } from "./failure.ts";
import { prepareJavaScript } from "./javascript.ts";
import {
  type Answer,
  answerOffset,
  type Ask,
  type Code,
  type Failure,
  type FromWorker,
  longestAsk,
  longestMessage,
  type ToWorker,
  type WorkerSettings,
} from "./messages.ts";
import { preparePython } from "./python.ts";
import { leaveAllowedNames } from "./worker_names.ts";

// Kept now: whatever code does to the globals later is its own loss.
const { apply } = Reflect;
const { parse, stringify } = JSON;
const { assign } = Object;
const { slice } = String.prototype;
const { wait, store, load } = Atomics;
let postText: (text: string) => void;
let close: () => void;
const { preventDefault, stopImmediatePropagation } = Event.prototype;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const encode = encoder.encode.bind(encoder);
const decode = decoder.decode.bind(decoder);

/** Copies an object without its prototype, on which code could have put something that JSON looks for. */
function bare<T extends object>(object: T): T {
  return assign({ __proto__: null }, object) as T;
}

/** Only text crosses to the process, which looks at its length first. */
function post(message: FromWorker): void {
  postText(stringify(bare(message)));
}

function fail(failure: Failure): void {
  const { code, message } = failure;
  // What is cut off here, nobody would read.
  post({ failed: bare({ code: knownCode(code), message: apply(slice, `${message}`, [0, settings!.resultBytes]) }) });
}

class Context implements CodeContext {
  readonly #settings: WorkerSettings;
  readonly #state: Int32Array;
  readonly #bytes: Uint8Array;
  #printedBytes = 0;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
    this.#state = new Int32Array(settings.answers, 0, 2);
    this.#bytes = new Uint8Array(settings.answers, answerOffset);
  }

  get resultBytes(): number {
    return this.#settings.resultBytes;
  }

  ask(ask: Ask): unknown {
    const text = `{"ask":${stringify(bare(ask), finite)}}`;
    if (text.length > longestAsk) {
      const message = `Cannot ask for that: it is ${text.length} characters long, where ${longestAsk} are allowed`;
      throw new AskError({ code: "limit_exceeded", message });
    }
    store(this.#state, 0, 0);
    postText(text);
    // The notice of the answer before may come only now: only what stands there tells that this one's is there.
    while (load(this.#state, 0) === 0) wait(this.#state, 0, 0);
    if (ask.ask === "turn") this.#printedBytes = 0;
    // Copied, since text is not decoded from shared memory.
    const answer = parse(decode(this.#bytes.slice(0, load(this.#state, 1)))) as Answer;
    if ("error" in answer) throw new AskError(answer.error);
    return answer.value;
  }

  print(text: string): void {
    this.#printedBytes += encode(text).length;
    const { outputBytes } = this.#settings;
    if (this.#printedBytes > outputBytes) {
      const failed: Failure = {
        code: "limit_exceeded",
        message: `The code was stopped: it printed more than ${outputBytes} bytes`,
      };
      // Told at once: code may catch what is thrown here, and print on.
      fail(failed);
      throw new Stop(failed);
    }
    // At once: what code printed last tells where it hangs.
    post({ output: text });
  }
}

/** JSON would make nothing of a number that is none. */
function finite(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !(value - value === 0)) throw new RangeError(`Cannot send ${value} as a value`);
  return value;
}

/** Takes away what would let code outlive its evaluation, reach another one, or be made from text. */
function seal({ net }: WorkerSettings): void {
  class Forbidden {
    constructor() {
      throw new Error("Cannot start a Worker: code that is sent runs alone");
    }
  }
  // The constructor calls its parent's first, which nobody can change back.
  Object.setPrototypeOf(globalThis.Worker, Forbidden);
  Object.preventExtensions(globalThis.Worker);
  makeNoCode("Cannot make code from text: code that is sent stands as it is");
  leaveAllowedNames(net);
}

/** Ends the evaluation when something fails that the code has started and does not wait for. */
function catchRest(source: string): void {
  const failLate = (event: Event, error: unknown) => {
    apply(preventDefault, event, []);
    fail(describeFailure(error, source));
  };
  addEventListener("unhandledrejection", (event) => failLate(event, event.reason));
  addEventListener("error", (event) => failLate(event, event.error));
}

/** Each is used once: code may speak to its own Worker, as by dispatchEvent, but not make it run anything more. */
let settings: WorkerSettings | undefined;
let run: RunCode | undefined;

async function prepare(settings: WorkerSettings): Promise<void> {
  const context = new Context(settings);
  seal(settings);
  run = settings.python === undefined
    ? await prepareJavaScript(context)
    : await preparePython(context, settings.python);
  post({ ready: true });
}

async function runCode(run: RunCode, code: Code, settings: WorkerSettings): Promise<void> {
  catchRest(code.source);
  try {
    const { text, json } = await run(code);
    const { resultBytes } = settings;
    const bytes = encode(`${text}`).length;
    if (bytes > resultBytes) return fail(tooLong(bytes, resultBytes));
    const done = bare(json === undefined ? { text: `${text}` } : { text: `${text}`, json: `${json}` });
    const message = stringify(bare({ done }));
    const longest = longestMessage(settings);
    // Its JSON and its escapes make it longer than it is.
    if ((done.json?.length ?? 0) > 2 * resultBytes || message.length > longest) {
      return fail(tooLong(message.length, longest));
    }
    postText(message);
  } catch (error) {
    fail(describeFailure(error, code.source));
  }
}

/** Serves this Worker's process, from the moment it starts. */
export function serveCode(): void {
  const worker = globalThis as unknown as { postMessage: (text: string) => void; close: () => void };
  postText = worker.postMessage.bind(globalThis);
  close = worker.close.bind(globalThis);
  addEventListener("message", (event) => {
    // No listener of the code's hears what is not meant for it.
    apply(stopImmediatePropagation, event, []);
    const message = (event as MessageEvent<ToWorker>).data;
    if ("prepare" in message) {
      if (settings !== undefined) return;
      settings = message.prepare;
      void prepare(settings);
    } else if ("run" in message) {
      const runOnce = run;
      run = undefined;
      if (runOnce !== undefined) void runCode(runOnce, message.run, settings!);
    } else {
      // Said from the event loop: nothing of the code is running any more, and nothing of it will.
      post({ ended: true });
      close();
    }
  });
}
