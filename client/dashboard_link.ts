/**
 * One connection to a dashboard socket; it finds out by itself whether the server is framed (heliograph) or raw
 * (PyOpticon).
 *
 * @module
 */

import { joined } from "../protocol/bytes.ts";
import type { FramedReply, OutputEvent, WatchEvent } from "../protocol/framed_message.ts";
import { type ErrorCode, errorCodes, HeliographError } from "../protocol/errors.ts";
import { otherServer, serverKind } from "../protocol/other_server.ts";
import { type LineFault, LineSplitter } from "../protocol/line_splitter.ts";
import type { LinkConnection } from "./secure.ts";
import { writeText } from "./waiting.ts";

/** A successful reply of heliograph: a value, and where it is a field's, its unit, quality and so on. */
export type FramedAnswer = FramedReply & { readonly ok: true };

/** A reply, from whichever of the two it came. */
export type LinkReply =
  | { readonly dialect: "raw"; readonly text: string }
  | { readonly dialect: "framed"; readonly reply: FramedAnswer };

interface Waiting {
  readonly id: number;
  readonly resolve: (reply: LinkReply) => void;
  readonly reject: (reason: HeliographError) => void;
  readonly output: (text: string) => void;
}

/** A raw dashboard takes no longer message. */
const longestRawMessage = 1024;

/** Replies longer than this cannot be from a server that means well. */
const longestLine = 64 * 1024 * 1024;

/** The time after a first line that could be a greeting, within which an answer to the question comes, in milliseconds. */
const greetingPause = 200;

/** The time that a server of another kind has to greet before anything is asked, in milliseconds; no dashboard does. */
const quietPause = 20;
/** In so many parts: a PC that is busy sees what has come in between, rather than only that the time is over. */
const quietParts = 4;

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

/** One connection; it is not used again after it has ended. */
export class DashboardLink {
  /** What the server speaks; told by its first reply. */
  dialect: "unknown" | "framed" | "raw" = "unknown";
  readonly #connection: LinkConnection;
  readonly #where: string;
  readonly #splitter = new LineSplitter(longestLine);
  readonly #waiting = new Map<number, Waiting>();
  readonly #abandoned = new Set<number>();
  readonly #watches = new Map<number, (event: WatchEvent | HeliographError) => void>();
  readonly #decided = Promise.withResolvers<void>();
  #undecided: Uint8Array[] = [];
  #greetingTimer: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when it may be asked: nothing said so far can be a reply. */
  readonly #quiet = Promise.withResolvers<void>();
  #quietTimer: ReturnType<typeof setTimeout> | undefined;
  #asked = false;
  #greeted = false;
  /** Where the dialect is raw or unknown, requests take turns: a raw reply does not say what it answers. */
  #turn: Promise<unknown> = Promise.resolve();
  #writing: Promise<unknown> = Promise.resolve();
  #ended: HeliographError | undefined;

  /**
   * Begins to read.
   *
   * @param connection An open connection, which the link closes.
   * @param where The server's address, for errors.
   */
  constructor(connection: LinkConnection, where = "the dashboard") {
    this.#connection = connection;
    this.#where = where;
    this.#decided.promise.catch(() => {});
    this.#awaitQuiet(quietParts);
    void this.#receive();
  }

  #awaitQuiet(parts: number): void {
    if (parts === 0) this.#quiet.resolve();
    else this.#quietTimer = setTimeout(() => this.#awaitQuiet(parts - 1), quietPause / quietParts);
  }

  /** Whether it can still be used. */
  get open(): boolean {
    return this.#ended === undefined;
  }

  /**
   * Sends a message and waits for its reply.
   *
   * @param id A number that no other message of this link has.
   * @param message The message, without its id.
   * @param output Told what code prints that the message sends.
   * @throws {HeliographError} What a framed server answers, or `connection_lost`.
   */
  async request(
    id: number,
    message: Readonly<Record<string, unknown>>,
    output: (text: string) => void = () => {},
  ): Promise<LinkReply> {
    if (this.dialect === "framed") return await this.#send(id, message, output);
    const turn = this.#turn.then(async () => {
      await this.#quiet.promise;
      if (this.#abandoned.delete(id)) {
        throw new HeliographError("aborted", "The request was given up before it was sent");
      }
      // The first request alone finds out the dialect; those that waited for it may go at once if it is framed.
      const reply = this.#send(id, message, output);
      return this.dialect === "framed" ? { reply } : { reply: Promise.resolve(await reply) };
    });
    this.#turn = turn.catch(() => {});
    return await (await turn).reply;
  }

  /**
   * Gives up waiting for a request. One that has not been sent will not be; where replies carry no ids, one that has
   * been sent ends the link, since its late reply would be taken for the next one's.
   */
  abandon(id: number): void {
    if (this.dialect === "framed") return void this.#waiting.delete(id);
    if (!this.#waiting.has(id)) return void this.#abandoned.add(id);
    this.end(lost("a request before got no reply in time"));
  }

  /** Takes the events of a Watch message of that id, or the error that ended them. */
  listen(id: number, listener: (event: WatchEvent | HeliographError) => void): void {
    this.#watches.set(id, listener);
  }

  /** Takes no more events of that id. */
  unlisten(id: number): void {
    this.#watches.delete(id);
  }

  /** Resolves when the dialect is known. */
  get decided(): Promise<void> {
    return this.#decided.promise;
  }

  /** Says goodbye and closes it. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const goodbye = this.#write(JSON.stringify({ cmd: "Close" })).catch(() => {});
    // A server that reads nothing any more does not keep the client waiting.
    const waited = Promise.withResolvers<void>();
    const timer = setTimeout(waited.resolve, 100);
    await Promise.race([goodbye, waited.promise]);
    clearTimeout(timer);
    this.end(new HeliographError("connection_lost", "The client was closed before the reply came"));
  }

  /** Ends it, since no dashboard would have said that. @returns The error. */
  refuse(text: string): HeliographError {
    const reason = otherServer(this.#where, text, "dashboard");
    this.end(reason);
    return reason;
  }

  /** Ends it; whatever waits for a reply gets the error. */
  end(reason: HeliographError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    clearTimeout(this.#greetingTimer);
    clearTimeout(this.#quietTimer);
    this.#quiet.resolve();
    this.#connection.close();
    this.#decided.reject(reason);
    for (const { reject } of this.#waiting.values()) reject(reason);
    for (const listener of this.#watches.values()) listener(reason);
    this.#waiting.clear();
    this.#watches.clear();
  }

  async #send(
    id: number,
    message: Readonly<Record<string, unknown>>,
    output: (text: string) => void,
  ): Promise<LinkReply> {
    if (this.#ended !== undefined) throw this.#ended;
    const text = JSON.stringify({ id, ...message });
    if (this.dialect === "raw" && new TextEncoder().encode(text).length > longestRawMessage) {
      throw new HeliographError(
        "message_too_long",
        `Cannot send ${message.cmd}: an original PyOpticon dashboard takes at most ${longestRawMessage} bytes`,
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<LinkReply>();
    promise.catch(() => {});
    this.#waiting.set(id, { id, resolve, reject, output });
    this.#asked = true;
    // The line end is for servers of other kinds, which then answer at once; both dashboards take it for white space.
    await this.#write(this.dialect === "unknown" ? `${text}\n` : text);
    return await promise;
  }

  #write(text: string): Promise<void> {
    const written = this.#writing.then(() => writeText(this.#connection, text));
    this.#writing = written.catch((error) => this.end(lost(error)));
    return written.catch((error) => {
      throw this.#ended ?? lost(error);
    });
  }

  async #receive(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (
        let count = await this.#connection.read(buffer);
        count !== null;
        count = await this.#connection.read(buffer)
      ) {
        this.#take(buffer.subarray(0, count));
      }
      if (this.#greeted) this.refuse(new TextDecoder().decode(joined(this.#undecided)));
      else this.end(lost("the server closed it"));
    } catch (error) {
      this.end(lost(error));
    }
  }

  #take(bytes: Uint8Array): void {
    if (this.dialect === "raw") return this.#takeRaw(bytes);
    if (this.dialect === "framed") return this.#takeLines(bytes);
    this.#undecided.push(bytes.slice());
    clearTimeout(this.#greetingTimer);
    const text = new TextDecoder().decode(joined(this.#undecided));
    const found = serverKind(text);
    this.#greeted ||= !this.#asked;
    if (found !== undefined && found !== "dashboard") return void this.refuse(text);
    if (this.#greeted) {
      // What it is may be told by how it answers.
      this.#quiet.resolve();
      this.#greetingTimer = setTimeout(() => this.refuse(text), greetingPause);
      return;
    }
    const framedStart = '{"id":';
    const couldBeFramed = text.startsWith(framedStart) || framedStart.startsWith(text);
    if (couldBeFramed && !text.includes("\n")) return;
    // A dashboard's text does not end so, but an azcam server's greeting does; its answer comes after it.
    if (text.endsWith("\r\n")) this.#greetingTimer = setTimeout(() => this.#decide("raw"), greetingPause);
    else this.#decide(couldBeFramed ? "framed" : "raw");
  }

  #decide(dialect: "framed" | "raw"): void {
    this.dialect = dialect;
    this.#decided.resolve();
    const all = joined(this.#undecided);
    this.#undecided = [];
    this.#take(all);
  }

  /** A raw reply is whatever comes in one piece, as PyOpticon's own client takes it. */
  #takeRaw(bytes: Uint8Array): void {
    const [first] = this.#waiting.values();
    if (first === undefined) return;
    this.#waiting.delete(first.id);
    first.resolve({ dialect: "raw", text: new TextDecoder().decode(bytes) });
  }

  #takeLines(bytes: Uint8Array): void {
    const lines: (string | LineFault)[] = [];
    this.#splitter.push(bytes, lines);
    for (const line of lines) {
      if (typeof line !== "string") throw new Error("the server sent what is not a line of UTF-8");
      const message = JSON.parse(line) as FramedReply | OutputEvent | WatchEvent;
      if (!("event" in message)) this.#answer(message);
      else if (message.event === "output") this.#waiting.get(message.id as number)?.output(message.text);
      else this.#watches.get(message.id as number)?.(message);
    }
  }

  #answer(reply: FramedReply): void {
    // What the server could not read has no id; where a single request waits, it is that one.
    const [only] = this.#waiting.size === 1 && reply.id === null ? this.#waiting.values() : [];
    const waiting = only ?? this.#waiting.get(reply.id as number);
    if (waiting === undefined) return;
    this.#waiting.delete(waiting.id);
    if (reply.ok) return waiting.resolve({ dialect: "framed", reply });
    const { code, message } = reply.error;
    waiting.reject(new HeliographError(isErrorCode(code) ? code : "command_failed", message));
  }
}

function lost(why: unknown): HeliographError {
  const text = why instanceof Error ? why.message : String(why);
  return new HeliographError("connection_lost", `The connection to the dashboard ended: ${text}`, { cause: why });
}
