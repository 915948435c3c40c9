/**
 * Parts of all routes of the HTTP API: their paths, descriptions and refusals.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { HeliographError } from "../../../protocol/errors.ts";
import type { Asked, Operation, Route } from "./routes.ts";

/** The path of version 1 of the API. */
export const root = "/api/v1";

/** The path of one instrument, by its name or title. */
export const instrumentPath: string = `${root}/instruments/{instrument}`;

/** A JSON answer. @param description What it is, in a line. @param schema What it is like. */
export function json(description: string, schema: z.ZodType): Operation["answers"] {
  return { description, schema };
}

/** An answer that is nothing but a value. @param description What it means. */
export function valueOf(description: string): Operation["answers"] {
  return json(description, z.strictObject({ value: z.unknown() }));
}

/** The error for a request that cannot be understood. @param message What is wrong with it. */
export function bad(message: string): HeliographError {
  return new HeliographError("bad_message", message);
}

/** An object of any properties. @param error What is said of what is none. */
export function anyObject(error: string): z.ZodType<Readonly<Record<string, unknown>>> {
  // Not a record: of zod's, `__proto__` is no key, and an argument of that name would be lost without a word.
  return z.custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    error,
  ).meta({ type: "object" });
}

/**
 * Checks the body before a route answers.
 *
 * @param schema What it may be; its errors are whole sentences, the first of which is answered.
 * @param answer Answers, with the body as the schema has it.
 */
export function checked<T>(schema: z.ZodType<T>, answer: (body: T, asked: Asked) => unknown): Route["answer"] {
  return (asked) => {
    const { success, data, error } = schema.safeParse(asked.body);
    if (!success) throw bad(error.issues[0]!.message);
    return answer(data, asked);
  };
}
