/**
 * Makes MicroPython print floats and quoted text as CPython does: its own printing of floats is off in the last digits
 * of one in thirty, so that 8.2 reads 8.199999999999999, and it escapes all letters beyond ASCII in quotes.
 *
 * @module
 */

import { pythonFloat, pythonRepr } from "../../protocol/python_text.ts";

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
/** How a text is to be printed: as it is, or in quotes as `repr` does. */
const plain = 0;
const quoted = 1;
/** Bytes for what is printed at once; the longest text of a float is shorter. */
const room = 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A function of three integers of WebAssembly's. */
type OfThree = (one: number, two: number, three: number) => void;

/**
 * Replaces the functions that print floats and text.
 *
 * @param instance MicroPython.
 * @param floats The address of its type `float`.
 * @param texts The address of its type `str`.
 * @param float The address of a float that is 1.5.
 */
export function printAsCPython(instance: WebAssembly.Instance, floats: number, texts: number, float: number): void {
  const { memory, __indirect_function_table: table, malloc } = instance.exports as unknown as Exports;
  // Memory that grows is another buffer.
  const view = () => new DataView(memory.buffer);
  const valueAt = (address: number) => view().getFloat64(address + valuePlace, true);
  if (valueAt(float) !== 1.5) throw new Error("This is not the MicroPython that heliograph knows: a float");
  const bytes = malloc(room);
  const write = (printer: number, bytes: number, length: number) => {
    // A printer is what it prints to, and the function that does it.
    const print = table.get(view().getUint32(printer + 4, true)) as OfThree;
    print(view().getUint32(printer, true), bytes, length);
  };
  const printingOf = (type: number) => {
    const place = type + places + 4 * (view().getUint8(type + printPlace) - 1);
    return view().getUint32(place, true);
  };
  const printFloat = (printer: number, value: number) => {
    const { written } = encoder.encodeInto(pythonFloat(valueAt(value)), new Uint8Array(memory.buffer, bytes, room));
    write(printer, bytes, written);
  };
  table.set(printingOf(floats), ofWebAssembly(printFloat));

  // A text is kept in one of several ways: its own printing, to a printer that collects, tells what it is.
  const printText = table.get(printingOf(texts)) as OfThree;
  let collected = "";
  const collect = ofWebAssembly((_, text, length) => {
    collected += decoder.decode(new Uint8Array(memory.buffer, text, length), { stream: true });
  });
  // The table cannot grow: its first place is that of no function, and nothing else calls that meanwhile.
  if (table.get(0) !== null) throw new Error("This is not the MicroPython that heliograph knows: its functions");
  const collector = malloc(8);
  view().setUint32(collector + 4, 0, true);
  const printMaybeQuoted = (printer: number, text: number, kind: number) => {
    if (kind !== quoted) return printText(printer, text, kind);
    collected = "";
    table.set(0, collect);
    printText(collector, text, plain);
    table.set(0, null);
    const whole = encoder.encode(pythonRepr(collected + decoder.decode()));
    for (let at = 0; at < whole.length; at += room) {
      const piece = whole.subarray(at, at + room);
      new Uint8Array(memory.buffer).set(piece, bytes);
      write(printer, bytes, piece.length);
    }
  };
  table.set(printingOf(texts), ofWebAssembly(printMaybeQuoted));
}

function ofWebAssembly(f: OfThree): OfThree {
  return new WebAssembly.Instance(new WebAssembly.Module(wrapper), { e: { f } }).exports.f as OfThree;
}
