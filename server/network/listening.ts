/**
 * Listens on a TCP port, and accepts connections there in one way.
 *
 * @module
 */

import type { Logger } from "npm:@logtape/logtape@2.4.2";
import type { HeliographError } from "../../protocol/errors.ts";
import type { Admission } from "./admission.ts";
import { CarriedSocket } from "./carried_socket.ts";
import type { ClientSocket } from "./client_socket.ts";
import { DirectSocket } from "./direct_socket.ts";
import { addressAndPort, Connection } from "./connection.ts";
import { type Doorway, handshakeCost, longestAnswer } from "./first_byte.ts";
import { preambleProtocol } from "../../protocol/pairing.ts";
import { linger } from "./linger.ts";
import type { LoopTurn } from "./loop_turns.ts";
import { Refusals } from "./refusals.ts";
import { cannotListen } from "./listen_errors.ts";
import type { SocketEnder } from "./socket_ender.ts";
import { within } from "./within.ts";

/** The address that a server listens on. */
export interface ListenOptions {
  /** The TCP port; 0 takes any free one. */
  readonly port?: number;
  /** The address. @default "127.0.0.1" */
  readonly host?: string;
  /** Listens beyond this PC although nothing controls who connects. @default false */
  readonly insecureOpen?: boolean;
}

/** The time that `stop` waits for what runs, in seconds. */
export const drainSeconds = 5;

/** The interval at which stuck clients are looked for, in milliseconds. */
export const sweepInterval = 5000;

/**
 * The errors of `accept` when a client went before its turn came, as port scanners do: the next one is not kept
 * waiting.
 */
const goneBeforeAccepted = [Deno.errors.NotConnected, Deno.errors.ConnectionReset, Deno.errors.ConnectionAborted];

/** The pause after a connection could not be accepted, in milliseconds. */
const acceptPause = 100;

/** The most that a connection which gives way to a new one is waited for, in milliseconds. */
const longestLeaving = 100;

/** So many handshakes may be under way at a TLS port before the next client waits for one of them. */
const handshakesAtOnce = 8;
/** So many may be left unfinished there; the longest there is ended for one more. */
const mostUnfinished = 64;

/** The cost of a new connection beside what comes over it, in characters. */
const arrivalCost = 8192;

/** The options of a {@linkcode TcpPort}. */
export interface TcpPortOptions {
  /** The address. */
  readonly host: string;
  /** The port; 0 takes any free one. */
  readonly port: number;
  /** What chooses another port, for the error. */
  readonly flag: string;
  /** Where it is told that a connection could not be accepted, or was refused. */
  readonly log: Logger;
  /** How many may be connected. */
  readonly admission: Admission;
  /** What whoever cannot be served is told. @param plain What came first, of one that is to use TLS. */
  readonly refusal: (error: HeliographError, plain?: Uint8Array) => string;
  /** Serves a connection; it counts until this has ended. */
  readonly serve: (socket: ClientSocket) => Promise<void>;
  /** What lets clients in, where others than this PC's own can come. @default everybody is served as they come */
  readonly doorway?: Doorway | undefined;
  /** All that comes must be TLS, of a client that names the wire it means, one of these. @default the first byte tells */
  readonly wires?: readonly string[];
  /** When handshakes have their turn. @default that of whoever comes */
  readonly handshakes?: LoopTurn;
  /** For how long one that needs no TLS may say nothing at a doorway, in seconds. @default for ever */
  readonly silentSeconds?: number | undefined;
  /** When whoever comes is let in: to take a connection costs something too. */
  readonly turn: LoopTurn;
}

/** A TCP port on which connections are accepted and counted, one after another, whatever becomes of each. */
export class TcpPort {
  readonly #options: TcpPortOptions;
  readonly #refusals: Refusals;
  #listener: Listener | undefined;
  #port: number;
  #accepting: Promise<void> = Promise.resolve();
  #open = false;
  #failing = false;
  /** Those who are at the doorway. */
  readonly #entering = new Set<Pick<Deno.Conn, "close">>();
  /** Those whose handshake is under way at a TLS port. */
  readonly #unfinished = new Map<DirectSocket, Promise<unknown>>();
  #ender: SocketEnder | undefined;
  #forgetDoorway: () => void = () => {};
  /** Whether it is to listen anew, with another certificate. */
  #anew = false;

  /** Makes one that does not listen yet. @param options Where, and what becomes of connections. */
  constructor(options: TcpPortOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#refusals = new Refusals(options.log);
  }

  /** The address it listens on. */
  get host(): string {
    return this.#options.host;
  }

  /** The port; the wanted one before it listens. */
  get port(): number {
    return this.#listener === undefined ? this.#options.port : this.#port;
  }

  /** Whether connections are accepted. */
  get listening(): boolean {
    return this.#open;
  }

  /** Resolves when it listens no more. */
  get closed(): Promise<void> {
    return this.#accepting;
  }

  /**
   * Takes the port, so that nobody else can: whoever connects waits until it is opened.
   *
   * @throws {HeliographError} `cannot_listen` when the port is in use or the address is not this PC's.
   */
  bind(): void {
    if (this.#listener !== undefined) return;
    this.#listener = this.#listen(this.#options.port);
    this.#port = this.#listener.addr.port;
    if (this.#options.wires === undefined) return;
    this.#ender = this.#options.doorway!.enderOf(this.#port);
    this.#forgetDoorway = this.#options.doorway!.onShow(() => this.#listenAnew());
  }

  /**
   * Accepts connections in the background.
   *
   * @throws {HeliographError} `cannot_listen` when the port is in use or the address is not this PC's.
   */
  open(): void {
    this.bind();
    this.#open = true;
    this.#accepting = this.#accept();
  }

  /** Accepts no more. */
  async close(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#open = false;
    this.#forgetDoorway();
    if (!this.#anew) listener?.close();
    this.#refusals.close();
    for (const socket of this.#entering) closed(socket);
    await this.#accepting;
  }

  #listen(port: number): Listener {
    const { host, flag, wires, doorway } = this.#options;
    try {
      // Deno knows tcpBacklog from 2.9 on, and ignores it before: many clients may connect at once.
      const options = { hostname: host, port, tcpBacklog: 4096 };
      if (wires === undefined) return Deno.listen(options);
      return Deno.listenTls({ ...options, ...doorway!.certificate, alpnProtocols: [preambleProtocol] });
    } catch (error) {
      throw cannotListen(error, host, port, flag);
    }
  }

  /** Shows another certificate. A TLS listener keeps the one it was made with; who waits to be accepted tries again. */
  #listenAnew(): void {
    this.#anew = true;
    this.#listener?.close();
  }

  async #accept(): Promise<void> {
    const { log, turn, wires } = this.#options;
    for (;;) {
      const listener = this.#listener;
      if (listener === undefined) return;
      let socket: Deno.TcpConn | Deno.TlsConn;
      try {
        socket = await listener.accept();
        if (this.#failing) log.info("Connections are accepted again");
        this.#failing = false;
      } catch (error) {
        if (this.#listener !== listener) return;
        if (!goneBeforeAccepted.some((kind) => error instanceof kind)) await this.#failed(listener, error);
        continue;
      }
      this.#admit(socket);
      turn.charge(wires === undefined ? arrivalCost : handshakeCost);
      await turn.pause();
      await this.#settled();
    }
  }

  /** Waits for handshakes, so that a flood of them keeps only others of them waiting. */
  async #paced(): Promise<void> {
    const unfinished = this.#unfinished;
    if (unfinished.size < handshakesAtOnce) return;
    await within(longestAnswer, Promise.race(unfinished.values()));
    if (unfinished.size >= mostUnfinished) unfinished.keys().next().value!.close();
  }

  /** Waits until what was closed has gone: who accepts connections faster than that runs out of descriptors. */
  async #settled(): Promise<void> {
    await this.#refusals.room();
    await this.#paced();
    const until = performance.now() + longestLeaving;
    while (this.#options.admission.overdrawn && performance.now() < until) await new Promise((r) => setTimeout(r, 1));
  }

  /** Out of file descriptors, say: those who are connected go on, and some of them will go. */
  async #failed(listener: Listener, error: unknown): Promise<void> {
    const { log } = this.#options;
    const anew = this.#anew;
    this.#anew = false;
    if (anew) {
      try {
        this.#listener = this.#listen(this.#port);
        return;
      } catch {
        // Told below.
      }
    }
    if (!this.#failing) log.error("Cannot accept a connection: {error}", { error });
    this.#failing = true;
    await new Promise((resolve) => setTimeout(resolve, acceptPause));
    if (this.#listener !== listener || !(error instanceof Deno.errors.BadResource)) return;
    // The listener itself has ended: nobody could connect any more, and nobody would notice.
    try {
      this.#listener = this.#listen(this.#port);
      log.warning("Listening on {host}:{port} again", { host: this.host, port: this.#port });
    } catch {
      // It is tried again after the next pause.
    }
  }

  #admit(accepted: Deno.TcpConn | Deno.TlsConn): void {
    const { admission, refusal } = this.#options;
    const socket = this.#ender === undefined ? accepted as Deno.TcpConn : this.#direct(accepted as Deno.TlsConn);
    try {
      const { hostname } = socket.remoteAddr;
      const refused = admission.enter(hostname);
      if (refused === undefined) return void this.#serve(socket).finally(() => admission.leave(hostname));
      const connection = new Connection(socket, { queuedBytes: 65_536, stuckSeconds: 1 });
      this.#refusals.refuse(connection, refused, refusal(refused));
    } catch (error) {
      this.#lost(socket, error);
    }
  }

  async #serve(socket: Deno.TcpConn | DirectSocket): Promise<void> {
    const { serve, doorway } = this.#options;
    try {
      if (doorway === undefined) return await serve(socket);
      const entered = socket instanceof DirectSocket
        ? await this.#enterDirectly(socket, doorway)
        : await this.#enter(socket, doorway);
      if (entered === undefined) return;
      await serve(entered);
      // It may have descriptors for a moment longer.
      if (entered instanceof CarriedSocket || entered instanceof DirectSocket) await entered.gone;
    } catch (error) {
      this.#lost(socket, error);
    }
  }

  /** Lets somebody in, or sends them away. @returns What stands for the socket; `undefined` where they have gone. */
  async #enter(socket: Deno.TcpConn, doorway: Doorway): Promise<ClientSocket | undefined> {
    const { turn, handshakes = turn, silentSeconds, refusal } = this.#options;
    const { hostname, port } = socket.remoteAddr;
    this.#entering.add(socket);
    try {
      const entered = await doorway.enter(socket, handshakes, silentSeconds);
      if (entered !== undefined && "say" in entered) {
        const connection = new Connection(socket, { queuedBytes: 65_536, stuckSeconds: 1 });
        connection.send(entered.say);
        await linger(connection);
        return undefined;
      }
      if (entered === undefined || !("error" in entered)) return entered;
      const { error, plain } = entered;
      if (plain === undefined) this.#refusals.tell(addressAndPort(hostname, port), error);
      else {
        const connection = new Connection(socket, { queuedBytes: 65_536, stuckSeconds: 1 });
        this.#refusals.refuse(connection, error, refusal(error, plain));
        await connection.ended;
      }
      return undefined;
    } finally {
      this.#entering.delete(socket);
    }
  }

  /** What stands for a socket that a TLS listener has accepted. */
  #direct(accepted: Deno.TlsConn): DirectSocket {
    const socket = new DirectSocket(accepted, this.#ender!);
    this.#unfinished.set(socket, socket.answered.then(() => this.#unfinished.delete(socket)));
    return socket;
  }

  /** Lets somebody in at a TLS port, or sends them away. */
  async #enterDirectly(socket: DirectSocket, doorway: Doorway): Promise<ClientSocket | undefined> {
    const { hostname, port } = socket.remoteAddr;
    this.#entering.add(socket);
    try {
      const entered = await doorway.greet(socket, this.#options.wires);
      if (entered === undefined || !("error" in entered)) return entered;
      this.#refusals.tell(addressAndPort(hostname, port), entered.error);
      return undefined;
    } finally {
      this.#entering.delete(socket);
    }
  }

  #lost(socket: Pick<Deno.Conn, "close">, error: unknown): void {
    this.#options.log.debug("A client went before it was served: {error}", { error });
    closed(socket);
  }
}

/** What a port listens with. */
type Listener = Deno.TcpListener | Deno.TlsListener;

function closed(socket: Pick<Deno.Conn, "close">): void {
  try {
    socket.close();
  } catch {
    // It has been closed already.
  }
}
