/**
 * What stands in the place of an address or a parameter that is wrong or not said, so that the rest is checked too.
 *
 * @module
 */

import { exampleAnswer } from "../devices/described/example_answer.ts";
import type { Description } from "../devices/described/schema.ts";
import { parseAddress, settledFormat } from "../devices/transports/address.ts";
import { Port } from "../devices/transports/port.ts";

/** Parameters as a driver or a bench file declares them. */
export type Declared = Readonly<
  Record<string, string | { readonly default?: string | undefined; readonly pattern?: string | undefined }>
>;

/** What a parameter may be: its default, or the shortest text that its pattern matches. */
export function someParameter(spec: Declared[string]): string {
  const { default: fallback = "", pattern = "[A-Za-z0-9_]+" } = typeof spec === "string" ? { default: spec } : spec;
  try {
    return fallback === "" ? exampleAnswer(pattern, new Map()) : fallback;
  } catch {
    return fallback;
  }
}

/** An address at which nobody is. */
export const nowhere = "tcp://127.0.0.1:1";

/** A file that nobody writes, as this computer names files. */
const noFile = Deno.build.os === "windows" ? "file:///C:/nowhere" : "file:///nowhere";

/** An address at which nobody is, of the kind that a description's words need. */
export function somewhere({ fields = {}, line = {}, questions = {} }: Description): string {
  const all = Object.values(fields);
  const asks = [...Object.values(questions), ...all.map(({ read }) => read)].map((read) =>
    typeof read === "object" && "ask" in read ? read : { ask: typeof read === "string" ? read : "", pointer: undefined }
  );
  const isWeb = asks.some(({ ask, ...words }) =>
    /^(?:GET|POST|PUT) \//.test(ask) || ("pointer" in words && words.pointer !== undefined)
  );
  if (line.serial !== undefined) return "serial:///dev/nowhere";
  if (line.headers !== undefined || isWeb) return "http://127.0.0.1:1";
  const isModbus = line.unit !== undefined || line.mostRegisters !== undefined ||
    all.some(({ register }) => register !== undefined);
  if (isModbus) return "modbus+tcp://127.0.0.1";
  return all.some(({ listen }) => listen?.column !== undefined) ? noFile : nowhere;
}

/** A port in the place of one that is wrong: of its kind, as far as that can be told, and never opened. */
export function standIn(text: string, description: Description): Port {
  const kind = /^(?:https?|modbus|file)/.exec(text)?.[0];
  const address = parseAddress(
    kind === undefined
      ? somewhere(description)
      : kind === "modbus"
      ? "modbus+tcp://127.0.0.1"
      : kind === "file"
      ? noFile
      : `${kind}://127.0.0.1:1`,
  );
  // Its answers end after a pause: nothing is known of their ends.
  const format = { sendEnd: "\n", receiveEnd: "", gap: 0, settle: 0, gateway: false, shape: { quiet: 1 } };
  return new Port(address, { ...format, ...settledFormat(address) });
}
