/**
 * Checks what a driver declares, as a bench file is checked: each mistake is told with where it is, what is wrong, and
 * what would be right. Types alone do not do it: drivers may be JavaScript, and TypeScript from the disk is not checked.
 *
 * @module
 */

import { limitsFault } from "./alarm_limits.ts";
import { periodInDays, periodWords } from "../../protocol/duration.ts";
import { accesses, numberFormats, roles, valueTypes } from "../../protocol/vocabulary.ts";
import type { ReadbackSpec } from "./field.ts";
import { checkKeyword } from "./header_card.ts";
import { didYouMean, identifierOf } from "./names.ts";
import { named, notAsDeclared, type ValueSpec } from "./values.ts";

/** A driver has declared what cannot be. */
export class DeclarationError extends TypeError {
  /** Makes it. @param message Where, what is wrong, and what would be right. */
  constructor(message: string) {
    super(message);
    this.name = "DeclarationError";
  }
}

/** A check of one word of a declaration. @returns Nothing where it is so, otherwise what it should be. */
export type Rule = (value: unknown) => string;

const text: Rule = (value) => typeof value === "string" ? "" : "text";
const flag: Rule = (value) => typeof value === "boolean" ? "" : "true or false";
const number: Rule = (value) => typeof value === "number" && Number.isFinite(value) ? "" : "a number";
const seconds: Rule = (value) =>
  number(value) === "" && (value as number) > 0 ? "" : "a number of seconds, more than 0";
const table: Rule = (value) => typeof value === "object" && value !== null && !Array.isArray(value) ? "" : "an object";
const texts: Rule = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === "string") ? "" : "a list of texts";
const anything: Rule = () => "";

function oneOf(...words: readonly string[]): Rule {
  return (value) =>
    words.includes(value as string)
      ? ""
      : `one of ${words.join(", ")}${typeof value === "string" ? didYouMean(value, words) : ""}`;
}

function method(example: string, hint = ""): Rule {
  return (value) => typeof value === "function" ? "" : `a function, such as ${example}${hint}`;
}

const described =
  "; an instrument that is asked and told by texts needs no code: its fields are described in the bench file";

const valueRules: Readonly<Record<keyof ValueSpec, Rule>> = {
  type: oneOf(...valueTypes),
  unit: text,
  minimum: number,
  maximum: number,
  choices: (value) => texts(value) === "" && (value as unknown[]).length > 0 ? "" : "a list of texts, at least one",
  decimals: (value) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 100 ? "" : "a whole number from 0 to 100",
  format: oneOf(...numberFormats),
  summary: text,
};

/** The words of a field. */
export const fieldRules = {
  ...valueRules,
  access: oneOf(...accesses),
  needsConfirm: flag,
  initial: anything,
  read: method("() => position, or async (signal) => await ask(signal)", described),
  listens: flag,
  pollInterval: seconds,
  pollWhile: anything,
  log: flag,
  keep: (value) =>
    value === false || (typeof value === "string" && periodInDays(value) !== undefined)
      ? ""
      : `false, or ${periodWords}`,
  keyword: (value) => {
    if (typeof value !== "string") return "a FITS keyword, such as CAMTEMP";
    try {
      checkKeyword(value);
      return "";
    } catch (error) {
      return `a FITS keyword, such as CAMTEMP (${(error as Error).message})`;
    }
  },
  readback: table,
  alarm: table,
  compute: (value) => text(value) === "" && value !== "" ? "" : "an expression, such as voltage * current",
  write: method("(value, signal) => send(value, signal)", described),
} satisfies Record<string, Rule>;

/** The words of a command. */
export const commandRules = {
  summary: text,
  arguments: table,
  takesMore: flag,
  role: oneOf(...roles),
  immediate: flag,
  stop: flag,
  beside: flag,
  dropsWaiting: flag,
  confirm: text,
  // Its range is checked where it is used.
  deadline: number,
  returns: oneOf("float", "tuple"),
  run: method("({ position }, { signal }) => move(position, signal)"),
} satisfies Record<string, Rule>;

/** The words of an instrument. */
export const instrumentRules = {
  title: text,
  caption: text,
  summary: text,
  fields: table,
  main: texts,
  aside: flag,
  commands: (value) => typeof value === "function" ? "" : table(value) === "" ? "" : "an object, or a function",
  answersFor: texts,
  pollInterval: seconds,
  staleAfter: seconds,
  errorAfter: seconds,
  contact: (value) => {
    const { start, stop } = (value ?? {}) as { start?: unknown; stop?: unknown };
    const has = typeof start === "function" && typeof stop === "function";
    return has ? "" : "what keeps it in contact, such as new PortContact(port, { title, greet })";
  },
  settingsBeside: flag,
  images: table,
  start: method("async () => await prepare()"),
  stop: method("async () => await end()"),
  step: method("(seconds) => simulate(seconds)"),
} satisfies Record<string, Rule>;

/**
 * Checks the words of one declaration.
 *
 * @param what What it declares, for the error: `Position of Stage`.
 * @param given What was declared.
 * @param rules What each word has to be; others are not known.
 * @param needed Words that cannot be left out.
 * @throws {DeclarationError} For the first mistake.
 */
export function checkWords(
  what: string,
  given: unknown,
  rules: Readonly<Record<string, Rule>>,
  needed: readonly string[],
): void {
  if (table(given) !== "") throw wrong(what, `it is ${named(given)}, and should be an object`);
  for (const [word, value] of Object.entries(given as object)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(rules, word) ? rules[word]! : undefined;
    if (rule === undefined) {
      const known = Object.keys(rules);
      throw wrong(what, `${word} is not known here${didYouMean(word, known) || `; there is ${known.join(", ")}`}`);
    }
    const wanted = rule(value);
    if (wanted !== "") throw wrong(what, `${word} is ${named(value)}, and should be ${wanted}`);
  }
  for (const word of needed) {
    if ((given as Record<string, unknown>)[word] !== undefined) continue;
    throw wrong(what, `${word} is missing, and should be ${rules[word]!(undefined)}`);
  }
}

/**
 * Checks that what a declaration says of a value fits together.
 *
 * @param what What it declares, for the error.
 * @param spec What was declared, whose words have been checked.
 * @param word What the value to begin with is called there.
 * @param value That value; `undefined` where there is none.
 * @throws {DeclarationError} For the first mistake.
 */
export function checkValue(what: string, spec: ValueSpec, word: string, value: unknown): void {
  const { type, minimum, maximum, choices } = spec;
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    throw wrong(what, `its minimum ${minimum} is above its maximum ${maximum}`);
  }
  if (type === "choice" && choices === undefined) throw wrong(what, 'a choice needs "choices", a list of texts');
  const fault = value === undefined ? "" : notAsDeclared(spec, value);
  if (fault !== "") throw wrong(what, `${word} is ${fault}`);
}

/** What is computed is neither read nor set. */
const besideCompute = ["read", "write", "listens", "initial", "needsConfirm", "pollInterval", "readback"] as const;

/** Checks the alarm limits of a field. @throws {DeclarationError} For the first mistake. */
function checkLimits(what: string, limits: unknown, type: string): void {
  if (limits === undefined) return;
  const [word, why] = limitsFault(limits as object, type) ?? [];
  if (why !== undefined) throw wrong(what, `alarm${word === undefined ? "" : `.${word}`}: ${why}`);
}

const readbackRules = {
  field: text,
  tolerance: (value) => number(value) === "" && (value as number) >= 0 ? "" : "a number, 0 or more",
  within: seconds,
} satisfies Record<keyof ReadbackSpec, Rule>;

/** What is known of a field where its neighbours are checked. */
export interface Declared {
  readonly title: string;
  readonly spec: ValueSpec & { readonly readback?: ReadbackSpec };
  readonly access: string;
}

/**
 * Finds what is wrong with a field's readback.
 *
 * @param field The field, whose words have been checked.
 * @param find Finds a field of the same instrument by its title or its name.
 * @param titles What there is.
 * @returns The word that is wrong, and why; `undefined` where all is well.
 */
export function readbackFault(
  { title, spec, access }: Declared,
  find: (name: string) => Declared | undefined,
  titles: readonly string[],
): readonly [word: "field" | "tolerance" | undefined, why: string] | undefined {
  const { readback, type } = spec;
  if (readback === undefined) return undefined;
  if (access !== "setting") return [undefined, "has a meaning only beside what is set"];
  const other = find(readback.field);
  if (other === undefined) {
    return ["field", `there is no field "${readback.field}"${didYouMean(readback.field, titles)}`];
  }
  if (other.title === title) return ["field", "is the setting itself: name the field by which the device tells"];
  const numeric = [type, other.spec.type].map((each) => each === "float" || each === "int");
  if (numeric[0] !== numeric[1] || (!numeric[0] && type !== other.spec.type)) {
    return ["field", `${title} is of the type ${type}, and ${other.title} of the type ${other.spec.type}`];
  }
  if (readback.tolerance !== undefined && !numeric[0]) {
    return ["tolerance", `has a meaning for numbers only, and ${title} is of the type ${type}`];
  }
  return undefined;
}

/**
 * Finds the fields that an instrument names as those that matter most.
 *
 * @param given Their titles or names.
 * @param titles The titles of all fields of that instrument.
 * @param wrong Told which one is none of them, and what would be right.
 * @returns Their names.
 */
export function mainNames(
  given: readonly string[],
  titles: readonly string[],
  wrong: (index: number, why: string) => void,
): string[] {
  const names = new Set(titles.map(identifierOf));
  return given.flatMap((each, index) => {
    const name = identifierOf(each);
    if (names.has(name)) return [name];
    wrong(index, `there is no field "${each}"${didYouMean(each, titles)}`);
    return [];
  });
}

/** Checks what an instrument's fields are. @throws {DeclarationError} For the first mistake. */
export function checkFields(
  title: string,
  fields: Readonly<
    Record<string, ValueSpec & { readonly initial?: unknown; readonly readback?: unknown; readonly compute?: unknown }>
  >,
  rules: Readonly<Record<string, Rule>>,
): void {
  for (const [field, declared] of Object.entries(fields)) {
    const what = `${field} of ${title}`;
    checkWords(what, declared, rules, ["type"]);
    checkValue(what, declared, "initial", declared.initial);
    if (declared.compute !== undefined) {
      // A driver's process tells what is not so as false.
      const given = declared as { readonly [Word in (typeof besideCompute)[number]]?: unknown };
      const other = besideCompute.find((word) => (given[word] ?? false) !== false);
      if (other !== undefined) throw wrong(what, `${other} has no meaning beside "compute"`);
    }
    checkLimits(what, (declared as { readonly alarm?: unknown }).alarm, declared.type);
    if (declared.readback === undefined) continue;
    checkWords(`the readback of ${what}`, declared.readback, readbackRules, ["field"]);
  }
}

/** Checks a command's arguments. @throws {DeclarationError} For the first mistake. */
export function checkArguments(
  what: string,
  given: Readonly<Record<string, ValueSpec & { readonly default?: unknown }>>,
): void {
  for (const [name, argument] of Object.entries(given)) {
    const each = `${name} of ${what}`;
    checkWords(each, argument, { ...valueRules, default: anything, asGiven: flag }, ["type"]);
    checkValue(each, argument, "default", argument.default);
  }
}

/**
 * The error for a mistake in a declaration.
 *
 * @param what What it declares.
 * @param why What is wrong, and what would be right.
 */
export function wrong(what: string, why: string): DeclarationError {
  return new DeclarationError(`Cannot declare ${what}: ${why}`);
}
