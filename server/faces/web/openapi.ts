/**
 * Makes the OpenAPI 3.1 description of the HTTP API from the table of routes.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { type ErrorCode, errorCodes } from "../../../protocol/errors.ts";
import { errorAnswer } from "../../../protocol/schemas.ts";
import { version } from "../../../protocol/version.ts";
import { nameHeader } from "./http_parties.ts";
import { statusOfCode } from "./http_error.ts";
import type { JsonSchema, Operation, Route } from "./routes.ts";

/** The errors that any route may answer. */
const everyRoute: readonly ErrorCode[] = ["bad_message", "not_allowed", "too_many_requests", "stopping"];

/** Schemas as OpenAPI has them: what has an `id` is a component, and is referred to elsewhere. */
class Components {
  /** The components by name. */
  readonly schemas: Record<string, JsonSchema> = {};

  /** What every error is answered with. */
  readonly error: JsonSchema = this.jsonOf(errorAnswer, "output");

  /** A schema as JSON. @param io `input` as clients send it, `output` as it is answered. */
  jsonOf(schema: z.ZodType, io: "input" | "output"): JsonSchema {
    // In an object: only there, what has an id itself is referred to.
    const { $defs = {}, properties = {} } = z.toJSONSchema(z.object({ schema }), {
      io,
      // What is none of JSON Schema's kinds says itself what it is.
      unrepresentable: "any",
      override: ({ jsonSchema }) => {
        delete jsonSchema.id;
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
        if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      },
    });
    const text = JSON.stringify([$defs, properties.schema]).replaceAll('"#/$defs/', '"#/components/schemas/');
    const [components, json] = JSON.parse(text) as [Record<string, JsonSchema>, JsonSchema];
    Object.assign(this.schemas, components);
    return json;
  }
}

function errorsOf(route: Route, components: Components): Record<string, unknown> {
  const codes = [...everyRoute, ...(route.operation.errors ?? [])];
  const statuses = new Map<number, string[]>();
  for (const code of new Set(codes)) {
    const status = statusOfCode[code];
    statuses.set(status, [...statuses.get(status) ?? [], `\`${code}\`: ${errorCodes[code]}`]);
  }
  if (route.operation.body !== undefined) {
    statuses.set(408, ["The body did not come in time."]);
    statuses.set(413, ["The body is too long."]);
    statuses.set(415, ["The body is not application/json."]);
  }
  return Object.fromEntries(
    [...statuses].map(([status, texts]) => [
      String(status),
      { description: texts.join(" "), content: { "application/json": { schema: components.error } } },
    ]),
  );
}

function parametersOf({ path, operation: { query = {} } }: Route): unknown[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(query).map(([name, { schema, description }]) => ({
    name,
    in: "query",
    required: false,
    schema,
    description,
  }));
  return [...inPath, ...inQuery, { $ref: "#/components/parameters/Name" }];
}

function answersOf({ answers }: Operation, components: Components): Record<string, unknown> {
  const { status = 200, description, type = "application/json", schema } = answers;
  const content = status === 101
    ? {}
    : { content: { [type]: schema === undefined ? {} : { schema: components.jsonOf(schema, "output") } } };
  return { [String(status)]: { description, ...content } };
}

function operationOf(route: Route, components: Components): Record<string, unknown> {
  const { operation } = route;
  const { summary, description } = operation;
  const body = operation.body === undefined ? undefined : components.jsonOf(operation.body, "input");
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: parametersOf(route),
    ...(body === undefined ? {} : {
      requestBody: { required: "required" in body, content: { "application/json": { schema: body } } },
    }),
    responses: { ...answersOf(operation, components), ...errorsOf(route, components) },
  };
}

/**
 * Describes what can be asked.
 *
 * @param routes The table.
 * @returns An OpenAPI document.
 */
export function openApi(routes: readonly Route[]): Record<string, unknown> {
  const components = new Components();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route, components);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "heliograph",
      version,
      description:
        "Drives the instruments of one bench. Every path takes an instrument's or a field's name or title. " +
        "POST and PUT take application/json. Errors have a stable code.",
    },
    paths,
    components: {
      schemas: components.schemas,
      parameters: {
        Name: {
          name: nameHeader,
          in: "header",
          required: false,
          schema: { type: "string", maxLength: 64 },
          description: "who you are, percent-encoded where it is not ASCII: control of an instrument is held by a name",
        },
      },
    },
  };
}
