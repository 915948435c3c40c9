/**
 * The server of HTTP and WebSockets: the API, azcam's web API, monitoring, and the page.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { Admission } from "../../network/admission.ts";
import { addressAndPort, Connection } from "../../network/connection.ts";
import { answerableError } from "../../bench/wire_error.ts";
import { wrongTokenPause } from "../../access/admit.ts";
import type { Principal } from "../../access/principal.ts";
import type { Services } from "../../services.ts";
import type { ClientSocket } from "../../network/client_socket.ts";
import { drainSeconds, type ListenOptions } from "../../network/listening.ts";
import { notDrained, SocketServer } from "../shared/socket_server.ts";
import { accessRoutes } from "./access_routes.ts";
import { apiRoutes } from "./api_routes.ts";
import { assetResponse, assets } from "./assets.ts";
import { azcamRoutes } from "./azcam_api.ts";
import { type JsonObject, parseObject, readText } from "./body.ts";
import { bearerOf, nameOf, noCredential, Parties, type Party } from "./http_parties.ts";
import { type Proxied, Proxies } from "./proxies.ts";
import { HttpConnection, type Upgrade } from "./http_connection.ts";
import { errorResponse, HttpError } from "./http_error.ts";
import {
  checkHost,
  checkOrigin,
  isDeclaredJson,
  mediaType,
  notDeclared,
  ownHosts,
  plainly,
  type RequestWay,
  securityHeaders,
  urlOf,
} from "./request_guard.ts";
import type { RequestInput } from "./request_input.ts";
import { openIdRoutes } from "./openid_routes.ts";
import { passkeyRoutes } from "./passkey_routes.ts";
import { cookieOf, sessionRoutes } from "./session_routes.ts";
import { findRoute, type Match, type Route } from "./routes.ts";
import { toHttps } from "./to_https.ts";
import { acceptOf } from "./websocket_frames.ts";
import { within } from "../../network/within.ts";
import { WebSession } from "./web_session.ts";
import { WebSocketConnection } from "./web_socket_connection.ts";

/** The time for the last responses to go out once everything is answered, in milliseconds. */
const closingTime = 1000;

/** For how long a connection must have asked for nothing to be closed for somebody else's, in milliseconds. */
const spareAfter = 1000;

/** How a request came. */
interface Came {
  /** From where. */
  readonly remote: Deno.NetAddr;
  readonly way: RequestWay;
  /** The token that was given for its whole connection. */
  readonly token: string | undefined;
  /** Whom it meant, where a proxy says so. @default what its header says */
  readonly host?: string | undefined;
}

/** A request as it came to the proxy, rather than from there. */
function beforeProxy({ remote, way, token }: Came, { hostname, scheme, host }: Proxied): Came {
  const before = { scheme: scheme ?? way.scheme, forwarded: false, proxied: true };
  return { remote: { ...remote, hostname }, way: before, token, host };
}

/** By a browser or a program that speaks TLS itself. */
const overTls: RequestWay = { scheme: "https", forwarded: false };

/** The options of a {@linkcode WebServer}: its address, and the names under which people reach it. */
export interface WebListenOptions extends ListenOptions {
  /** Names of this PC beside `localhost` and its address; requests for others are refused. @default none */
  readonly names?: readonly string[];
  /** Addresses and networks of proxies that are believed what they say of a request. @default none */
  readonly trustedProxies?: readonly string[];
}

/** A server of HTTP on one TCP port. */
export class WebServer extends SocketServer<WebSession> {
  readonly #names: readonly string[];
  readonly #proxies: Proxies;
  readonly #routes: readonly Route[];
  readonly #parties: Parties;
  readonly #sockets: Admission;
  readonly #connections = new Map<HttpConnection, Promise<void>>();
  readonly #inFlight = new Set<Promise<Response | Upgrade>>();
  #forgetCapacity: () => void = () => {};
  #isOwn: (host: string, way?: RequestWay) => boolean = () => false;
  /** Answers each request that is not answered yet. */
  readonly #unanswered = new Set<(response: Response) => void>();

  /**
   * Makes a server; `start` makes it listen.
   *
   * @param services What all ways in share.
   * @param options Where to listen; the port is 2403 by default, azcam's.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and `insecureOpen` is not given.
   */
  constructor(services: Services, { names = [], port = 2403, trustedProxies = [], ...options }: WebListenOptions = {}) {
    const { connectionsPerAddress, webSocketsPerAddress, requestsInFlight, idleSeconds } = services.limits;
    super(services, {
      ...options,
      name: "web",
      port,
      flag: "--web-port",
      silentSeconds: idleSeconds,
      admission: new Admission({
        what: "the connection",
        mostPerAddress: connectionsPerAddress,
        capacity: services.capacity,
        descriptors: services.descriptorsAt(options.host),
        makeRoom: (address) => this.#makeRoom(address),
      }),
    });
    this.#names = names;
    this.#proxies = new Proxies(trustedProxies);
    this.#parties = new Parties(requestsInFlight);
    this.#sockets = new Admission({ what: "the WebSocket", mostPerAddress: webSocketsPerAddress });
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
        answer: ({ request }) => assetResponse(file, request.headers, new URL(request.url).search.slice(1)),
      })),
      ...apiRoutes(services, () => !this.stopping, [
        socket,
        ...accessRoutes(services.requests),
        ...sessionRoutes(services.access),
        ...openIdRoutes(services.access),
        ...passkeyRoutes(services.access),
        ...azcamRoutes(services.requests, this.log),
      ]),
    ];
  }

  /**
   * Serves in the background.
   *
   * @throws {HeliographError} `cannot_listen` when the port is in use or the address is not this PC's.
   */
  override start(): void {
    if (this.listening) return;
    super.start();
    this.#isOwn = ownHosts(this.host, this.port, this.#names);
    this.#forgetCapacity = this.services.capacity.onFull(() => this.#makeRoom());
  }

  /** Takes no new requests, and closes the port when those that run are answered. */
  protected override async drain(close: () => Promise<void>): Promise<void> {
    this.#forgetCapacity();
    const { sessions } = this;
    for (const session of sessions) {
      session.connection.farewell = { code: 1001, reason: "the server is stopping" };
      session.end();
    }
    await within(drainSeconds * 1000, Promise.all([this.served, ...this.#inFlight]));
    for (const { connection } of sessions) connection.close(new Error(notDrained));
    const stopped = new HeliographError("stopping", `The server has stopped: ${notDrained}`);
    for (const resolve of this.#unanswered) resolve(errorResponse(stopped));
    // Until now whoever asked was told that the server is stopping.
    const closed = close();
    for (const connection of this.#connections.keys()) connection.end();
    await closed;
    // Nobody is waited for who does not read the last response, or never finishes a request.
    await within(closingTime, Promise.all(this.#connections.values()));
    for (const connection of this.#connections.keys()) connection.close();
  }

  /** Drops whoever has read nothing for too long. */
  protected override dropStuck(): void {
    for (const connection of this.#connections.keys()) connection.dropIfStuck();
  }

  /** The refusal of a client when there are too many connections, or who is to use TLS, as text. */
  protected override refusal(error: HeliographError, plain?: Uint8Array): string {
    if (plain !== undefined) return toHttps(plain, error);
    const { code, message } = error;
    const body = JSON.stringify({ error: { code, message } });
    const fields = { "Content-Type": "application/json", "Content-Length": body.length, "Retry-After": 1 };
    const lines = Object.entries({ ...fields, "Connection": "close", ...securityHeaders })
      .map(([name, value]) => `${name}: ${value}\r\n`);
    return `HTTP/1.1 503 Service Unavailable\r\n${lines.join("")}\r\n${body}`;
  }

  /** Closes the connection that has asked for nothing for the longest time, unless all of them are in use. */
  #makeRoom(address?: string): boolean {
    const since = (connection: HttpConnection) => connection.idleSince ?? Infinity;
    let longest: HttpConnection | undefined;
    for (const connection of this.#connections.keys()) {
      if (address !== undefined && connection.hostname !== address) continue;
      if (longest === undefined || since(connection) < since(longest)) longest = connection;
    }
    if (longest === undefined || since(longest) > performance.now() - spareAfter) return false;
    longest.close();
    return true;
  }

  /** Serves a new connection, which speaks HTTP. */
  protected override serveSocket(socket: ClientSocket): Promise<void> {
    const { limits, turns } = this.services;
    const remote = socket.remoteAddr as Deno.NetAddr;
    const forwarded = socket.secured?.forwarded === true;
    // Whoever carried it here was asked without TLS.
    const way: RequestWay = socket.secured === undefined || forwarded ? { ...plainly, forwarded } : overTls;
    const turn = turns.client();
    const connection = new Connection(socket, limits, turn);
    const http = new HttpConnection(connection, {
      limits,
      turn,
      base: urlOf(this.host, this.port),
      answer: (request) => this.#handle(request, { remote, way, token: socket.secured?.token }),
      refuse: (error) => protectedResponse(errorResponse(error)),
    });
    const served = http.serve().catch((error) => {
      this.log.error("Serving {address} failed: {error}", { address: remote.hostname, error });
    }).finally(() => this.#connections.delete(http));
    this.#connections.set(http, served);
    return served;
  }

  async #handle(request: Request, came: Came): Promise<Response | Upgrade> {
    const { promise, resolve } = Promise.withResolvers<Response | Upgrade>();
    this.#unanswered.add(resolve);
    this.#inFlight.add(promise);
    void this.#answer(request, came).then(resolve);
    const response = await promise;
    this.#unanswered.delete(resolve);
    this.#inFlight.delete(promise);
    return response instanceof Response ? protectedResponse(response) : response;
  }

  async #answer(request: Request, came: Came): Promise<Response | Upgrade> {
    let address = addressAndPort(came.remote.hostname, came.remote.port);
    const url = new URL(request.url);
    let response: Response | Upgrade;
    try {
      const proxied = this.#proxies.read(request.headers, came.remote.hostname);
      if (proxied !== undefined) address = proxied.hostname;
      response = await this.#find(request, url, proxied === undefined ? came : beforeProxy(came, proxied));
    } catch (error) {
      // Whoever has gone, as a page does with pixels that it needs no more, reads no answer.
      const told = request.signal.aborted && error === request.signal.reason
        ? new HeliographError("aborted", "The client has gone")
        : answerableError(error, this.log);
      // The connection takes nothing more meanwhile: a flood of wrong tokens leaves the others their time.
      if (told.code === "no_credential" && request.headers.has("authorization")) {
        await new Promise((resolve) => setTimeout(resolve, wrongTokenPause));
      }
      if (told.code === "not_allowed") {
        this.log.warning("Refused a request of {address}: {reason}", { address, reason: told.message });
      }
      response = errorResponse(told);
    }
    const { method } = request;
    const status = response instanceof Response ? response.status : 101;
    this.log.debug("{address}: {method} {path} -> {status}", { address, method, path: url.pathname, status });
    return response;
  }

  async #find(request: Request, url: URL, { remote, way, token, host: meant }: Came): Promise<Response | Upgrade> {
    const { headers, method } = request;
    const given = bearerOf(headers) ?? token;
    const host = checkHost(meant ?? headers.get("host"), (name) => this.#isOwn(name, way));
    const { route, parameters } = findRoute(this.#routes, method, url.pathname);
    if (!route.harmless && !route.sentFromElsewhere) checkOrigin(request, host, way);
    if (this.stopping && route.path !== "/healthz") {
      throw new HeliographError("stopping", "The server is stopping and takes no new requests");
    }
    if (route.path === "/ws" && headers.get("upgrade")?.toLowerCase() === "websocket") {
      // Who gives a token says so before anything is opened; browsers, which cannot, give it in Hello.
      if (given !== undefined) this.#client(given, undefined, { hostname: remote.hostname, name: "" }, () => false);
      return this.#upgrade(headers, remote, given);
    }
    const party = this.#parties.enter(remote.hostname, nameOf(headers));
    try {
      const client = this.#client(given, cookieOf(headers), party, () => request.signal.aborted);
      // What tells nothing of the bench is for everybody; nothing else is for who has not said who they are.
      if (!route.harmless && !route.unproven && !client.may("read")) throw noCredential();
      return await this.#run(request, url, { route, parameters }, client);
    } finally {
      this.#parties.leave(party);
    }
  }

  /** Who asks, by the token of the request or of the connection, or else by the browser's cookie. */
  #client(
    token: string | undefined,
    cookie: string | undefined,
    { hostname, name }: Party,
    gone: () => boolean,
  ): Principal {
    const { access } = this.services;
    // A token says who it is; a name beside it is only said.
    if (token === undefined && cookie === undefined) return access.admit({ by: "http", hostname, name, gone });
    const client = access.admit({ by: "http", hostname, gone });
    if (token !== undefined) access.prove(client, token);
    else if (!access.resume(client, cookie!)) return access.admit({ by: "http", hostname, name, gone });
    return client;
  }

  async #run(request: Request, url: URL, { route, parameters }: Match, client: Principal): Promise<Response> {
    const { method } = request;
    const takesBody = method === "POST" || method === "PUT";
    const body = takesBody ? await this.#body(request, route) : {};
    const answer = await route.answer({ parameters, query: url.searchParams, body, client, request });
    return answer instanceof Response ? answer : Response.json(answer ?? null);
  }

  async #body(request: Request, { undeclared }: Route): Promise<JsonObject> {
    const { headers } = request;
    const declared = isDeclaredJson(headers);
    if (!declared && undeclared === undefined) throw notDeclared(headers);
    const text = await readText(request, this.services.limits);
    return declared ? parseObject(text) : undeclared!(text, mediaType(headers));
  }

  #upgrade(headers: Headers, { hostname, port }: Deno.NetAddr, token: string | undefined): Upgrade {
    const address = addressAndPort(hostname, port);
    const version = headers.get("sec-websocket-version");
    if (version !== "13") {
      const message = `Cannot open a WebSocket: its version is ${version ?? "not told"}, and 13 is spoken here`;
      throw new HttpError(426, "bad_message", message, { "Upgrade": "websocket", "Sec-WebSocket-Version": "13" });
    }
    const accept = acceptOf(headers.get("sec-websocket-key") ?? "");
    if (accept === undefined) {
      throw new HeliographError(
        "bad_message",
        "Cannot open a WebSocket: its Sec-WebSocket-Key is not 16 bytes in base64",
      );
    }
    const refusal = this.#sockets.enter(hostname);
    if (refusal !== undefined) throw refusal;
    return {
      headers: new Headers({ "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept }),
      serve: (connection, input) =>
        this.#open(connection, input, { hostname, address }, token, cookieOf(headers))
          .finally(() => this.#sockets.leave(hostname)),
    };
  }

  #open(
    tcp: Connection,
    input: RequestInput,
    from: Pick<WebSocketConnection, "hostname" | "address">,
    token: string | undefined,
    cookie: string | undefined,
  ): Promise<void> {
    const { access, sessions, limits } = this.services;
    const connection = new WebSocketConnection(tcp, input, limits.messageBytes, from);
    const principal = access.admitConnection("web", connection, sessions);
    if (token !== undefined) access.prove(principal, token);
    else if (cookie !== undefined) access.resume(principal, cookie);
    const release = access.browsers.hold(principal.proof);
    const session = new WebSession(principal, connection, this.services, this.log);
    return this.serveSession(session).finally(release).then(() => connection.released);
  }

  /** Serves a WebSocket. */
  protected override serve(session: WebSession): Promise<void> {
    return session.serve();
  }
}

/** A response with what every response carries. */
function protectedResponse(response: Response): Response {
  for (const [name, value] of Object.entries(securityHeaders)) response.headers.set(name, value);
  if (!response.headers.has("Cache-Control")) response.headers.set("Cache-Control", "no-store");
  return response;
}
