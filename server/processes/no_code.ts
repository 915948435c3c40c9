/**
 * Takes from a runtime what makes code from text: code and drivers have been searched for what they import, and what
 * comes to be later could import anything.
 *
 * @module
 */

const { apply } = Reflect;

/** Defines what whoever runs here cannot bring back. */
export function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, configurable: false, writable: false });
}

/** Takes it away, for all of this thread. @param message What whoever tries is told. */
export function makeNoCode(message: string): void {
  const kinds = [function () {}, async function () {}, function* () {}, async function* () {}];
  for (const kind of kinds) {
    const prototype = Object.getPrototypeOf(kind) as object;
    define(prototype, "constructor", refusing(kind.constructor.name, prototype, message));
  }
  define(globalThis, "Function", Function.prototype.constructor);
  define(globalThis, "eval", refusing("eval", Function.prototype, message));
  for (const name of ["setTimeout", "setInterval"] as const) {
    const original = globalThis[name];
    define(globalThis, name, (callback: unknown, ...rest: unknown[]) => {
      if (typeof callback !== "function") throw new TypeError(`${name} takes a function`);
      return apply(original, globalThis, [callback, ...rest]);
    });
  }
}

/** A constructor that makes nothing; `instanceof` and whatever asks for its name go on to work. */
function refusing(name: string, prototype: object, message: string): () => never {
  const refuse = function (): never {
    throw new EvalError(message);
  };
  refuse.prototype = prototype;
  define(refuse, "name", name);
  return refuse;
}
