import { HeliographError } from "../protocol/errors.ts";

/**
 * Code that calls a function, from its source: what `doExec` sends.
 *
 * @param code A function, however it is written; it will see nothing of what is around it here.
 * @returns JavaScript that calls it and waits for it.
 * @throws {HeliographError} `bad_argument` for a function without source, such as a built-in one.
 */
export function callOf(code: () => unknown): string {
  const source = code.toString();
  if (source.endsWith("{ [native code] }")) {
    throw new HeliographError("bad_argument", `Cannot send ${code.name || "the function"}: its source is not known`);
  }
  // A method's source is no expression by itself; as a property of an object it is.
  const expression = /^(?:async\s+)?(?:function\b|\(|[\w$]+\s*=>)/.test(source)
    ? `(${source})`
    : `(Object.values({ ${source} })[0])`;
  return `await ${expression}()`;
}
