/**
 * The table of routes: it answers requests, and the API's description is made from it.
 *
 * @module
 */

import type * as z from "npm:zod@4.6.7";
import type { ErrorCode } from "../../../protocol/errors.ts";
import type { JsonObject } from "./body.ts";
import type { Principal } from "../../access/principal.ts";
import { HttpError } from "./http_error.ts";

/** A JSON Schema, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The methods that routes have; `HEAD` goes where `GET` does. */
export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** The arguments of a route's handler. */
export interface Asked {
  /** What stands in the path's braces, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What stands after the question mark. */
  readonly query: URLSearchParams;
  /** The JSON body; empty where the method has none. */
  readonly body: JsonObject;
  /** Who asks. */
  readonly client: Principal;
  /** The request itself. */
  readonly request: Request;
}

/** The description of a route. */
export interface Operation {
  /** What it does, in a line. */
  readonly summary: string;
  /** What there is to know beside that. */
  readonly description?: string;
  /** Its query parameters by name. */
  readonly query?: Readonly<Record<string, { readonly schema: JsonSchema; readonly description: string }>>;
  /** What its body may be; {@linkcode checked} holds it to that. */
  readonly body?: z.ZodType;
  /** What it answers. */
  readonly answers: {
    /** The status. @default 200 */
    readonly status?: number;
    /** What that means, in a line. */
    readonly description: string;
    /** The media type. @default "application/json" */
    readonly type?: string;
    /** What the answer is like. @default anything */
    readonly schema?: z.ZodType;
  };
  /** The errors that are its own; those of every route are added. */
  readonly errors?: readonly ErrorCode[];
}

/** A route: one request over HTTP, with its description and its handler. */
export interface Route {
  /** The method. */
  readonly method: Method;
  /** The path; a part in braces takes any text: `/api/v1/instruments/{instrument}`. */
  readonly path: string;
  /** Whether pages of other origins may ask for it: it tells nothing of the bench and changes nothing. @default false */
  readonly harmless?: boolean;
  /** Whether another site may send a browser there, which proves otherwise that it means to. @default false */
  readonly sentFromElsewhere?: boolean;
  /** Whether it is also for who has not said yet who they are: to do so. @default false */
  readonly unproven?: boolean;
  /** Whether `HEAD` may ask for it: it runs no command. @default true for GET */
  readonly head?: boolean;
  /**
   * Reads a body that is not declared as JSON, as scripts send it; what it may do is for the route to say. @default
   * there is no such body
   */
  readonly undeclared?: (text: string, mediaType: string) => JsonObject;
  /** How it is described. */
  readonly operation: Operation;
  /** Answers: a value is sent as JSON. */
  readonly answer: (asked: Asked) => unknown;
}

/** A route that was found, and what stood in its braces. */
export interface Match {
  /** The route. */
  readonly route: Route;
  /** What stands in its braces, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
}

const parameterPart = /^\{(\w+)\}$/;

/** The parameters of a path, or `undefined` where the route is another one's. */
function parametersOf(route: Route, parts: readonly string[]): Record<string, string> | undefined {
  const wanted = route.path.split("/");
  if (wanted.length !== parts.length) return undefined;
  const parameters: Record<string, string> = Object.create(null);
  for (const [index, part] of wanted.entries()) {
    const name = parameterPart.exec(part)?.[1];
    const given = parts[index]!;
    if (name === undefined ? part !== given : given === "") return undefined;
    if (name !== undefined) parameters[name] = given;
  }
  return parameters;
}

/**
 * The error for a path where nothing is.
 *
 * @param path The path.
 */
export function nothingAt(path: string): HttpError {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return new HttpError(404, "bad_message", `Nothing is at ${shown}; / and /api/v1/openapi.json tell what there is`);
}

/**
 * Finds who answers.
 *
 * @param routes The table; the first that fits answers.
 * @param method The request's method.
 * @param path The request's path, still encoded.
 * @returns The route and its parameters.
 * @throws {HttpError} 404 where nothing is there, 405 where it takes another method, 400 for a path that is none.
 */
export function findRoute(routes: readonly Route[], method: string, path: string): Match {
  let parts: string[];
  try {
    parts = path.split("/").map(decodeURIComponent);
  } catch {
    throw new HttpError(400, "bad_message", "Cannot read the path: it is not percent-encoded UTF-8");
  }
  const allowed = new Set<string>();
  for (const route of routes) {
    const parameters = parametersOf(route, parts);
    if (parameters === undefined) continue;
    const head = route.method === "GET" && (route.head ?? true);
    if (route.method === method || (head && method === "HEAD")) return { route, parameters };
    allowed.add(route.method);
    if (head) allowed.add("HEAD");
  }
  if (allowed.size === 0) throw nothingAt(path);
  const allow = [...allowed].join(", ");
  throw new HttpError(405, "bad_message", `Cannot ${method} this: it takes ${allow}`, { "Allow": allow });
}
