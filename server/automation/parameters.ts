/**
 * What is given at the start of a run, and how its steps use that: `${flow}`, `${2 * flow}`, `${row.oxygen}`.
 *
 * @module
 */

import type { WireValue } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { didYouMean, listed } from "../bench/names.ts";
import { parseValue, shown } from "../bench/values.ts";
import { compile, type Operand } from "../expressions/compile.ts";
import { ExpressionError } from "../expressions/expression_error.ts";
import type { ParameterWords, Scalar } from "./run_schema.ts";

/** A row of what a run goes through; what has no name of its own is called `value`. */
export type Row = Readonly<Record<string, Scalar>>;

/** What a run was given. */
export type Given = Readonly<Record<string, Scalar>>;

/**
 * What a run is given, as its file declares it.
 *
 * @param declared By name.
 * @param given By name, as text or typed.
 * @param wrong Told what is wrong, of which parameter.
 * @param examples Whether what must be given may be left out, since the file is only checked.
 */
export function parametersOf(
  declared: Readonly<Record<string, ParameterWords>>,
  given: Given,
  wrong: (name: string, message: string, word?: string) => void,
  examples: boolean,
): Given {
  const names = Object.keys(declared);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const there = names.length === 0 ? "it has none" : `it has ${listed(names)}`;
    wrong("", `there is no parameter ${name}${didYouMean(name, names)}; ${there}`);
  }
  const values: Record<string, Scalar> = {};
  for (const [name, { type = "float", default: usual, ...spec }] of Object.entries(declared)) {
    const wanted = { ...spec, type } as Parameters<typeof parseValue>[0];
    if (type === "choice" && spec.choices === undefined) {
      wrong(name, 'is a choice, and says no "choices"');
      continue;
    }
    const chosen = given[name] ?? usual ?? (examples ? exampleOf(type, spec) : undefined);
    if (chosen === undefined) {
      wrong(name, `is not given, and has no default: give ${name}=VALUE${spec.unit ? ` in ${spec.unit}` : ""}`);
      continue;
    }
    try {
      values[name] = parseValue(wanted, chosen) as Scalar;
    } catch (error) {
      if (!(error instanceof HeliographError)) throw error;
      wrong(name, `cannot be ${shown(chosen)}: ${error.message}`, given[name] === undefined ? "default" : undefined);
    }
  }
  return values;
}

/** Something that a parameter may be, to check the steps that use it. */
function exampleOf(type: string, { minimum, maximum, choices }: ParameterWords): Scalar {
  if (type === "choice") return choices![0]!;
  if (type === "switch") return false;
  return type === "text" ? "text" : minimum ?? maximum ?? 0;
}

/** Puts values into what a file says. */
export class Values {
  readonly #operands = new Map<string, Operand>();

  /** Makes it. @param given At the start of the run. @param row The row that it is at. @default it is at none */
  constructor(given: Given, row?: Row) {
    const add = (name: string, label: string, value: Scalar) =>
      this.#operands.set(name, {
        label,
        type: typeof value === "number" ? "float" : typeof value === "boolean" ? "switch" : "text",
        held: { value, quality: "good", reason: "" },
      });
    for (const [name, value] of Object.entries(given)) add(name, `the parameter ${name}`, value);
    for (const [name, value] of Object.entries(row ?? {})) add(`row.${name}`, `the column ${name}`, value);
  }

  /**
   * What a word of a file stands for.
   *
   * @param word A text may hold `${…}`; one that is nothing else has the value of that.
   * @throws {ExpressionError} For a name that is not there.
   */
  of<T extends Scalar>(word: T): Scalar {
    if (typeof word !== "string") return word;
    const alone = /^\$\{([^}]*)\}$/.exec(word)?.[1];
    if (alone !== undefined) return this.#value(alone);
    return word.replaceAll(/\$\{([^}]*)\}/g, (_, text: string) => String(this.#value(text)));
  }

  /** What a text stands for, as a text. */
  text(word: string): string {
    return String(this.of(word));
  }

  #value(text: string): Scalar {
    const expression = compile<Operand>(text, {
      find: ({ instrument, field }) => {
        const name = instrument === undefined ? field : `${instrument}.${field}`;
        const found = this.#operands.get(name);
        if (found !== undefined) return found;
        const names = [...this.#operands.keys()];
        const there = names.length === 0 ? "there are none" : `there is ${listed(names)}`;
        throw new ExpressionError(
          `\${${text}} may speak of parameters${
            names.some((each) => each.startsWith("row.")) ? " and the row" : ""
          }, and ${name} is none${didYouMean(name, names)}; ${there}`,
        );
      },
    });
    const outcome = expression.evaluate();
    if (outcome.quality === "good") return plain(outcome.value);
    throw new ExpressionError(`\${${text}} has no value: ${outcome.reason}`);
  }
}

function plain(value: WireValue): Scalar {
  // 0.1 + 0.2 is meant as 0.3.
  return typeof value === "number" ? Number(value.toPrecision(12)) : value;
}

/**
 * The rows of a CSV file: its first line names the columns.
 *
 * @throws {TypeError} Where it is none.
 */
export function rowsOfCsv(text: string): Row[] {
  const [head = [], ...lines] = cellsOf(text.replace(/^\uFEFF/, ""));
  const names = head.map((name) => name.trim().replace(/\W+/g, "_").toLowerCase());
  if (names.length === 0) throw new TypeError("is empty: its first line should name the columns");
  if (lines.length === 0) throw new TypeError("has no rows below the line that names the columns");
  return lines.map((cells, index) => {
    if (cells.length !== names.length) {
      throw new TypeError(`has ${cells.length} cells in row ${index + 1}, and ${names.length} columns`);
    }
    return Object.fromEntries(names.map((name, column) => [name, scalarOf(cells[column]!.trim())]));
  });
}

function scalarOf(text: string): Scalar {
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

function cellsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain = "", end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    if (row.length > 1 || row[0]!.trim() !== "") rows.push(row);
    row = [];
  }
  return rows;
}
