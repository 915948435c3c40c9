/** A Modbus device with registers that a test looks at; written from the specification, not from the code it tests. */
import { openPty } from "../../../../server/devices/transports/pty.ts";
import { poller } from "../../../../server/devices/transports/unix_poller.ts";

/** What a request wants. */
export interface ModbusAsked {
  readonly unit: number;
  readonly code: number;
  readonly address: number;
  /** How many, or the value that is written. */
  readonly count: number;
}

/** Answers a request: the data behind the function, or the number of an exception; `undefined` says nothing. */
export type ModbusBehaviour = (asked: ModbusAsked) => number[] | number | undefined;

/** Big-endian words as bytes, with their number in front, as reading answers. */
export function words(...values: number[]): number[] {
  return [2 * values.length, ...values.flatMap((value) => [value >> 8 & 0xff, value & 0xff])];
}

/** The body of an answer, from the unit on. */
function answer(request: Uint8Array, behave: ModbusBehaviour): number[] | undefined {
  const view = new DataView(request.buffer, request.byteOffset, request.length);
  const [unit = 0, code = 0] = request;
  const said = behave({ unit, code, address: view.getUint16(2), count: view.getUint16(4) });
  if (said === undefined) return undefined;
  return typeof said === "number" ? [unit, code | 0x80, said] : [unit, code, ...said];
}

/** A device that speaks Modbus TCP. */
export function modbusTcpDevice(behave: ModbusBehaviour, port = 0) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const connections = new Set<Deno.Conn>();
  const serve = async (connection: Deno.Conn) => {
    let rest = new Uint8Array();
    const buffer = new Uint8Array(1024);
    try {
      for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
        rest = Uint8Array.of(...rest, ...buffer.subarray(0, count));
        for (let length; rest.length >= 6 && rest.length >= (length = 6 + rest[5]!);) {
          const body = answer(rest.subarray(6, length), behave);
          const [high = 0, low = 0] = rest;
          rest = rest.slice(length);
          if (body !== undefined) await connection.write(Uint8Array.of(high, low, 0, 0, 0, body.length, ...body));
        }
      }
    } catch {
      // Cut off.
    }
    if (connections.delete(connection)) connection.close();
  };
  const accepting = (async () => {
    for await (const connection of listener) {
      connections.add(connection);
      void serve(connection);
    }
  })().catch(() => {});
  const hangUp = () => {
    for (const connection of connections) {
      try {
        connection.close();
      } catch {
        // Closed by the other end.
      }
    }
    connections.clear();
  };
  return {
    address: `modbus+tcp://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    commands: [] as string[],
    hangUp,
    send() {},
    async [Symbol.asyncDispose]() {
      listener.close();
      hangUp();
      await accepting;
    },
  };
}

function crc(bytes: readonly number[]): [number, number] {
  let sum = 0xffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ ((sum & 1) * 0xa001);
  }
  return [sum & 0xff, sum >> 8];
}

/**
 * A device that speaks RTU on a pseudo terminal, through an adapter that also sends back what it was sent.
 *
 * @param spoil Changes what is sent: noise, a wrong check sum. @default nothing
 */
export async function modbusRtuDevice(behave: ModbusBehaviour, spoil = (frame: number[]) => frame) {
  const pty = await openPty();
  const serving = (async () => {
    let rest: number[] = [];
    for (let bytes = await pty.line.read(); bytes !== null; bytes = await pty.line.read()) {
      rest.push(...bytes);
      // Writing several has as many more bytes as it says.
      const length = rest[1] === 15 || rest[1] === 16 ? 9 + (rest[6] ?? 255) : 8;
      if (rest.length < length) continue;
      const request = rest.splice(0, length);
      const [low, high] = crc(request.slice(0, -2));
      if (request.at(-2) !== low || request.at(-1) !== high) throw new Error(`a wrong check sum: ${request}`);
      const body = answer(Uint8Array.from(request), behave);
      const frame = body === undefined ? [] : [...body, ...crc(body)];
      for (const part of [request, spoil(frame)]) {
        // In pieces.
        await pty.line.write(Uint8Array.from(part.slice(0, 3)));
        await pty.line.write(Uint8Array.from(part.slice(3)));
      }
      rest = [];
    }
  })().catch(() => {});
  return {
    address: `modbus+serial://${pty.path}`,
    async [Symbol.asyncDispose]() {
      pty.close();
      await serving;
      await poller.idle();
    },
  };
}
