/**
 * Checks a file against a schema, and says what is wrong in words.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { didYouMean, nearestFirst } from "../bench/names.ts";
import { shown } from "../bench/values.ts";
import type { Path, Problem, Source } from "../files/source.ts";

type Issue = z.core.$ZodIssue;

/**
 * Checks a value's form.
 *
 * @param schema What it should be.
 * @param value What it is.
 * @param source Where it stands, for lines.
 * @param at Where in the source it stands. @default at its top
 * @returns What is wrong; nothing where all is well.
 */
export function formProblems(schema: z.ZodType, value: unknown, source: Source, at: Path = []): Problem[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  const known = jsonSchemaOf(schema);
  return result.error.issues.flatMap((issue) => issueProblems(issue, [], value, source, known, at));
}

const jsonSchemas = new WeakMap<z.ZodType, z.core.JSONSchema.BaseSchema>();

/** Made once: each instrument of a bench may have problems. */
function jsonSchemaOf(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  let known = jsonSchemas.get(schema);
  if (known === undefined) jsonSchemas.set(schema, known = z.toJSONSchema(schema, { io: "input" }));
  return known;
}

function issueProblems(
  issue: Issue,
  above: Path,
  root: unknown,
  source: Source,
  known: z.core.JSONSchema.BaseSchema,
  at: Path,
): Problem[] {
  const path: Path = [...above, ...issue.path as (string | number)[]];
  const given = valueAt(root, path);
  if (issue.code === "invalid_union") {
    // The branch that goes wrong the deepest is the one that was meant.
    const branches = issue.errors.filter((branch) =>
      !branch.some(({ code, path }) => code === "invalid_type" && path.length === 0)
    );
    const meant = branches.sort((a, b) => a.length - b.length)[0];
    if (meant !== undefined) return meant.flatMap((inner) => issueProblems(inner, path, root, source, known, at));
    const kinds = issue.errors.flatMap((branch) =>
      branch.map((inner) => "expected" in inner ? kindWord(String(inner.expected)) : "")
    );
    return [
      source.problem(
        [...at, ...path],
        `should be ${[...new Set(kinds)].filter(Boolean).join(" or ")}, and is ${describe(given)}`,
      ),
    ];
  }
  if (issue.code === "unrecognized_keys") {
    const names = keysAt(known, path);
    return issue.keys.map((key) => {
      const there = names.length === 0 ? "" : `; there is ${nearestFirst(key, names).join(", ")}`;
      const meaning = didYouMean(key, names) + there;
      return source.problem([...at, ...path, key], `is not known here${meaning}`);
    });
  }
  return [source.problem([...at, ...path], message(issue, given, path))];
}

function message(issue: Issue, given: unknown, path: Path): string {
  switch (issue.code) {
    case "invalid_type":
      if (given === undefined) return `is missing: ${path.at(-1)} should be ${kindWord(issue.expected)}`;
      return `should be ${kindWord(issue.expected)}, and is ${describe(given)}`;
    case "invalid_value": {
      const known = issue.values.map(String);
      const values = typeof given === "string" ? nearestFirst(given, known) : known;
      return `should be one of ${values.join(", ")}, and is ${describe(given)}${
        typeof given === "string" ? didYouMean(given, values) : ""
      }`;
    }
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") {
        return issue.minimum === 1 ? "should not be empty" : `should have at least ${issue.minimum} entries`;
      }
      return `should be ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}, and is ${describe(given)}${
        why(issue)
      }`;
    case "too_big":
      return `should be ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}, and is ${describe(given)}${
        why(issue)
      }`;
    case "invalid_key":
      return `is no name: ${issue.issues[0]?.message ?? ""}`;
    default:
      return `${issue.message}; it is ${describe(given)}`;
  }
}

/** The schema's own message for a number outside its limits. */
function why({ message }: Issue): string {
  return /^Too (?:small|big)/.test(message) ? "" : `: ${message}`;
}

function kindWord(expected: string): string {
  const words: Record<string, string> = {
    string: "text in double quotes",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list in [ ]",
    object: "an object in { }",
    record: "an object in { }",
    tuple: "a list in [ ]",
  };
  return words[expected] ?? expected;
}

function describe(given: unknown): string {
  if (given === undefined) return "missing";
  if (typeof given === "string") return JSON.stringify(shown(given));
  if (given === null || typeof given !== "object") return shown(given);
  return Array.isArray(given) ? "a list" : "an object";
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | undefined)?.[key], root);
}

/** The keys that the schema knows at a place. */
function keysAt(
  schema: z.core.JSONSchema.BaseSchema,
  path: Path,
  named: Readonly<Record<string, unknown>> = schema.$defs ?? {},
): string[] {
  // What holds more of its own kind is named once, and referred to.
  const of = (each: z.core.JSONSchema.BaseSchema) =>
    (each.$ref === undefined ? each : named[each.$ref.slice("#/$defs/".length)] ?? {}) as z.core.JSONSchema.BaseSchema;
  const whole = of(schema);
  const branches = [whole, ...((whole.anyOf ?? []) as z.core.JSONSchema.BaseSchema[]).map(of)];
  const [key, ...rest] = path;
  if (key === undefined) return branches.flatMap((branch) => Object.keys(branch.properties ?? {}));
  return branches.flatMap((branch) => {
    const next = typeof key === "number" ? branch.items : branch.properties?.[key] ?? branch.additionalProperties;
    return typeof next === "object" && next !== null && !Array.isArray(next) ? keysAt(next, rest, named) : [];
  });
}
