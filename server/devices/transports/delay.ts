/**
 * Waits for a time, or until a signal ends the wait.
 *
 * @module
 */

/**
 * Waits.
 *
 * @param seconds How long.
 * @param signal Ends the wait.
 * @throws The signal's reason.
 */
export function delay(seconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
