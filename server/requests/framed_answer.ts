/**
 * Frames the replies to requests, whichever wire carries them.
 *
 * @module
 */

import { framedJson, framedReply } from "../../protocol/dashboard_message.ts";
import type { FieldReading } from "../../protocol/description.ts";
import type { MessageId } from "../../protocol/framed_message.ts";
import { fieldReading } from "../bench/describe.ts";
import { JsonText, type Reply, type RequestKind } from "./request.ts";

/** A reply as it crosses: its value, and what stands beside that. */
type Crossing = readonly [value: unknown, beside?: Partial<Omit<FieldReading, "value">>];

/** The replies that do not cross as they are. */
const crossings: { readonly [K in RequestKind]?: (reply: Reply<K>) => Crossing } = {
  Get: (field) => {
    const { value: _, ...beside } = fieldReading(field);
    return [field.reading, beside];
  },
  // JSON does not tell a float that is whole from an int: its text does.
  Eval: ({ value, text }) => typeof value === "number" && text !== String(value) ? [value, { text }] : [value],
  Exec: ({ value }) => [value],
  Ask: ({ value, beside }) => [value, beside],
};

/**
 * The framed reply to a request.
 *
 * @param id The request's id.
 * @param kind Which request.
 * @param reply What came of it.
 */
export function framedAnswer<K extends RequestKind>(id: MessageId, kind: K, reply: Reply<K>): string {
  if (reply instanceof JsonText) return framedJson(id, reply.json);
  const crossing: ((reply: Reply<K>) => Crossing) | undefined = crossings[kind];
  const [value, beside] = crossing === undefined ? [reply] : crossing(reply);
  return framedReply(id, value, beside);
}
