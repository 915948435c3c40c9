/**
 * What every azcam tool has besides its own commands: `initialize`, `reset` and the header keywords.
 *
 * @module
 */

import { type Command, command } from "../command.ts";
import { InstrumentError } from "../errors.ts";
import { didYouMean } from "../names.ts";
import { Float, shown } from "../values.ts";

/** A header keyword: its value, its comment and its type in azcam's words (`str`, `int`, `float`). */
export type Keyword = readonly [value: string | number | Float, comment: string, type: string];

/** Keyword values that are made when they are asked for, such as a temperature. */
export type LiveKeywords = Readonly<Record<string, () => Keyword>>;

/** Nobody fills the memory with keywords. */
const mostKeywords = 1000;

function typedKeyword(value: string, comment: string, type: string): Keyword {
  const number = Number(value);
  if (type !== "int" && type !== "float") return [value, comment, "str"];
  if (value.trim() === "" || !Number.isFinite(number) || (type === "int" && !Number.isSafeInteger(number))) {
    throw new InstrumentError(
      `Cannot set a keyword of type ${type} to ${shown(value)}: not a number of that type`,
      "bad_argument",
    );
  }
  return [type === "int" ? number : new Float(number), comment, type];
}

/**
 * The commands that azcam's tools share.
 *
 * @param reset What `reset` does.
 * @param live Keywords whose values follow the instrument.
 * @returns The commands, for an instrument's `commands`.
 */
export function azcamToolCommands(reset: () => void, live: LiveKeywords = {}): Record<string, Command> {
  const stored = new Map<string, Keyword>();
  const liveNames = Object.keys(live);
  const find = (name: string): Keyword => {
    const upper = name.toUpperCase();
    const found = stored.get(upper) ?? (liveNames.includes(upper) ? live[upper]!() : undefined);
    if (found !== undefined) return found;
    throw new InstrumentError(`invalid keyword: ${name}${didYouMean(name, [...liveNames, ...stored.keys()])}`);
  };
  const keyword = { type: "text", summary: "a FITS keyword" } as const;
  return {
    initialize: command({ summary: "Make it ready for use", run: () => {} }),
    reset: command({ summary: "Go back to the defaults", run: () => reset() }),
    get_keyword: command({
      summary: "Tell a header keyword's value, comment and type",
      arguments: { keyword },
      role: "observer",
      immediate: true,
      run: ({ keyword }) => find(keyword),
    }),
    set_keyword: command({
      summary: "Set a header keyword",
      arguments: {
        keyword,
        value: { type: "text" },
        comment: { type: "text", default: "" },
        type: { type: "choice", choices: ["str", "int", "float", "none"], default: "str" },
      },
      run: ({ keyword, value, comment, type }) => {
        const name = keyword.toUpperCase();
        if (!/^[A-Z0-9_-]{1,8}$/.test(name)) {
          throw new InstrumentError(
            `Cannot set the keyword ${keyword}: a FITS keyword has up to 8 letters, digits, - or _`,
            "bad_argument",
          );
        }
        if (stored.size >= mostKeywords && !stored.has(name)) {
          throw new InstrumentError(`Cannot set the keyword ${name}: ${mostKeywords} are set already; delete one`);
        }
        stored.set(name, typedKeyword(value, comment, type));
      },
    }),
    delete_keyword: command({
      summary: "Delete a header keyword",
      arguments: { keyword },
      run: ({ keyword }) => {
        find(keyword);
        stored.delete(keyword.toUpperCase());
      },
    }),
    get_keywords: command({
      summary: "List the header keywords",
      role: "observer",
      immediate: true,
      run: () => [...new Set([...liveNames, ...stored.keys()])],
    }),
  };
}
