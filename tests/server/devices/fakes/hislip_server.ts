/** An instrument that speaks HiSLIP in synchronized mode, written from IVI-6.1; one session at a time. */
import { ByteReader } from "../../../../server/devices/transports/byte_reader.ts";
import {
  firstMessageId,
  hislipBytes,
  hislipTypes as types,
  readHislip,
  sizePayload,
} from "../../../../server/devices/transports/hislip_message.ts";
import { byteText } from "../../../../server/devices/transports/line_codec.ts";
import type { Line } from "../../../../server/devices/transports/line.ts";
import type { Behaviour } from "../devices.ts";
import { type FakeServer, latin1, serveFake } from "./server.ts";

/** What such an instrument has been told. */
export interface HislipServer extends FakeServer {
  readonly address: string;
  readonly told: string[];
  readonly subAddresses: string[];
  /** The device clears, each of both halves. */
  readonly clears: number;
  /** The identifiers of the messages. */
  readonly ids: number[];
}

interface Options {
  readonly port?: number;
  /** The longest payload that it takes. @default 1024 */
  readonly largest?: number;
}

/** Listens; answers carry no end, since the message has one. */
export function hislipServer(behaviour: Behaviour, { port = 0, largest = 1024 }: Options = {}): HislipServer {
  const told: string[] = [];
  const subAddresses: string[] = [];
  const ids: number[] = [];
  let clears = 0;
  let session = 0;
  const server = serveFake(port, async (line: Line) => {
    const reader = new ByteReader(line);
    let message = "";
    let expected = firstMessageId;
    for (let got = await readHislip(reader); got !== null; got = await readHislip(reader)) {
      const { type, control, parameter, payload } = got;
      const reply = (type: number, parameter = 0, payload = new Uint8Array()) =>
        line.write(hislipBytes(type, 0, parameter, payload));
      if (type === types.Initialize) {
        subAddresses.push(byteText(payload));
        await reply(types.InitializeResponse, 0x0100 << 16 | ++session);
      } else if (type === types.AsyncInitialize) {
        if (parameter !== session) {
          await reply(types.FatalError, 0, latin1("no such session") as Uint8Array<ArrayBuffer>);
        } else await reply(types.AsyncInitializeResponse, 0x5858);
      } else if (type === types.AsyncMaximumMessageSize) {
        await reply(types.AsyncMaximumMessageSizeResponse, 0, sizePayload(largest) as Uint8Array<ArrayBuffer>);
      } else if (type === types.AsyncDeviceClear) {
        await reply(types.AsyncDeviceClearAcknowledge);
      } else if (type === types.DeviceClearComplete) {
        clears++;
        [message, expected] = ["", firstMessageId];
        await reply(types.DeviceClearAcknowledge);
      } else if (type === types.Data || type === types.DataEnd) {
        if (payload.length > largest) throw new Error("a message that is too long");
        if (parameter !== expected) {
          await reply(types.FatalError, 0, latin1("wrong message id") as Uint8Array<ArrayBuffer>);
        }
        ids.push(parameter, control);
        expected = (expected + 2) >>> 0;
        message += byteText(payload);
        if (type === types.Data) continue;
        const whole = message;
        message = "";
        told.push(whole);
        // In two pieces, as a long answer comes.
        const answer = (text: string) => {
          const half = text.length >> 1;
          void line.write(hislipBytes(types.Data, 0, parameter, latin1(text.slice(0, half)))).catch(() => {});
          void line.write(hislipBytes(types.DataEnd, 0, parameter, latin1(text.slice(half)))).catch(() => {});
        };
        const text = behaviour(whole.replace(/\n$/, ""), answer);
        if (typeof text === "string") answer(text);
      }
    }
  });
  return {
    ...server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    address: `hislip://127.0.0.1:${server.port}/hislip0`,
    told,
    subAddresses,
    ids,
    get clears() {
      return clears;
    },
  };
}
