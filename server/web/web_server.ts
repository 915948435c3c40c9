/**
 * The server of HTTP and WebSockets: the API, azcam's web API, monitoring, and the place of the page.
 *
 * @module
 */

import { getLogger, type Logger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { Admission } from "../admission.ts";
import { addressAndPort } from "../connection.ts";
import { answerableError } from "../dispatcher.ts";
import { roleOfAddress } from "../roles.ts";
import type { ListenerAddress, Services } from "../services.ts";
import { cannotListen, checkOpen, drainSeconds, type ListenOptions, sweepInterval } from "../listening.ts";
import { apiRoutes } from "./api_routes.ts";
import { assetResponse, assets } from "./assets.ts";
import { azcamRoutes } from "./azcam_api.ts";
import { readJson } from "./body.ts";
import { HttpClient, nameOf } from "./http_client.ts";
import { errorResponse, HttpError } from "./http_error.ts";
import { checkHost, checkJson, checkOrigin, ownHosts, securityHeaders } from "./request_guard.ts";
import { findRoute, type Route } from "./routes.ts";
import type { LoopTurn } from "../loop_turns.ts";
import { within } from "../within.ts";
import { WebSession } from "./web_session.ts";
import { WebSocketConnection } from "./web_socket_connection.ts";

/** How long the last responses may take to go out once everything is answered, in milliseconds. */
const closingTime = 1000;

/** Where a {@linkcode WebServer} listens, and under which names people reach it. */
export interface WebListenOptions extends ListenOptions {
  /** Names of this PC beside `localhost` and its address; requests for others are refused. @default none */
  readonly names?: readonly string[];
}

/** A server of HTTP on one TCP port. */
export class WebServer {
  readonly #services: Services;
  readonly #host: string;
  readonly #wantedPort: number;
  readonly #names: readonly string[];
  readonly #log: Logger = getLogger(["heliograph", "web"]);
  readonly #routes: readonly Route[];
  readonly #requests: Admission;
  readonly #sockets: Admission;
  readonly #served = new Map<WebSession, Promise<void>>();
  readonly #turn: LoopTurn;
  readonly #inFlight = new Set<Promise<Response>>();
  readonly #describe = (): ListenerAddress => ({ protocol: "web", host: this.#host, port: this.port });
  #server: Deno.HttpServer<Deno.NetAddr> | undefined;
  #isOwn: (host: string) => boolean = () => false;
  #sweep: ReturnType<typeof setInterval> | undefined;
  /** Answers each request that is not answered yet. */
  readonly #unanswered = new Set<(response: Response) => void>();
  #stopping: Promise<void> | undefined;

  /**
   * Makes a server; `start` makes it listen.
   *
   * @param services Bench, dispatcher, sessions and limits.
   * @param options Where to listen; the port is 2403 by default, azcam's.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and `insecureOpen` is not given.
   */
  constructor(
    services: Services,
    { host = "127.0.0.1", port = 2403, insecureOpen = false, names = [] }: WebListenOptions = {},
  ) {
    checkOpen(host, insecureOpen);
    this.#services = services;
    this.#turn = services.turns.client();
    this.#host = host;
    this.#wantedPort = port;
    this.#names = names;
    const { connections, connectionsPerAddress, requestsInFlight } = services.limits;
    this.#requests = new Admission("the request", connections, requestsInFlight);
    this.#sockets = new Admission("the WebSocket", connections, connectionsPerAddress);
    const socket: Route = {
      method: "GET",
      path: "/ws",
      head: false,
      operation: {
        summary: "Open a WebSocket that speaks the framed dialect, one message in each text frame",
        answers: { status: 101, description: "It is open" },
      },
      answer: () => {
        throw new HttpError(426, "bad_message", "Cannot answer a plain request here: open a WebSocket", {
          "Upgrade": "websocket",
        });
      },
    };
    this.#routes = [
      ...[...assets].map(([path, file]): Route => ({
        method: "GET",
        path,
        harmless: true,
        operation: { summary: "A file of the page", answers: { description: "The file", type: file.type } },
        answer: ({ request }) => assetResponse(file, request.headers),
      })),
      ...apiRoutes(services, () => this.#stopping === undefined, [
        socket,
        ...azcamRoutes(services.dispatcher, this.#log),
      ]),
    ];
  }

  /** The port it listens on; the wanted one before it listens. */
  get port(): number {
    return this.#server?.addr.port ?? this.#wantedPort;
  }

  /** The address it listens on. */
  get host(): string {
    return this.#host;
  }

  /** Whether it listens. */
  get listening(): boolean {
    return this.#server !== undefined;
  }

  /**
   * Serves in the background.
   *
   * @throws {HeliographError} `cannot_listen` when the port is in use or the address is not this PC's.
   */
  start(): void {
    if (this.#server !== undefined) return;
    try {
      // Deno knows tcpBacklog from 2.9 on, and ignores it before: many clients may connect at once.
      const options = { hostname: this.#host, port: this.#wantedPort, tcpBacklog: 4096, onListen() {} };
      this.#server = Deno.serve(
        options,
        (request, { remoteAddr }) => this.#handle(request, remoteAddr as Deno.NetAddr),
      );
    } catch (error) {
      throw cannotListen(error, this.#host, this.#wantedPort, "--web-port");
    }
    this.#isOwn = ownHosts(this.#host, this.port, this.#names);
    this.#services.listeners.add(this.#describe);
    this.#sweep = setInterval(() => {
      for (const session of this.#served.keys()) session.connection.dropIfStuck();
    }, sweepInterval);
  }

  /** Takes no new requests, finishes what runs (for at most five seconds), and closes every connection. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => this.#stopping = undefined);
    return this.#stopping;
  }

  /** Stops it, so that `await using` releases the port. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#services.listeners.delete(this.#describe);
    clearInterval(this.#sweep);
    for (const session of this.#served.keys()) {
      session.connection.farewell = { code: 1001, reason: "the server is stopping" };
      session.end();
    }
    const connections = [...this.#served.keys()].map(({ connection }) => connection);
    await within(drainSeconds * 1000, Promise.all([...this.#served.values(), ...this.#inFlight]));
    const late = `what it asked for was not done ${drainSeconds} s after the server was stopped`;
    for (const connection of connections) connection.close(new Error(late));
    const stopped = new HeliographError("stopping", `The server has stopped: ${late}`);
    for (const resolve of this.#unanswered) resolve(errorResponse(stopped));
    // Deno would say goodbye in its own words to those who have not heard it yet.
    await within(closingTime, Promise.all(connections.map(({ released }) => released)));
    // Nobody is waited for who does not read the last response, or never finishes a request.
    await within(closingTime, server.shutdown());
    this.#server = undefined;
  }

  async #handle(request: Request, remote: Deno.NetAddr): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.#unanswered.add(resolve);
    this.#inFlight.add(promise);
    void this.#admit(request, remote).then(resolve);
    const response = await promise;
    this.#unanswered.delete(resolve);
    this.#inFlight.delete(promise);
    // That of a WebSocket is Deno's own, and is not changed.
    if (response.status === 101) return response;
    for (const [name, value] of Object.entries(securityHeaders)) response.headers.set(name, value);
    if (!response.headers.has("Cache-Control")) response.headers.set("Cache-Control", "no-store");
    return response;
  }

  async #admit(request: Request, remote: Deno.NetAddr): Promise<Response> {
    const refusal = this.#requests.enter(remote.hostname);
    if (refusal !== undefined) return errorResponse(refusal);
    try {
      // It costs as much as several commands, whatever it asks.
      this.#turn.charge(8192);
      const pause = this.#turn.pause();
      if (pause !== undefined) await pause;
      return await this.#answer(request, remote);
    } finally {
      this.#requests.leave(remote.hostname);
    }
  }

  async #answer(request: Request, remote: Deno.NetAddr): Promise<Response> {
    const address = addressAndPort(remote.hostname, remote.port);
    const url = URL.parse(request.url);
    let response: Response;
    try {
      response = await this.#find(request, url, remote);
    } catch (error) {
      // Whoever has gone, as a page does with pixels that it needs no more, reads no answer.
      const told = request.signal.aborted && error === request.signal.reason
        ? new HeliographError("aborted", "The client has gone")
        : answerableError(error, this.#log);
      if (told.code === "not_allowed") {
        this.#log.warning("Refused a request of {address}: {reason}", { address, reason: told.message });
      }
      response = errorResponse(told);
    }
    const { method } = request;
    const { status } = response;
    this.#log.debug("{address}: {method} {path} -> {status}", { address, method, path: url?.pathname ?? "?", status });
    return response;
  }

  async #find(request: Request, url: URL | null, remote: Deno.NetAddr): Promise<Response> {
    const { headers, method } = request;
    const host = checkHost(headers, this.#isOwn);
    if (url === null) throw new HeliographError("bad_message", "Cannot read the request's address");
    const { route, parameters } = findRoute(this.#routes, method, url.pathname);
    if (!route.harmless) checkOrigin(headers, host);
    if (this.#stopping !== undefined && route.path !== "/healthz") {
      throw new HeliographError("stopping", "The server is stopping and takes no new requests");
    }
    if (route.path === "/ws" && headers.get("upgrade")?.toLowerCase() === "websocket") {
      return this.#upgrade(request, remote);
    }
    const takesBody = method === "POST" || method === "PUT";
    if (takesBody) checkJson(headers);
    const body = takesBody ? await readJson(request, this.#services.limits) : {};
    const client = new HttpClient(remote.hostname, nameOf(headers), request.signal);
    const answer = await route.answer({ parameters, query: url.searchParams, body, client, request });
    return answer instanceof Response ? answer : Response.json(answer ?? null);
  }

  #upgrade(request: Request, remote: Deno.NetAddr): Response {
    const refusal = this.#sockets.enter(remote.hostname);
    if (refusal !== undefined) throw refusal;
    let upgrade: Deno.WebSocketUpgrade;
    try {
      upgrade = Deno.upgradeWebSocket(request);
    } catch (error) {
      this.#sockets.leave(remote.hostname);
      throw new HeliographError("bad_message", `Cannot open a WebSocket: ${(error as Error).message}`);
    }
    const { socket, response } = upgrade;
    const connection = new WebSocketConnection(socket, remote, this.#services.limits);
    void connection.released.then(() => this.#sockets.leave(remote.hostname));
    socket.onopen = () => this.#open(connection);
    return response;
  }

  #open(connection: WebSocketConnection): void {
    const { sessions } = this.#services;
    const role = roleOfAddress(connection.hostname);
    const session = new WebSession(
      { id: sessions.nextId(), protocol: "web", role, connection },
      this.#services,
      this.#log,
    );
    sessions.add(session);
    const served = this.#serve(session).finally(() => {
      this.#served.delete(session);
      sessions.delete(session);
    });
    this.#served.set(session, served);
  }

  async #serve(session: WebSession): Promise<void> {
    const { connection } = session;
    this.#log.debug("{client} connected", { client: session.label });
    try {
      await session.serve();
    } catch (error) {
      // A connection that broke while replies were being written; anything else is a fault of ours.
      if (!connection.closed) this.#log.error("Serving {client} failed: {error}", { client: session.label, error });
    }
    connection.close();
    const [client, { reason }] = [session.label, connection];
    if (reason === "") this.#log.debug("{client} disconnected", { client });
    else this.#log.warning("Dropped {client}: {reason}", { client, reason });
  }
}
