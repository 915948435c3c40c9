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
  /** Commands that are not done yet. */
  readonly underWay: Set<UnderWay>;
  /** The instrument, once it is made. */
  instrument(): Instrument;
  /** Forgets the answers of a poll under way: what is done now may change them. */
  forget(): void;
}

/** A command that is not done yet. */
export interface UnderWay {
  /** Something immediate is sent, which ends it. @param key What that says. */
  interrupt(key: string): void;
  /** Tells the instrument to stop, since the server ends. */
  end(turn: Turn): Promise<void>;
}

/** A field that a text names. */
export interface OtherField {
  readonly title: string;
  readonly codec: () => ValueCodec;
  /** Reads it; `undefined` where it cannot be read. */
  readonly read: ((turn: Turn) => Promise<Value>) | undefined;
}
