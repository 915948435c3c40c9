/**
 * Calls by ONC RPC over TCP (RFC 5531), with its data as XDR has them (RFC 4506): what VXI-11 is spoken in.
 *
 * @module
 */

import { joined } from "../../../protocol/bytes.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { ByteReader } from "./byte_reader.ts";
import type { Line } from "./line.ts";

/** Writes numbers and bytes as XDR: each begins at a multiple of four. */
export class XdrWriter {
  readonly #parts: Uint8Array[] = [];

  /** Writes a number of 32 bits. */
  number(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value >>> 0);
    this.#parts.push(bytes);
    return this;
  }

  /** Writes bytes, their length in front. */
  opaque(bytes: Uint8Array): this {
    this.number(bytes.length);
    this.#parts.push(bytes, new Uint8Array((4 - bytes.length % 4) % 4));
    return this;
  }

  /** Writes text. */
  text(text: string): this {
    return this.opaque(new TextEncoder().encode(text));
  }

  /** All of it. */
  get bytes(): Uint8Array {
    return joined(this.#parts);
  }
}

/** Reads numbers and bytes as XDR. */
export class XdrReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** Reads from the first of them. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Reads a number of 32 bits. @throws {RangeError} There is none. */
  number(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  /** Reads bytes. @throws {RangeError} There are fewer than it says. */
  opaque(): Uint8Array {
    const length = this.number();
    if (this.#at + length > this.#bytes.length) throw new RangeError("the bytes end early");
    const bytes = this.#bytes.slice(this.#at, this.#at + length);
    this.#at += length + (4 - length % 4) % 4;
    return bytes;
  }

  /** Reads text. */
  text(): string {
    return new TextDecoder().decode(this.opaque());
  }
}

const lastFragment = 0x8000_0000;
const longestRecord = 1 << 26;

/** The bytes of a record, in one piece. */
export function rpcRecord(bytes: Uint8Array): Uint8Array {
  return joined([new XdrWriter().number(lastFragment | bytes.length).bytes, bytes]);
}

/** Reads a record, in however many pieces. @returns `null` where the line has ended. */
export async function readRecord(reader: ByteReader): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  for (let length = 0;;) {
    const head = await reader.take(4);
    if (head === null) return null;
    const mark = new XdrReader(head).number();
    const size = mark & ~lastFragment;
    length += size;
    if (length > longestRecord) throw new HeliographError("not_connected", "what listens there speaks no ONC RPC");
    parts.push(await reader.take(size) ?? new Uint8Array());
    if ((mark & lastFragment) !== 0) return joined(parts);
  }
}

const [call, reply] = [0, 1];
/** Why a server carries out no call, by its number. */
const refusals = [
  "",
  "it has no such program",
  "it has not that version",
  "it has no such procedure",
  "it cannot read the arguments",
  "it failed",
];

/** A connection by which one program's procedures are called, one at a time. */
export class RpcClient {
  readonly #line: Line;
  readonly #reader: ByteReader;
  readonly #program: number;
  readonly #version: number;
  #number = 0;

  /** Makes it. @param line Nobody else may use it. */
  constructor(line: Line, program: number, version: number) {
    this.#line = line;
    this.#reader = new ByteReader(line);
    this.#program = program;
    this.#version = version;
  }

  /**
   * Calls a procedure. The reply to the last call must have come.
   *
   * @throws {HeliographError} It cannot be carried out, or the line has broken.
   */
  async call(procedure: number, args: XdrWriter): Promise<XdrReader> {
    await this.send(procedure, args);
    const number = this.#number;
    for (;;) {
      const record = await readRecord(this.#reader);
      if (record === null) throw new HeliographError("not_connected", "the other end has closed the connection");
      const read = new XdrReader(record);
      try {
        if (read.number() !== number || read.number() !== reply) continue;
        if (read.number() !== 0) throw new HeliographError("not_connected", "the RPC server denies the call");
        read.number();
        read.opaque();
        const status = read.number();
        if (status === 0) return read;
        throw new HeliographError("not_connected", `the RPC server refuses the call: ${refusals[status] ?? status}`);
      } catch (error) {
        if (error instanceof RangeError) {
          throw new HeliographError("not_connected", "what listens there speaks no ONC RPC");
        }
        throw error;
      }
    }
  }

  /** Calls a procedure, and waits for no reply. */
  async send(procedure: number, args: XdrWriter): Promise<void> {
    const head = new XdrWriter().number(++this.#number).number(call).number(2);
    head.number(this.#program).number(this.#version).number(procedure);
    // No credentials, and nothing to check them by.
    head.number(0).number(0).number(0).number(0);
    await this.#line.write(rpcRecord(joined([head.bytes, args.bytes])));
  }

  /** Closes the connection. */
  close(): void {
    this.#line.close();
  }
}
