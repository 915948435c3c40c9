/**
 * What the routes of the HTTP API share: where they are, and how they are described and refused.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { JsonSchema, Operation } from "./routes.ts";

/** Where version 1 of the API is. */
export const root = "/api/v1";

/** Where one instrument is, by its name or title. */
export const instrumentPath: string = `${root}/instruments/{instrument}`;

/** A JSON answer. @param description What it is, in a line. @param schema What it is like. */
export function json(description: string, schema: JsonSchema): Operation["answers"] {
  return { description, schema };
}

/** An answer that is nothing but a value. @param description What it means. */
export function valueOf(description: string): Operation["answers"] {
  return json(description, { type: "object", properties: { value: {} }, required: ["value"] });
}

/** The error for a request that cannot be understood. @param message What is wrong with it. */
export function bad(message: string): HeliographError {
  return new HeliographError("bad_message", message);
}
