/**
 * The global names that code finds in its Worker: all but those on a list are removed, so that what a new Deno adds is
 * not there.
 *
 * @module
 */

import { define } from "../processes/no_code.ts";

/** The language itself, and of the web's names those that stay inside the Worker or are held by its permissions. */
const globals = new Set((
  "Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise " +
  "RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError " +
  "globalThis self JSON Math Intl Temporal ArrayBuffer SharedArrayBuffer Atomics DataView Uint8Array Int8Array " +
  "Uint16Array Int16Array Uint32Array Int32Array BigUint64Array BigInt64Array Uint8ClampedArray Float16Array " +
  "Float32Array Float64Array Map BigInt Set Iterator WeakMap WeakSet WeakRef FinalizationRegistry Proxy Reflect " +
  "decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval isFinite isNaN WebAssembly " +
  "DisposableStack AsyncDisposableStack console Deno queueMicrotask setTimeout clearTimeout setInterval " +
  "clearInterval structuredClone reportError atob btoa crypto Crypto CryptoKey SubtleCrypto performance navigator " +
  "AbortController AbortSignal Event EventTarget CustomEvent ErrorEvent MessageEvent CloseEvent ProgressEvent " +
  "PromiseRejectionEvent addEventListener removeEventListener dispatchEvent MessageChannel MessagePort DOMException " +
  "WorkerGlobalScope " + // by which MicroPython knows where it is
  "Blob File FileReader FormData Headers Request Response fetch WebSocket EventSource URL URLPattern " +
  "URLSearchParams TextDecoder TextEncoder TextDecoderStream TextEncoderStream CompressionStream " +
  "DecompressionStream ByteLengthQueuingStrategy CountQueuingStrategy ReadableStream ReadableStreamDefaultReader " +
  "ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableByteStreamController ReadableStreamDefaultController " +
  "TransformStream TransformStreamDefaultController WritableStream WritableStreamDefaultWriter " +
  "WritableStreamDefaultController"
).split(" "));

/** Of Deno what reads and writes files and connects, which its permissions hold, and what does nothing. */
const ofDeno = new Set((
  "build version errors inspect SeekMode connect connectTls resolveDns open openSync create createSync readFile " +
  "readFileSync readTextFile readTextFileSync readDir readDirSync readLink readLinkSync realPath realPathSync stat " +
  "statSync lstat lstatSync writeFile writeFileSync writeTextFile writeTextFileSync mkdir mkdirSync remove removeSync " +
  "rename renameSync copyFile copyFileSync truncate truncateSync"
).split(" "));

/** Of `navigator` what tells of the runtime alone: its graphics cards and locks belong to the whole process. */
const ofNavigator = ["userAgent", "language", "languages", "hardwareConcurrency"] as const;

/** Refuses as the runtime does; it would first read files that the wall forbids, and complain of those. */
function refuseNetwork(): Promise<never> {
  return Promise.reject(new Deno.errors.NotCapable("Requires net access, which was not granted"));
}

/**
 * Takes every other name away, before any code is there.
 *
 * @param net Whether code may connect to anything.
 */
export function leaveAllowedNames(net: boolean): void {
  const global = globalThis as unknown as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(global)) {
    if (globals.has(name)) continue;
    // Some the runtime makes anew when they are asked for, and one whose value is fixed stays away.
    Reflect.deleteProperty(global, name);
    if (name in global) define(global, name, undefined);
  }
  const deno = Object.entries(Object.getOwnPropertyDescriptors(Deno)).filter(([name]) => ofDeno.has(name));
  define(global, "Deno", Object.defineProperties({}, Object.fromEntries(deno)));
  if (!net) {
    define(global, "fetch", refuseNetwork);
    define(Deno, "resolveDns", refuseNetwork);
  }
  define(global, "navigator", Object.fromEntries(ofNavigator.map((name) => [name, navigator[name]])));
  // Blobs under a name belong to the whole process, and need no permission.
  for (const name of ["createObjectURL", "revokeObjectURL"]) define(URL, name, undefined);
}
