/**
 * Decides which HTTP requests are let in: a page in anybody's browser can reach this PC, but is not to drive its
 * instruments.
 *
 * @module
 */

import { isLoopback } from "../../network/loopback.ts";
import { HttpError } from "./http_error.ts";

/**
 * The header fields of every response: nothing of another origin is loaded, and nobody else shows or reads what is
 * here.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "X-Frame-Options": "DENY",
};

/** How requests come over one connection. */
export interface RequestWay {
  /** What their pages' addresses begin with. */
  readonly scheme: "http" | "https";
  /** Whether they were meant for a port of the PC that they come from, which carried them here. */
  readonly forwarded: boolean;
  /** Whether they came through a proxy, which has a port of its own. @default false */
  readonly proxied?: boolean;
}

/** Without TLS, from whoever asks. */
export const plainly: RequestWay = { scheme: "http", forwarded: false };

/** The names that mean the PC itself to whoever is there. */
const localNames = ["localhost", "127.0.0.1", "[::1]"];

const addressLiteral = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;

/**
 * The `Host` header fields that mean this server. Names that somebody else's DNS points here are none of them: that is
 * what DNS rebinding does, and an address alone cannot be rebound.
 *
 * @param host The address it listens on.
 * @param port The port it listens on.
 * @param others Further names that are this PC's own, as the operator says.
 * @returns Whether a `Host` is one of them, of a request that came in some way.
 */
export function ownHosts(
  host: string,
  port: number,
  others: readonly string[] = [],
): (given: string, way?: RequestWay) => boolean {
  const address = host.includes(":") ? `[${host}]` : host;
  const names = new Set([...localNames, address, ...others].map((name) => name.toLowerCase()));
  const anywhere = host === "0.0.0.0" || host === "::";
  return (given, { scheme, forwarded, proxied = false } = plainly) => {
    const usual = scheme === "https" ? "443" : "80";
    const [, name = "", ownPort = usual] = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d+))?$/.exec(given.toLowerCase()) ?? [];
    // The port is that of another PC, which nobody knows here.
    if (forwarded) return localNames.includes(name);
    if (!proxied && Number(ownPort) !== port) return false;
    return names.has(name) || (anywhere && addressLiteral.test(name));
  };
}

/**
 * Lets a request in that was meant for this server.
 *
 * @param given Its `Host`.
 * @param isOwn Whether a `Host` means this server; see {@linkcode ownHosts}.
 * @returns The `Host`.
 * @throws {HttpError} 403.
 */
export function checkHost(given: string | null, isOwn: (host: string) => boolean): string {
  const host = given ?? "";
  if (isOwn(host)) return host.toLowerCase();
  const told = host === "" ? "none" : JSON.stringify(host.slice(0, 100));
  throw new HttpError(
    403,
    "not_allowed",
    `Refused: the Host header is ${told}, which is not this server's. Use the address that the server printed, with ` +
      "its port (also through an SSH tunnel: give both ends the same port number), or start it with --web-name NAME",
  );
}

/**
 * Refuses what a page of another origin makes a browser ask.
 *
 * @param request The request.
 * @param host This server's own `Host`.
 * @param way How it came.
 * @throws {HttpError} 403.
 */
export function checkOrigin(
  { headers, method }: Pick<Request, "headers" | "method">,
  host: string,
  { scheme }: RequestWay = plainly,
): void {
  const own = `${scheme}://${host}`;
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  // A page that a link was followed from may be any; what it sends is another matter.
  const referer = method === "GET" || method === "HEAD" ? null : headers.get("referer");
  const foreign = (origin !== null && origin.toLowerCase() !== own) ||
    (referer !== null && URL.parse(referer)?.origin !== URL.parse(own)?.origin);
  // Another port of this PC is the same site, but another origin.
  if (!foreign && (site === null || site === "same-origin" || site === "none")) return;
  const page = origin ?? referer;
  const who = page === null ? `another site (Sec-Fetch-Site: ${site})` : JSON.stringify(page.slice(0, 100));
  throw new HttpError(403, "not_allowed", `Refused: a page of ${who} asked for this; only this server's own page may`);
}

/**
 * Returns the reason why a GET, or a body that is not declared as JSON, may only read. A browser asks whatever a link, a
 * picture or a form of any page says; it is known by what it always sends to this PC, and no page can leave out. Beyond
 * this PC it does not always send that.
 *
 * @param headers The request's header.
 * @param address The IP address it comes from.
 * @returns Where it comes from; `undefined` where it may change something.
 */
export function onlyReads(headers: Headers, address: string): string | undefined {
  const names = [...headers.keys()];
  const browsers = ["origin", "referer", "sec-purpose"];
  if (names.some((name) => name.startsWith("sec-fetch-") || browsers.includes(name))) {
    return "a browser, which any link can cause";
  }
  return isLoopback(address) ? undefined : "another PC, whose browsers any link can make ask";
}

/** The media type of a body in lower case, without its parameters; empty where none is told. */
export function mediaType(headers: Headers): string {
  return (headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}

/** Whether a body is declared as JSON: a plain form, which may be sent across origins, cannot be. */
export function isDeclaredJson(headers: Headers): boolean {
  return mediaType(headers) === "application/json";
}

/**
 * The refusal of a body that is not declared as JSON.
 *
 * @param headers The request's header.
 */
export function notDeclared(headers: Headers): HttpError {
  const type = mediaType(headers);
  const given = type === "" ? "none" : JSON.stringify(type.slice(0, 100));
  return new HttpError(
    415,
    "bad_message",
    `Cannot take the request: its Content-Type is ${given}; send application/json, also where the body is empty`,
  );
}

/**
 * The address under which people reach a server.
 *
 * @param host Where it listens.
 * @param port Its port.
 * @param scheme How it is reached.
 * @returns `http://127.0.0.1:2403`.
 */
export function urlOf(host: string, port: number, scheme: RequestWay["scheme"] = "http"): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
