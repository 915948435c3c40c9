/**
 * Removes from a driver's runtime what no permission holds back.
 *
 * In an executable modules are loaded without asking for the permission to read. A driver's own files have been searched
 * for what they import; here, nothing can be made from text, nor in a Worker, that has not.
 *
 * @module
 */

import process from "node:process";

const { apply } = Reflect;

/** The only Workers that a driver's process has: those that write its camera's images, and make simulated ones. */
const ownWorkers = ["pixel_worker.ts", "simulated/chip_worker.ts"]
  .map((program) => new URL(`../../camera/${program}`, import.meta.url).href);

/** Takes it away, before any driver is loaded. @param standalone Whether this is an executable, which a Worker does not know. */
export function seal(standalone: boolean): void {
  // A signal to oneself needs no permission, and one of them opens the inspector; the end is the server's to tell.
  for (const name of ["kill", "exit"] as const) {
    const refuse = () => {
      throw new Deno.errors.NotCapable(`a driver may not call ${name}, whatever the bench file says`);
    };
    define(Deno, name, refuse);
    define(process, name, refuse);
  }
  if (!standalone) return;
  makeNoCode();
  define(process, "getBuiltinModule", undefined);
  const original = globalThis.Worker;
  const only = function (program: string | URL, options?: WorkerOptions): Worker {
    if (!ownWorkers.includes(String(program))) throw new Deno.errors.NotCapable("a driver may not start Workers");
    return new original(program, options);
  };
  only.prototype = original.prototype;
  define(original.prototype, "constructor", only);
  define(globalThis, "Worker", only);
}

/** Text that becomes code could import. */
function makeNoCode(): void {
  const kinds = [function () {}, async function () {}, function* () {}, async function* () {}];
  for (const kind of kinds) {
    const prototype = Object.getPrototypeOf(kind) as object;
    define(prototype, "constructor", refusing(kind.constructor.name, prototype));
  }
  define(globalThis, "Function", Function.prototype.constructor);
  define(globalThis, "eval", refusing("eval", Function.prototype));
  for (const name of ["setTimeout", "setInterval"] as const) {
    const original = globalThis[name];
    define(globalThis, name, (callback: unknown, ...rest: unknown[]) => {
      if (typeof callback !== "function") throw new TypeError(`${name} takes a function`);
      return apply(original, globalThis, [callback, ...rest]);
    });
  }
}

/** A constructor that makes nothing; `instanceof` and whatever asks for its name go on to work. */
function refusing(name: string, prototype: object): () => never {
  const refuse = function (): never {
    throw new EvalError("Cannot make code from text: in the executable a driver stands as it is");
  };
  refuse.prototype = prototype;
  define(refuse, "name", name);
  return refuse;
}

/** Defines what a driver cannot bring back. */
function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, configurable: false, writable: false });
}
