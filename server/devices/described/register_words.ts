/**
 * The words for a value in the registers of a Modbus device.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { type ModbusTable, mostRead } from "../transports/modbus_messages.ts";
import { inPart } from "./description_error.ts";
import { type Kind, sizeOf } from "./number_code.ts";

/** The words. */
export const registerWords = {
  register: z.union([z.int(), z.string()]).optional().meta({
    description:
      'Where a Modbus device keeps it: 40001 (holding), 30001 (input), 10001 (discrete), or with an address from 0 "holding 0", "input 0x10", "discrete 3", "coil 3"',
  }),
  registers: z.int().min(1).max(123).optional().meta({ description: "How many registers a text has" }),
  writable: z.boolean().optional().meta({ description: "Whether its registers are also written; default false" }),
  function: z.union([z.literal(15), z.literal(16)]).optional().meta({
    description: "Writes with this function also where one coil or register is written; default 5 and 6",
  }),
};

const schema = z.strictObject(registerWords);
/** The words as they are used, with those of the value itself. */
export type RegisterWords = z.output<typeof schema> & ValueWords;

/** The words of a value that are about its registers too. */
interface ValueWords {
  readonly type: string;
  readonly base?: string | undefined;
  readonly kind?: Kind | undefined;
  readonly order?: string | undefined;
  readonly bits?: number | readonly [number, number] | undefined;
}

/** A value in registers or coils. */
export interface RegisterPlace {
  readonly table: ModbusTable;
  /** The first, from 0. */
  readonly address: number;
  readonly count: number;
  /** `undefined` for coils and discrete inputs. */
  readonly kind: Kind | "text" | undefined;
  /** The lowest and the highest bit of its only register, where it is not all of it. */
  readonly bits: readonly [low: number, high: number] | undefined;
  readonly writable: boolean;
  /** Whether one is written as several are. */
  readonly many: boolean;
}

/** What a register holds where nothing else is said. */
const usualKind: Kind = "uint16";

/** How the value of a field in registers is said: in the bytes of these, or as a bit. */
export function registerValue<T extends RegisterWords>(field: T): T {
  const isBit = ["coil", "discrete"].includes(located(field.register!)[0]);
  return isBit || field.type === "text" ? field : { ...field, kind: field.kind ?? usualKind };
}

/** What numbers like 40001 and 400001 begin with. */
const tables: Readonly<Record<string, ModbusTable>> = { 1: "discrete", 3: "input", 4: "holding" };

function wrong(message: string): never {
  throw new TypeError(message);
}

/**
 * Reads the words.
 *
 * @returns `undefined` where there are none.
 * @throws {DescriptionError} With what is wrong, and what would be right.
 */
export function registerPlace(words: RegisterWords): RegisterPlace | undefined {
  const { register, type, registers, bits, writable = false, function: code } = words;
  if (register === undefined) {
    const alone = (Object.keys(registerWords) as (keyof RegisterWords)[]).find((word) => words[word] !== undefined);
    if (alone !== undefined) inPart(alone, () => wrong('has a meaning only beside "register"'));
    return undefined;
  }
  const [table, address] = inPart("register", () => located(register));
  const isBit = table === "coil" || table === "discrete";
  if (words.base !== undefined) inPart("base", () => wrong('has no meaning beside "register"'));
  for (const word of ["kind", "order", "registers", "bits"] as const) {
    if (isBit && words[word] !== undefined) {
      inPart(word, () => wrong(`has no meaning for a ${table}, which is one bit`));
    }
  }
  const kind = isBit ? undefined : type === "text" ? "text" : words.kind ?? usualKind;
  if ((kind === "text") !== (registers !== undefined)) {
    if (kind === "text") wrong('needs "registers" beside "register": how many registers the text has');
    inPart("registers", () => wrong('has a meaning only beside "type": "text"'));
  }
  if (kind !== undefined && kind !== "text" && sizeOf(kind) % 2 !== 0) {
    inPart("kind", () => wrong(`${kind} is no whole number of registers, which have 16 bits`));
  }
  if (bits !== undefined && kind !== "uint16") inPart("bits", () => wrong("are those of one register: leave kind out"));
  const [low, high] = bits === undefined
    ? [0, 15]
    : typeof bits === "number"
    ? [bits, bits]
    : [Math.min(...bits), Math.max(...bits)];
  if (writable && (table === "input" || table === "discrete")) {
    inPart(
      "writable",
      () => wrong(`cannot be: ${table === "input" ? "input registers" : "discrete inputs"} are read only`),
    );
  }
  if (code !== undefined) {
    if (!writable) inPart("function", () => wrong('has a meaning only beside "writable"'));
    const right = isBit ? 15 : 16;
    if (code !== right) {
      inPart("function", () => wrong(`is ${code}, and a ${table} is written with 5 or 6, or ${right}`));
    }
  }
  const count = kind === undefined ? 1 : kind === "text" ? registers! : sizeOf(kind) / 2;
  if (address + count > 65_536) inPart("register", () => wrong("goes beyond the last register, 65535"));
  return {
    table,
    address,
    count,
    kind,
    bits: bits === undefined ? undefined : [low, high],
    writable,
    many: code !== undefined,
  };
}

function located(register: number | string): [ModbusTable, number] {
  const advice = 'give 40001 for the first holding register (30001 input, 10001 discrete), or "holding 0", "coil 0"';
  if (typeof register === "string") {
    const [, table = "", address = ""] = /^(coil|discrete|holding|input) (\d+|0x[0-9a-f]+)$/i.exec(register) ?? [];
    if (table === "" || Number(address) > 65_535) throw new TypeError(`is ${JSON.stringify(register)}; ${advice}`);
    return [table.toLowerCase() as ModbusTable, Number(address)];
  }
  const [, first = "", rest = ""] = /^([134])(\d{4}|\d{5})$/.exec(String(register)) ?? [];
  const table = tables[first];
  const number = Number(rest);
  if (table === undefined || number < 1 || number > 65_536) {
    throw new TypeError(`is ${register}, which does not say of which table; ${advice}`);
  }
  return [table, number - 1];
}

/** Places that are read in one request. */
export interface RegisterBlock {
  readonly table: ModbusTable;
  readonly address: number;
  readonly count: number;
}

/**
 * Puts neighbours together: what stands without a gap is read in one request.
 *
 * @param places What is read at the same times.
 * @param most How many registers one request reads at the most.
 * @returns The block of each place.
 */
export function blocksOf<P extends RegisterPlace>(places: readonly P[], most = Infinity): Map<P, RegisterBlock> {
  const blocks = new Map<P, RegisterBlock>();
  let members: P[] = [];
  let block: RegisterBlock | undefined;
  const close = () => {
    for (const member of members) blocks.set(member, block!);
    members = [];
  };
  const sorted = [...places].sort((a, b) => a.table.localeCompare(b.table) || a.address - b.address);
  for (const place of sorted) {
    const { table, address, count } = place;
    const end = Math.max(address + count, block === undefined ? 0 : block.address + block.count);
    const joins = block?.table === table && address <= block.address + block.count &&
      end - block.address <= Math.min(most, mostRead[table]);
    if (joins) block = { table, address: block!.address, count: end - block!.address };
    else {
      close();
      block = { table, address, count };
    }
    members.push(place);
  }
  close();
  return blocks;
}
