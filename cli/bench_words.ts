/**
 * Proposes the words of commands that concern a bench: instruments, fields, values, commands and their arguments.
 *
 * @module
 */

import { type InstrumentDescription, standardCommandNames, type ValueDescription } from "../protocol/description.ts";

/** The words for a value: the choices, or on and off; nothing for what is any text or number. */
function valuesOf({ choices, type }: ValueDescription): readonly string[] {
  return choices ?? (type === "switch" ? ["on", "off"] : []);
}

const both = ({ name, title }: { readonly name: string; readonly title: string }) =>
  name === title ? [name] : [name, title];

/** The words that a bench has. */
export class BenchWords {
  readonly #bench: readonly InstrumentDescription[];

  /** @param bench What is on it. */
  constructor(bench: readonly InstrumentDescription[]) {
    this.#bench = bench;
  }

  /** An instrument by its name or title. */
  find(instrument: string | undefined): InstrumentDescription | undefined {
    const known = this.#bench.find(({ name, title }) => name === instrument || title === instrument);
    return known ?? this.#bench.find(({ caption }) => caption === instrument);
  }

  /** The instruments, by name, by title and by caption. */
  instruments(): string[] {
    return [...new Set(this.#bench.flatMap((one) => [...both(one), one.caption]))];
  }

  /** The instruments by name. */
  names(): string[] {
    return this.#bench.map(({ name }) => name);
  }

  /** The fields of an instrument, by name and by title. @param settings Only what can be set. */
  fields(instrument: string | undefined, settings = false): string[] {
    const fields = this.find(instrument)?.fields ?? [];
    return fields.filter(({ access }) => !settings || access === "setting").flatMap(both);
  }

  /** What a field can be set to, where that can be listed. */
  values(instrument: string | undefined, field: string | undefined): readonly string[] {
    const found = this.find(instrument)?.fields.find(({ name, title }) => name === field || title === field);
    return found === undefined ? [] : valuesOf(found);
  }

  /** The commands of an instrument, those that every one has among them. */
  commands(instrument: string | undefined): string[] {
    const found = this.find(instrument);
    return found === undefined ? [] : [...found.commands.map(({ name }) => name), ...standardCommandNames];
  }

  /**
   * What can follow a command.
   *
   * @param given The arguments before.
   * @param partial The argument that is being typed.
   */
  arguments(instrument: string | undefined, command: string, given: readonly string[], partial: string): string[] {
    const [field] = given;
    if (command === "get" || command === "set") {
      if (field === undefined) return this.fields(instrument, command === "set");
      return command === "set" && given.length === 1 ? [...this.values(instrument, field)] : [];
    }
    if (command === "help") return field === undefined ? this.commands(instrument) : [];
    const declared = this.find(instrument)?.commands.find(({ name }) => name === command)?.arguments ?? [];
    const keyword = /^(\w+)=/.exec(partial)?.[1];
    if (keyword !== undefined) {
      const argument = declared.find(({ name }) => name === keyword);
      return argument === undefined ? [] : valuesOf(argument).map((value) => `${keyword}=${value}`);
    }
    const keywords = given.flatMap((word) => /^(\w+)=/.exec(word)?.[1] ?? []);
    const left = declared.slice(given.length - keywords.length).filter(({ name }) => !keywords.includes(name));
    const [next] = left;
    return [...(next === undefined ? [] : valuesOf(next)), ...left.map(({ name }) => `${name}=`)];
  }
}
