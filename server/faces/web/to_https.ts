/**
 * Answers an HTTP request that came without TLS where only TLS is served: a browser is sent to https.
 *
 * @module
 */

import type { HeliographError } from "../../../protocol/errors.ts";
import { securityHeaders } from "./request_guard.ts";

/** The line of a request that only reads, and the two header fields that matter; what is no plain address is not sent on. */
const requestLine = /^(?:GET|HEAD) (\/[!-~]*) HTTP\/1\.[01]\r\n/;
const hostField = /\r\nhost:[ \t]*((?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?)[ \t]*\r\n/i;

/**
 * The answer.
 *
 * @param plain The first bytes of the request.
 * @param error Why it is refused.
 */
export function toHttps(plain: Uint8Array, error: HeliographError): string {
  const text = new TextDecoder("latin1").decode(plain);
  const [, path] = requestLine.exec(text) ?? [];
  const [, host] = hostField.exec(text) ?? [];
  // A secret that came without TLS is not sent on as if nothing had happened.
  const secret = /\r\n(?:authorization|cookie):/i.test(text);
  if (path === undefined || host === undefined || secret) {
    const { code, message } = error;
    return answer("426 Upgrade Required", { "Content-Type": "application/json", "Upgrade": "TLS/1.2, HTTP/1.1" }, {
      error: { code, message },
    });
  }
  const url = `https://${host}${path}`;
  const link = url.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  const page = `<!doctype html><meta charset="utf-8"><title>heliograph</title><p>This page is served with TLS: ` +
    `<a href="${link}">${link}</a>`;
  return answer("307 Temporary Redirect", { "Content-Type": "text/html; charset=utf-8", "Location": url }, page);
}

function answer(status: string, fields: Readonly<Record<string, string>>, content: object | string): string {
  const body = typeof content === "string" ? content : JSON.stringify(content);
  const length = String(new TextEncoder().encode(body).length);
  const all = { ...fields, "Content-Length": length, "Cache-Control": "no-store", ...securityHeaders };
  const lines = Object.entries({ ...all, "Connection": "close" }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join("")}\r\n${body}`;
}
