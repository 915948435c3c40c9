/**
 * Reads the words of a description as a simulator needs them.
 *
 * @module
 */

import type { DescribedAsk, DescribedField, Description } from "../described/schema.ts";
import { withBytes } from "../transports/line_codec.ts";
import { knownShapes } from "./described_wire.ts";

/** The words that a simulator knows; what has another one is not simulated. */
export const knownAsk: ReadonlySet<string> = new Set(["ask", "pattern", "group", "bad", "timeout"]);
export const knownSend: ReadonlySet<string> = new Set(["send", "answer", "answerIsOptional", "deaf"]);
export const knownLine: ReadonlySet<string> = new Set(
  ["sendEnd", "receiveEnd", "encoding", "gap", "settle", "gateway", "timeout", "serial", "refused", "ignore"]
    .concat("retries", "deaf", "wake", "connection", "prompt", "echo", "sendStart", "receiveStart", "checkSum")
    .concat("unit", "mostRegisters", knownShapes),
);

/** @throws {TypeError} Where a question or a command has a word that is not simulated. */
export function known(described: unknown, words: ReadonlySet<string>): void {
  if (typeof described === "string") return;
  const strange = Object.keys(described as object).find((word) => !words.has(word));
  if (strange !== undefined) throw new TypeError(`"${strange}" is not simulated`);
}

/** A question in its long form. @throws {TypeError} Where it is none with one text. */
export function asked(
  described: DescribedAsk,
): { ask: string; pattern: string | undefined; group: string | number | undefined } {
  known(described, knownAsk);
  if (typeof described === "string") return { ask: described, pattern: undefined, group: undefined };
  return { ask: described.ask, pattern: described.pattern, group: described.group };
}

/** How a field is read, if not in steps. */
export type OneRead = Exclude<NonNullable<DescribedField["read"]>, readonly unknown[]>;

/** A question in the place of a reading that only names it. @throws {TypeError} Where there is none of that name. */
export function askOf(read: OneRead, questions: Description["questions"]): DescribedAsk {
  if (typeof read === "string" || !("question" in read)) return read;
  const { question, ...part } = read;
  if (questions?.[question] === undefined) throw new TypeError(`there is no question ${question}`);
  return { ...questions[question], ...part };
}

/** The text of a question or a command. */
export function textOf(described: unknown, word: "ask" | "send"): string {
  const text = typeof described === "string" ? described : (described as Record<string, unknown>)[word];
  return typeof text === "string" ? text : "";
}

/** What a setting and the question for it have in common: `SOUR:VOLT` of `SOUR:VOLT?` and `SOUR:VOLT {value}`. */
export function registerOf(text: string): string {
  return text.replace(/\{value.*$/, "").replace(/[^A-Za-z0-9}]+$/, "");
}

/** A template as an expression that finds what stands in its places. */
export function commandPattern(
  source: string,
  parameters: Readonly<Record<string, string>>,
  byte: (value: number) => string,
): RegExp {
  const seen = new Set<string>();
  const literal = (text: string) => withBytes(text, byte).replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
  const parts = source.split(/(\{\{|\}\}|\{[a-z]\w*(?::[^{}]*)?\})/i).map((part) => {
    if (part === "{{" || part === "}}") return `\\${part[0]}`;
    const name = /^\{([a-z]\w*)/i.exec(part)?.[1];
    if (name === undefined) return literal(part);
    const parameter = parameters[name];
    if (parameter !== undefined) return literal(parameter);
    if (seen.has(name)) return `\\k<${name}>`;
    seen.add(name);
    return `(?<${name}>[^\\0]+?)`;
  });
  return new RegExp(`^\\s*${parts.join("")}\\s*$`);
}
