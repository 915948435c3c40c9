/**
 * Modbus requests and answers as texts: `unit 5 holding 0 2`, `unit 5 holding 10 = 00ff`, `unit 5 holding 41c8 0000`.
 *
 * Addresses count from 0, as they do in the protocol. Registers are four hexadecimal digits each, coils 0 or 1.
 *
 * @module
 */

/** The tables of a Modbus device. */
export type ModbusTable = "coil" | "discrete" | "holding" | "input";

/** A request. */
export interface ModbusRequest {
  readonly unit: number;
  readonly table: ModbusTable;
  /** The first register or coil, from 0. */
  readonly address: number;
  /** How many are read. */
  readonly count: number;
  /** What is written; `undefined` where it is read. */
  readonly values?: readonly number[];
  /** Whether a single one is written by the function for several. */
  readonly many: boolean;
}

const functions: Readonly<Record<ModbusTable, { read: number; writeOne?: number; writeMany?: number }>> = {
  coil: { read: 1, writeOne: 5, writeMany: 15 },
  discrete: { read: 2 },
  holding: { read: 3, writeOne: 6, writeMany: 16 },
  input: { read: 4 },
};

/** How many of each table one request may read and write. */
export const mostRead: Readonly<Record<ModbusTable, number>> = { coil: 2000, discrete: 2000, holding: 125, input: 125 };
const mostWritten = { coil: 1968, holding: 123 } as const;

/** The exceptions by their code: the specification's name, and what it means. */
export const modbusExceptions: Readonly<Record<number, readonly [name: string, meaning: string]>> = {
  1: ["illegal function", "it does not know this function: it may only be read, or be written otherwise"],
  2: ["illegal data address", "it has no such register or coil, or not so many there"],
  3: ["illegal data value", "it does not take this value, or not so many at once"],
  4: ["server device failure", "it failed while it did that"],
  5: ["acknowledge", "it needs a long time for that"],
  6: ["server device busy", "it is busy with something else"],
  7: ["negative acknowledge", "it cannot do that"],
  8: ["memory parity error", "its memory is damaged"],
  10: ["gateway path unavailable", "the gateway is overloaded or set wrongly"],
  11: ["gateway target failed to respond", "the gateway is there, and the unit behind it does not answer"],
};

const grammar = /^(?:unit (\d+) )?(\w+) (\d+|0x[0-9a-f]+)(?: (\d+)|( many)? = ([0-9a-f]+(?: [0-9a-f]+)*))?$/i;

/**
 * Reads a request.
 *
 * @param text `[unit N] TABLE ADDRESS [COUNT]` reads, `[unit N] TABLE ADDRESS [many] = VALUE…` writes.
 * @param unit The unit where the text has none.
 * @throws {TypeError} With what is wrong, and what would be right.
 */
export function parseModbusRequest(text: string, unit = 1): ModbusRequest {
  const [, unitText, table = "", addressText, countText, many, valuesText] = grammar.exec(text.trim()) ?? [];
  if (addressText === undefined) {
    throw new TypeError(
      'should be a request such as "holding 0 2", "input 0x10", "coil 3 = 1" or "holding 10 = 00ff 1234"',
    );
  }
  if (!isTable(table)) throw new TypeError(`${table} is none of ${Object.keys(functions).join(", ")}`);
  const values = valuesText?.split(" ").map((value) => bitOrWord(table, value));
  const request: ModbusRequest = {
    unit: checkedUnit(Number(unitText ?? unit)),
    table,
    address: Number(addressText),
    count: values?.length ?? Number(countText ?? 1),
    many: many !== undefined,
    ...(values === undefined ? {} : { values }),
  };
  const writes = values !== undefined;
  if (writes && table !== "coil" && table !== "holding") {
    throw new TypeError(`${table === "input" ? "input registers" : "discrete inputs"} can only be read`);
  }
  const most = writes ? mostWritten[table as "coil" | "holding"] : mostRead[table];
  if (request.count < 1 || request.count > most) {
    throw new TypeError(`${writes ? "writes" : "reads"} ${request.count}, and one request takes 1 to ${most}`);
  }
  if (request.address + request.count > 65_536) throw new TypeError("addresses end at 65535");
  return request;
}

/** A unit number. @throws {TypeError} Where it is none, or the one that all units listen to. */
export function checkedUnit(unit: number): number {
  if (unit === 0) throw new TypeError("unit 0 is a broadcast, which nobody answers: give a unit from 1 to 255");
  if (!Number.isInteger(unit) || unit < 0 || unit > 255) throw new TypeError(`a unit is a number from 1 to 255`);
  return unit;
}

function isTable(text: string): text is ModbusTable {
  return Object.hasOwn(functions, text);
}

function isBits(table: ModbusTable): boolean {
  return table === "coil" || table === "discrete";
}

function bitOrWord(table: ModbusTable, text: string): number {
  if (isBits(table)) {
    if (!/^[01]$/.test(text)) throw new TypeError(`a coil is 0 or 1, and not ${text}`);
  } else if (!/^[0-9a-f]{4}$/i.test(text)) {
    throw new TypeError(`a register is written as four hexadecimal digits, and not as ${text}`);
  }
  return parseInt(text, 16);
}

/** The bytes of a request, from the function on. */
export function requestBytes({ table, address, count, values, many }: ModbusRequest): Uint8Array {
  const { read, writeOne = 0, writeMany = 0 } = functions[table];
  if (values === undefined) return Uint8Array.of(read, ...word(address), ...word(count));
  const [only] = values;
  if (values.length === 1 && !many) {
    return Uint8Array.of(writeOne, ...word(address), ...word(isBits(table) ? only! * 0xff00 : only!));
  }
  const data = isBits(table) ? packed(values) : values.flatMap(word);
  return Uint8Array.of(writeMany, ...word(address), ...word(count), data.length, ...data);
}

function word(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}

/** Eight coils are a byte, the first its lowest bit. */
function packed(bits: readonly number[]): number[] {
  const bytes = new Array<number>(Math.ceil(bits.length / 8)).fill(0);
  bits.forEach((bit, index) => bytes[index >> 3]! |= bit << (index & 7));
  return bytes;
}

/**
 * The text of an answer.
 *
 * @param unit Who answers.
 * @param bytes Its bytes, from the function on.
 * @param request What was asked, as far as it is known: how many coils of the last byte count.
 * @returns `undefined` where it is no answer.
 */
export function answerText(unit: number, bytes: Uint8Array, request?: ModbusRequest): string | undefined {
  const [code = 0, length = 0] = bytes;
  if (code >= 0x80) {
    const name = modbusExceptions[length]?.[0];
    return bytes.length === 2 ? `unit ${unit} exception ${length}${name === undefined ? "" : `, ${name}`}` : undefined;
  }
  for (const [table, { read, writeOne, writeMany }] of Object.entries(functions) as [ModbusTable, Functions][]) {
    if (code === writeOne || code === writeMany) {
      return bytes.length === 5 ? `unit ${unit} ${table} ${bytes[1]! * 256 + bytes[2]!} written` : undefined;
    }
    if (code !== read) continue;
    const data = bytes.subarray(2);
    if (length === 0 || data.length !== length) return undefined;
    if (!isBits(table)) {
      const hex = [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return length % 2 === 0 ? `unit ${unit} ${table} ${hex.match(/.{4}/g)!.join(" ")}` : undefined;
    }
    const bits = Array.from({ length: 8 * length }, (_, index) => data[index >> 3]! >> (index & 7) & 1);
    const asked = request?.table === table && Math.ceil(request.count / 8) === length ? request.count : bits.length;
    return `unit ${unit} ${table} ${bits.slice(0, asked).join(" ")}`;
  }
  return undefined;
}

type Functions = (typeof functions)[ModbusTable];

/**
 * How many bytes an answer has from the function on.
 *
 * @param bytes Its beginning.
 * @returns `undefined` where that is not known yet, 0 where it is no answer.
 */
export function answerLength(bytes: Uint8Array): number | undefined {
  const [code, length] = bytes;
  if (code === undefined) return undefined;
  if (code > 0x80 && code < 0x80 + 17) return 2;
  if (code === 5 || code === 6 || code === 15 || code === 16) return 5;
  if (code >= 1 && code <= 4) return length === undefined ? undefined : length === 0 ? 0 : 2 + length;
  return 0;
}
