/**
 * Who an HTTP request comes from: it has no session, only an address, a role and perhaps a name.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { Role } from "../instruments/command.ts";
import type { Requester } from "../requests.ts";
import { roleOfAddress } from "../roles.ts";
import { checkedName } from "../sessions.ts";

/** The header field in which somebody says who they are, percent-encoded where it is not ASCII. */
export const nameHeader = "X-Heliograph-Name";

/** Whoever made one HTTP request. */
export class HttpClient implements Requester {
  /** What they may do. */
  readonly role: Role;
  /** The IP address of their PC. */
  readonly hostname: string;
  /** The name they gave, or empty. */
  readonly name: string;
  readonly #signal: AbortSignal;

  /**
   * Makes it.
   *
   * @param hostname The IP address of their PC.
   * @param name The name they gave, or empty.
   * @param signal Aborted when they have gone.
   * @param role What they may do. @default what their address may
   */
  constructor(hostname: string, name: string, signal: AbortSignal, role?: Role) {
    this.hostname = hostname;
    this.name = name;
    this.#signal = signal;
    this.role = role ?? roleOfAddress(hostname);
  }

  /** Whether they have gone: what of theirs still waits is then not started. */
  get gone(): boolean {
    return this.#signal.aborted;
  }

  /** How the log calls them. */
  get label(): string {
    // Each request may come from another port: that tells nobody from another.
    return this.name === "" ? `HTTP client ${this.hostname}` : `${this.name} (HTTP, ${this.hostname})`;
  }

  /** The same one, allowed no more than to read. */
  get observing(): HttpClient {
    return new HttpClient(this.hostname, this.name, this.#signal, "observer");
  }
}

/**
 * The name that a request gives.
 *
 * @param headers The request's header.
 * @returns The name, or empty.
 * @throws {HeliographError} `bad_argument` for one that cannot be.
 */
export function nameOf(headers: Headers): string {
  const given = headers.get(nameHeader) ?? "";
  if (given === "") return "";
  let name: string;
  try {
    name = decodeURIComponent(given);
  } catch {
    throw new HeliographError("bad_argument", `Cannot read ${nameHeader}: percent-encode it as UTF-8`);
  }
  return checkedName(name);
}
