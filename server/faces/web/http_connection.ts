/**
 * Serves one connection of HTTP/1.1: its requests one after another, each bounded in time and in length.
 *
 * @module
 */

import type { Connection } from "../../network/connection.ts";
import type { Limits } from "../../access/limits.ts";
import { linger } from "../../network/linger.ts";
import type { LoopTurn } from "../../network/loop_turns.ts";
import { HttpError } from "./http_error.ts";
import { RequestInput } from "./request_input.ts";
import { type RequestHead, RequestParser } from "./request_parser.ts";
import { writeHead, writeResponse } from "./response_writer.ts";

/** The upgrade of a connection after a request that wants another protocol. */
export interface Upgrade {
  /** The fields that accept it. */
  readonly headers: Headers;
  /** Serves the connection to its end. @param input What comes over it. */
  readonly serve: (connection: Connection, input: RequestInput) => Promise<void>;
}

/** The parts of its server that a connection needs. */
export interface HttpService {
  /** What clients may use. */
  readonly limits: Pick<Limits, "headBytes" | "unfinishedHeadSeconds" | "unfinishedMessageSeconds" | "idleSeconds">;
  /** When the client's requests have their turns. */
  readonly turn: LoopTurn;
  /** The server's own address, which requests are read with: whom they mean is in their header. */
  readonly base: string;
  /** Answers a request; it never fails. */
  readonly answer: (request: Request) => Promise<Response | Upgrade>;
  /** What is wrong with a request that cannot be answered, as a response. */
  readonly refuse: (error: HttpError) => Response;
}

/**
 * The cost of a request, in characters: so much that each looks at the clock, since many connections may bring one
 * each.
 */
const requestCost = 65_536;

/** Deno makes no requests of these. */
const unsupported = new Set(["CONNECT", "TRACE", "TRACK"]);

/** A client's connection. */
export class HttpConnection {
  /** The client's IP address. */
  readonly hostname: string;
  readonly #connection: Connection;
  readonly #service: HttpService;
  readonly #input: RequestInput;
  #idleSince: number | undefined = performance.now();
  #ending = false;
  /** Aborted when the client has gone before its request was answered. */
  #asking: AbortController | undefined;

  /** Takes over a connection, and closes it at its end. @param service Who answers. */
  constructor(connection: Connection, service: HttpService) {
    this.hostname = connection.hostname;
    this.#connection = connection;
    this.#service = service;
    this.#input = new RequestInput(connection);
  }

  /** Since when nothing is being asked, by `performance.now()`; `undefined` while something is. */
  get idleSince(): number | undefined {
    return this.#idleSince;
  }

  /** Drops a client that has read nothing for too long. */
  dropIfStuck(): void {
    this.#connection.dropIfStuck();
  }

  /** Ends it: at once where nothing is being asked, after the answer otherwise. */
  end(): void {
    this.#ending = true;
    if (this.#idleSince !== undefined) this.close();
  }

  /** Closes it. */
  close(): void {
    this.#idleSince = undefined;
    this.#connection.close();
  }

  /** Serves it to its end. */
  async serve(): Promise<void> {
    using parser = new RequestParser(this.#service.limits.headBytes);
    try {
      while (await this.#head(parser)) {
        this.#service.turn.charge(requestCost);
        const pause = this.#service.turn.pause();
        if (pause !== undefined) await pause;
        const next = await this.#answer(parser);
        if (next !== true) return await (next || this.#linger());
        parser.next();
      }
    } catch (error) {
      // Whatever it was, the client has gone and reads no answer.
      if (!(error instanceof HttpError)) {
        if (this.#connection.closed) return;
        throw error;
      }
      await this.#refuse(error);
    } finally {
      this.#asking?.abort();
      this.close();
    }
  }

  /** Waits for a request. @returns Whether one came. */
  async #head(parser: RequestParser): Promise<boolean> {
    const { unfinishedHeadSeconds, idleSeconds } = this.#service.limits;
    const input = this.#input;
    const late = () => {
      const message = `Cannot read the request: its head was left unfinished for ${unfinishedHeadSeconds} s`;
      return new HttpError(408, "bad_message", message, { "Connection": "close" });
    };
    if (input.bytes.length === 0) {
      if (this.#ending) return false;
      this.#idleSince = performance.now();
      const idle = new Error("it asked for nothing");
      try {
        if (!await input.moreWithin(idleSeconds, () => idle)) return false;
      } catch (error) {
        if (error === idle) return false;
        throw error;
      }
    }
    this.#idleSince = undefined;
    const until = performance.now() + unfinishedHeadSeconds * 1000;
    while (parser.head === undefined) {
      if (!await input.moreWithin((until - performance.now()) / 1000, late)) return false;
      input.take(parser.parse(input.bytes));
    }
    return true;
  }

  /**
   * Answers the request whose head was read.
   *
   * @returns Whether another one may follow; or what serves the connection from here on.
   */
  async #answer(parser: RequestParser): Promise<boolean | Promise<void>> {
    const head = parser.head!;
    const asking = this.#asking = new AbortController();
    if (parser.complete) this.#watch(asking);
    const answered = await this.#service.answer(
      requestOf(head, this.#service.base, this.#body(parser, asking), asking.signal),
    );
    this.#asking = undefined;
    if (!(answered instanceof Response)) {
      writeHead(this.#connection, 101, answered.headers, []);
      return answered.serve(this.#connection, this.#input);
    }
    // What came of the body with the head is passed over; what did not is not waited for.
    while (!parser.complete && this.#input.bytes.length > 0) this.#input.take(parser.parse(this.#input.bytes));
    const keepAlive = head.keepAlive && !head.upgrade && parser.complete && !this.#ending &&
      answered.headers.get("connection")?.toLowerCase() !== "close";
    return await writeResponse(this.#connection, answered, head, keepAlive);
  }

  /** Whoever closes the connection is not waiting for the answer any more. */
  #watch(asking: AbortController): void {
    void this.#input.more().then((more) => {
      if (!more && this.#asking === asking) asking.abort();
    });
  }

  /** The body, read when somebody wants it; `undefined` where there is none. */
  #body(parser: RequestParser, asking: AbortController): ReadableStream<Uint8Array> | undefined {
    const { fields, modern } = parser.head!;
    if (parser.complete && !parser.hasBody) return undefined;
    let expected = modern &&
      fields.some(([name, value]) => name.toLowerCase() === "expect" && value.toLowerCase() === "100-continue");
    return new ReadableStream({
      pull: async (controller) => {
        for (;;) {
          const pieces = parser.takeBody();
          for (const piece of pieces) controller.enqueue(piece);
          if (parser.complete) {
            this.#watch(asking);
            return controller.close();
          }
          if (pieces.length > 0) return;
          if (expected && this.#input.bytes.length === 0) this.#connection.send("HTTP/1.1 100 Continue\r\n\r\n");
          expected = false;
          if (!await this.#input.more()) throw new Error("the connection ended in the middle of its body");
          this.#input.take(parser.parse(this.#input.bytes));
        }
      },
    }, { highWaterMark: 0 });
  }

  async #refuse(error: HttpError): Promise<void> {
    try {
      await writeResponse(this.#connection, this.#service.refuse(error), { method: "GET", modern: true }, false);
      await this.#linger();
    } catch {
      // The client has gone.
    }
  }

  /** Closes it so that the last answer arrives. */
  async #linger(): Promise<void> {
    await linger(this.#connection, () => this.#input.rest());
  }
}

/** A request as the server's routes take it. @throws {HttpError} 400 for what cannot be one. */
function requestOf(
  { method, target, fields }: RequestHead,
  base: string,
  body: ReadableStream<Uint8Array> | undefined,
  signal: AbortSignal,
): Request {
  const bad = (what: string) => new HttpError(400, "bad_message", `Cannot read the request: ${what}`, closing);
  if (unsupported.has(method)) throw new HttpError(501, "bad_message", `Cannot ${method}: this is no proxy`, closing);
  let headers: Headers;
  try {
    headers = new Headers(fields as [string, string][]);
  } catch (error) {
    throw bad((error as Error).message);
  }
  let url: URL | null;
  if (target.startsWith("/")) url = URL.parse(base + target);
  else {
    // As to a proxy: what it names goes before the Host header.
    url = URL.parse(target);
    if (url?.protocol !== "http:") url = null;
    else {
      headers.set("host", url.host);
      url = URL.parse(base + url.pathname + url.search);
    }
  }
  if (url === null) throw bad("its target is no path");
  // A GET has no body: one that comes all the same is passed over.
  const takesBody = body !== undefined && method !== "GET" && method !== "HEAD";
  return new Request(url, { method, headers, signal, ...(takesBody ? { body } : {}) });
}

const closing = { "Connection": "close" };
