/**
 * What the commands and the settings of a described instrument are spoken with.
 *
 * @module
 */

import type { Instrument } from "../../bench/instrument.ts";
import type { Value } from "../../bench/values.ts";
import type { PortContact } from "../transports/contact.ts";
import type { Turn } from "../transports/port.ts";
import type { Conversation } from "./conversation.ts";
import type { ValueCodec } from "./value_codec.ts";

/** One instrument, as it is spoken with. */
export interface Speaking {
  /** What is said. */
  readonly conversation: Conversation;
  /** Its contact. */
  readonly contact: PortContact;
  /** Its fields by the names of their places in texts. */
  readonly places: ReadonlyMap<string, OtherField>;
  /** Commands that are not done yet, each to be told of an immediate one, with what that sends. */
  readonly underWay: Set<(key: string) => void>;
  /** The instrument, once it is made. */
  instrument(): Instrument;
  /** Forgets the answers of a poll under way: what is done now may change them. */
  forget(): void;
}

/** A field that a text names. */
export interface OtherField {
  readonly title: string;
  readonly codec: () => ValueCodec;
  /** Reads it; `undefined` where it cannot be read. */
  readonly read: ((turn: Turn) => Promise<Value>) | undefined;
}
