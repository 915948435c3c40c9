/**
 * The words by which elements of a drawing name fields, instruments and commands, and their check against the bench.
 *
 * @module
 */

import { parseCommandLine } from "../../protocol/command_line.ts";
import type { DrawingBinding, DrawnField } from "../../protocol/description.ts";
import type { Instrument } from "../bench/instrument.ts";
import { didYouMean, identifierOf, listed } from "../bench/names.ts";

/** What an element says of the bench, as it is written. */
export interface BindingWords {
  readonly field?: string;
  readonly state?: string;
  readonly colours?: string;
  readonly open?: string;
  readonly command?: string;
}

/** What makes a binding of the words of an element. @returns What is wrong with them, otherwise. */
export type Bind = (words: BindingWords) => { readonly binding: DrawingBinding; readonly problems: readonly string[] };

const known = ["field", "state", "colours", "open", "command"] as const;

/** Other spellings. */
const meant: Readonly<Record<string, typeof known[number]>> = {
  color: "colours",
  colors: "colours",
  colour: "colours",
};

function wordOf(text: string): typeof known[number] | undefined {
  return known.find((word) => word === text) ?? (Object.hasOwn(meant, text) ? meant[text] : undefined);
}

/**
 * The words of an element: in `data-field="…"` and its like, or in an id or a label as `field:…`, several of them
 * between semicolons, where a drawing program lets one set nothing else.
 *
 * @param data Its data attributes, without `data-`.
 * @param labels Its id and its label.
 * @returns Nothing where there are none.
 */
export function wordsOf(
  data: Readonly<Record<string, string>>,
  labels: readonly string[],
): BindingWords | undefined {
  const words: { -readonly [Word in keyof BindingWords]: string } = {};
  for (const part of labels.flatMap((label) => label.split(";"))) {
    const [, key, value] = /^\s*([a-z]+)\s*:\s*(.*\S)\s*$/.exec(part) ?? [];
    const word = wordOf(key ?? "");
    if (word !== undefined) words[word] = value!;
  }
  for (const [key, value] of Object.entries(data)) {
    const word = wordOf(key);
    if (word !== undefined) words[word] = value;
  }
  return Object.keys(words).length === 0 ? undefined : words;
}

/** Colours as they may be written: names, `#rgb`, `rgb(…)`, and `currentColor`. */
const colour = /^(?:[a-z]{3,30}|#[0-9a-f]{3,8}|(?:rgb|hsl)a?\([\d\s.,%/-]{1,60}\))$/i;

/**
 * Makes what checks the words of elements against a bench.
 *
 * @param instruments What stands on it.
 */
export function bindTo(instruments: readonly Instrument[]): Bind {
  const find = (name: string, word: string): Instrument => {
    const found = instruments.find((each) => each.name === identifierOf(name) || each.title === name);
    if (found !== undefined) return found;
    const names = instruments.map((each) => each.name);
    throw new Wrong(
      `${word} names ${shown(name)}, and there is no such instrument${didYouMean(name, names)}: there ${
        names.length === 1 ? "is" : "are"
      } ${listed(names)}`,
    );
  };
  const fieldOf = (text: string, word: string): DrawnField => {
    const at = text.indexOf(".");
    if (at < 1 || at === text.length - 1) {
      throw new Wrong(`${word} is ${shown(text)}; it must be an instrument and a field, as in tempcon.camtemp`);
    }
    const instrument = find(text.slice(0, at).trim(), word);
    const given = text.slice(at + 1).trim();
    const field = instrument.allFields.find(({ title, name }) =>
      title === given || name === given || name === identifierOf(given)
    );
    if (field !== undefined) return { instrument: instrument.name, field: field.title };
    const titles = instrument.allFields.map(({ title }) => title);
    throw new Wrong(
      `${word} names ${shown(text)}, and ${instrument.title} has no field ${shown(given)}${
        didYouMean(given, titles)
      }: it has ${listed(titles)}`,
    );
  };
  return (words) => {
    const binding: { -readonly [Key in keyof DrawingBinding]: DrawingBinding[Key] } = {};
    const problems: string[] = [];
    const take = (work: () => void) => {
      try {
        work();
      } catch (error) {
        problems.push((error as Error).message);
      }
    };
    const { field, state, colours, open, command } = words;
    if (field !== undefined) take(() => binding.field = fieldOf(field, "data-field"));
    if (state !== undefined) take(() => binding.state = fieldOf(state, "data-state"));
    if (colours !== undefined) {
      take(() => {
        if (state === undefined) throw new Wrong("data-colours has a meaning only beside data-state");
        binding.colours = coloursOf(colours);
      });
    }
    if (open !== undefined) take(() => binding.open = find(open, "data-open").name);
    if (command !== undefined) {
      take(() => {
        const parsed = parseCommandLine(command);
        const instrument = find(parsed.instrument ?? "", "data-command");
        const names = [...instrument.commandNames(), "set"];
        if (!names.includes(parsed.command)) {
          throw new Wrong(
            `data-command names ${shown(command)}, and ${instrument.title} has no command ${shown(parsed.command)}${
              didYouMean(parsed.command, names)
            }`,
          );
        }
        const keywords = Object.fromEntries(parsed.keywords);
        binding.command = { instrument: instrument.name, command: parsed.command, args: parsed.args, keywords };
      });
    }
    return { binding, problems };
  };
}

class Wrong extends Error {}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function coloursOf(text: string): { test: string; colour: string }[] {
  return text.split(/[;,](?![^(]*\))/).filter((each) => each.trim() !== "").map((each) => {
    const [, test = "", given = ""] = /^\s*(.*?)\s*(?::|=(?!=))\s*([^:=]+?)\s*$/.exec(each) ?? [];
    if (test === "" || !colour.test(given)) {
      throw new Wrong(
        `data-colours has ${shown(each.trim())}; it must be a state and a colour, as in On: #f5c400; Off: gray`,
      );
    }
    return { test, colour: given };
  });
}
