/**
 * Recognises a server of another kind by what it answers, where a client has been given the wrong port.
 *
 * @module
 */

import { HeliographError } from "./errors.ts";

/** The servers that a lab's or an observatory's PC has beside one another, with the usual ports of ours. */
const kinds = {
  azcam: "an azcam command server (usually on port 2402)",
  dashboard: "a PyOpticon dashboard (usually on port 12345)",
  web: "a web server (heliograph's is usually on port 2403)",
} as const;

/** A kind of server. */
export type ServerKind = keyof typeof kinds;

const answers: readonly (readonly [kind: ServerKind, beginning: RegExp])[] = [
  // A server of HTTPS answers what is not TLS with an alert.
  // deno-lint-ignore no-control-regex -- that alert's bytes
  ["web", /^(?:HTTP\/\d|\s*<(?:!doctype|html)\b|\x15\x03)/i],
  ["dashboard", /^(?:Error: |\{"id":)/],
  // It may greet before. OK is what a device may say whose text a dashboard shows; no azcam server says it to JSON.
  ["azcam", /^(?:[^\r\n]*\r\n)?ERROR [^\n]*\n/],
];

/**
 * The kind of server that answers so.
 *
 * @param text The beginning of its first answer.
 * @returns `undefined` where it could be any.
 */
export function serverKind(text: string): ServerKind | undefined {
  return answers.find(([, beginning]) => beginning.test(text))?.[0];
}

/**
 * The error of a client that has found a server of another kind.
 *
 * @param where Its address, `host:port`.
 * @param found What is there.
 * @param wanted What should be there.
 */
export function otherServer(where: string, found: ServerKind, wanted: ServerKind): HeliographError {
  return new HeliographError(
    "connection_failed",
    `Cannot use ${where}: what listens there is ${kinds[found]}, and this needs ${kinds[wanted]}`,
  );
}
