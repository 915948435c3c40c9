/**
 * A Worker, seen from its process: started ahead of time, given one piece of code, ended. What it says is hostile.
 *
 * @module
 */

import { HostileMessages } from "./hostile_messages.ts";
import {
  type Answer,
  answerBytes,
  answerOffset,
  type Code,
  type FromHost,
  type FromWorker,
  type HostSettings,
  type ToWorker,
} from "./messages.ts";
import type { PythonSource } from "./micropython.ts";

const encoder = new TextEncoder();

/** The time for which printed text is collected before it goes to the server, in milliseconds. */
const outputInterval = 10;

/** Told what the code asks, prints and comes to. */
export type HostEvents = (event: Exclude<FromHost, { readonly idle: true } | { readonly began: true }>) => void;

/** None of the permissions. */
export const nothing = {
  read: false,
  write: false,
  net: false,
  env: false,
  run: false,
  ffi: false,
  sys: false,
  import: false,
} as const satisfies Deno.PermissionOptionsObject;

/** The permissions of a Worker: what the operator granted, and nothing else whatever the process itself has. */
function permissionsOf({ permissions }: HostSettings): Deno.PermissionOptionsObject {
  const { read = [], write = [], net = [] } = permissions;
  const list = (values: readonly string[]) => values.length === 0 ? false : [...values];
  return { ...nothing, read: list(read), write: list(write), net: list(net) };
}

/** A Worker that runs one piece of code. */
export class HostWorker {
  readonly #worker: Worker;
  readonly #answers = new SharedArrayBuffer(answerOffset + answerBytes);
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<boolean>();
  readonly #outputLimit: number;
  readonly #messages: HostileMessages;
  #events: HostEvents | undefined;
  #asking = false;
  #ending = false;
  #outputLength = 0;
  #output = "";
  #outputTimer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Starts it.
   *
   * @param settings What it may do.
   * @param python MicroPython, where that is what it runs; JavaScript otherwise.
   */
  constructor(settings: HostSettings, python: PythonSource | undefined) {
    this.#ready.promise.catch(() => {});
    this.#outputLimit = settings.outputBytes;
    this.#messages = new HostileMessages(settings);
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: "code",
      deno: { permissions: permissionsOf(settings) },
    } as WorkerOptions);
    this.#worker.onmessage = ({ data }) => this.#take(data);
    this.#worker.onerror = (event) => {
      // It would end the whole process.
      event.preventDefault();
      this.#fail(event.message);
    };
    this.#send({
      prepare: {
        answers: this.#answers,
        outputBytes: settings.outputBytes,
        resultBytes: settings.resultBytes,
        net: (settings.permissions.net ?? []).length > 0,
        ...(python === undefined ? {} : { python }),
      },
    });
  }

  /** Resolves when code can be run in it at once. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Runs code, once it is ready. @param events Told what comes of it. */
  run(code: Code, events: HostEvents): void {
    this.#events = events;
    this.#ready.promise.then(() => this.#send({ run: code }), ({ message }) => this.#fail(message));
  }

  /** Answers what the code asked for; it has been waiting. */
  answer(answer: Answer): void {
    if (!this.#asking) return;
    this.#asking = false;
    let bytes = encoder.encode(JSON.stringify(answer));
    if (bytes.length > answerBytes) {
      const message = `The answer is too long: ${bytes.length} bytes, where ${answerBytes} are allowed`;
      bytes = encoder.encode(JSON.stringify({ error: { code: "limit_exceeded", message } } satisfies Answer));
    }
    new Uint8Array(this.#answers, answerOffset).set(bytes);
    const state = new Int32Array(this.#answers, 0, 2);
    Atomics.store(state, 1, bytes.length);
    Atomics.store(state, 0, 1);
    Atomics.notify(state, 0);
  }

  /**
   * Ends it.
   *
   * @param patience For how long to wait, in milliseconds.
   * @returns Whether nothing of it runs any more; terminating a Worker that is busy does not stop it.
   */
  async end(patience: number): Promise<boolean> {
    this.#ending = true;
    this.#send({ end: true });
    const timer = setTimeout(() => this.#ended.resolve(false), patience);
    const ended = await this.#ended.promise;
    clearTimeout(timer);
    this.#worker.terminate();
    return ended;
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #take(text: unknown): void {
    let message: FromWorker;
    try {
      message = this.#messages.fromWorker(text);
    } catch (error) {
      return this.#fail((error as Error).message);
    }
    if ("ready" in message) return this.#ready.resolve();
    if ("ended" in message) return this.#ending ? this.#ended.resolve(true) : this.#forged();
    const events = this.#events;
    if (events === undefined) return;
    if ("output" in message) {
      this.#outputLength += message.output.length;
      // The Worker keeps to the limit itself, unless code has found a way to speak for it.
      if (this.#outputLength > this.#outputLimit) return this.#forged();
      this.#output += message.output;
      this.#outputTimer ??= setTimeout(() => this.#flush(), outputInterval);
      return;
    }
    this.#flush();
    if ("ask" in message) {
      if (this.#asking) return this.#forged();
      this.#asking = true;
      if (message.ask.ask === "turn") this.#outputLength = 0;
    }
    events(message);
  }

  /** Passes on what has been printed. */
  #flush(): void {
    clearTimeout(this.#outputTimer);
    this.#outputTimer = undefined;
    if (this.#output !== "") this.#events?.({ output: this.#output });
    this.#output = "";
  }

  #forged(): void {
    this.#fail("it tampered with what carries its results");
  }

  #fail(why: string): void {
    this.#flush();
    this.#ready.reject(new Error(`The Worker did not start: ${why}`));
    this.#ended.resolve(false);
    this.#events?.({ failed: { code: "code_failed", message: `The code ended its sandbox: ${why}` } });
  }
}
