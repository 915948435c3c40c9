/**
 * The header keywords of an instrument: azcam's, of which every tool has its own.
 *
 * @module
 */

import { type Command, command } from "./command.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { BenchField } from "./field.ts";
import { type CardValue, checkKeyword, checkText, type HeaderCard } from "./header_card.ts";
import { didYouMean } from "./names.ts";
import { Float, isNumber, OneWord, shown } from "./values.ts";

/** A header keyword: its value, its comment and its type in azcam's words (`str`, `int`, `float`, `none`). */
export type Keyword = readonly [value: string | number | Float, comment: string, type: string];

/** Keywords whose values are numbers by the FITS standard, also where a client sends text, as azcam's do by default. */
const numbers = new RegExp(
  "^(?:EQUINOX|EPOCH|MJD-(?:OBS|AVG|BEG|END)|MJDREF|LONPOLE|LATPOLE|RESTFRQ|RESTFREQ|RESTWAV|DATAM(?:AX|IN)|VELOSYS|" +
    "ZSOURCE|VELANGL|OBSGEO-[XYZ]|CR(?:PIX|VAL|OTA|DER)\\d+|CSYER\\d+|CDELT\\d+|(?:CD|PC|PV)\\d+_\\d+)$",
);
/** Keywords whose values are whole numbers. */
const wholeNumbers = /^(?:WCSAXES|VELREF)$/;
/** Keywords whose values are text. */
const texts = new RegExp(
  "^(?:TELESCOP|INSTRUME|OBSERVER|OBJECT|AUTHOR|REFERENC|ORIGIN|BUNIT|RADESYS|RADECSYS|TIMESYS|TIMEUNIT|SPECSYS|SSYSOBS|" +
    "SSYSSRC|WCSNAME|C(?:TYPE|UNIT|NAME)\\d+|PS\\d+_\\d+)$",
);
/** Keywords whose values are dates. */
const dates = /^DATE(?:-|$)/;
const date = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?)?$/;

/** A value of the type that the standard wants for a keyword. */
function standardKeyword(name: string, text: string, comment: string, type: string): Keyword {
  const wrong = (what: string) =>
    new HeliographError("bad_argument", `Cannot set ${name} to ${shown(text)}: by the FITS standard it is ${what}`);
  if (dates.test(name)) {
    if (!date.test(text)) throw wrong("a date, such as 2026-11-21 or 2026-11-21T22:30:00");
    return [text, comment, "str"];
  }
  if (texts.test(name)) return [text, comment, "str"];
  if (wholeNumbers.test(name)) {
    if (!/^[+-]?\d{1,9}$/.test(text)) throw wrong("a whole number");
    return [Number(text), comment, "int"];
  }
  if (!numbers.test(name)) return typedKeyword(text, comment, type);
  if (!isNumber(text)) throw wrong("a number");
  return [new Float(Number(text)), comment, "float"];
}

/** The value of a field for a header; `undefined` where it is not known. */
function fieldValue({ spec, value, quality, text }: BenchField): Exclude<CardValue, boolean> | undefined {
  if (quality === "error" || value === undefined) return undefined;
  if (typeof value !== "number") return text;
  return spec.type === "float" ? new Float(value) : value;
}

function comment({ spec, title }: BenchField): string {
  return spec.summary ?? title;
}

/** The type of a field's keyword, in azcam's words. */
function fieldType({ spec }: BenchField): string {
  return spec.type === "float" || spec.type === "int" ? spec.type : "str";
}

function fieldCard(keyword: string, field: BenchField): HeaderCard {
  const value = fieldValue(field);
  // It goes first: what does not fit into a card is cut at its end.
  const doubt = value === undefined ? "no reading: " : field.quality === "stale" ? "stale: " : "";
  return {
    keyword,
    value,
    comment: `${doubt}${comment(field)}`,
    ...(field.spec.unit === undefined ? {} : { unit: field.spec.unit }),
  };
}

/** Nobody fills the memory with keywords. */
const mostKeywords = 1000;

function typedKeyword(value: string, comment: string, type: string): Keyword {
  const number = Number(value);
  if (type !== "int" && type !== "float") return [value, comment, type === "none" ? type : "str"];
  if (value.trim() === "" || !Number.isFinite(number) || (type === "int" && !Number.isSafeInteger(number))) {
    throw new HeliographError(
      "bad_argument",
      `Cannot set a keyword of type ${type} to ${shown(value)}: not a number of that type`,
    );
  }
  return [type === "int" ? number : new Float(number), comment, type];
}

/** The keywords of one instrument: fields that belong into headers, and what clients have set. */
export class HeaderKeywords {
  readonly #fields: ReadonlyMap<string, BenchField>;
  readonly #stored = new Map<string, Keyword>();

  /** @param fields The instrument's fields, of which some have a keyword. */
  constructor(fields: Iterable<BenchField>) {
    this.#fields = new Map([...fields].flatMap((field) => field.spec.keyword ? [[field.spec.keyword, field]] : []));
  }

  /** Every keyword as a card. A field that cannot be read has no value, as FITS writes what is not known. */
  cards(): HeaderCard[] {
    const fields = [...this.#fields].filter(([keyword]) => !this.#stored.has(keyword));
    const stored = [...this.#stored].map(([keyword, [value, comment]]) => ({ keyword, value, comment }));
    return [...fields.map(([keyword, field]) => fieldCard(keyword, field)), ...stored];
  }

  /**
   * A keyword with what it says now.
   *
   * @param name In any case.
   * @throws {HeliographError} When there is none of that name, or it has no value now.
   */
  find(name: string): Keyword {
    const keyword = name.toUpperCase();
    const stored = this.#stored.get(keyword);
    if (stored !== undefined) return stored;
    const field = this.#fields.get(keyword);
    if (field === undefined) {
      throw new HeliographError("command_failed", `invalid keyword: ${name}${didYouMean(name, this.names())}`);
    }
    const value = fieldValue(field);
    if (value === undefined) throw new HeliographError("command_failed", `${keyword} has no value: ${field.reason}`);
    return [value, comment(field), fieldType(field)];
  }

  /** All of them as azcam's `read_header` has them; one that cannot be read has no value. */
  rows(): [name: string, value: Keyword[0] | null, comment: string, type: string][] {
    return this.names().map((name) => {
      const field = this.#stored.has(name) ? undefined : this.#fields.get(name);
      if (field === undefined) return [name, ...this.find(name)];
      return [name, fieldValue(field) ?? null, comment(field), fieldType(field)];
    });
  }

  /** The keywords that were set, to be kept elsewhere. */
  get stored(): readonly (readonly [name: string, keyword: Keyword])[] {
    return [...this.#stored];
  }

  /** Takes what was set elsewhere in the place of what was set here. @throws {HeliographError} For what FITS cannot hold. */
  restore(stored: readonly (readonly [name: string, keyword: Keyword])[]): void {
    for (const [name, [value, comment]] of stored) {
      checkKeyword(name);
      if (typeof value === "string") checkText(value, `the value of ${name}`);
      checkText(comment, `the comment of ${name}`);
    }
    this.#stored.clear();
    for (const [name, keyword] of stored) this.#stored.set(name, keyword);
  }

  /** The names of all of them, in the order of the alphabet, as azcam has them. */
  names(): string[] {
    return [...new Set([...this.#fields.keys(), ...this.#stored.keys()])].sort();
  }

  /**
   * Sets a keyword; it goes before a field's.
   *
   * @param comment `none` keeps the comment that was set before, as azcam does.
   * @throws {HeliographError} `bad_argument` for what FITS cannot hold.
   */
  set(keyword: string, value: string, comment: string, type: string): void {
    const name = keyword.toUpperCase();
    checkKeyword(name);
    checkText(value, `the value of ${name}`);
    const kept = comment === "none" ? this.#stored.get(name)?.[1] ?? "" : comment;
    checkText(kept, `the comment of ${name}`);
    if (this.#stored.size >= mostKeywords && !this.#stored.has(name)) {
      throw new HeliographError(
        "command_failed",
        `Cannot set the keyword ${name}: ${mostKeywords} are set already; delete one`,
      );
    }
    this.#stored.set(name, standardKeyword(name, value, kept, type));
  }

  /** Deletes a keyword that was set; a field's stays, and one that is not there is deleted already, as in azcam. */
  delete(name: string): void {
    this.#stored.delete(name.toUpperCase());
  }
}

/**
 * azcam's commands for header keywords: `get_keyword`, `set_keyword`, `delete_keyword`, `get_keywords`, `read_header`.
 *
 * @param keywords The instrument's keywords.
 */
export function keywordCommands(keywords: () => HeaderKeywords): Record<string, Command> {
  const keyword = { type: "text", summary: "a FITS keyword" } as const;
  const reading = { role: "observer", immediate: true } as const;
  return {
    get_keyword: command({
      ...reading,
      summary: "Tell a header keyword's value, comment and type",
      arguments: { keyword },
      run: ({ keyword }) => {
        const [value, comment, type] = keywords().find(keyword);
        // Where there is no comment, azcam's clients get two items.
        return [value, comment === "" ? new OneWord("") : comment, type];
      },
    }),
    set_keyword: command({
      summary: "Set a header keyword",
      arguments: {
        keyword,
        value: { type: "text" },
        comment: { type: "text", default: "none", summary: "none keeps the one that was set before" },
        type: { type: "choice", choices: ["str", "int", "float", "none"], default: "none" },
      },
      beside: true,
      run: ({ keyword, value, comment, type }) => keywords().set(keyword, value, comment, type),
    }),
    delete_keyword: command({
      summary: "Delete a header keyword that was set",
      arguments: { keyword },
      beside: true,
      run: ({ keyword }) => keywords().delete(keyword),
    }),
    get_keywords: command({ ...reading, summary: "List the header keywords", run: () => keywords().names() }),
    read_header: command({
      ...reading,
      summary: "Tell all header keywords, each with its value, comment and type",
      run: () => keywords().rows(),
    }),
  };
}
