/**
 * Tells TLS from plain bytes on a port that is reached from other PCs, by the first byte of each connection.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { authorityQuestion, preambleProtocol } from "../../protocol/pairing.ts";
import { joined } from "../../protocol/bytes.ts";
import { closeEnd } from "./carry.ts";
import { CarriedSocket } from "./carried_socket.ts";
import { BegunSocket, type ClientSocket, type TlsSocket } from "./client_socket.ts";
import { type Certificate, InnerTls } from "./inner_tls.ts";
import type { LoopTurn } from "./loop_turns.ts";
import { within } from "./within.ts";
import { isLoopback } from "./loopback.ts";
import { Preamble, type PreambleAnswers } from "./preamble.ts";
import { SocketEnder } from "./socket_ender.ts";

/** The first byte of a TLS handshake, which no wire begins with. */
const handshakeByte = 0x16;
/** A first piece of what a client sends is no longer. */
const firstBytes = 4096;
/** The head of a record of TLS, and the longest record. */
const [recordHead, longestRecord] = [5, 16_384];
/** For how long the answer to a whole ClientHello may take, in milliseconds, before the next client has its turn. */
export const longestAnswer = 20;
/** For how long a client may leave a handshake unfinished, in seconds. */
const usualSeconds = 10;
/** How many descriptors a client takes that comes by TLS: its own, and both ends of the connection to the listener within. */
export const descriptorsAtDoorway = 3;
/** The cost of a handshake beside what comes over the connection, in characters: the clock is looked at after each. */
export const handshakeCost = 65_536;

/** What a browser and other programs may agree on beside this program's own protocol. */
const protocols = [preambleProtocol, "http/1.1"];

/** The options of a {@linkcode Doorway}. */
export interface DoorwayOptions {
  /** What is shown to those who come by TLS. */
  readonly certificate: Certificate;
  /** Whether whoever comes from an address is served without TLS. @default from this PC alone */
  readonly servesPlain?: (address: string) => boolean;
  /** The certificate of the authority, as PEM, for whoever asks: it is no secret. @default others vouch for this server */
  readonly authority?: string | undefined;
  /** Answers what this program's own clients say before the port's own wire begins. @default nobody's token is known */
  readonly answers?: PreambleAnswers;
  /** For how many seconds a client may leave a handshake unfinished. @default 10 */
  readonly seconds?: number;
}

/** Why somebody is not let in. */
export interface TurnedAway {
  /** For the log, and for whoever reads it. */
  readonly error: HeliographError;
  /** What came first, without TLS; `undefined` where a handshake failed or nothing came. */
  readonly plain: Uint8Array | undefined;
}

/** What somebody is told who wanted nothing else. */
export interface Told {
  readonly say: string;
}

/** What lets clients in at all the ports of one server that are reached from other PCs. */
export class Doorway {
  readonly #options: DoorwayOptions;
  readonly #seconds: number;
  #certificate: Certificate;
  #inner: InnerTls;
  /** Told of each later certificate. */
  readonly #shown = new Set<() => void>();
  /** What ends connections at TLS ports, until this is closed. */
  readonly #enders: SocketEnder[] = [];
  /** Those who came by TLS and have not gone. */
  readonly #carried = new Set<CarriedSocket>();
  /** The end of the line of those who wait for their handshake. */
  #line: Promise<unknown> = Promise.resolve();

  /** Begins to take handshakes. @param options Its certificate, and who needs none. */
  constructor(options: DoorwayOptions) {
    this.#options = options;
    this.#seconds = options.seconds ?? usualSeconds;
    this.#certificate = options.certificate;
    this.#inner = new InnerTls(options.certificate, protocols);
  }

  /** Shows another certificate to those who come from now on. @throws {Error} Where it cannot be used. */
  show(certificate: Certificate): void {
    const before = this.#inner;
    this.#inner = new InnerTls(certificate, protocols);
    before.retire();
    this.#certificate = certificate;
    for (const tell of this.#shown) tell();
  }

  /** What is shown now. */
  get certificate(): Certificate {
    return this.#certificate;
  }

  /** Calls for each later certificate. @returns Does so no more. */
  onShow(tell: () => void): () => void {
    this.#shown.add(tell);
    return () => void this.#shown.delete(tell);
  }

  /** Takes no more handshakes, and waits for those who are going, for at most a second. */
  async close(): Promise<void> {
    this.#inner.retire();
    const gone = [...this.#carried].map((carried) => {
      carried.close();
      return carried.gone;
    });
    await Promise.all(gone);
    for (const ender of this.#enders.splice(0)) ender.stop();
  }

  /** What ends connections at a port whose clients TLS is done for without anything within. */
  enderOf(port: number): SocketEnder {
    const ender = SocketEnder.open(port);
    this.#enders.push(ender);
    return ender;
  }

  /** Whether whoever comes from an address is served without TLS. */
  servesPlain(address: string): boolean {
    return this.#options.servesPlain?.(address) ?? isLoopback(address);
  }

  /**
   * Lets a client in.
   *
   * @param socket Its socket; where it is not let in, that is left open unless the client has gone.
   * @param turn When handshakes have their turn: they cost much.
   * @param silentSeconds For how long one that needs no TLS may say nothing. @default for ever
   * @returns What stands for its socket from now on; why it is turned away; `undefined` where it wanted nothing else.
   * @throws {Error} When it has gone.
   */
  async enter(
    socket: Deno.TcpConn,
    turn: LoopTurn,
    silentSeconds?: number,
  ): Promise<ClientSocket | TurnedAway | Told | undefined> {
    const { hostname } = socket.remoteAddr;
    const plainly = this.servesPlain(hostname);
    const first = await this.#first(socket, plainly ? silentSeconds : this.#seconds);
    if (first[0] !== handshakeByte) {
      const { authority } = this.#options;
      if (isQuestion(first)) return { say: `${JSON.stringify(authority === undefined ? {} : { authority })}\n` };
      if (plainly) return new BegunSocket(socket, first);
      return { error: new HeliographError("not_allowed", useTls), plain: first };
    }
    const hello = await this.#hello(socket, first);
    // One after another: whoever floods the server with handshakes keeps only others of them waiting.
    const begun = this.#line.then(() => this.#begin(socket, hello, turn));
    this.#line = begun.then(({ answered }) => within(longestAnswer, answered), () => {});
    return await this.greet(await begun);
  }

  /** All of what a client says first with TLS. @throws {Error} When it does not come, or is none. */
  async #hello(socket: Deno.TcpConn, first: Uint8Array): Promise<Uint8Array> {
    const pieces = [first];
    let length = first.length;
    const timer = setTimeout(() => closeEnd(socket), this.#seconds * 1000);
    try {
      for (;;) {
        const start = joined(pieces);
        const wanted = recordHead + (start[3]! << 8 | start[4]!);
        if (length >= recordHead && (length >= wanted || wanted > recordHead + longestRecord)) return start;
        const buffer = new Uint8Array(firstBytes);
        const count = await socket.read(buffer);
        if (count === null) throw new Error("it ended in the middle of its first message");
        pieces.push(buffer.subarray(0, count));
        length += count;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #begin(socket: Deno.TcpConn, hello: Uint8Array, turn: LoopTurn): Promise<CarriedSocket> {
    turn.charge(handshakeCost);
    const pause = turn.pause();
    if (pause !== undefined) await pause;
    const carried = new CarriedSocket(socket, await this.#inner.open(), hello);
    this.#carried.add(carried);
    void carried.gone.then(() => this.#carried.delete(carried));
    return carried;
  }

  /** The first bytes. @throws {Error} When none come, or none in time; then it is closed. */
  async #first(socket: Deno.TcpConn, seconds: number | undefined): Promise<Uint8Array> {
    const timer = seconds === undefined ? undefined : setTimeout(() => closeEnd(socket), seconds * 1000);
    try {
      const buffer = new Uint8Array(firstBytes);
      const count = await socket.read(buffer);
      if (count === null) throw new Error("it connected and sent nothing");
      return buffer.slice(0, count);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Waits for the end of a handshake, and for what this program's own clients say first.
   *
   * @param socket Its socket; where it is not let in, that is closed.
   * @param wires The wires of which such a client is to name one; others do not come there. @default that of the port
   * @returns As `enter`.
   */
  async greet(socket: TlsSocket, wires?: readonly string[]): Promise<TlsSocket | TurnedAway | undefined> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      socket.close();
    }, this.#seconds * 1000);
    try {
      const protocol = await socket.handshake();
      if (wires === undefined && protocol !== preambleProtocol) return socket;
      const secured = await new Preamble(socket, this.#options.answers, wires).read();
      if (secured !== undefined) {
        socket.secured = secured;
        return socket;
      }
      await ended(socket);
    } catch (error) {
      socket.close();
      await socket.gone;
      if (error instanceof HeliographError) return { error, plain: undefined };
      const why = late ? `it was not finished within ${this.#seconds} s` : (error as Error).message;
      const failed = `The TLS handshake failed: ${why}`;
      return { error: new HeliographError("not_allowed", failed), plain: undefined };
    } finally {
      clearTimeout(timer);
    }
  }
}

const question = new TextEncoder().encode(authorityQuestion);

/** Whether somebody asks for the authority, and nothing else. */
function isQuestion(first: Uint8Array): boolean {
  return first.length === question.length && first.every((byte, at) => byte === question[at]);
}

/** Ends a connection whose client has been told all that it wanted. */
async function ended(socket: TlsSocket): Promise<void> {
  await socket.closeWrite();
  socket.close();
  await socket.gone;
}

/** What whoever comes without TLS is told. */
const useTls = "Refused: without TLS only this PC itself is served. From another PC use “heliograph connect”, then " +
  "--server, or “heliograph forward” for programs that know no TLS; in a browser https://";
