/**
 * The packets of MQTT 3.1.1 that a publisher needs: bytes in, packets out, and the other way round. The packages for it
 * read the environment, which the server may not.
 *
 * @module
 */

import { joined } from "./bytes.ts";

/** A packet that a broker sends. */
export type BrokerPacket =
  | { readonly kind: "connack"; readonly code: number }
  | { readonly kind: "publish"; readonly topic: string; readonly payload: Uint8Array; readonly retain: boolean }
  | { readonly kind: "puback" | "unsuback"; readonly id: number }
  | { readonly kind: "suback"; readonly id: number; readonly granted: boolean }
  | { readonly kind: "pingresp" }
  /** One that was longer than is taken: it was left out. */
  | { readonly kind: "too long" };

/** What a client says first. */
export interface ConnectWords {
  readonly client: string;
  /** After how many seconds without a packet the broker counts it as gone. */
  readonly keepAlive: number;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** What the broker publishes, retained, when the client is gone without a goodbye. */
  readonly will: { readonly topic: string; readonly payload: string };
}

/** The most bytes of a text of MQTT. */
const longestText = 65_535;
/** A publication with more is left out. */
const longestPacket = 65_536;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function text(given: string): Uint8Array {
  const bytes = encoder.encode(given);
  if (bytes.length > longestText) throw new RangeError("a text of MQTT has at most 65535 bytes");
  return joined([new Uint8Array([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function packet(first: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = joined(parts);
  const length: number[] = [];
  let left = body.length;
  do {
    length.push((left % 128) | (left >= 128 ? 0x80 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return joined([new Uint8Array([first, ...length]), body]);
}

const number = (id: number) => new Uint8Array([id >> 8, id & 0xff]);

/** The first packet of a client, with a session that the broker forgets when it ends. */
export function connectPacket({ client, keepAlive, user, password, will }: ConnectWords): Uint8Array {
  // A clean session, a will that is retained and of quality 1.
  const flags = 0x02 | 0x04 | 0x08 | 0x20 | (user === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40);
  return packet(0x10, [
    text("MQTT"),
    new Uint8Array([4, flags]),
    number(keepAlive),
    ...[client, will.topic, will.payload].map(text),
    ...[user, password].flatMap((each) => each === undefined ? [] : [text(each)]),
  ]);
}

/** A publication. @param id Of one whose arrival the broker says. @default it says nothing */
export function publishPacket(topic: string, payload: string, retain: boolean, id?: number): Uint8Array {
  const first = 0x30 | (id === undefined ? 0 : 0x02) | (retain ? 0x01 : 0);
  return packet(first, [text(topic), ...(id === undefined ? [] : [number(id)]), encoder.encode(payload)]);
}

/** Asks for topics, each message at most once. */
export function subscribePacket(id: number, topics: readonly string[]): Uint8Array {
  return packet(0x82, [number(id), ...topics.flatMap((topic) => [text(topic), new Uint8Array([0])])]);
}

/** Asks for topics no more. */
export function unsubscribePacket(id: number, topics: readonly string[]): Uint8Array {
  return packet(0xa2, [number(id), ...topics.map(text)]);
}

/** Asks whether the broker is there. */
export const pingPacket: Uint8Array = new Uint8Array([0xc0, 0]);

/** A goodbye: the broker then keeps the will to itself. */
export const disconnectPacket: Uint8Array = new Uint8Array([0xe0, 0]);

/** Makes packets of what comes from a broker, however it is cut. */
export class PacketReader {
  #bytes: Uint8Array = new Uint8Array();
  /** How many bytes of a packet that is too long are still to come. */
  #skipped = 0;

  /** Takes the next bytes. @throws {RangeError} Where they are not MQTT's. */
  *take(bytes: Uint8Array): Generator<BrokerPacket> {
    this.#bytes = this.#bytes.length === 0 ? bytes : joined([this.#bytes, bytes]);
    for (;;) {
      const skipped = Math.min(this.#skipped, this.#bytes.length);
      this.#bytes = this.#bytes.subarray(skipped);
      this.#skipped -= skipped;
      const head = this.#head();
      if (head === undefined) return;
      const { length, begins } = head;
      if (length > longestPacket) {
        this.#bytes = this.#bytes.subarray(begins);
        this.#skipped = length;
        yield { kind: "too long" };
        continue;
      }
      if (this.#bytes.length < begins + length) return;
      const first = this.#bytes[0]!;
      const body = this.#bytes.subarray(begins, begins + length);
      this.#bytes = this.#bytes.subarray(begins + length);
      yield packetOf(first, body);
    }
  }

  /** How long the next packet is, and where it begins; `undefined` until that is known. */
  #head(): { readonly length: number; readonly begins: number } | undefined {
    let length = 0;
    for (let at = 1; at <= 4; at++) {
      const byte = this.#bytes[at];
      if (byte === undefined) return undefined;
      length += (byte & 0x7f) * 128 ** (at - 1);
      if (byte < 0x80) return { length, begins: at + 1 };
    }
    throw notMqtt();
  }
}

function notMqtt(): RangeError {
  return new RangeError("what listens there does not speak MQTT");
}

function packetOf(first: number, body: Uint8Array): BrokerPacket {
  const word = (at: number) => {
    if (body.length < at + 2) throw notMqtt();
    return body[at]! * 256 + body[at + 1]!;
  };
  switch (first >> 4) {
    case 2:
      return { kind: "connack", code: word(0) & 0xff };
    case 3: {
      const ends = 2 + word(0);
      // Only quality 0 is asked for; of another, a number follows.
      const begins = ends + ((first & 0x06) === 0 ? 0 : 2);
      if (body.length < begins) throw notMqtt();
      const topic = decoder.decode(body.subarray(2, ends));
      return { kind: "publish", topic, payload: body.slice(begins), retain: (first & 1) === 1 };
    }
    case 4:
      return { kind: "puback", id: word(0) };
    case 9:
      return { kind: "suback", id: word(0), granted: body.length > 2 && body.subarray(2).every((code) => code < 0x80) };
    case 11:
      return { kind: "unsuback", id: word(0) };
    case 13:
      return { kind: "pingresp" };
    default:
      throw notMqtt();
  }
}
