/**
 * The parties of HTTP: a request has no session, only an address and perhaps a name.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { checkedName } from "../../access/principal.ts";

/** The header field in which somebody says who they are, percent-encoded where it is not ASCII. */
export const nameHeader = "X-Heliograph-Name";

/** A party over HTTP: all requests of one name from one address are one party's. */
export interface Party {
  /** The IP address of their PC. */
  readonly hostname: string;
  /** The name they gave, or empty. */
  readonly name: string;
}

/** Counts the requests of each party, which is known while it has some. */
export class Parties {
  readonly #most: number;
  readonly #known = new Map<string, { readonly party: Party; requests: number }>();

  /** Makes it, with nobody known. @param most How many requests of one party may be in flight. */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * A request has come; it must `leave` when it is answered.
   *
   * @param hostname The IP address that it comes from.
   * @param name The name that it gives, or empty.
   * @returns Its party: the same object as long as it has requests.
   * @throws {HeliographError} `too_many_requests`
   */
  enter(hostname: string, name: string): Party {
    // An address has no blank.
    const key = `${hostname} ${name}`;
    const known = this.#known.get(key) ?? { party: { hostname, name }, requests: 0 };
    if (known.requests >= this.#most) {
      const who = `${name === "" ? "one nameless client" : name} at one address`;
      throw new HeliographError(
        "too_many_requests",
        `Cannot take the request: there are ${this.#most} of ${who} already`,
      );
    }
    known.requests++;
    this.#known.set(key, known);
    return known.party;
  }

  /** A request has been answered. @param party Whose it was. */
  leave({ hostname, name }: Party): void {
    const key = `${hostname} ${name}`;
    const known = this.#known.get(key)!;
    if (--known.requests === 0) this.#known.delete(key);
  }
}

/** The error for who has not said who they are. */
export function noCredential(): HeliographError {
  return new HeliographError(
    "no_credential",
    "Say first who you are: Authorization: Bearer TOKEN; whoever runs the server makes tokens with “heliograph access add”",
  );
}

/**
 * The token that a request gives.
 *
 * @param headers The request's header.
 * @returns The token; `undefined` where there is none.
 * @throws {HeliographError} `no_credential` for credentials of another kind.
 */
export function bearerOf(headers: Headers): string | undefined {
  const given = headers.get("authorization");
  if (given === null) return undefined;
  const token = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(given)?.[1];
  if (token === undefined) {
    throw new HeliographError("no_credential", "Cannot read Authorization: this server takes Bearer and a token");
  }
  return token;
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
