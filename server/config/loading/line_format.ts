/**
 * How a port speaks, from what a description says of its line.
 *
 * @module
 */

import { defined } from "../../../protocol/defined.ts";
import type { Description } from "../../devices/described/schema.ts";
import { type Address, settledFormat } from "../../devices/transports/address.ts";
import { completed, shapeIn, shapeProblem } from "../../devices/transports/framing.ts";
import { lineCodec, withBytes } from "../../devices/transports/line_codec.ts";
import type { LineFormat } from "../../devices/transports/port.ts";

/**
 * How a port speaks.
 *
 * @param wrong Makes what is thrown where a word of the line is wrong.
 */
export function lineFormat(
  line: NonNullable<Description["line"]>,
  address: Address,
  wrong: (word: string, message: string) => Error,
): LineFormat {
  const { gap = 0, settle = 0, gateway = false, connection } = line;
  const { encoding = address.kind === "file" ? "utf8" : "latin1" } = line;
  const codec = lineCodec(encoding);
  // What ends answers, and is said of a line as a whole.
  const { receiveEnd: _, ...shape } = shapeIn(line) ?? {};
  const { receiveEnd } = completed({ ...shape, receiveEnd: line.receiveEnd }, "\n");
  const problem = shapeProblem({ ...shape, ...(line.prompt === undefined ? { receiveEnd } : {}) });
  if (problem !== undefined) throw wrong(problem.word, problem.message);
  const end = (word: "sendEnd" | "receiveEnd", given: string) => {
    const bytes = withBytes(given, codec.byte);
    try {
      codec.encode(bytes);
    } catch (error) {
      throw wrong(word, (error as Error).message);
    }
    return bytes;
  };
  return {
    sendEnd: end("sendEnd", line.sendEnd ?? "\n"),
    receiveEnd: end("receiveEnd", receiveEnd),
    gap,
    settle,
    gateway,
    encoding,
    ...(connection === undefined ? {} : { release: connection === "each question" ? 0 : connection.releaseAfter }),
    ...(Object.keys(shape).length === 0 ? {} : { shape }),
    ...defined({ prompt: line.prompt && withBytes(line.prompt, codec.byte), echo: line.echo }),
    ...settledFormat(address),
  };
}
