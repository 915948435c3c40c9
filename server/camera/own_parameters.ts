/**
 * Parameters of the clients' own, in dictionaries: azcam's consoles and scripts keep their settings there.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { Float, isNumber, OneWord, shown } from "../bench/values.ts";
import type { Dictionaries } from "./parameter_file.ts";

/** The dictionary that is meant where none is named: azcam's server has its own under this name. */
export const defaultDictionary = "azcamserver";

/** Nobody fills the memory with parameters. */
const mostParameters = 1000;
/** The longest of their texts. */
const longestText = 10_000;
/**
 * The characters of all names and texts together: written to a file with each of them escaped, that is less than a file
 * which is read back may have.
 */
const mostCharacters = 500_000;

const removal = "set_par NAME None DICTIONARY removes one";

/** The names of dictionaries and parameters, which stand in a file. */
const nameForm = /^[\p{L}\p{N}_.](?:[\p{L}\p{N}_. +-]{0,98}[\p{L}\p{N}_.+-])?$/u;

function checkName(name: string, what: string): void {
  if (nameForm.test(name) && name !== "DEFAULT") return;
  throw new HeliographError(
    "bad_argument",
    `Cannot call ${what} "${shown(name)}": use up to 100 letters, digits, blanks and . _ + -, and not DEFAULT`,
  );
}

/** A text as azcam keeps it: a number where it is one. */
function typed(text: string): number | Float | OneWord {
  const number = Number(text);
  if (/^\d+$/.test(text)) return String(number) === text ? number : new OneWord(text);
  return isNumber(text) && Number.isFinite(number) ? new Float(number) : new OneWord(text);
}

/** The dictionaries. */
export class OwnParameters {
  #dictionaries: ReadonlyMap<string, Map<string, string>> = new Map();

  /** All of them. */
  get dictionaries(): Dictionaries {
    return this.#dictionaries;
  }

  /**
   * A parameter.
   *
   * @param dictionary Its dictionary.
   * @param name Its name, in lower case.
   * @returns A number where it is one; `undefined` where there is none.
   */
  get(dictionary: string, name: string): number | Float | OneWord | undefined {
    const text = this.#dictionaries.get(dictionary)?.get(name);
    return text === undefined ? undefined : typed(text);
  }

  /**
   * Sets a parameter.
   *
   * @param dictionary Its dictionary.
   * @param name Its name, in lower case.
   * @param text What it is to be.
   * @throws {HeliographError} For what no file can keep, and where there are too many.
   */
  set(dictionary: string, name: string, text: string): void {
    const own = this.#dictionaries.get(dictionary) ?? new Map<string, string>();
    this.#take(new Map([...this.#dictionaries, [dictionary, new Map([...own, [name, text]])]]));
  }

  /** Removes a parameter, and with its last one its dictionary. @param dictionary Its dictionary. @param name Its name. */
  remove(dictionary: string, name: string): void {
    const own = new Map(this.#dictionaries.get(dictionary));
    if (!own.delete(name)) return;
    const others = [...this.#dictionaries].map(([other, all]) => [other, other === dictionary ? own : all] as const);
    this.#dictionaries = new Map(others.filter(([, all]) => all !== own || own.size > 0));
  }

  /**
   * Takes dictionaries in the place of those of the same names.
   *
   * @param others From a file, which anybody may have written.
   * @throws {HeliographError} As `set` does; then nothing is changed.
   */
  replace(others: Dictionaries): void {
    this.#take(new Map([...this.#dictionaries, ...[...others].map(([name, own]) => [name, new Map(own)] as const)]));
  }

  #take(dictionaries: ReadonlyMap<string, Map<string, string>>): void {
    let count = 0;
    let characters = 0;
    for (const [dictionary, own] of dictionaries) {
      checkName(dictionary, "a dictionary of parameters");
      characters += dictionary.length;
      for (const [name, text] of own) {
        checkName(name, "a parameter");
        characters += name.length + text.length;
        if (text.length > longestText) {
          throw new HeliographError(
            "bad_argument",
            `Cannot set ${name} of ${dictionary} to a text of ${text.length} characters: at most ${longestText}`,
          );
        }
      }
      // An empty dictionary takes room too.
      count += Math.max(1, own.size);
    }
    if (count > mostParameters) {
      throw new HeliographError(
        "command_failed",
        `Cannot keep ${count} parameters of your own: at most ${mostParameters}, in all dictionaries together; ${removal}`,
      );
    }
    if (characters > mostCharacters) {
      throw new HeliographError(
        "command_failed",
        `Cannot keep ${characters} characters of parameters of your own: at most ${mostCharacters}, in all dictionaries ` +
          `together; ${removal}`,
      );
    }
    this.#dictionaries = dictionaries;
  }
}
