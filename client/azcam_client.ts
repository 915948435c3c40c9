/**
 * A client of azcam's command server, heliograph's or an original one.
 *
 * @module
 */

import { split } from "npm:shlex@3.0.0";
import { joined } from "../protocol/bytes.ts";
import { HeliographError } from "../protocol/errors.ts";
import { otherServer, said, serverKind } from "../protocol/other_server.ts";
import type { RequestOptions } from "./pyopticon_options.ts";
import { type ClientSecurity, type LinkConnection, openConnection } from "./secure.ts";
import { inTime, writeText } from "./waiting.ts";

const decoder = new TextDecoder();

/**
 * A client of azcam's command server with the vocabulary of azcam's own: `open`, `close`, `command`, `send`, `recv`,
 * `setTimeout`, `test`. Commands take their turn: calls at the same time are sent one after another.
 *
 * @example
 * ```ts
 * import { CommandServer, demoInstruments } from "@heliograph/heliograph";
 * import { AzcamClient } from "@heliograph/heliograph/client";
 *
 * await using server = new CommandServer({ port: 0, instruments: demoInstruments() });
 * server.start();
 * await using camera = new AzcamClient({ port: server.port });
 * const [status, ...temperatures] = await camera.command("tempcon.get_temperatures");
 * console.log(status, temperatures.length); // OK 2
 * ```
 */
export class AzcamClient {
  /** The server's name or address. */
  readonly host: string;
  /** Its command port. */
  readonly port: number;
  /** The last command sent. */
  lastCommand = "";
  /** The last reply, as one line. */
  lastResponse = "";
  #timeout: number;
  readonly #security: ClientSecurity;
  #connection: LinkConnection | undefined;
  /** The connection that is being opened, for all who wait for it. */
  #opening: Promise<LinkConnection> | undefined;
  /** Counts closings, so that a connection which comes after one is not taken for the next. */
  #generation = 0;
  #received: Uint8Array = new Uint8Array(0);
  /** Whether a reply has come: what stands before the first may be a greeting. */
  #greeted = false;
  /** The line with which the server greeted, if it did. */
  #greeting = "";
  /** The end of the line of commands that wait for their turn. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Makes a client; it connects at `open` or the first command. @param options Where the server is, and how long to wait. */
  constructor({ host = "127.0.0.1", port = 2402, timeout = 5, tls, token }: {
    /** The server's name or address. @default "127.0.0.1" */
    readonly host?: string;
    /** Its command port. @default 2402 */
    readonly port?: number;
    /** How many seconds to wait for a connection and for each reply; 0 waits without an end. @default 5 */
    readonly timeout?: number;
    /**
     * Comes by TLS, as other PCs must; `authority` is the certificate of the authority that vouches for the server, as
     * PEM, and what this PC trusts where it is left out. @default not
     */
    readonly tls?: { readonly authority?: string };
    /** The token that proves who connects; it needs `tls`. @default none */
    readonly token?: string;
  } = {}) {
    this.#security = { ...(tls === undefined ? {} : { tls }), ...(token === undefined ? {} : { token }) };
    this.host = host;
    this.port = port;
    this.#timeout = timeout;
  }

  /** Whether the connection is open. */
  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /**
   * Opens the connection, unless it is open.
   *
   * @returns Whether it is open now; `command` opens it by itself and says why it cannot.
   */
  async open(options: Pick<RequestOptions, "signal"> = {}): Promise<boolean> {
    try {
      await this.#open(options);
      return true;
    } catch (error) {
      if (error instanceof HeliographError && error.code === "connection_failed") return false;
      throw error;
    }
  }

  /** Closes the connection. It never fails. */
  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
    this.#opening = undefined;
    this.#generation++;
    this.#received = new Uint8Array(0);
    this.#greeted = false;
    this.#greeting = "";
  }

  /**
   * Sends a command and waits for its reply; opens the connection first where it is not open.
   *
   * @param command The command line, without its end.
   * @param options `signal` ends the wait.
   * @returns The words of the reply, the first of which is `OK`, `ERROR` or `WARNING`; quotes group words as in a shell.
   * A mapping stays one word of JSON. An `ERROR` is returned, not thrown, as with azcam's own client.
   * @throws {HeliographError} `connection_failed`, `connection_lost`, `no_reply`, `aborted`, or `bad_argument` for a
   * command that holds a line break. After `no_reply` and `aborted` the connection is closed, so that a late reply is
   * never taken for the next one's.
   */
  async command(command: string, options: Pick<RequestOptions, "signal"> = {}): Promise<string[]> {
    return words(await this.exchange(command, options));
  }

  /**
   * Like {@linkcode AzcamClient.command}, with the reply as it came.
   *
   * @param command The command line, without its end.
   * @param options `signal` ends the wait.
   * @returns The reply line, without its end.
   */
  async exchange(command: string, options: Pick<RequestOptions, "signal"> = {}): Promise<string> {
    if (/[\r\n]/.test(command)) {
      throw new HeliographError("bad_argument", "Cannot send the command: it holds a line break, which would end it");
    }
    let given = false;
    const turn = this.#turn.then(() => {
      if (given) throw new HeliographError("aborted", `Gave up ${command} before it was sent`);
      return this.#exchange(command, options);
    });
    this.#turn = turn.catch(() => {});
    try {
      // The deadline counts from its turn on; the signal ends the wait for its turn as well.
      return await inTime(turn, { timeout: 0, signal: options.signal }, command);
    } catch (error) {
      given = true;
      throw error;
    }
  }

  /**
   * Sends text.
   *
   * @param command What to send.
   * @param terminator What to send after it.
   * @param options `signal` ends the wait.
   */
  async send(command: string, terminator = "\n", options: Pick<RequestOptions, "signal"> = {}): Promise<void> {
    this.lastCommand = command;
    await this.#guarded(writeText(await this.#open(options), command + terminator), options, `sending ${command}`);
  }

  /**
   * Receives text.
   *
   * @param length At most how many bytes; -1 means up to the terminator.
   * @param terminator What ends a reply, one character.
   * @returns The text, without the terminator and a carriage return before it.
   */
  async recv(length = -1, terminator = "\n", options: Pick<RequestOptions, "signal"> = {}): Promise<string> {
    const connection = await this.#open(options);
    return await this.#guarded(this.#receive(connection, length, terminator), options, this.lastCommand || "recv");
  }

  /**
   * Sets how long to wait for a reply.
   *
   * @param timeout In seconds; 0 waits without an end, below 0 keeps what is set.
   */
  setTimeout(timeout = -1): void {
    if (timeout >= 0) this.#timeout = timeout;
  }

  /** Sends a test message. @returns The words of the reply: `OK` and the message. */
  async test(): Promise<string[]> {
    return await this.command('Echo "this is a test message string"');
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    this.close();
  }

  async #open({ signal }: Pick<RequestOptions, "signal">): Promise<LinkConnection> {
    if (this.#connection !== undefined) return this.#connection;
    // All who wait for the connection share it: no single caller's signal ends its opening.
    const opening = this.#opening ??= this.#connect();
    return await inTime(opening, { timeout: this.#timeout, signal }, `connecting to ${this.host}:${this.port}`);
  }

  async #connect(): Promise<LinkConnection> {
    const generation = this.#generation;
    try {
      const connection = await openConnection(this.host, this.port, "line", this.#security, { timeout: this.#timeout });
      if (generation === this.#generation) return this.#connection = connection;
      connection.close();
      throw new HeliographError("connection_lost", "The client was closed while it connected");
    } finally {
      if (generation === this.#generation) this.#opening = undefined;
    }
  }

  async #exchange(command: string, options: Pick<RequestOptions, "signal">): Promise<string> {
    await this.send(command, "\n", options);
    let reply = await this.recv(-1, "\n", options);
    // A server may greet a client with a line of its own; a reply always begins with one of these words.
    if (!this.#greeted && !isReply(reply)) {
      this.#greeting = reply;
      reply = await this.recv(-1, "\n", options);
      if (!isReply(reply)) {
        const text = `${this.#greeting}\n${reply}`;
        this.close();
        throw otherServer(`${this.host}:${this.port}`, text, "azcam");
      }
    }
    this.#greeted = true;
    this.lastResponse = reply;
    return reply;
  }

  /** Whatever goes wrong closes the connection: what comes over it later belongs to nobody. */
  async #guarded<T>(work: Promise<T>, { signal }: Pick<RequestOptions, "signal">, what: string): Promise<T> {
    try {
      return await inTime(work, { timeout: this.#timeout, signal }, what);
    } catch (error) {
      const first = this.#greeted ? undefined : `${this.#greeting}\n${decoder.decode(this.#received)}`.trim();
      this.close();
      const where = `${this.host}:${this.port}`;
      if (error instanceof HeliographError) {
        if (error.code !== "no_reply" || !first) throw error;
        const hint = `${where} has only said ${said(first)}, which is no azcam reply`;
        throw new HeliographError("no_reply", `${error.message}: ${hint}`, { cause: error });
      }
      const hint = first === ""
        ? `: ${where} has not said a word, as an original PyOpticon dashboard does not`
        : first === undefined
        ? ""
        : `: ${where} has only said ${said(first)}, which is no azcam reply`;
      throw new HeliographError("connection_lost", `The connection ended before the reply to ${what}${hint}`, {
        cause: error,
      });
    }
  }

  /** A server of another kind is told at once: its answers need not be lines. */
  #refuseOther(text: string): void {
    const found = serverKind(text);
    if (found !== undefined && found !== "azcam") throw otherServer(`${this.host}:${this.port}`, text, "azcam");
  }

  async #receive(connection: LinkConnection, length: number, terminator: string): Promise<string> {
    const buffer = new Uint8Array(65_536);
    const end = terminator.charCodeAt(0);
    for (;;) {
      const found = length < 0 ? this.#received.indexOf(end) : Math.min(length, this.#received.length) - 1;
      if (found >= 0) {
        const text = decoder.decode(this.#received.subarray(0, found + 1));
        this.#received = this.#received.slice(found + 1);
        if (length >= 0) return text;
        let last = text.length - 1;
        while (text[last - 1] === "\r") last--;
        return text.slice(0, last);
      }
      const count = await connection.read(buffer);
      if (count === null) throw new Error("the server closed it");
      this.#received = joined([this.#received, buffer.slice(0, count)]);
      if (!this.#greeted) this.#refuseOther(decoder.decode(this.#received));
    }
  }
}

/** Whether a line begins as a reply does. */
const isReply = (line: string) => /^(?:OK|ERROR|WARNING)\b/.test(line);

/** The words of a reply, split as azcam's client splits them, by shlex; a mapping and text it cannot split stay whole. */
function words(reply: string): string[] {
  const mapping = /^(OK|ERROR|WARNING) (\{.*)$/.exec(reply.trim());
  if (mapping !== null) return [mapping[1]!, mapping[2]!];
  try {
    return split(reply);
  } catch {
    return reply.trim().split(/\s+/);
  }
}
