/**
 * Waits for a promise, for a limited time.
 *
 * @module
 */

/**
 * Waits for something, but not for ever.
 *
 * @param milliseconds For how long.
 * @param promise What; it does not matter whether it fails.
 * @returns Whether it came.
 */
export async function within(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), milliseconds);
  try {
    return await Promise.race([promise.then(() => true, () => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
