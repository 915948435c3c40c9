/**
 * The registers and coils of a described Modbus device, as a simulator keeps them.
 *
 * @module
 */

import type { DescribedField } from "../described/schema.ts";
import { type RegisterPlace, registerPlace, registerValue } from "../described/register_words.ts";
import { paddedText, wordsOf } from "../described/registers.ts";
import { ValueCodec } from "../described/value_codec.ts";
import type { Value } from "../../bench/values.ts";
import type { Registers, RegisterTable } from "./registers.ts";

/** A field in registers. */
interface Placed {
  readonly place: RegisterPlace;
  readonly codec: ValueCodec;
  readonly value: () => Value;
}

/** What a described device keeps: what was written stays, and what is only read follows its field. */
export class DescribedRegisters implements Registers {
  readonly unit: number;
  readonly #placed: Placed[] = [];
  /** What was written, by table and address, and places that only commands write. */
  readonly #written = new Map<string, number>();

  /** Makes it. @param unit Its number on the line. */
  constructor(unit: number) {
    this.unit = unit;
  }

  /** Puts a field into its registers. @param value What it holds now. @throws {TypeError} Where it does not fit them. */
  add(field: DescribedField, value: () => Value): void {
    const placed = { place: registerPlace(field)!, codec: new ValueCodec(registerValue(field)), value };
    wordsFor(placed);
    this.#placed.push(placed);
  }

  /** Lets something be written that is no field's. @param request As it is sent: `coil 3 = 1`. */
  addWritten(request: string): boolean {
    const [, table, first, list = ""] = /^(?:unit \d+ )?(coil|holding) (\d+)(?: many)? = (.+)$/.exec(request) ?? [];
    if (table === undefined) return false;
    for (const at of list.trim().split(/\s+/).keys()) {
      const key = keyOf(table as RegisterTable, Number(first) + at);
      if (!this.#written.has(key) && this.#at(table as RegisterTable, Number(first) + at).length === 0) {
        this.#written.set(key, 0);
      }
    }
    return true;
  }

  /**
   * Has something answered that is no field's.
   *
   * @param request As it is asked: `holding 122 1`.
   * @param said What it answers: words in hexadecimal digits.
   */
  addAsked(request: string, said: string): boolean {
    const [, table, first] = /^(?:unit \d+ )?(coil|discrete|input|holding) (\d+)(?: \d+)?$/.exec(request) ?? [];
    const words = said.replace(/^.*(?:coil|discrete|input|holding) /, "").trim().split(/\s+/).map((word) =>
      parseInt(word, 16)
    );
    if (table === undefined || words.some((word) => !(word >= 0 && word <= 0xffff))) return false;
    for (const [at, word] of words.entries()) {
      const key = keyOf(table as RegisterTable, Number(first) + at);
      if (this.#at(table as RegisterTable, Number(first) + at).length === 0) this.#written.set(key, word);
    }
    return true;
  }

  read(table: RegisterTable, address: number): number | undefined {
    const written = this.#written.get(keyOf(table, address));
    if (written !== undefined) return written;
    const placed = this.#at(table, address);
    // Several fields may be bits of one register.
    return placed.length === 0
      ? undefined
      : placed.reduce((word, each) => word | wordsFor(each)[address - each.place.address]!, 0);
  }

  write(table: RegisterTable, address: number, value: number): boolean | undefined {
    const key = keyOf(table, address);
    if (!this.#written.has(key) && !this.#at(table, address).some(({ place }) => place.writable)) return undefined;
    this.#written.set(key, value);
    return true;
  }

  #at(table: RegisterTable, address: number): Placed[] {
    return this.#placed.filter(({ place }) =>
      place.table === table && address >= place.address && address < place.address + place.count
    );
  }
}

function keyOf(table: RegisterTable, address: number): string {
  return `${table} ${address}`;
}

/** What a field's registers hold. */
function wordsFor({ place, codec, value }: Placed): number[] {
  const now = value();
  if (place.kind === undefined) return [Number(codec.answered(now) ?? 0) === 0 ? 0 : 1];
  if (place.kind === "text") return [...wordsOf(paddedText(String(now), place.count))];
  if (place.bits !== undefined) return [Number(codec.wordOf(now) ?? 0n)];
  const said = codec.answered(now);
  if (said === undefined) throw new TypeError("no registers were found that hold a value");
  return [...wordsOf(said)];
}
