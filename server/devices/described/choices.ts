/**
 * What a choice or a switch can be, with what the instrument is told and what it answers for each.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { quoted } from "../../bench/answer_errors.ts";
import { withBytes } from "../transports/line_codec.ts";
import { inPart } from "./description_error.ts";
import { bare, meansTheSame, unquoted } from "./number_text.ts";
import type { DescribedField } from "./schema.ts";

/** What an instrument says for one choice: a text, or a number where it codes numbers. */
type Said = string | number;

interface Choice {
  readonly name: string;
  /** What it is told; `undefined` where it cannot be told. */
  readonly send: Said | undefined;
  /** What it answers: one of these. */
  readonly answers: readonly Said[];
  /** Those that are texts, with their bytes. */
  readonly heard: readonly string[];
  /** Those that are numbers, where it codes numbers, in decimal digits. */
  readonly numbers: readonly string[];
}

/** What a choice or a switch can be. */
export class Choices {
  readonly #choices: readonly Choice[];

  /**
   * Takes a declaration.
   *
   * @param value The description's words.
   * @param numberOf What an answer is as a number, where the instrument codes numbers.
   * @throws {DescriptionError} Where two are the same.
   */
  constructor(
    value: Pick<DescribedField, "type" | "choices" | "on" | "off">,
    numberOf?: (written: Said) => bigint | number,
  ) {
    const { type } = value;
    const seen: string[] = [];
    this.#choices = described(value).map(([name, said, path]) =>
      inPart(path, () => {
        const { send, answer } = typeof said === "object" ? said : { send: said, answer: said };
        if (send === undefined && answer === undefined) throw new TypeError('needs "send" or "answer"');
        const answers = answer === undefined ? [] : [answer].flat();
        const numbers = numberOf === undefined ? [] : answers.map((each) => String(numberOf(each)));
        const heard = numberOf === undefined ? answers.map((each) => withBytes(String(each), String.fromCharCode)) : [];
        // A switch is one of two, however it is written.
        const isSame = type === "switch" ? meansTheSame : (a: string, b: string) => a === b;
        const twice = [...numbers, ...heard].find((each) => seen.some((other) => isSame(other, each)));
        if (twice !== undefined) {
          throw new TypeError(
            type === "switch"
              ? "on and off are the same for the instrument"
              : `two choices are ${quoted(twice)} for the instrument`,
          );
        }
        seen.push(...numbers, ...heard);
        return { name, send, answers, heard, numbers };
      })
    );
  }

  /** What people read. */
  get names(): string[] {
    return this.#choices.map(({ name }) => name);
  }

  /** What the instrument should have said, for errors. */
  get expected(): string {
    return `been one of ${this.#choices.flatMap(({ answers }) => answers.map(String)).map(quoted).join(", ")}`;
  }

  /** The choice that a text means. */
  ofText(said: string): string | undefined {
    const text = unquoted(bare(said));
    const exactly = this.#choices.find(({ heard }) => heard.includes(text));
    return (exactly ?? this.#choices.find(({ heard }) => heard.some((each) => meansTheSame(each, text))))?.name;
  }

  /** The choice that a number means. */
  ofNumber(number: bigint | number): string | undefined {
    return this.#choices.find(({ numbers }) => numbers.includes(String(number)))?.name;
  }

  /** What the instrument answers for a choice, the first of several; `undefined` where it never answers it. */
  answered(choice: string): Said | undefined {
    return this.#choices.find(({ name }) => name === choice)!.answers[0];
  }

  /**
   * What the instrument is told for a choice.
   *
   * @throws {HeliographError} `bad_argument` for one that it only answers.
   */
  sent(choice: string): Said {
    const { send } = this.#choices.find(({ name }) => name === choice)!;
    if (send !== undefined) return send;
    throw new HeliographError("bad_argument", `${choice} cannot be set: the instrument only answers it`);
  }
}

type Written = Said | { readonly send?: Said | undefined; readonly answer?: Said | readonly Said[] | undefined };

/** Each choice with what is written for it, and where. */
function described(
  { type, choices, on = "1", off = "0" }: Pick<DescribedField, "type" | "choices" | "on" | "off">,
): [name: string, said: Written, path: string[]][] {
  if (type === "switch") return [["On", on, ["on"]], ["Off", off, ["off"]]];
  if (choices === undefined) return [];
  if (Array.isArray(choices)) return choices.map((choice) => [choice, choice, ["choices"]]);
  return Object.entries(choices).map(([choice, said]) => [choice, said, ["choices", choice]]);
}
