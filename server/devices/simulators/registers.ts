/**
 * Serves simulated registers and coils as a Modbus device does, over TCP.
 *
 * @module
 */

import type { Line } from "../transports/line.ts";

/** What a Modbus device keeps. */
export type RegisterTable = "coil" | "discrete" | "input" | "holding";

/** The registers and coils of a pretended device. */
export interface Registers {
  /** What stands in one. @param address From 0. @returns `undefined` where there is none. */
  read(table: RegisterTable, address: number): number | undefined;
  /** Its number on a line with several. @default it answers to any */
  readonly unit?: number;
  /** Writes one. @returns Whether it takes the value; `undefined` where there is none to be written. */
  write(table: RegisterTable, address: number, value: number): boolean | undefined;
}

/** A request that is refused, with Modbus' number for it. */
class Refusal extends Error {
  constructor(readonly code: 1 | 2 | 3) {
    super();
  }
}

const readTables: Readonly<Record<number, RegisterTable>> = { 1: "coil", 2: "discrete", 3: "holding", 4: "input" };
/** Before the unit: the request's number, the protocol, and how many bytes follow. */
const headerLength = 6;

/**
 * Answers requests on one connection until it ends.
 *
 * @param all Those of the devices on the line; of several each answers to its own number.
 */
export async function serveRegisters(all: readonly Registers[], line: Line): Promise<void> {
  let come = new Uint8Array();
  for (let bytes = await line.read(); bytes !== null; bytes = await line.read()) {
    come = Uint8Array.from([...come, ...bytes]);
    while (come.length >= headerLength) {
      const end = headerLength + come[4]! * 256 + come[5]!;
      if (come.length < end) break;
      const [unit = 0, ...request] = come.subarray(headerLength, end);
      const registers = all.length === 1 ? all[0] : all.find((each) => each.unit === unit);
      if (registers !== undefined) {
        const answer = [unit, ...answerTo(registers, request)];
        await line.write(Uint8Array.from([...come.subarray(0, 4), ...word(answer.length), ...answer]));
      }
      come = come.slice(end);
    }
  }
}

function word(value: number): [number, number] {
  return [value >> 8 & 0xff, value & 0xff];
}

function answerTo(registers: Registers, request: readonly number[]): number[] {
  const [code = 0] = request;
  try {
    return readTables[code] === undefined ? written(registers, request) : read(registers, request);
  } catch (error) {
    if (error instanceof Refusal) return [code | 0x80, error.code];
    throw error;
  }
}

function wordAt(bytes: readonly number[], at: number): number {
  const [high, low] = [bytes[at], bytes[at + 1]];
  if (high === undefined || low === undefined) throw new Refusal(3);
  return high * 256 + low;
}

function read(registers: Registers, request: readonly number[]): number[] {
  const [code = 0] = request;
  const table = readTables[code]!;
  const [first, count] = [wordAt(request, 1), wordAt(request, 3)];
  if (count === 0 || count > (code <= 2 ? 2000 : 125)) throw new Refusal(3);
  const values = Array.from({ length: count }, (_, at) => {
    const value = registers.read(table, first + at);
    if (value === undefined) throw new Refusal(2);
    return value;
  });
  if (code > 2) return [code, 2 * count, ...values.flatMap(word)];
  const bytes = Array.from<number>({ length: Math.ceil(count / 8) }).fill(0);
  for (const [at, value] of values.entries()) bytes[at >> 3]! |= (value === 0 ? 0 : 1) << (at & 7);
  return [code, bytes.length, ...bytes];
}

function written(registers: Registers, request: readonly number[]): number[] {
  const [code = 0] = request;
  const first = wordAt(request, 1);
  const write = (table: RegisterTable, address: number, value: number) => {
    const taken = registers.write(table, address, value);
    if (taken === undefined) throw new Refusal(2);
    if (!taken) throw new Refusal(3);
  };
  if (code === 5) write("coil", first, wordAt(request, 3) === 0 ? 0 : 1);
  else if (code === 6) write("holding", first, wordAt(request, 3));
  else if (code === 15) {
    for (let at = 0; at < wordAt(request, 3); at++) write("coil", first + at, request[6 + (at >> 3)]! >> (at & 7) & 1);
  } else if (code === 16) {
    for (let at = 0; at < wordAt(request, 3); at++) write("holding", first + at, wordAt(request, 6 + 2 * at));
  } else throw new Refusal(1);
  return request.slice(0, 5) as number[];
}
