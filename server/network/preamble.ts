/**
 * What this program's own clients say over TLS before the port's own wire begins: one line of JSON each way.
 *
 * A client asks for it with TLS itself, by the protocol that it wants (ALPN); whoever does not ask, as a browser, speaks
 * the port's own wire at once. So there is one way to give a token, whichever wire follows.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { ClientSocket, Secured } from "./client_socket.ts";

/** The protocol that a client wants which has something to say first. */
export const preambleProtocol = "heliograph/1";

/** The longest line, in bytes. */
const longest = 4096;
const lineFeed = 0x0a;

/** Who somebody is, by a token. */
export interface Known {
  /** The name. */
  readonly name: string;
  /** The name of the role. */
  readonly role: string;
}

/** What the lines of clients are answered with. */
export interface PreambleAnswers {
  /** Who has a token; `undefined` for nobody. @param address From where it came. */
  find(token: string, address: string): Known | undefined;
  /**
   * Begins to pair with a PC.
   *
   * @param told What it says.
   * @param address Where it is.
   * @returns What it is told, and what is done with what it says to that: it is told the result, and the connection ends.
   */
  pair?(told: unknown, address: string): { readonly say: unknown; then(told: unknown): unknown };
}

/** What a client says first. */
interface FirstLine {
  readonly token?: unknown;
  readonly forwarded?: unknown;
  readonly pair?: unknown;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The first lines of one connection. */
export class Preamble {
  readonly #socket: Pick<ClientSocket, "read" | "write" | "remoteAddr">;
  readonly #answers: PreambleAnswers | undefined;

  /** Reads nothing yet. @param answers What is answered; without it no token is known. */
  constructor(socket: Pick<ClientSocket, "read" | "write" | "remoteAddr">, answers: PreambleAnswers | undefined) {
    this.#socket = socket;
    this.#answers = answers;
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
      const forwarded = line.forwarded === true;
      if (token === undefined) {
        await this.#say({ ok: true });
        return { forwarded };
      }
      const known = typeof token === "string" ? this.#answers?.find(token, hostname) : undefined;
      if (typeof token !== "string" || known === undefined) {
        throw new HeliographError("not_allowed", "Refused: nobody here has that token; it may have been revoked");
      }
      await this.#say({ ok: true, name: known.name, role: known.role });
      return { token, forwarded };
    } catch (error) {
      if (!(error instanceof HeliographError)) throw error;
      await this.#say({ ok: false, error: { code: error.code, message: error.message } });
      throw error;
    }
  }

  async #pair(told: unknown, hostname: string): Promise<undefined> {
    const pairing = this.#answers?.pair?.(told, hostname);
    if (pairing === undefined) throw new HeliographError("not_allowed", "Refused: this server pairs with nobody");
    await this.#say({ ok: true, pair: pairing.say });
    await this.#say({ ok: true, pair: pairing.then(await this.#line()) });
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
