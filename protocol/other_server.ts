/**
 * Recognises a server of another kind by what it says, where a client has been given the wrong port.
 *
 * @module
 */

import { HeliographError } from "./errors.ts";
import { printable } from "./printable.ts";

/** The servers that a lab's or an observatory's PC has beside one another, with the usual ports of ours. */
const kinds = {
  azcam: "an azcam command server (usually on port 2402)",
  dashboard: "heliograph's PyOpticon dashboard (usually on port 12345)",
  web: "a web server (heliograph's is usually on port 2403)",
  tls: "a server that speaks TLS, as HTTPS does",
  ssh: "an SSH server",
  mail: "a mail or FTP server",
} as const;

/** A kind of server. */
export type ServerKind = keyof typeof kinds;

/** What a client needs; to one of the dashboard, an original one is as good. */
const needs = { azcam: kinds.azcam, dashboard: "a PyOpticon dashboard (usually on port 12345)" } as const;

const answers: readonly (readonly [kind: ServerKind, beginning: RegExp])[] = [
  ["ssh", /^SSH-\d/],
  // Both greet with that code; a reading of 220 is followed by none of these words.
  ["mail", /^220[ -][^\n]*(?:SMTP|FTP|mail|ready)/i],
  ["web", /^(?:HTTP\/\d|\s*<(?:!doctype|html)\b)/i],
  // It answers what is not TLS with an alert.
  // deno-lint-ignore no-control-regex -- that alert's bytes
  ["tls", /^\x15\x03/],
  // An original one answers only JSON, and drops whoever sends anything else without a word.
  ["dashboard", /^(?:Error: |\{"id":)/],
  // It may greet before. OK is what a device may say whose text a dashboard shows; no azcam server says it to JSON.
  ["azcam", /^(?:[^\r\n]*\r\n)?ERROR [^\n]*\n/],
];

/**
 * The kind of server that says so.
 *
 * @param text The beginning of what it says first.
 * @returns `undefined` where it could be any.
 */
export function serverKind(text: string): ServerKind | undefined {
  return answers.find(([, beginning]) => beginning.test(text))?.[0];
}

/** What a server said, short enough for an error: `"Welcome to azcam"`. */
export function said(text: string): string {
  const line = text.trim();
  return `"${printable(line.length > 60 ? `${line.slice(0, 60)}…` : line)}"`;
}

/**
 * The error of a client that has found a server of another kind.
 *
 * @param where Its address, `host:port`.
 * @param text The beginning of what it said.
 * @param wanted What should be there.
 */
export function otherServer(where: string, text: string, wanted: keyof typeof needs): HeliographError {
  const found = serverKind(text);
  const what = found === undefined ? `what listens there said ${said(text)}` : `what listens there is ${kinds[found]}`;
  return new HeliographError("connection_failed", `Cannot use ${where}: ${what}, and this needs ${needs[wanted]}`);
}
