/**
 * The port of heliograph's own programs on other PCs: TLS alone, and all wires.
 *
 * Elsewhere the first byte tells TLS from plain bytes, and what is TLS is carried to a listener within: that costs half of
 * what a connection can carry, and three descriptors. Here a TLS listener accepts clients itself; they say which wire
 * they mean before it begins.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { Admission } from "../../network/admission.ts";
import type { ClientSocket } from "../../network/client_socket.ts";
import { TcpPort } from "../../network/listening.ts";
import type { ListenerAddress, Services } from "../../services.ts";
import type { Face } from "../face.ts";

/** A face that serves what has come to this port. */
export interface Wire {
  /** What a client calls it. */
  readonly name: ListenerAddress["protocol"];
  /** Serves a client to its end. */
  take(socket: ClientSocket): Promise<void>;
}

/** The options of a {@linkcode TlsServer}. */
export interface TlsServerOptions {
  /** The address: one beyond this PC. */
  readonly host: string;
  /** The TCP port; 0 takes any free one. */
  readonly port: number;
  /** The faces that clients may mean. */
  readonly wires: readonly Wire[];
}

/** A port that speaks TLS, and serves all wires. */
export class TlsServer implements Face {
  /** What it is called. */
  readonly name = "tls";
  readonly #port: TcpPort;

  /**
   * Makes a server; `start` makes it listen.
   *
   * @param services What it shares with the other servers of the process; there is a doorway among it.
   * @param options Where it listens, and what it serves.
   */
  constructor(services: Services, { host, port, wires }: TlsServerOptions) {
    const faces = new Map<string, Wire>(wires.map((wire) => [wire.name, wire]));
    this.#port = new TcpPort({
      host,
      port,
      flag: "--tls-port",
      log: getLogger(["heliograph", "tls"]),
      admission: new Admission({
        what: "the connection",
        mostPerAddress: services.limits.connectionsPerAddress,
        capacity: services.capacity,
      }),
      refusal: ({ code, message }) => `${JSON.stringify({ ok: false, error: { code, message } })}\n`,
      serve: (socket) => faces.get(socket.secured!.wire!)!.take(socket),
      doorway: services.doorway,
      wires: [...faces.keys()],
      turn: services.turns.client(),
    });
  }

  /** The port it listens on; the wanted one before it listens. */
  get port(): number {
    return this.#port.port;
  }

  /** Where it listens now. */
  get addresses(): readonly ListenerAddress[] {
    const { listening, host, port } = this.#port;
    return listening ? [{ protocol: this.name, host, port }] : [];
  }

  /** Takes the port: whoever connects waits until `start`. @throws {HeliographError} `cannot_listen` */
  bind(): void {
    this.#port.bind();
  }

  /** Serves in the background. @throws {HeliographError} `cannot_listen` */
  start(): void {
    if (!this.#port.listening) this.#port.open();
  }

  /** Takes nothing new; each face ends those whom it serves. */
  async stop(): Promise<void> {
    await this.#port.close();
  }
}
