/**
 * What this program's own clients say over TLS before the port's own wire begins: one line of JSON each way.
 *
 * A client asks for it with TLS itself, by the protocol that it wants (ALPN); whoever does not ask, as a browser, speaks
 * the port's own wire at once. So there is one way to give a token, whichever wire follows.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { longestFirstLine as longest } from "../../protocol/pairing.ts";
import type { ClientSocket, Secured } from "./client_socket.ts";

const lineFeed = 0x0a;

/** Who somebody is, by a token. */
export interface Known {
  /** The name. */
  readonly name: string;
  /** The name of the role. */
  readonly role: string;
}

/** How a PC is paired. */
export interface PairingAnswers {
  /** What it is told first. */
  readonly say: unknown;
  /** What it is told after it has answered that; then the connection ends. @throws {HeliographError} */
  readonly then: (answer: unknown) => Promise<unknown>;
}

/** What the lines of clients are answered with. */
export interface PreambleAnswers {
  /** Who has a token. @param address From where it came. @throws {HeliographError} Where nobody has it. */
  find(token: string, address: string): Promise<Known>;
  /** Begins to pair with a PC. @param told What it says. @param address Where it is. @throws {HeliographError} */
  pair?(told: unknown, address: string): PairingAnswers;
}

/** What a client says first. */
interface FirstLine {
  readonly token?: unknown;
  readonly forwarded?: unknown;
  readonly pair?: unknown;
  readonly wire?: unknown;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The first lines of one connection. */
export class Preamble {
  readonly #socket: Pick<ClientSocket, "read" | "write" | "remoteAddr">;
  readonly #answers: PreambleAnswers | undefined;
  readonly #wires: readonly string[] | undefined;

  /**
   * Reads nothing yet.
   *
   * @param answers What is answered; without it no token is known.
   * @param wires The wires of which the client is to name one. @default there is but one
   */
  constructor(
    socket: Pick<ClientSocket, "read" | "write" | "remoteAddr">,
    answers: PreambleAnswers | undefined,
    wires?: readonly string[],
  ) {
    this.#socket = socket;
    this.#answers = answers;
    this.#wires = wires;
  }

  /**
   * Answers what the client says first.
   *
   * @returns What is known of it from now on; `undefined` where it wanted nothing else.
   * @throws {HeliographError} Where it is not let in; it has been told.
   */
  async read(): Promise<Secured | undefined> {
    const { hostname } = this.#socket.remoteAddr as Deno.NetAddr;
    try {
      const line = await this.#line() as FirstLine;
      if (line.pair !== undefined) return await this.#pair(line.pair, hostname);
      const { token } = line;
      const said = { forwarded: line.forwarded === true, ...this.#wire(line.wire) };
      if (token === undefined) {
        await this.#say({ ok: true });
        return said;
      }
      if (typeof token !== "string" || this.#answers === undefined) {
        throw new HeliographError("not_allowed", "Refused: this server knows no tokens");
      }
      const known = await this.#answers.find(token, hostname);
      await this.#say({ ok: true, name: known.name, role: known.role });
      return { token, ...said };
    } catch (error) {
      if (!(error instanceof HeliographError)) throw error;
      await this.#say({ ok: false, error: { code: error.code, message: error.message } });
      throw error;
    }
  }

  #wire(wire: unknown): { readonly wire?: string } {
    if (this.#wires === undefined) return {};
    if (typeof wire === "string" && this.#wires.includes(wire)) return { wire };
    const which = typeof wire === "string" ? JSON.stringify(wire.slice(0, 40)) : "what follows";
    const message = `Cannot serve ${which} on this port: “wire” is one of ${this.#wires.join(", ")}`;
    throw new HeliographError("bad_message", message);
  }

  async #pair(told: unknown, hostname: string): Promise<undefined> {
    const pairing = this.#answers?.pair?.(told, hostname);
    if (pairing === undefined) throw new HeliographError("not_allowed", "Refused: this server pairs with nobody");
    await this.#say({ ok: true, pair: pairing.say });
    await this.#say({ ok: true, pair: await pairing.then(await this.#line()) });
  }

  async #say(line: unknown): Promise<void> {
    const bytes = encoder.encode(`${JSON.stringify(line)}\n`);
    for (let written = 0; written < bytes.length;) written += await this.#socket.write(bytes.subarray(written));
  }

  /** The next line. Byte by byte: what follows it is the port's own wire. */
  async #line(): Promise<object> {
    const bytes = new Uint8Array(longest);
    for (let length = 0; length < longest;) {
      const count = await this.#socket.read(bytes.subarray(length, length + 1));
      if (count === null) throw new Error("it ended before it said who it is");
      length += count;
      if (bytes[length - 1] !== lineFeed) continue;
      try {
        const line: unknown = JSON.parse(decoder.decode(bytes.subarray(0, length)));
        if (typeof line === "object" && line !== null) return line;
      } catch {
        // Told below.
      }
      throw new HeliographError("bad_message", "Cannot read the first line: it is no JSON object");
    }
    throw new HeliographError("message_too_long", `Cannot take the first line: it is over ${longest} bytes`);
  }
}
