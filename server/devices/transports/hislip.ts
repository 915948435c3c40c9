/**
 * Lines by HiSLIP (IVI-6.1): two connections to one instrument, the second for what must not wait, such as a clear.
 *
 * Each answer carries the number of the message that it answers, so that a late one is known and dropped. Locks are not
 * asked for: who drives the instrument is settled before it comes here.
 *
 * @module
 */

import { joined } from "../../../protocol/bytes.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { hostText } from "./address_parts.ts";
import { ByteReader, within } from "./byte_reader.ts";
import {
  firstMessageId,
  hislipBytes,
  type HislipMessage,
  hislipTypes,
  readHislip,
  sizePayload,
} from "./hislip_message.ts";
import type { LanAddress } from "./lan_address.ts";
import type { Line } from "./line.ts";
import { openTcp } from "./network.ts";
import { WholeAnswers } from "./whole_answers.ts";

/** How long an instrument has for each step of being opened, in seconds. */
const stepSeconds = 5;
/** Version 1.0, which every server speaks, and two letters for who asks. */
const version = 0x0100;
const vendor = 0x4847;
/** The longest message that is taken, in bytes. */
const longestMessage = 1 << 24;

/**
 * Opens a line by HiSLIP, and clears the instrument's buffers unless told otherwise.
 *
 * @returns The line; each read is one answer.
 * @throws {HeliographError} `not_connected`, with the reason.
 */
export async function openHislip({ host, port, device, clear }: LanAddress<"hislip">): Promise<Line> {
  const name = `hislip://${hostText(host)}:${port}/${device}`;
  const lines: Line[] = [];
  const connect = async () => {
    const line = await openTcp(host, port);
    lines.push(line);
    return new HislipChannel(line, name);
  };
  try {
    const main = await connect();
    const welcome = await main.ask(
      hislipTypes.Initialize,
      hislipTypes.InitializeResponse,
      version << 16 | vendor,
      new TextEncoder().encode(device),
    );
    const aside = await connect();
    await aside.ask(hislipTypes.AsyncInitialize, hislipTypes.AsyncInitializeResponse, welcome.parameter & 0xffff);
    const { payload } = await aside.ask(
      hislipTypes.AsyncMaximumMessageSize,
      hislipTypes.AsyncMaximumMessageSizeResponse,
      0,
      sizePayload(longestMessage),
    );
    const largest = payload.length === 8
      ? Number(new DataView(payload.buffer, payload.byteOffset).getBigUint64(0))
      : 1024;
    let mode = welcome.control;
    if (clear) {
      // What somebody else has left in its buffers is no answer to us.
      await aside.ask(hislipTypes.AsyncDeviceClear, hislipTypes.AsyncDeviceClearAcknowledge);
      mode = (await main.ask(hislipTypes.DeviceClearComplete, hislipTypes.DeviceClearAcknowledge)).control;
    }
    return new HislipLine(main, aside, Math.max(1, largest - 16), (mode & 1) === 1);
  } catch (error) {
    for (const line of lines) line.close();
    throw error;
  }
}

/** One of the two connections. */
class HislipChannel {
  readonly line: Line;
  readonly #name: string;
  readonly #reader: ByteReader;

  constructor(line: Line, name: string) {
    this.line = line;
    this.#name = name;
    this.#reader = new ByteReader(line);
  }

  /** Sends a message, and waits for the one that answers it; what comes before is dropped. */
  ask(type: number, answer: number, parameter = 0, payload?: Uint8Array): Promise<HislipMessage> {
    const work = async () => {
      await this.line.write(hislipBytes(type, 0, parameter, payload));
      for (;;) {
        const message = await this.next();
        if (message === null) throw new HeliographError("not_connected", `${this.#name} closed the connection`);
        if (message.type === answer) return message;
      }
    };
    const late = () =>
      new HeliographError(
        "not_connected",
        `${this.#name} did not answer within ${stepSeconds} s: does it speak HiSLIP?`,
      );
    return within(work(), stepSeconds, late);
  }

  /** Waits for the next message. @throws {HeliographError} What the instrument says is wrong. */
  async next(): Promise<HislipMessage | null> {
    let message: HislipMessage | null;
    try {
      message = await readHislip(this.#reader);
    } catch (error) {
      throw new HeliographError("not_connected", `${this.#name}: ${(error as Error).message}`);
    }
    if (message?.type !== hislipTypes.FatalError && message?.type !== hislipTypes.Error) return message;
    const said = new TextDecoder().decode(message.payload);
    throw new HeliographError("not_connected", `${this.#name} refused: ${said || `HiSLIP error ${message.control}`}`);
  }
}

class HislipLine implements Line {
  readonly whole = true;
  readonly #main: HislipChannel;
  readonly #aside: HislipChannel;
  readonly #largest: number;
  /** Whether answers are numbered by their questions: not where the instrument answers in its own order. */
  readonly #numbered: boolean;
  readonly #answers = new WholeAnswers();
  #id = firstMessageId;
  #last = firstMessageId;
  /** Whether a whole answer has come since something was sent. */
  #delivered = false;
  #closed = false;

  constructor(main: HislipChannel, aside: HislipChannel, largest: number, overlapped: boolean) {
    this.#main = main;
    this.#aside = aside;
    this.#largest = largest;
    this.#numbered = !overlapped;
    void this.#readOn();
    void this.#watch();
  }

  read(): Promise<Uint8Array | null> {
    return this.#answers.next();
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) throw new HeliographError("not_connected", "the line is closed");
    for (let at = 0; at < bytes.length; at += this.#largest) {
      const part = bytes.slice(at, at + this.#largest);
      const type = at + this.#largest < bytes.length ? hislipTypes.Data : hislipTypes.DataEnd;
      const control = this.#delivered ? 1 : 0;
      this.#delivered = false;
      this.#last = this.#id;
      this.#id = (this.#id + 2) >>> 0;
      await this.#main.line.write(hislipBytes(type, control, this.#last, part));
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#answers.close();
    await Promise.all([this.#main.line.close(), this.#aside.line.close()]);
  }

  async #readOn(): Promise<void> {
    let parts: Uint8Array[] = [];
    try {
      for (let message = await this.#main.next(); message !== null; message = await this.#main.next()) {
        const { type, parameter, payload } = message;
        if (type === hislipTypes.Interrupted) parts = [];
        if (type !== hislipTypes.Data && type !== hislipTypes.DataEnd) continue;
        // The answer to an earlier question.
        if (this.#numbered && parameter !== this.#last) {
          parts = [];
          continue;
        }
        parts.push(payload);
        if (type === hislipTypes.Data) continue;
        this.#delivered = true;
        this.#answers.push(joined(parts));
        parts = [];
      }
      this.#answers.close();
    } catch (error) {
      this.#answers.fail(error as Error);
    }
  }

  /** What comes aside, such as a request for service, is not waited for; its end is that of both. */
  async #watch(): Promise<void> {
    try {
      while (await this.#aside.next() !== null);
      this.#answers.close();
    } catch (error) {
      this.#answers.fail(error as Error);
    }
  }
}
