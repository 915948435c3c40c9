/**
 * A principal: the caller of a request, with its way in, address, name and role, and whether it has gone.
 *
 * @module
 */

import type { Identity, SessionDescription } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { plainLine } from "../../protocol/printable.ts";
import type { Right } from "../../protocol/vocabulary.ts";
import type { Caller, Role } from "../bench/command.ts";
import { nearestRole, nobody, type Person, type Standing, standingOf } from "./rights.ts";

/** The way in of a caller: a connection that stays, an HTTP request, a program that holds the server itself, another PC. */
export type WayIn = SessionDescription["protocol"] | "http" | "program" | "fleet";

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
  /** The IP address of their PC, or its name in the fleet. @default empty: a program that holds the server itself */
  readonly hostname?: string;
  /** Where their connection comes from, `address:port`. @default as `hostname` */
  readonly address?: string;
  /** Whether nobody on the way can read what they send. @default false */
  readonly secure?: boolean;
  /** Whether they have gone. @default they never go */
  readonly gone?: () => boolean;
  /** Whether anybody who may drive an instrument may take it from them: a run, which is no person. @default false */
  readonly yields?: boolean;
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
  /** Whether nobody on the way can read what they send. */
  readonly secure: boolean;
  /** For whom they act, where that is somebody else: as code does. */
  readonly for: Principal | undefined;
  /** Whether anybody who may drive an instrument may take it from them. */
  readonly yields: boolean;
  readonly #gone: () => boolean;
  /** Until when nothing more is taken from them, by `performance.now()`: they gave a wrong token. */
  waitsUntil = 0;
  #name: string;
  #standing: Standing;
  #person: Person | undefined;

  /**
   * Makes one.
   *
   * @param arrival What is known of them.
   * @param standing What they may do; or one of the roles that every bench has.
   * @param actsFor For whom they act. @default for themselves
   */
  constructor(arrival: Arrival<W>, standing: Standing | Role, actsFor?: Principal) {
    this.by = arrival.by;
    this.id = arrival.id ?? 0;
    this.hostname = arrival.hostname ?? "";
    this.address = arrival.address ?? this.hostname;
    this.secure = arrival.secure ?? false;
    this.for = actsFor;
    this.yields = arrival.yields ?? false;
    this.#gone = arrival.gone ?? never;
    this.#name = arrival.name ?? "";
    this.#standing = typeof standing === "string" ? standingOf(standing) : standing;
    this.#person = actsFor === undefined ? undefined : actsFor.#person;
  }

  /** What they may do; nothing once the token that proved it is not valid any more. */
  get standing(): Standing {
    return this.revoked ? nobody : this.#standing;
  }

  /** The built-in role that comes closest to what they may do, for what knows no others. */
  get role(): Role {
    return nearestRole(this.standing.rights);
  }

  /** What their role is called; empty where they have none. */
  get roleName(): string {
    return this.standing.roleName;
  }

  /** The name that they have proved; empty where they have proved none. */
  get person(): string {
    return this.#person?.name ?? "";
  }

  /** By what they have proved it; `undefined` where they have proved nothing. */
  get proof(): Person | undefined {
    return this.#person;
  }

  /** The name they go by now, or empty. */
  get name(): string {
    return this.#name;
  }

  /** Whether the token by which they have proved who they are is not valid any more. */
  get revoked(): boolean {
    return this.#person?.ended === true;
  }

  /** Whether they have gone, or may not be here any more: what of theirs still waits is then not started. */
  get gone(): boolean {
    return this.#gone() || this.revoked;
  }

  /** The label of the principal in the log: its name, number and address, as far as it has them. */
  get label(): string {
    const { name, id, hostname, address } = this;
    const proven = this.#person === undefined ? "" : ", by token";
    if (id > 0) return name === "" ? `client ${id} (${address})` : `${name} (client ${id}${proven})`;
    if (this.by === "fleet") return name === hostname ? name : `${name} (of ${hostname})`;
    if (hostname === "") return name === "" ? "the server's own program" : name;
    // Each request may come from another port: that tells nobody from another.
    return name === "" ? `HTTP client ${hostname}` : `${name} (HTTP, ${hostname}${proven})`;
  }

  /** The principal for whom it is done in the end: itself, or the one that it acts for. */
  get origin(): Principal {
    return this.for?.origin ?? this;
  }

  /**
   * Whether they may do something.
   *
   * @param right What.
   * @param instrument The name of the instrument that is to be driven. @default any of those that they may drive
   */
  may(right: Right, instrument?: string): boolean {
    const { rights, instruments } = this.standing;
    if (!rights.has(right)) return false;
    return right !== "drive" || instrument === undefined || instruments === undefined || instruments.has(instrument);
  }

  /**
   * Takes the name they give themselves; the `Access` of the server says whether they may have it. A proven name stays.
   *
   * @throws {HeliographError} `bad_argument` for an empty or overlong name or one with control characters.
   */
  register(name: string): void {
    const checked = checkedName(name);
    if (this.#person === undefined) this.#name = checked;
  }

  /** They have proved who they are: from now on they are that one, and may do what that one may. */
  prove(person: Person): void {
    this.#person = person;
    this.#standing = person;
    this.#name = person.name;
  }

  /** Somebody else proves the name they gave themselves: it is theirs no more. */
  loseName(): void {
    if (this.#person === undefined) this.#name = "";
  }

  /**
   * Somebody who acts for them, with no other rights than theirs.
   *
   * @param options Whether that one has gone, beside them; and a role whose rights they have at most.
   */
  deputy({ gone = never, role }: { readonly gone?: () => boolean; readonly role?: Role } = {}): Principal {
    const { by, id, name, hostname, address, secure, standing } = this;
    const arrival = { by, id, name, hostname, address, secure, gone: () => gone() || this.gone };
    return new Principal(arrival, role === undefined ? standing : within(standing, role), this);
  }
}

/** The rights of a standing that a role has as well. */
function within(standing: Standing, role: Role): Standing {
  const most = standingOf(role);
  const rights = [...standing.rights].filter((right) => most.rights.has(right));
  if (rights.length === standing.rights.size) return standing;
  return { ...most, rights: new Set(rights), instruments: standing.instruments };
}

/** Who somebody is to the server, and what they may do, as it is told. */
export function whoIs({ name, person, role, roleName, standing }: Principal): Identity {
  const { rights, instruments } = standing;
  return {
    name,
    person,
    role,
    roleName,
    rights: [...rights],
    instruments: instruments === undefined ? null : [...instruments],
  };
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
