/**
 * Reads the JSON body of a request, bounded in length and time.
 *
 * @module
 */

import { joined } from "../../../protocol/bytes.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import type { Limits } from "../../access/limits.ts";
import { HttpError } from "./http_error.ts";

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

const decoder = new TextDecoder("utf-8", { fatal: true });

function tooLong(limit: number): HeliographError {
  // What was not read cannot be told from the next request.
  return new HttpError(413, "message_too_long", `Cannot take the request: its body is over ${limit} bytes`, {
    "Connection": "close",
  });
}

async function readBytes(request: Request, limits: Limits): Promise<Uint8Array> {
  const { messageBytes, unfinishedMessageSeconds } = limits;
  if (Number(request.headers.get("content-length") ?? 0) > messageBytes) throw tooLong(messageBytes);
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = `Cannot read the request: its body was left unfinished for ${unfinishedMessageSeconds} s`;
    late.reject(new HttpError(408, "bad_message", message, { "Connection": "close" }));
  }, unfinishedMessageSeconds * 1000);
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) return joined(pieces);
      length += value.length;
      if (length > messageBytes) throw tooLong(messageBytes);
      pieces.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    if (error instanceof HeliographError) throw error;
    throw new HeliographError("bad_message", `Cannot read the request: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Reads a body as text.
 *
 * @param request The request.
 * @param limits How long it may be, and how long it may take.
 * @throws {HeliographError} `bad_message` or `message_too_long`.
 */
export async function readText(request: Request, limits: Limits): Promise<string> {
  const bytes = await readBytes(request, limits);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new HeliographError("bad_message", "Cannot read the body: it is not valid UTF-8");
  }
}

/**
 * The JSON object of a body.
 *
 * @param text The body.
 * @returns The object; an empty one where nothing was sent.
 * @throws {HeliographError} `bad_message`.
 */
export function parseObject(text: string): JsonObject {
  if (text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HeliographError("bad_message", `Cannot read the body as JSON: ${(error as Error).message}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new HeliographError("bad_message", "Cannot read the body: it must be a JSON object, {…}");
}
