/**
 * Starts Workers that may touch some files and folders, and nothing else of this PC.
 *
 * Deno's permissions cannot be narrowed later: a server that gives up writing gives up all of it. A Worker keeps what it
 * was started with.
 *
 * @module
 */

/**
 * Starts one.
 *
 * @param program Its module.
 * @param name What it is called where somebody looks at threads.
 * @param paths What it may read and write: absolute paths of files and folders.
 * @param failed Told why it failed, where it did: otherwise that would end the whole server.
 * @param onlyRead What it may read besides: absolute paths.
 * @param asksDisk Whether it may ask how much room a disk has, where this program may.
 * @throws {Deno.errors.NotCapable} Where this program may not touch them itself.
 */
export function startFileWorker(
  program: URL,
  name: string,
  paths: readonly string[],
  failed: (reason: string) => void,
  onlyRead: readonly string[] = [],
  asksDisk = false,
): Worker {
  const files = [...paths];
  const sys = asksDisk && Deno.permissions.querySync({ name: "sys", kind: "statfs" as "hostname" }).state === "granted";
  const none = { net: false, env: false, run: false, ffi: false, import: false, sys: sys ? ["statfs"] : false };
  const worker = new Worker(program, {
    type: "module",
    name,
    deno: { permissions: { ...none, read: [...files, ...onlyRead], write: files } },
  } as WorkerOptions);
  worker.onerror = (event) => {
    event.preventDefault();
    failed(event.message);
  };
  return worker;
}
