/**
 * Templates of requests to a web API: `PUT /api/setpoint?channel={channel}`, with a body.
 *
 * @module
 */

import { isNumber } from "../../bench/values.ts";
import { type Filling, Template } from "./template.ts";

/** Fills the places of a body. */
type Body = (fill: (template: Template, encode: (text: string) => string) => string, fillings: Fillings) => unknown;
type Fillings = Readonly<Record<string, Filling>>;

/** A request: what fills its path cannot become another path, and what fills its body cannot become more of it. */
export class WebTemplate extends Template {
  readonly #body: Body | undefined;
  readonly #type: string;
  readonly #names = new Set<string>();

  /**
   * Reads a template.
   *
   * @param source Method and path, with places.
   * @param names What places may be called.
   * @param body JSON with places in its texts, where a text that is only a place becomes the value itself; or a text,
   * which is that of a form where it begins with `name=`. @default none
   * @throws {TypeError} With what is wrong with it.
   */
  constructor(source: string, names: readonly string[], body?: unknown) {
    super(source, names);
    for (const name of super.names) this.#names.add(name);
    this.#type = "application/json";
    if (body === undefined) return;
    if (typeof body !== "string") this.#body = this.#json(body, names);
    else {
      const isForm = /^[\w.-]+=/.test(body);
      const template = this.#text(body, names);
      this.#type = isForm ? "application/x-www-form-urlencoded" : "text/plain";
      this.#body = (fill) => fill(template, isForm ? encodeURIComponent : (text) => text);
    }
  }

  /** The names of its places, those of its body too. */
  override get names(): string[] {
    return [...this.#names];
  }

  /** The request with its places filled. */
  override fill(fillings: Fillings, end: string, byte?: (value: number) => string): string {
    const head = super.fill(encoded(fillings, encodeURIComponent), end, byte);
    if (this.#body === undefined) return head;
    const fill = (template: Template, encode: (text: string) => string) =>
      template.fill(encoded(fillings, encode), end, byte);
    const body = this.#body(fill, fillings);
    const text = this.#type === "application/json" ? JSON.stringify(body) : String(body);
    return `${head}\ncontent-type: ${this.#type}\n\n${text}`;
  }

  #text(source: string, names: readonly string[]): Template {
    const template = new Template(source, names);
    for (const name of template.names) this.#names.add(name);
    return template;
  }

  #json(node: unknown, names: readonly string[]): Body {
    if (typeof node === "string") {
      const template = this.#text(node, names);
      const [, only] = /^\{([a-z]\w*)\}$/i.exec(node) ?? [];
      return only === undefined ? (fill) => fill(template, (text) => text) : (_, fillings) => valueOf(fillings[only]!);
    }
    if (Array.isArray(node)) {
      const parts = node.map((each) => this.#json(each, names));
      return (fill, fillings) => parts.map((part) => part(fill, fillings));
    }
    if (typeof node === "object" && node !== null) {
      const parts = Object.entries(node).map(([key, each]) => [key, this.#json(each, names)] as const);
      return (fill, fillings) => Object.fromEntries(parts.map(([key, part]) => [key, part(fill, fillings)]));
    }
    return () => node;
  }
}

function encoded(fillings: Fillings, encode: (text: string) => string): Record<string, Filling> {
  return Object.fromEntries(
    Object.entries(fillings).map(([name, filling]) => {
      if (typeof filling === "string") return [name, encode(filling)];
      return [name, typeof filling === "object" && "own" in filling ? { own: encode(filling.own) } : filling];
    }),
  );
}

/** What JSON has for a value: the bench file's own `true` and `1` are no texts. */
function valueOf(filling: Filling): unknown {
  if (typeof filling !== "object") return filling;
  if ("number" in filling) return filling.number;
  if (filling.own === "true" || filling.own === "false") return filling.own === "true";
  return isNumber(filling.own) ? Number(filling.own) : filling.own;
}
