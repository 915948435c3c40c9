/**
 * Removes from a driver's runtime what no permission holds back.
 *
 * In an executable modules are loaded without asking for the permission to read. A driver's own files have been searched
 * for what they import; here, nothing can be made from text, nor in a Worker, that has not.
 *
 * @module
 */

import process from "node:process";
import { define, makeNoCode } from "../../processes/no_code.ts";

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
  makeNoCode("Cannot make code from text: in the executable a driver stands as it is");
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
