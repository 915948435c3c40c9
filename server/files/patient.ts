/**
 * Retries work on files that another program may have open at the moment. On Windows it is refused then, and a program
 * that looks at images, or looks them through for viruses, has them open for moments.
 *
 * @module
 */

/** For how long it is tried again, in milliseconds. */
const patience = 5000;
/** The first and the longest pause before the next try, in milliseconds. */
const [shortestPause, longestPause] = [5, 100];

/** The system's numbers for it: access denied, sharing violation, lock violation, user-mapped section. */
const inUse = /\(os error (?:5|32|33|1224)\)/;

/** A file was in use all the time. */
export class InUse extends Error {}

/**
 * Does something to a file; on Windows again and again, as long as another program has the file.
 *
 * @param work What is done. It is done on a thread that may wait.
 * @returns What it returns.
 * @throws {InUse} When the file was in use for 5 s; or what the work throws.
 */
export function patient<T>(work: () => T): T {
  const until = performance.now() + patience;
  for (let pause = shortestPause;; pause = Math.min(2 * pause, longestPause)) {
    try {
      return work();
    } catch (error) {
      if (Deno.build.os !== "windows" || !inUse.test((error as Error).message)) throw error;
      if (performance.now() > until) throw new InUse((error as Error).message, { cause: error });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
}
