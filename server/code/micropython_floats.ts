/**
 * Makes MicroPython print floats as CPython does: its own printing is off in the last digits of one in thirty, so that
 * 8.2 reads 8.199999999999999.
 *
 * @module
 */

import { pythonFloat } from "../../protocol/python_text.ts";

/** The parts of MicroPython's WebAssembly that this needs. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly __indirect_function_table: WebAssembly.Table;
  malloc(bytes: number): number;
}

/** A module that gives a function of three integers, handed in as `e.f`, on as one of WebAssembly's own. */
// deno-fmt-ignore
const wrapper = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  1, 7, 1, 0x60, 3, 0x7f, 0x7f, 0x7f, 0,
  2, 7, 1, 1, 0x65, 1, 0x66, 0, 0,
  7, 5, 1, 1, 0x66, 0, 0,
]);

/** Where a type has the number of the place of its printing function, and where these places begin, in bytes. */
const printPlace = 9;
const places = 20;
/** Where a float has its value, in bytes. */
const valuePlace = 8;
const encoder = new TextEncoder();

/** The longest text of a float is shorter, in bytes. */
const longest = 32;

/**
 * Replaces the function that prints floats.
 *
 * @param instance MicroPython.
 * @param type The address of its type `float`.
 * @param float The address of a float that is 1.5.
 */
export function printFloatsExactly(instance: WebAssembly.Instance, type: number, float: number): void {
  const { memory, __indirect_function_table: table, malloc } = instance.exports as unknown as Exports;
  // Memory that grows is another buffer.
  const view = () => new DataView(memory.buffer);
  const valueAt = (address: number) => view().getFloat64(address + valuePlace, true);
  if (valueAt(float) !== 1.5) throw new Error("This is not the MicroPython that heliograph knows: a float");
  const bytes = malloc(longest);
  const print = (printer: number, value: number) => {
    const { written } = encoder.encodeInto(pythonFloat(valueAt(value)), new Uint8Array(memory.buffer, bytes, longest));
    // A printer is what it prints to, and the function that does it.
    const write = table.get(view().getUint32(printer + 4, true)) as (to: number, text: number, length: number) => void;
    write(view().getUint32(printer, true), bytes, written);
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wrapper), { e: { f: print } });
  const place = type + places + 4 * (view().getUint8(type + printPlace) - 1);
  table.set(view().getUint32(place, true), exports.f as (...given: number[]) => void);
}
