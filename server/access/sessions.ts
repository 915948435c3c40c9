/**
 * The sessions of a server: one for each connection, with its principal and its turn.
 *
 * @module
 */

import type { SessionDescription } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { withoutSecrets } from "../../protocol/secrets.ts";
import type { Principal } from "./principal.ts";
import { beginsHttp } from "../../protocol/http_guard.ts";
import { joined } from "../../protocol/bytes.ts";
import type { ClientConnection, Connection } from "../network/connection.ts";
import type { LoopTurn } from "../network/loop_turns.ts";

/** A client that leaves more than so many characters of replies unread is not read from. */
const unreadUntil = 65_536;

/** The parts of a session. */
export interface SessionParts<C extends ClientConnection = ClientConnection> {
  /** Who it is. */
  readonly principal: Principal<SessionDescription["protocol"]>;
  /** What carries it. */
  readonly connection: C;
  /** What is done for it before others come in between. */
  readonly turn: LoopTurn;
}

/** The session of one connection of a principal. */
export class Session<C extends ClientConnection = ClientConnection> implements SessionParts<C> {
  /** Who it is. */
  readonly principal: Principal<SessionDescription["protocol"]>;
  /** What carries it. */
  readonly connection: C;
  /** What is done for it before others come in between. */
  readonly turn: LoopTurn;
  /** Whether it shall end once what it asked for is answered. */
  ending = false;
  readonly #connected = Date.now();
  #lastRequest: string | (() => string) = "";
  #lastRequestTime = 0;
  #working = 0;

  /**
   * Opens a session.
   *
   * @param parts Who it is, and what carries it.
   */
  constructor({ principal, connection, turn }: SessionParts<C>) {
    this.principal = principal;
    this.connection = connection;
    this.turn = turn;
  }

  /**
   * Notes what it last asked, for `status`.
   *
   * @param request The text, or how to make it if somebody wants it.
   * @param time When, in milliseconds since 1970.
   */
  asked(request: string | (() => string), time: number): void {
    this.#lastRequest = request;
    this.#lastRequestTime = time;
  }

  /**
   * Lets the client read its replies, and others come in between, where either is due: after each of its requests.
   *
   * @returns When to go on with its next request; `undefined` means at once.
   */
  pace(): Promise<void> | undefined {
    const { waitsUntil } = this.principal;
    if (waitsUntil > 0) return this.#wait(waitsUntil);
    if (this.connection.queued > unreadUntil) return this.connection.flush().then(() => this.turn.pause());
    return this.turn.pause();
  }

  async #wait(until: number): Promise<void> {
    this.principal.waitsUntil = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, until - performance.now());
    await Promise.race([promise, this.connection.ended]);
    clearTimeout(timer);
  }

  /** How many of its requests are being worked on. */
  get working(): number {
    return this.#working;
  }

  /** A request of it is being worked on: it is not closed before `answered`. */
  work(): void {
    this.#working++;
  }

  /** A request has been answered. */
  answered(): void {
    this.#working--;
    if (this.ending) this.end();
  }

  /** Ends it: at once where nothing is being worked on, after the last answer has gone out otherwise. */
  end(): void {
    this.ending = true;
    if (this.#working === 0) this.connection.flush().then(() => this.connection.close(), () => {});
  }

  /** As `status` tells it. */
  describe(): SessionDescription {
    const last = withoutSecrets(typeof this.#lastRequest === "string" ? this.#lastRequest : this.#lastRequest());
    const { id, name, address, by, role, person } = this.principal;
    return {
      session: id,
      name,
      address,
      protocol: by,
      role,
      person,
      connected: new Date(this.#connected).toISOString(),
      lastRequest: last.length > 200 ? `${last.slice(0, 200)}…` : last,
      lastRequestTime: this.#lastRequestTime === 0 ? null : new Date(this.#lastRequestTime).toISOString(),
    };
  }
}

/** A client that speaks over TCP itself. */
export class SocketSession extends Session<Connection> {
  #first: Uint8Array[] | undefined = [];

  /**
   * The next bytes from the client. A connection that begins with HTTP is closed: it is a page in somebody's browser,
   * which can reach this PC but is not to drive its instruments.
   *
   * @returns The bytes, to be used before the next call, or `null` at the end.
   */
  receive(): Promise<Uint8Array | null> {
    return this.#first === undefined ? this.connection.read() : this.#receiveFirst(this.#first);
  }

  async #receiveFirst(pieces: Uint8Array[]): Promise<Uint8Array | null> {
    for (;;) {
      const bytes = await this.connection.read();
      if (bytes === null) return null;
      // Kept as a copy: the connection reuses its buffer.
      pieces.push(bytes.slice());
      const start = joined(pieces);
      const http = beginsHttp(start);
      if (http === undefined) continue;
      this.#first = undefined;
      if (!http) return start;
      this.connection.close(new Error("it speaks HTTP, which this port does not; nothing of it was run"));
      return null;
    }
  }
}

/** The sessions of a server, whichever wire they speak. */
export class Sessions {
  readonly #open = new Map<number, Session>();
  readonly #come: ((session: Session) => void)[] = [];
  readonly #left: ((session: Session) => void)[] = [];
  #last = 0;

  /** A number for a new session. */
  nextId(): number {
    return ++this.#last;
  }

  /** Knows a session from now on. */
  add(session: Session): void {
    this.#open.set(session.principal.id, session);
    for (const listener of this.#come) listener(session);
  }

  /** Forgets a session whose connection has ended. */
  delete(session: Session): void {
    this.#open.delete(session.principal.id);
    for (const listener of this.#left) listener(session);
  }

  /** Calls the listener whenever a session is opened. It must not throw. */
  onCome(listener: (session: Session) => void): void {
    this.#come.push(listener);
  }

  /** Calls the listener whenever a session's connection has ended. It must not throw. */
  onLeave(listener: (session: Session) => void): void {
    this.#left.push(listener);
  }

  /** A session by its number, or `undefined`. */
  find(id: number): Session | undefined {
    return this.#open.get(id);
  }

  /**
   * The session that somebody means.
   *
   * @param client Its number or its name.
   * @throws {HeliographError} `unknown_client` where there is none, `bad_argument` where several PCs have one of that name.
   */
  called(client: string | number): Session {
    const number = typeof client === "number" || /^\d+$/.test(client) ? Number(client) : undefined;
    const meant = [...this.#open.values()].filter(({ principal: { id, name, gone } }) =>
      !gone && (number === undefined ? name === client && name !== "" : id === number)
    );
    const [found] = meant;
    if (found === undefined) {
      throw new HeliographError(
        "unknown_client",
        `No client has the number or the name ${String(client).slice(0, 64)}; "status" tells who is connected`,
      );
    }
    if (meant.some(({ principal }) => principal.hostname !== found.principal.hostname)) {
      const numbers = meant.map(({ principal: { id, hostname } }) => `${id} (${hostname})`).join(", ");
      throw new HeliographError("bad_argument", `Cannot tell which ${client} is meant: give one's number, ${numbers}`);
    }
    return found;
  }

  /** Everybody who is connected, oldest first. */
  get all(): readonly Session[] {
    return [...this.#open.values()];
  }

  /** Everybody who is connected, as `status` tells it, oldest first. */
  describe(): SessionDescription[] {
    return [...this.#open.values()].map((session) => session.describe());
  }
}
