/**
 * Makes up values, and writes them as instruments do.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { Value } from "../../bench/values.ts";
import type { DescribedField } from "../described/schema.ts";
import type { ValueCodec } from "../described/value_codec.ts";
import { withBytes } from "../transports/line_codec.ts";

/** Which ways to write a number are tried first. */
export const styles = ["plain", "signed", "exponent"] as const;
export type Style = typeof styles[number];

/** The choices by what the instrument is told for them, which it may answer otherwise. */
export function sentFor(codec: ValueCodec): Map<string, Value> {
  const { type, choices = [] } = codec.spec;
  const sent = new Map<string, Value>();
  for (const value of type === "switch" ? [true, false] : choices) {
    try {
      const filling = codec.encode(value);
      if (typeof filling !== "object") continue;
      if ("own" in filling) sent.set(withBytes(filling.own, String.fromCharCode), value);
      if ("written" in filling) sent.set(filling.written, value);
    } catch (error) {
      // One that it only answers.
      if (!(error instanceof HeliographError)) throw error;
    }
  }
  return sent;
}

/** A value within its limits that people take for one. */
export function firstValue(field: Pick<DescribedField, "type" | "minimum" | "maximum" | "choices">): Value {
  const { type, minimum, maximum, choices } = field;
  if (type === "switch") return false;
  if (type === "text") return "simulated";
  if (type === "choice") return (Array.isArray(choices) ? choices : Object.keys(choices ?? {}))[0] ?? "";
  const low = minimum ?? Math.min(0, maximum ?? 0);
  const high = maximum ?? Math.max(low, 0) + 40;
  const middle = Number(((low + high) / 2).toPrecision(3));
  return type === "int" ? Math.round(middle) : middle;
}

/** The ways in which instruments write a value, those of the style first; mostly only the first is needed. */
export function* spellings(
  { codec, decimals, value }: {
    readonly codec: ValueCodec;
    readonly decimals: number | undefined;
    readonly value: () => Value;
  },
  style: Style,
): Generator<string, void> {
  const now = value();
  // What is allowed as a text to be sent may leave it out.
  if (typeof now === "string" && codec.spec.type === "text") return yield now;
  const answered = codec.answered(now);
  if (answered !== undefined) return yield answered;
  const filling = codec.encode(now);
  if (typeof filling === "string") return yield filling;
  if (typeof filling === "object" && "own" in filling) return yield withBytes(filling.own, String.fromCharCode);
  const [unit, factor] = codec.unitWritten ?? ["", 1];
  const [given, point] = typeof filling === "number"
    ? [filling, "."]
    : [filling.number, "decimal" in filling ? filling.decimal : "."];
  const number = given / factor;
  const size = Math.abs(number);
  const digits = decimals ??
    (size >= 1000 || Number.isInteger(number) ? 0 : size >= 0.01 || number === 0 ? 3 : undefined);
  const written = (text: string) => text.replace(".", point) + (unit === "" ? "" : ` ${unit}`);
  if (style === "plain" && digits !== undefined) yield written(number.toFixed(digits));
  const exponents = [2, 3, 4, 5, 6, 8].flatMap((count) => {
    const text = number.toExponential(count).replace(/e([+-])(\d)$/, "e$10$2");
    return [text, text.toUpperCase()];
  });
  const plain = [
    ...(digits === undefined ? [] : [number.toFixed(digits)]),
    ...(digits === undefined ? exponents : []),
    ...[1, 2, 3, 4, 0, 5, 6].map((count) => number.toFixed(count)),
    ...exponents,
  ];
  const signed = number < 0 ? [] : plain.map((text) => `+${text}`);
  const padded = [...plain, ...signed].flatMap((text) =>
    [2, 3, 4, 5, 6, 7, 8, 9].map((width) =>
      text.replace(/^([+-]?)([\d.]+)/, (_, sign, rest) => sign + rest.padStart(width, "0"))
    )
  );
  const first = style === "signed" ? signed : style === "exponent" ? exponents : [];
  for (const text of new Set([...first, ...plain, ...signed, ...padded])) yield written(text);
}
