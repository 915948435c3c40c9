/**
 * Splits bytes into JSON messages with nothing between them: PyOpticon's client sends objects without a terminator.
 *
 * A message ends with the bracket that closes its first one; brackets in texts do not count. One that is refused is lost
 * whole: it is followed to that end, and nothing in it is a message. It has none that can be known where its brackets or
 * quotes do not match, or where no bracket begins it. Then it is lost up to the next line that begins with neither white
 * space nor a closing bracket, for those go on with a message that was written over several lines.
 *
 * @module
 */

import { decodeUtf8, joined } from "./bytes.ts";
import type { MessageId } from "./framed_message.ts";
import { IdFinder } from "./message_id.ts";

/** A message that is none; only it is lost. */
export interface MessageFault {
  /**
   * `too_long`: over the limit. `invalid_utf8`: not text. `not_an_object`: no JSON object begins here.
   * `unbalanced`: brackets or quotes do not match. `too_deep`: more than 200 brackets are open.
   * `unfinished`: its end did not come.
   */
  readonly fault: "too_long" | "invalid_utf8" | "not_an_object" | "unbalanced" | "too_deep" | "unfinished";
  /**
   * The `id` that it carries, as far as it could be read: a reply goes to it. `null` where one is there that no reply
   * can carry; left out where there is none.
   */
  readonly id?: MessageId | null;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const lineFeed = 0x0a;
/** What is no white space is above it. */
const space = 0x20;
const deepest = 200;

/**
 * The state of the splitter.
 *
 * `between`: outside any message. `inside`: within an object or array. `text`, `escape`: within a quoted text of it.
 * `broken`, `brokenLine`: in what follows a message whose end cannot be known, the latter at the beginning of a line.
 */
type Place = "between" | "inside" | "text" | "escape" | "broken" | "brokenLine";

/**
 * Cuts a stream of bytes into the texts of JSON objects, wherever the network cut it.
 *
 * A message's fault is told exactly once: as soon as both it and the message's `id` are certain, at the latest where the
 * message ends or breaks. The same faults come out of the same bytes however they were cut.
 */
export class JsonSplitter {
  readonly #limit: number;
  #place: Place = "between";
  /** The closing brackets that are due, innermost last. */
  #due: number[] = [];
  /** How many brackets are open beyond the deepest that is kept; their kinds no longer matter. */
  #deeper = 0;
  /** Whether the line begins here, but for white space; and the last byte that is none. */
  #lineBegins = false;
  #before = 0;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** What is wrong with the message, which is only followed to its end. */
  #fault: MessageFault["fault"] | undefined;
  #told = false;
  /** The id of one whose fault was told. */
  #id: MessageId | null | undefined;
  #finder: IdFinder | undefined;

  /** Makes a splitter at the start of a stream. @param limit The longest message in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a message, good or bad, has begun and not ended: a session may give up on it after a while. */
  get unfinished(): boolean {
    return this.#place !== "between";
  }

  /** Whether what has begun is lost, and its fault told: more bytes only go on with it, as far as can be known. */
  get lost(): boolean {
    return this.#told || this.#place === "broken" || this.#place === "brokenLine";
  }

  get #inside(): boolean {
    return this.#place === "inside" || this.#place === "text" || this.#place === "escape";
  }

  /** Forgets a message that was begun; the next byte begins afresh. */
  reset(): void {
    this.#place = "between";
    this.#clear();
  }

  /**
   * Gives up on what was left unfinished.
   *
   * @param follow Whether a message is followed to its end all the same, as one with an `id` always is, so that its rest
   * begins no message of its own; otherwise the next byte begins afresh, as it does after one that broke.
   * @returns The message's fault; `undefined` where it was told already.
   */
  giveUp(follow: boolean): MessageFault | undefined {
    const into: (string | MessageFault)[] = [];
    if (this.#inside) {
      this.#lose("unfinished", into);
      this.#tell(into);
    }
    if (!this.#inside || !(follow || this.#id !== undefined)) this.reset();
    return into[0] as MessageFault | undefined;
  }

  /**
   * Takes the next bytes and appends what they complete to `into`.
   *
   * @param chunk The bytes, read but not kept: the caller may reuse their buffer.
   * @param into Receives the texts of objects, and faults, in order.
   */
  push(chunk: Uint8Array, into: (string | MessageFault)[]): void {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      let byte = chunk[at]!;
      switch (this.#place) {
        case "text":
          // Most bytes stand in texts.
          while (byte !== quote && byte !== backslash && byte !== lineFeed && ++at < chunk.length) byte = chunk[at]!;
          if (byte === quote) this.#place = "inside";
          else if (byte === backslash) this.#place = "escape";
          else if (byte === lineFeed) this.#break("brokenLine", chunk.subarray(start, at), into);
          break;
        case "escape":
          // A line end breaks a text in any case.
          if (byte === lineFeed) this.#break("brokenLine", chunk.subarray(start, at), into);
          else this.#place = "text";
          break;
        case "inside":
          if (byte <= space) {
            if (byte === lineFeed) this.#lineBegins = true;
            else if (this.#lineBegins) this.#lineBegins = false;
            break;
          }
          if (byte === quote) this.#place = "text";
          else if (byte === openBrace || byte === openBracket) {
            // No value can stand here: the message before has no end, and this line begins the next one.
            if (this.#lineBegins && byte === openBrace && !precedesValue(this.#before)) {
              this.#break("brokenLine", chunk.subarray(start, at), into);
              at--;
              continue;
            }
            this.#open(byte, chunk.subarray(start, at), into);
          } else if (byte === closeBrace || byte === closeBracket) {
            if (!this.#close(byte)) this.#break("broken", chunk.subarray(start, at), into);
            else if (this.#due.length === 0) {
              this.#keep(chunk.subarray(start, at + 1), into);
              this.#finish(into);
            }
          }
          this.#before = byte;
          this.#lineBegins = false;
          break;
        case "broken":
          at = chunk.indexOf(lineFeed, at);
          if (at < 0) return;
          this.#place = "brokenLine";
          break;
        case "brokenLine":
          if (byte === lineFeed) break;
          if (byte <= space || byte === closeBrace || byte === closeBracket) {
            this.#place = "broken";
            break;
          }
          this.#place = "between";
          // falls through
        case "between":
          if (byte === openBrace || byte === openBracket) {
            start = at;
            this.#place = "inside";
            this.#before = byte;
            this.#lineBegins = false;
            this.#due.push(byte === openBrace ? closeBrace : closeBracket);
            if (byte === openBracket) {
              this.#lose("not_an_object", into);
              this.#tell(into);
            }
          } else if (byte > space) {
            into.push({ fault: "not_an_object" });
            this.#place = "broken";
          }
      }
    }
    if (this.#inside) this.#keep(chunk.subarray(start), into);
  }

  #open(byte: number, rest: Uint8Array, into: (string | MessageFault)[]): void {
    if (this.#due.length < deepest) this.#due.push(byte === openBrace ? closeBrace : closeBracket);
    else {
      if (this.#deeper++ > 0) return;
      // Counted first: a message that is too long as well is told as that, however its bytes were cut.
      if (this.#fault === undefined && this.#pendingBytes + rest.length > this.#limit) this.#lose("too_long", into);
      else this.#lose("too_deep", into);
    }
  }

  /** Whether a closing bracket is the one that is due. */
  #close(byte: number): boolean {
    if (this.#deeper > 0) {
      this.#deeper--;
      return true;
    }
    return this.#due.pop() === byte;
  }

  #keep(bytes: Uint8Array, into: (string | MessageFault)[]): void {
    if (this.#fault === undefined) {
      this.#pending.push(bytes.slice());
      this.#pendingBytes += bytes.length;
      if (this.#pendingBytes > this.#limit) this.#lose("too_long", into);
    } else {
      this.#finder?.push(bytes);
      if (this.#finder?.id !== undefined) this.#tell(into);
    }
  }

  #finish(into: (string | MessageFault)[]): void {
    if (this.#fault === undefined) {
      try {
        into.push(decodeUtf8(joined(this.#pending)));
      } catch {
        this.#lose("invalid_utf8", into);
      }
    }
    if (this.#fault !== undefined) this.#tell(into);
    this.#place = "between";
    this.#clear();
  }

  /** From here on the message is only followed to its end, where its fault is told if its id was not found before. */
  #lose(fault: MessageFault["fault"], into: (string | MessageFault)[]): void {
    if (this.#fault !== undefined) return;
    this.#fault = fault;
    this.#finder = new IdFinder();
    for (const bytes of this.#pending) this.#finder.push(bytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (this.#finder.id !== undefined) this.#tell(into);
  }

  #tell(into: (string | MessageFault)[]): void {
    if (this.#told) return;
    this.#told = true;
    const id = this.#id = this.#finder?.idAtEnd;
    this.#finder = undefined;
    into.push(id === undefined ? { fault: this.#fault! } : { fault: this.#fault!, id });
  }

  #break(next: Place, rest: Uint8Array, into: (string | MessageFault)[]): void {
    this.#keep(rest, into);
    this.#lose("unbalanced", into);
    this.#tell(into);
    this.#clear();
    this.#place = next;
  }

  #clear(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#due = [];
    this.#deeper = 0;
    this.#fault = undefined;
    this.#told = false;
    this.#id = undefined;
    this.#finder = undefined;
  }
}

/** Tells whether a value may begin after a byte. */
function precedesValue(byte: number): boolean {
  return byte === comma || byte === colon || byte === openBracket;
}

/**
 * The only message in bytes that stand alone: a client that waits for each reply sends its next message so, also after
 * one that broke, and without any line end.
 *
 * @param bytes What was read at once.
 * @param limit The longest message in bytes.
 * @returns The message or the fault that they are; `undefined` where they are several, or a part of one.
 */
export function onlyMessage(bytes: Uint8Array, limit: number): string | MessageFault | undefined {
  const splitter = new JsonSplitter(limit);
  const events: (string | MessageFault)[] = [];
  splitter.push(bytes, events);
  return events.length === 1 && (!splitter.unfinished || splitter.lost) ? events[0] : undefined;
}
