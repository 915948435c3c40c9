/**
 * Lines by VXI-11: an instrument on the network, or one behind a gateway, spoken with by remote procedure calls.
 *
 * An answer is fetched; a fetch is cut into short ones, so that a stop need not wait for the end of a long one.
 *
 * @module
 */

import { joined } from "../../../protocol/bytes.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { within } from "./byte_reader.ts";
import { type LanAddress, lanName, vxi11Slice } from "./lan_address.ts";
import type { Line } from "./line.ts";
import { openTcp } from "./network.ts";
import { RpcClient, type XdrReader, XdrWriter } from "./onc_rpc.ts";
import { WholeAnswers } from "./whole_answers.ts";

/** The program that tells at which port another listens, and its port. */
export const portMapper = { program: 100_000, version: 2, getPort: 3, port: 111 } as const;

/** The program of VXI-11, and its procedures. */
export const vxi11 = {
  program: 0x0607af,
  version: 1,
  createLink: 10,
  write: 11,
  read: 12,
  clear: 15,
  destroyLink: 23,
} as const;

const tcp = 6;
const endFlag = 8;
/** The reasons for which a read may end; of the end of an answer there is one. */
const reasonEnd = 4;
const timedOut = 15;
/** How long an instrument has for what takes no time, in seconds. */
const stepSeconds = 5;
const readSize = 1 << 20;

const errors: Readonly<Record<number, string>> = {
  1: "syntax error",
  3: "the device is not accessible",
  4: "the link is not valid",
  5: "parameter error",
  6: "the channel is not established",
  8: "the operation is not supported",
  9: "out of resources: it has as many links as it can",
  11: "it is locked by somebody else",
  15: "it did not take it in time",
  17: "input or output error",
  23: "aborted",
};

/**
 * Opens a line by VXI-11.
 *
 * @returns The line; each read is one answer.
 * @throws {HeliographError} `not_connected`, with the reason.
 */
export async function openVxi11(address: LanAddress<"vxi11">): Promise<Line> {
  const name = lanName(address);
  const port = address.port === 0 ? await askPortMapper(address.host, name) : address.port;
  const client = new RpcClient(await openTcp(address.host, port), vxi11.program, vxi11.version);
  const calls = new Calls(client, name);
  try {
    // A client's number of its own choice, no lock, and the device.
    const made = await calls.call(vxi11.createLink, new XdrWriter().number(1).number(0).number(0).text(address.device));
    const link = made.number();
    made.number();
    const largest = made.number();
    if (address.clear) {
      const clear = new XdrWriter().number(link).number(0).number(0).number(stepSeconds * 1000);
      // Some gateways have none.
      await calls.call(vxi11.clear, clear, stepSeconds, [8]);
    }
    return new Vxi11Line(calls, link, Math.max(1, largest));
  } catch (error) {
    client.close();
    throw error;
  }
}

async function askPortMapper(host: string, name: string): Promise<number> {
  const line = await openTcp(host, portMapper.port);
  const client = new RpcClient(line, portMapper.program, portMapper.version);
  try {
    const question = new XdrWriter().number(vxi11.program).number(vxi11.version).number(tcp).number(0);
    const port = (await within(client.call(portMapper.getPort, question), stepSeconds, () => silent(name))).number();
    if (port !== 0) return port;
    throw new HeliographError(
      "not_connected",
      `${name}: its port mapper knows of no VXI-11; is it hislip:// or tcp://?`,
    );
  } finally {
    client.close();
  }
}

function silent(name: string): HeliographError {
  return new HeliographError("not_connected", `${name} did not reply in time: does it speak VXI-11?`);
}

/** Calls one after the other; the line breaks where one has no reply. */
class Calls {
  readonly client: RpcClient;
  readonly #name: string;
  #last: Promise<unknown> = Promise.resolve();
  /** How many are under way, or wait. */
  waiting = 0;

  constructor(client: RpcClient, name: string) {
    this.client = client;
    this.#name = name;
  }

  /**
   * Calls a procedure.
   *
   * @param seconds How long it may take by itself; the reply has a little longer.
   * @param passing The errors that are none.
   * @returns What stands behind the error in its reply.
   */
  call(procedure: number, args: XdrWriter, seconds = stepSeconds, passing: readonly number[] = []): Promise<XdrReader> {
    this.waiting++;
    const done = this.#last.then(() => this.#call(procedure, args, seconds, passing)).finally(() => this.waiting--);
    this.#last = done.catch(() => {});
    return done;
  }

  async #call(procedure: number, args: XdrWriter, seconds: number, passing: readonly number[]): Promise<XdrReader> {
    let reply: XdrReader;
    try {
      reply = await within(this.client.call(procedure, args), seconds + stepSeconds, () => silent(this.#name));
    } catch (error) {
      this.client.close();
      if (error instanceof HeliographError && error.message.startsWith(this.#name)) throw error;
      throw new HeliographError("not_connected", `${this.#name}: ${(error as Error).message}`);
    }
    const error = reply.number();
    if (error === 0 || passing.includes(error)) return reply;
    throw new HeliographError("not_connected", `${this.#name}: ${errors[error] ?? `VXI-11 error ${error}`}`);
  }
}

class Vxi11Line implements Line {
  readonly whole = true;
  readonly #calls: Calls;
  readonly #link: number;
  readonly #largest: number;
  readonly #answers = new WholeAnswers();
  /** Counts what was sent: a question is given up with the next one. */
  #sent = 0;
  #closed = false;

  constructor(calls: Calls, link: number, largest: number) {
    this.#calls = calls;
    this.#link = link;
    this.#largest = largest;
  }

  read(): Promise<Uint8Array | null> {
    return this.#answers.next();
  }

  async write(bytes: Uint8Array, answerWithin?: number): Promise<void> {
    if (this.#closed) throw new HeliographError("not_connected", "the line is closed");
    const number = ++this.#sent;
    for (let at = 0; at < bytes.length; at += this.#largest) {
      const flags = at + this.#largest < bytes.length ? 0 : endFlag;
      const args = new XdrWriter().number(this.#link).number(stepSeconds * 1000).number(0).number(flags);
      await this.#calls.call(vxi11.write, args.opaque(bytes.slice(at, at + this.#largest)));
    }
    if (answerWithin === undefined) return;
    this.#fetch(number, performance.now() + answerWithin * 1000).catch((error) => this.#answers.fail(error));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#answers.close();
    const { client, waiting } = this.#calls;
    // The end of the connection is that of the link, too.
    if (waiting > 0) return client.close();
    const done = client.send(vxi11.destroyLink, new XdrWriter().number(this.#link));
    done.catch(() => {}).finally(() => client.close());
  }

  async #fetch(number: number, until: number): Promise<void> {
    const parts: Uint8Array[] = [];
    while (number === this.#sent && !this.#closed && performance.now() < until) {
      const milliseconds = Math.max(1, Math.min(vxi11Slice * 1000, Math.round(until - performance.now())));
      const args = new XdrWriter().number(this.#link).number(readSize).number(milliseconds).number(0).number(0).number(
        0,
      );
      const reply = await this.#calls.call(vxi11.read, args, milliseconds / 1000, [timedOut]);
      const reason = reply.number();
      const bytes = reply.opaque();
      if (bytes.length > 0) parts.push(bytes);
      if ((reason & reasonEnd) === 0) continue;
      if (number === this.#sent) this.#answers.push(joined(parts));
      return;
    }
  }
}
