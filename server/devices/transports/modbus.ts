/**
 * Lines to Modbus devices: over TCP, and as RTU on a serial port or through a serial server.
 *
 * They take and give the texts of `modbus_messages.ts`. An answer says which unit and which table it is of, so that a
 * late one is told from another by whoever asked; over TCP it has the number of its request, and late ones are dropped.
 *
 * @module
 */

import { joined } from "../../../protocol/bytes.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { quoted } from "../../bench/answer_errors.ts";
import { checkSums } from "./check_sum.ts";
import { delay } from "./delay.ts";
import type { Line } from "./line.ts";
import { openTcp } from "./network.ts";
import { openSerial } from "./serial.ts";
import { type ModbusAddress, modbusQuiet, type ModbusSerialAddress } from "./modbus_address.ts";
import { answerLength, answerText, type ModbusRequest, parseModbusRequest, requestBytes } from "./modbus_messages.ts";

/** How Modbus messages are told apart on a line. */
export type ModbusFraming = "tcp" | "rtu";

/**
 * Opens a Modbus line on a network.
 *
 * @throws {HeliographError} `not_connected`, with the reason.
 */
export async function openModbus({ kind, host, port }: ModbusAddress): Promise<Line> {
  return modbusLine(await openTcp(host, port), kind === "modbus+tcp" ? "tcp" : "rtu");
}

/**
 * Opens a serial Modbus line.
 *
 * @throws {HeliographError} `not_connected`, with the reason.
 */
export async function openModbusSerial({ serial }: ModbusSerialAddress): Promise<Line> {
  return modbusLine(await openSerial(serial), "rtu", serial.baud);
}

/** Makes frames of requests, and finds the answers in what comes. */
interface Framing {
  /** How long the line is to be quiet before a frame, in seconds. */
  readonly quiet: number;
  /** The frame of a request. */
  frame(request: ModbusRequest): Uint8Array;
  /** Takes bytes as they come, cut anywhere. @returns The answers that are whole. */
  push(bytes: Uint8Array): string[];
}

/**
 * Makes a Modbus line of a line of bytes.
 *
 * @param inner The bytes' line; it is closed with this one.
 * @param framing How messages are told apart.
 * @param baud The rate of a serial line, which says how long frames stand apart.
 */
export function modbusLine(inner: Line, framing: ModbusFraming, baud?: number): Line {
  const frames: Framing = framing === "tcp" ? new TcpFraming() : new RtuFraming(baud);
  const encoder = new TextEncoder();
  let busyAt = -Infinity;
  return {
    whole: true,
    onlyLatest: framing === "tcp",
    async read() {
      for (;;) {
        const bytes = await inner.read();
        if (bytes === null) return null;
        busyAt = performance.now();
        const answers = frames.push(bytes);
        if (answers.length > 0) return encoder.encode(answers.map((answer) => `${answer}\n`).join(""));
      }
    },
    async write(bytes) {
      const frame = frames.frame(request(new TextDecoder().decode(bytes)));
      const wait = frames.quiet - (performance.now() - busyAt) / 1000;
      if (wait > 0) await delay(wait);
      await inner.write(frame);
      busyAt = performance.now();
    },
    close: () => inner.close(),
  };
}

function request(text: string): ModbusRequest {
  try {
    return parseModbusRequest(text);
  } catch (error) {
    throw new HeliographError("bad_argument", `Cannot send ${quoted(text)}: it ${(error as Error).message}`);
  }
}

/** Modbus TCP: a number, a length and the unit stand before each message. */
class TcpFraming implements Framing {
  readonly quiet = 0;
  #number = 0;
  #request: ModbusRequest | undefined;
  #rest: Uint8Array = new Uint8Array();

  frame(request: ModbusRequest): Uint8Array {
    this.#number = (this.#number + 1) & 0xffff;
    this.#request = request;
    const body = requestBytes(request);
    const length = body.length + 1;
    return Uint8Array.of(
      this.#number >> 8,
      this.#number & 0xff,
      0,
      0,
      length >> 8,
      length & 0xff,
      request.unit,
      ...body,
    );
  }

  push(bytes: Uint8Array): string[] {
    let rest = joined([this.#rest, bytes]);
    const answers: string[] = [];
    while (rest.length >= 7) {
      const length = rest[4]! * 256 + rest[5]!;
      if (rest[2] !== 0 || rest[3] !== 0 || length < 2 || length > 254) {
        throw new HeliographError("not_connected", "what it sends is not Modbus TCP; is it modbus+rtu://HOST:PORT?");
      }
      if (rest.length < 6 + length) break;
      // Another number is that of a question that nobody waits for any more.
      if (rest[0]! * 256 + rest[1]! === this.#number) {
        const answer = answerText(rest[6]!, rest.subarray(7, 6 + length), this.#request);
        if (answer !== undefined) answers.push(answer);
      }
      rest = rest.slice(6 + length);
    }
    this.#rest = rest;
    return answers;
  }
}

const longestFrame = 256;

/** Modbus RTU: a pause stands between messages, and a check sum behind each. */
class RtuFraming implements Framing {
  readonly quiet: number;
  #request: ModbusRequest | undefined;
  #rest: Uint8Array = new Uint8Array();

  constructor(baud: number | undefined) {
    this.quiet = baud === undefined ? 0 : modbusQuiet(baud);
  }

  frame(request: ModbusRequest): Uint8Array {
    // Half an answer that came before is none any more.
    this.#rest = new Uint8Array();
    this.#request = request;
    const message = joined([Uint8Array.of(request.unit), requestBytes(request)]);
    return joined([message, checkSum(message)]);
  }

  push(bytes: Uint8Array): string[] {
    let rest = joined([this.#rest, bytes]);
    const answers: string[] = [];
    for (let at = 0; at < rest.length;) {
      const length = answerLength(rest.subarray(at + 1));
      const end = at + 1 + (length ?? 0);
      const message = rest.subarray(at, end);
      // Behind noise, or the echo of the question, only what answers the question counts: all bytes look like something.
      if (length === undefined || length === 0 || end + 2 > rest.length || !this.#mayBegin(message, at)) {
        at++;
        continue;
      }
      const [low, high] = checkSum(message);
      if (rest[end] !== low || rest[end + 1] !== high) {
        at++;
        continue;
      }
      const answer = answerText(message[0]!, message.subarray(1), this.#request);
      if (answer !== undefined) answers.push(answer);
      rest = rest.slice(end + 2);
      at = 0;
    }
    this.#rest = rest.slice(-longestFrame);
    return answers;
  }

  #mayBegin([unit, code = 0]: Uint8Array, at: number): boolean {
    const asked = this.#request;
    return at === 0 || (asked !== undefined && unit === asked.unit && (code & 0x7f) === requestBytes(asked)[0]);
  }
}

/** The check sum of Modbus RTU, the low byte first. */
function checkSum(bytes: Uint8Array): Uint8Array {
  const sum = checkSums.crc16modbus(bytes);
  return Uint8Array.of(sum & 0xff, sum >> 8);
}
