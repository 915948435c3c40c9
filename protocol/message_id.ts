/**
 * Reads the `id` of a message that cannot be read itself: its error is answered to it all the same.
 *
 * @module
 */

import type { MessageId } from "./framed_message.ts";

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const comma = 0x2c;
/** The letters of the key. */
const key = [0x69, 0x64];
/** The most bytes of an id that are kept of a message that is not; a longer one is `null`. */
const longestId = 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

function opens(byte: number): boolean {
  return byte === 0x7b || byte === 0x5b;
}

function closes(byte: number): boolean {
  return byte === 0x7d || byte === 0x5d;
}

/**
 * The `id` that an answer may carry.
 *
 * @param given The value that a message has there.
 * @returns It, where replies can carry it; `null` where they cannot; `undefined` for `null`, which is none.
 */
export function usableId(given: unknown): MessageId | null | undefined {
  if (given === undefined || given === null) return undefined;
  return typeof given === "string" || (typeof given === "number" && Number.isSafeInteger(given)) ? given : null;
}

/**
 * Looks for the `id` of a JSON object in its bytes, which come in pieces and need not be JSON to their end.
 *
 * Only a key of the object itself counts, not one of an object in it. Keeps no more than the id.
 */
export class IdFinder {
  #depth = 0;
  /** `key`: a text that may be the key `id`. `named`: after it. `value`, `valueText`: in what is given for it. */
  #place: "between" | "text" | "key" | "named" | "value" | "valueText" = "between";
  #escaped = false;
  #keyLength = 0;
  #value: number[] = [];
  #found: MessageId | null | undefined;

  /** The id once it is certain; `null` where it is none that a reply can carry, `undefined` where there is none so far. */
  get id(): MessageId | null | undefined {
    return this.#found;
  }

  /** The id where nothing follows: one that was begun is there, and cannot be used. */
  get idAtEnd(): MessageId | null | undefined {
    return this.#found === undefined && (this.#place === "value" || this.#place === "valueText") ? null : this.#found;
  }

  /** Takes the next bytes of the message. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && this.#found === undefined; at++) this.#take(bytes[at]!);
  }

  #take(byte: number): void {
    switch (this.#place) {
      case "text":
        if (this.#textEnds(byte)) this.#place = "between";
        return;
      case "key":
        if (this.#textEnds(byte)) this.#place = this.#keyLength === key.length ? "named" : "between";
        else if (byte !== key[this.#keyLength++]) this.#place = "text";
        return;
      case "valueText":
        this.#value.push(byte);
        if (this.#textEnds(byte)) this.#finish();
        else if (this.#value.length > longestId) this.#found = null;
        return;
      case "value":
        if (this.#value.length === 0) {
          if (byte <= 0x20) return;
          this.#value.push(byte);
          if (byte === quote) this.#place = "valueText";
          else if (opens(byte)) this.#found = null;
        } else if (byte === comma || closes(byte) || byte <= 0x20) {
          this.#finish();
          this.#take(byte);
        } else if (this.#value.push(byte) > longestId) this.#found = null;
        return;
      case "named":
        if (byte <= 0x20) return;
        this.#place = "between";
        if (byte !== colon) return this.#take(byte);
        this.#place = "value";
        this.#value = [];
        return;
      case "between":
        if (byte === quote) {
          this.#place = this.#depth === 1 ? "key" : "text";
          this.#keyLength = 0;
        } else if (opens(byte)) this.#depth++;
        else if (closes(byte)) this.#depth--;
    }
  }

  #textEnds(byte: number): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (byte === backslash) this.#escaped = true;
    else return byte === quote;
    return false;
  }

  #finish(): void {
    this.#place = "between";
    let value: unknown = NaN;
    try {
      value = JSON.parse(decoder.decode(new Uint8Array(this.#value)));
    } catch {
      // It is there, and no reply can carry it.
    }
    this.#found = usableId(value);
  }
}

/**
 * The `id` of a message that is no JSON.
 *
 * @param text The message.
 * @returns Its id; `null` for one that no reply can carry, `undefined` for none.
 */
export function idIn(text: string): MessageId | null | undefined {
  const finder = new IdFinder();
  finder.push(encoder.encode(text));
  return finder.idAtEnd;
}
