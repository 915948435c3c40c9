/**
 * Encodes bytes, states and errors between the server and a driver's process.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { HeliographError } from "../../../protocol/errors.ts";
import { reasonOf, stackPlaceOf } from "../../bench/faults.ts";
import type { BenchField } from "../../bench/field.ts";
import { ImageReplaced, NoImage } from "../../bench/images.ts";
import { AnswerUnclear, Interrupted } from "../../bench/answer_errors.ts";
import type { Value } from "../../bench/values.ts";
import type { FieldState, WireError } from "./messages.ts";

/** The longest text of an error, in characters. */
const longestMessage = 10_000;

/** Bytes as text. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Text as bytes, in memory of their own. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "base64"));
}

/** A driver's process does not run, or ended before it answered. */
export class DriverGone extends HeliographError {
  /** Makes it. @param reason Why. */
  constructor(reason: string) {
    super("not_connected", reason);
  }
}

/** Encodes the state of a field. */
export function stateOf({ value, quality, reason, staged }: BenchField): FieldState {
  return { value: value ?? null, quality, reason: reason.slice(0, longestMessage), staged };
}

/** Puts what was sent into a field. */
export function applyState(holder: BenchField, { value, quality, reason, staged }: FieldState): void {
  holder.mirror((value ?? undefined) as Value | undefined, quality, reason, staged);
}

/**
 * Encodes a thrown error.
 *
 * @param error Anything that can be thrown.
 * @param explain Changes its text, where people need another one.
 */
export function encodeError(error: unknown, explain: (text: string) => string = (text) => text): WireError {
  const message = (text: string) => explain(text).slice(0, longestMessage);
  if (error instanceof HeliographError) {
    const unclear = [error, error.cause].some((each) => each instanceof AnswerUnclear || each instanceof Interrupted);
    const kind = error instanceof NoImage
      ? "NoImage"
      : error instanceof ImageReplaced
      ? "ImageReplaced"
      : unclear
      ? "unclear"
      : undefined;
    const subject = error.subject === "" ? {} : { subject: error.subject.slice(0, 1000) };
    return { message: message(error.message), code: error.code, ...subject, ...(kind === undefined ? {} : { kind }) };
  }
  if (!(error instanceof Error)) return { message: message(reasonOf(error)) };
  const place = explain(stackPlaceOf(error));
  return {
    message: message(String(error.message)),
    name: String(error.name).slice(0, 100),
    ...(place === "" ? {} : { place: place.slice(0, 1000) }),
  };
}

/** The error that was sent. */
export function decodeError({ message, code, subject = "", name, place, kind }: WireError): Error {
  if (kind === "NoImage") return new NoImage(message);
  if (kind === "ImageReplaced") return new ImageReplaced(message);
  if (code !== undefined) {
    const cause = kind === "unclear" ? { cause: new AnswerUnclear("", false) } : {};
    return new HeliographError(code, message, { subject, ...cause });
  }
  const error = new Error(message);
  error.name = name ?? "Error";
  error.stack = `${error.name}: ${message}${place === undefined ? "" : `\n    at ${place}`}`;
  return error;
}
