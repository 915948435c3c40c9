/**
 * Compares values of JSON.
 *
 * @module
 */

/** Whether two values of JSON are the same; the order of keys does not matter. (Deno 2.4's own takes no objects without a prototype.) */
export function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return Object.is(one, other);
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  return keys.length === others.length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key as never], other[key as never]));
}
