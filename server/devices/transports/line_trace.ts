/**
 * Keeps the last exchanges on a line: what was sent, what came, and what was made of it.
 *
 * It copies the bytes into one buffer that goes round, and writes text when somebody looks.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { TraceEntry } from "../../../protocol/description.ts";
import { escapedBytes } from "../../../protocol/escapes.ts";
import { traceLine, traceRows } from "../../../protocol/trace_rows.ts";
import { NotUnderstood } from "../../bench/answer_errors.ts";
import type { TraceSource } from "../../bench/contact.ts";
import type { Value } from "../../bench/values.ts";

/** How many entries are kept: some three hundred exchanges. */
const mostEntries = 1024;

/** How many bytes are kept of all of them. */
const mostBytes = 65_536;

/** How many bytes are kept of one piece. */
const mostOfOne = 1024;

/** The value of a field that was made of an answer. */
interface Understood {
  readonly title: string;
  readonly field: string;
  readonly value: Value;
}

interface Entry {
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: TraceEntry["kind"];
  /** How many bytes there were. */
  readonly length: number;
  /** Where the kept ones begin, counted from the first byte that was ever kept. */
  readonly begin: number;
  readonly note: string | Error | Understood | undefined;
  readonly about: number;
  understood: boolean;
}

const log = getLogger(["heliograph", "trace"]);

/** The trace of one line. */
export class LineTrace implements TraceSource {
  readonly #name: string;
  readonly #utf8: boolean;
  /** An entry stands at its number, modulo the size. */
  readonly #ring: (Entry | undefined)[] = new Array(mostEntries);
  #oldest = 1;
  #newest = 0;
  /** The bytes; the byte that was kept as the n-th stands at n, modulo its size. */
  #store: Uint8Array | undefined;
  /** How many bytes were ever kept, with the places that were left free at the end of a round. */
  #stored = 0;
  #lastReceived: Entry | undefined;
  /** Whether the log is told; looked at whenever the line is opened. */
  #logs = false;
  #logged = 0;
  #logging: ReturnType<typeof setTimeout> | undefined;

  /** Makes an empty one. @param name What the line is called. @param utf8 Whether its text is UTF-8. */
  constructor(name: string, utf8 = false) {
    this.#name = name;
    this.#utf8 = utf8;
  }

  /** The number of what came last: what a later note is about. */
  get lastReceived(): number {
    return this.#lastReceived?.number ?? 0;
  }

  /** The line was opened. */
  opened(): void {
    this.#logs = log.isEnabledFor("debug");
    this.#add("note", undefined, "opened", 0);
  }

  /** The line was closed. @param reason Why. */
  closed(reason: Error): void {
    this.#add("note", undefined, reason, 0);
  }

  /** Bytes were handed to the system. */
  sent(bytes: Uint8Array): void {
    this.#add("sent", bytes, undefined, 0);
  }

  /** Bytes came. */
  received(bytes: Uint8Array): void {
    this.#lastReceived = this.#add("received", bytes, undefined, 0);
  }

  /** What came last is the answer to a question. @param refusal Whether it says no. @default false */
  understood(refusal = false): void {
    if (refusal) this.note("refused");
    else if (this.#lastReceived !== undefined) this.#lastReceived.understood = true;
  }

  /**
   * A question was not answered, or not as it should have been.
   *
   * @param error Why.
   * @param refuses Whether a line is a refusal.
   */
  failed(error: unknown, refuses?: (line: string) => boolean): void {
    if (!(error instanceof Error)) return;
    if (!(error instanceof NotUnderstood)) return void this.#add("note", undefined, error, 0);
    const refused = refuses !== undefined && error.said.some(refuses);
    this.note(refused ? "refused" : `not understood: it ${error.message}`);
  }

  /** What was made of what came. @param text In words. @param about Of which entry. @default what came last */
  note(text: string, about: number = this.lastReceived): void {
    this.#add("note", undefined, text, about);
  }

  /** A field's value was made of what came. @param about Of which entry. @default what came last */
  value(title: string, field: string, value: Value, about: number = this.lastReceived): void {
    this.#add("note", undefined, { title, field, value }, about);
  }

  entries(after: number, title: string): TraceEntry[] {
    const entries: TraceEntry[] = [];
    // Whoever knows more than there is knows the numbers of a server that ran before.
    const known = after > this.#newest ? 0 : after;
    for (let number = Math.max(this.#oldest, known + 1); number <= this.#newest; number++) {
      entries.push(this.#told(this.#ring[number % mostEntries]!, title));
    }
    return entries;
  }

  #add(kind: Entry["kind"], bytes: Uint8Array | undefined, note: Entry["note"], about: number): Entry {
    const number = ++this.#newest;
    if (number - this.#oldest >= mostEntries) this.#drop();
    const length = bytes === undefined ? 0 : bytes.length;
    const begin = bytes === undefined ? this.#stored : this.#keep(bytes);
    const entry: Entry = { number, at: Date.now(), kind, length, begin, note, about, understood: false };
    this.#ring[number % mostEntries] = entry;
    // What was made of it is known a moment later.
    if (this.#logs) this.#logging ??= setTimeout(() => this.#log());
    return entry;
  }

  /** Copies bytes, which stand in a buffer that is used again. @returns Where they begin. */
  #keep(bytes: Uint8Array): number {
    const store = this.#store ??= new Uint8Array(mostBytes);
    const kept = bytes.length > mostOfOne ? bytes.subarray(0, mostOfOne) : bytes;
    const place = this.#stored % mostBytes;
    const begin = place + kept.length > mostBytes ? this.#stored + mostBytes - place : this.#stored;
    store.set(kept, begin % mostBytes);
    this.#stored = begin + kept.length;
    const written = this.#stored - mostBytes;
    while (this.#oldest < this.#newest && this.#ring[this.#oldest % mostEntries]!.begin < written) this.#drop();
    return begin;
  }

  #drop(): void {
    this.#ring[this.#oldest++ % mostEntries] = undefined;
  }

  #told({ number, at, kind, length, begin, note, about, understood }: Entry, title: string): TraceEntry {
    const said = kind === "note" ? noteText(note, title) : this.#text(begin, length);
    return {
      number,
      time: new Date(at).toISOString(),
      kind,
      text: said,
      ...(about === 0 ? {} : { about }),
      ...(understood ? { understood } : {}),
    };
  }

  #text(begin: number, length: number): string {
    const place = begin % mostBytes;
    const bytes = this.#store!.subarray(place, place + Math.min(length, mostOfOne));
    return `${escapedBytes(bytes, this.#utf8)}${length > mostOfOne ? `… (${length} bytes)` : ""}`;
  }

  #log(): void {
    this.#logging = undefined;
    const rows = traceRows(this.entries(this.#logged, ""));
    this.#logged = this.#newest;
    for (const row of rows) log.debug("{line}: {said}", { line: this.#name, said: traceLine(row) });
  }
}

function noteText(note: Entry["note"], asked: string): string {
  if (note === undefined) return "";
  if (typeof note === "string") return note;
  if (note instanceof Error) return note.message;
  const { title, field, value } = note;
  return `${title === asked ? "" : `${title} `}${field} = ${typeof value === "boolean" ? value ? "On" : "Off" : value}`;
}
