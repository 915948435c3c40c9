/**
 * The Worker that ends its process when it uses too much memory, also while code keeps the process's own thread busy.
 *
 * That thread looks as well, and tells the sender; this one acts where it does not come to it.
 *
 * @module
 */

import { tooMuchMemory } from "./messages.ts";
import { ProcessMemory } from "./process_memory.ts";

/** The settings of the Worker. */
export interface MemoryWatch {
  /** What the process may use, in bytes. */
  readonly most: number;
  /** 1 while code runs; it sleeps otherwise. */
  readonly running: SharedArrayBuffer;
}

/** How often it looks, in milliseconds. */
const interval = 20;
/** For how many looks in a row it leaves what is too much to the other thread, and how much more is too much at once. */
const patience = 4;
const atOnce = 67_108_864;

/** Ends the whole process, as `Deno.exit` in a Worker does not. */
function ending(): (code: number) => void {
  if (Deno.build.os === "windows") {
    const functions = { TerminateProcess: { parameters: ["isize", "u32"], result: "i32" } } as const;
    const { symbols } = Deno.dlopen("kernel32.dll", functions);
    // The number by which a process means itself.
    return (code) => void symbols.TerminateProcess(-1n, code);
  }
  const file = Deno.build.os === "darwin" ? "libSystem.B.dylib" : "libc.so.6";
  const { symbols } = Deno.dlopen(file, { _exit: { parameters: ["i32"], result: "void" } });
  return (code) => symbols._exit(code);
}

function watch({ most, running }: MemoryWatch): never {
  const memory = new ProcessMemory();
  const exit = ending();
  const [runs, sleep] = [new Int32Array(running), new Int32Array(new SharedArrayBuffer(4))];
  (globalThis as unknown as { postMessage: (message: string) => void }).postMessage("ready");
  for (let over = 0;;) {
    // Until code runs.
    Atomics.wait(runs, 0, 0);
    Atomics.wait(sleep, 0, 0, interval);
    const { resident } = memory;
    over = resident > most ? over + 1 : 0;
    if (over > patience || resident > most + atOnce) exit(tooMuchMemory);
  }
}

addEventListener("message", (event) => watch((event as MessageEvent<MemoryWatch>).data));
