/**
 * The messages of HiSLIP, as IVI-6.1 has them: bytes in, messages out.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { ByteReader } from "./byte_reader.ts";

/** The types of messages that are spoken here, by the names of the specification. */
export const hislipTypes = {
  Initialize: 0,
  InitializeResponse: 1,
  FatalError: 2,
  Error: 3,
  Data: 6,
  DataEnd: 7,
  DeviceClearComplete: 8,
  DeviceClearAcknowledge: 9,
  Interrupted: 13,
  AsyncMaximumMessageSize: 15,
  AsyncMaximumMessageSizeResponse: 16,
  AsyncInitialize: 17,
  AsyncInitializeResponse: 18,
  AsyncDeviceClear: 19,
  AsyncDeviceClearAcknowledge: 23,
} as const;

/** The identifier of a client's first message; each further one's is greater by two. */
export const firstMessageId = 0xffff_ff00;

/** A message. */
export interface HislipMessage {
  readonly type: number;
  readonly control: number;
  readonly parameter: number;
  readonly payload: Uint8Array;
}

const headerLength = 16;
const longestPayload = 1 << 28;

/** The bytes of a message. */
export function hislipBytes(
  type: number,
  control = 0,
  parameter = 0,
  payload: Uint8Array = new Uint8Array(),
): Uint8Array {
  const bytes = new Uint8Array(headerLength + payload.length);
  const view = new DataView(bytes.buffer);
  // "HS"
  view.setUint16(0, 0x4853);
  view.setUint8(2, type);
  view.setUint8(3, control);
  view.setUint32(4, parameter);
  view.setBigUint64(8, BigInt(payload.length));
  bytes.set(payload, headerLength);
  return bytes;
}

/**
 * Reads the next message.
 *
 * @returns It; `null` where the line has ended.
 * @throws {HeliographError} What comes is no HiSLIP.
 */
export async function readHislip(reader: ByteReader): Promise<HislipMessage | null> {
  const header = await reader.take(headerLength);
  if (header === null) return null;
  const view = new DataView(header.buffer, header.byteOffset, headerLength);
  const length = Number(view.getBigUint64(8));
  if (view.getUint16(0) !== 0x4853 || length > longestPayload) {
    throw new HeliographError("not_connected", "what listens there speaks no HiSLIP");
  }
  const payload = await reader.take(length);
  if (payload === null) {
    throw new HeliographError("not_connected", "the other end closed it in the middle of a message");
  }
  return { type: view.getUint8(2), control: view.getUint8(3), parameter: view.getUint32(4), payload };
}

/** A number of eight bytes as a payload. */
export function sizePayload(size: number): Uint8Array {
  const payload = new Uint8Array(8);
  new DataView(payload.buffer).setBigUint64(0, BigInt(size));
  return payload;
}
