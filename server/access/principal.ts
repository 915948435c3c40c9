/**
 * A principal: the caller of a request, with its way in, address, name and role, and whether it has gone.
 *
 * @module
 */

import type { SessionDescription } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { plainLine } from "../../protocol/printable.ts";
import { mayDo } from "../../protocol/vocabulary.ts";
import type { Caller, Role } from "../bench/command.ts";

/** The way in of a caller: a connection that stays, an HTTP request, or a program that holds the server itself. */
export type WayIn = SessionDescription["protocol"] | "http" | "program";

/** The name that a client gives itself. @throws {HeliographError} `bad_argument` for one that cannot be. */
export function checkedName(name: string): string {
  if (name === "" || name.length > 64 || !plainLine.test(name)) {
    throw new HeliographError("bad_argument", "Cannot register that name: give 1 to 64 printable characters");
  }
  return name;
}

/** The facts known of a caller when it arrives. */
export interface Arrival<W extends WayIn = WayIn> {
  /** How they came. */
  readonly by: W;
  /** The number of their connection. @default 0: they have none */
  readonly id?: number;
  /** The name they gave. @default none, as an empty text */
  readonly name?: string;
  /** The IP address of their PC. @default empty: a program that holds the server itself */
  readonly hostname?: string;
  /** Where their connection comes from, `address:port`. @default as `hostname` */
  readonly address?: string;
  /** Whether they have gone. @default they never go */
  readonly gone?: () => boolean;
}

const never = () => false;

/** The caller of a request; `admit` makes one of whoever comes. */
export class Principal<W extends WayIn = WayIn> implements Caller {
  /** How they came. */
  readonly by: W;
  /** The number of their connection; 0 where they have none. */
  readonly id: number;
  /** The IP address of their PC; empty for a program that holds the server itself. */
  readonly hostname: string;
  /** Where their connection comes from, `address:port`. */
  readonly address: string;
  /** What they may do. */
  readonly role: Role;
  /** For whom they act, where that is somebody else: as code does. */
  readonly for: Principal | undefined;
  readonly #gone: () => boolean;
  #name: string;

  /**
   * Makes one.
   *
   * @param arrival What is known of them.
   * @param role What they may do.
   * @param actsFor For whom they act. @default for themselves
   */
  constructor(arrival: Arrival<W>, role: Role, actsFor?: Principal) {
    this.by = arrival.by;
    this.id = arrival.id ?? 0;
    this.hostname = arrival.hostname ?? "";
    this.address = arrival.address ?? this.hostname;
    this.role = role;
    this.for = actsFor;
    this.#gone = arrival.gone ?? never;
    this.#name = arrival.name ?? "";
  }

  /** The name they go by now, or empty. */
  get name(): string {
    return this.#name;
  }

  /** Whether they have gone: what of theirs still waits is then not started. */
  get gone(): boolean {
    return this.#gone();
  }

  /** The label of the principal in the log: its name, number and address, as far as it has them. */
  get label(): string {
    const { name, id, hostname, address } = this;
    if (id > 0) return name === "" ? `client ${id} (${address})` : `${name} (client ${id})`;
    if (hostname === "") return name === "" ? "the server's own program" : name;
    // Each request may come from another port: that tells nobody from another.
    return name === "" ? `HTTP client ${hostname}` : `${name} (HTTP, ${hostname})`;
  }

  /** The principal for whom it is done in the end: itself, or the one that it acts for. */
  get origin(): Principal {
    return this.for?.origin ?? this;
  }

  /** Whether they may do what takes a role. @param needed The least role that may. */
  may(needed: Role): boolean {
    return mayDo(this.role, needed);
  }

  /**
   * Takes the name they give themselves.
   *
   * @throws {HeliographError} `bad_argument` for an empty or overlong name or one with control characters.
   */
  register(name: string): void {
    this.#name = checkedName(name);
  }

  /**
   * Somebody who acts for them, with no other rights than theirs.
   *
   * @param options Whether that one has gone, beside them; and a lower role.
   */
  deputy({ gone = never, role = this.role }: { readonly gone?: () => boolean; readonly role?: Role } = {}): Principal {
    const { by, id, name, hostname, address } = this;
    const arrival = { by, id, name, hostname, address, gone: () => gone() || this.gone };
    return new Principal(arrival, this.may(role) ? role : this.role, this);
  }
}

/**
 * The principal in whose name something is asked for: a command that calls another asks for whoever called it.
 *
 * @param caller Who asks.
 * @throws {TypeError} Where that is nobody.
 */
export function principalOf(caller: Caller): Principal {
  for (let one: Caller | undefined = caller; one !== undefined; one = one.for) {
    if (one instanceof Principal) return one;
  }
  throw new TypeError("Cannot tell who asks: admit() makes a principal of whoever comes");
}
