/**
 * Runs JavaScript in the sandbox's Worker: PyOpticon's namespace, and code as a module of its own.
 *
 * @module
 */

import { format } from "node:util";
import type { CodeContext, RunCode } from "./code_context.ts";
import type { EvaluatedText } from "./messages.ts";

// Kept now: whatever code does to the globals later is its own loss.
const { parse, stringify } = JSON;

function call(context: CodeContext, instrument: string, command: string, args: readonly unknown[]): unknown {
  const { value } = context.ask({ ask: "call", instrument, command, args, keywords: {} }) as { value: unknown };
  return value;
}

/** An instrument, with the methods of PyOpticon's widgets in both spellings. */
class Widget {
  readonly #context: CodeContext;
  /** Its title, as PyOpticon's nickname. */
  readonly nickname: string;
  /** What stands over it on the page, as PyOpticon's widgets are called on its window. */
  readonly name: string;

  constructor(context: CodeContext, { title, name }: { readonly title: string; readonly name: string }) {
    this.#context = context;
    this.nickname = title;
    this.name = name;
  }

  getField(field: string): unknown {
    const { value } = this.#context.ask({ ask: "get", instrument: this.nickname, field }) as { value: unknown };
    return value;
  }

  setField(field: string, value: unknown): void {
    this.#context.ask({ ask: "set", instrument: this.nickname, field, value });
  }

  confirm(): void {
    this.#context.ask({ ask: "confirm", instrument: this.nickname });
  }

  logData(): unknown {
    const fields = this.#context.ask({ ask: "fields", instrument: this.nickname }) as {
      readonly title: string;
      readonly value: unknown;
    }[];
    return Object.fromEntries(fields.map(({ title, value }) => [title, value]));
  }

  call(command: string, ...args: unknown[]): unknown {
    return call(this.#context, this.nickname, command, args);
  }
}

/** The bench, with the methods of PyOpticon's dashboard in both spellings. */
class Dashboard {
  readonly #context: CodeContext;

  constructor(context: CodeContext) {
    this.#context = context;
  }

  get name(): string {
    return this.#told().name;
  }

  get serialConnected(): boolean {
    return this.#told().connected;
  }

  checkSerialConnected(): boolean {
    return this.serialConnected;
  }

  getField(nickname: string, field: string): unknown {
    const { value } = this.#context.ask({ ask: "get", instrument: nickname, field }) as { value: unknown };
    return value;
  }

  setField(nickname: string, field: string, value: unknown, confirm = true): void {
    this.#context.ask({ ask: "set", instrument: nickname, field, value });
    if (confirm) this.#context.ask({ ask: "confirm", instrument: nickname });
  }

  getWidgetByNickname(nickname: string): Widget {
    const [widget] = this.#widgets(nickname);
    return widget!;
  }

  getWidgetsByNickname(): Record<string, Widget> {
    return Object.fromEntries(this.#widgets().map((widget) => [widget.nickname, widget]));
  }

  call(instrument: string, command: string, ...args: unknown[]): unknown {
    return call(this.#context, instrument, command, args);
  }

  #told(): { readonly name: string; readonly connected: boolean } {
    return this.#context.ask({ ask: "dashboard" }) as { name: string; connected: boolean };
  }

  #widgets(instrument: string | null = null): Widget[] {
    const told = this.#context.ask({ ask: "instruments", instrument }) as { title: string; name: string }[];
    return told.map((one) => new Widget(this.#context, one));
  }
}

/** Adds PyOpticon's spelling of every method and property: `getField` is also `get_field`. */
function addOriginalSpellings(prototype: object): void {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const original = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (original !== name) Object.defineProperty(prototype, original, descriptor);
  }
}

for (const { prototype } of [Widget, Dashboard]) addOriginalSpellings(prototype);

/**
 * Makes this Worker ready to run one piece of JavaScript.
 *
 * @param context How it reaches the server, and where what it prints goes.
 */
export async function prepareJavaScript(context: CodeContext): Promise<RunCode> {
  const dashboard = new Dashboard(context);
  const later: (() => unknown)[] = [];
  const getDashboard = () => dashboard;
  const doThreadsafe = (todo: () => unknown) => {
    if (typeof todo !== "function") throw new TypeError("do_threadsafe takes a function");
    later.push(todo);
  };
  const print = (...items: unknown[]) => context.print(`${format(...items)}\n`);
  const levels = ["log", "info", "debug", "warn", "error", "trace", "table", "group"];
  const nothing = () => {};
  const silent = ["groupEnd", "time", "timeEnd", "timeLog", "count", "countReset", "clear"];
  const console = {
    ...Object.fromEntries([...levels.map((level) => [level, print]), ...silent.map((name) => [name, nothing])]),
    dir: (item: unknown) => print(item),
    assert: (condition: unknown, ...items: unknown[]) => condition ? undefined : print("Assertion failed:", ...items),
  };
  const names = {
    get_dashboard: getDashboard,
    getDashboard,
    do_threadsafe: doThreadsafe,
    doThreadsafe,
    print,
    console,
  };
  for (const [name, value] of Object.entries(names)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  // Whatever happens the first time only takes its time before somebody waits for it.
  evaluated((await import(moduleOf("export default await (0);")) as { readonly default: unknown }).default);
  return async (code) => {
    const { default: value } = await import(moduleOf(code.source)) as { readonly default: unknown };
    if (later.length > 0) {
      // The server lets the whole bench go when the evaluation ends.
      context.ask({ ask: "hold" });
      while (later.length > 0) await later.shift()!();
    }
    return code.mode === "eval" ? evaluated(value) : { text: "", value: null };
  };
}

/** A module's errors tell their line, which those of evaluated text do not. */
function moduleOf(source: string): string {
  return `data:text/javascript;charset=utf-8,${encodeURIComponent(source)}`;
}

/** Keeps in JSON what JSON would leave out or change. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "function" || typeof value === "symbol") return format(value);
  if (value instanceof Map) {
    // Keys that are not text would run into each other.
    return [...value.keys()].every((key) => typeof key === "string") ? Object.fromEntries(value) : [...value];
  }
  if (value instanceof Set) return [...value];
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  if (value instanceof DataView) return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array);
  return value;
}

function evaluated(value: unknown): EvaluatedText {
  if (typeof value === "string") return { text: value };
  if (value === undefined) return { text: "undefined", json: "null" };
  let json: string | undefined;
  try {
    json = stringify(value, plain);
  } catch {
    // It holds itself, or makes trouble when it is read.
  }
  if (json === undefined) return { text: format(value) };
  // Something that is told as text, as a date is.
  return json[0] === '"' ? { text: parse(json) as string } : { text: json, json };
}
