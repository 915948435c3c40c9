/**
 * The topics of a bench.
 *
 * @module
 */

import { identifierOf } from "../bench/names.ts";

/** The version of the topics and of what they hold; docs/mqtt.md. */
export const topicsVersion = 1;

/** Whatever else a name may be, a topic's level has none of the characters by which MQTT divides and chooses. */
function level(name: string, taken: string): string {
  const safe = [...name].map((letter) => /[a-zA-Z0-9_-]/.test(letter) ? letter : "_").join("") || "_";
  return safe === taken ? `${safe}_` : safe;
}

/** The topics of a bench. */
export class Topics {
  /** What the bench is called in them. */
  readonly name: string;
  readonly #base: string;

  /** @param title What people call the bench. */
  constructor(
    { topic = "heliograph", name }: { readonly topic?: string | undefined; readonly name?: string | undefined },
    title: string,
  ) {
    this.name = name ?? (identifierOf(title) || "bench");
    this.#base = `${topic}/${this.name}`;
  }

  /** All of them. */
  get all(): string {
    return `${this.#base}/#`;
  }

  /** Whether the server is there. */
  get availability(): string {
    return `${this.#base}/availability`;
  }

  /** What the bench is. */
  get about(): string {
    return `${this.#base}/about`;
  }

  /** An alarm. */
  alarm(name: string): string {
    return `${this.#base}/alarms/${level(name, "")}`;
  }

  /** Whether an instrument is there. */
  contact(instrument: string): string {
    return `${this.#instrument(instrument)}/availability`;
  }

  /** What a field is. */
  field(instrument: string, field: string): string {
    return `${this.#instrument(instrument)}/${level(field, "availability")}`;
  }

  /** What belongs to a field's value, and changes less often. */
  attributes(instrument: string, field: string): string {
    return `${this.field(instrument, field)}/attributes`;
  }

  /** By which a setting is set, or a command called. */
  ask(kind: "set" | "call", instrument: string, name: string): string {
    return `${this.field(instrument, name)}/${kind}`;
  }

  /** What came of it. */
  result(instrument: string, name: string): string {
    return `${this.field(instrument, name)}/result`;
  }

  #instrument(name: string): string {
    return `${this.#base}/${level(name, "alarms")}`;
  }
}
