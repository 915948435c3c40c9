/**
 * Admits callers: makes a principal of each and says what it may do. Every way in calls it, and nothing else decides
 * that.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import type { Role } from "../../protocol/vocabulary.ts";
import { isLoopback } from "../network/loopback.ts";
import type { ClientConnection } from "../network/connection.ts";
import { nameKey } from "./access_file.ts";
import { AccessStore } from "./access_store.ts";
import { AddressRoles } from "./addresses.ts";
import { Attempts } from "./attempts.ts";
import type { OpenId } from "./openid.ts";
import { type Arrival, checkedName, Principal, type WayIn } from "./principal.ts";
import { nobody, type Person, type Standing, standingOf } from "./rights.ts";
import type { Session, Sessions } from "./sessions.ts";
import { type PasskeyAnswer, Passkeys, type Site } from "./passkeys.ts";
import { WebSessions } from "./web_sessions.ts";

const log = getLogger(["heliograph", "access"]);

/** Within how many seconds who may do nothing yet must say who they are. */
const usualCredentialSeconds = 10;
/**
 * For how long nothing more is taken from a connection that gave a wrong token, in milliseconds: a flood of them leaves
 * the others their time. It holds on this PC too.
 */
export const wrongTokenPause = 250;
/** After one refused token was told of, the log tells the others of as many milliseconds together. */
const toldEvery = 60_000;

/** What says who may do what where nobody has proved anything. */
export interface AccessOptions {
  /** The institute whose people may sign in. @default there is none */
  readonly openId?: OpenId | undefined;
  /** Who has signed in with a browser. @default nobody yet */
  readonly browsers?: WebSessions;
  /** People and their tokens. @default nobody has one */
  readonly store?: AccessStore;
  /** Whether all on this PC may do everything, or need a token as well. @default "open" */
  readonly loopback?: "open" | "token";
  /** Which role whoever comes from a network has without a token. @default none */
  readonly addresses?: AddressRoles;
  /** The role of everybody else, where the server is open to everybody. @default they have none */
  readonly open?: Role | undefined;
  /** Within how many seconds who may do nothing yet must give a token. @default 10 */
  readonly credentialSeconds?: number;
}

/** Lets in whoever comes, and takes the credentials they give then or later. */
export class Access {
  /** The institute whose people may sign in; `undefined` where there is none. */
  readonly openId: OpenId | undefined;
  /** People and their tokens. */
  readonly store: AccessStore;
  /** Who has signed in with a browser. */
  readonly browsers: WebSessions;
  /** Signing in by passkeys. */
  readonly passkeys: Passkeys;
  readonly #loopback: "open" | "token";
  readonly #addresses: AddressRoles;
  readonly #open: Role | undefined;
  readonly #attempts = new Attempts();
  readonly #credentialSeconds: number;
  #untold = 0;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  /** Makes it. */
  constructor(
    {
      store = new AccessStore(),
      loopback = "open",
      addresses = new AddressRoles(),
      open,
      browsers = new WebSessions(),
      credentialSeconds = usualCredentialSeconds,
      openId,
    }: AccessOptions = {},
  ) {
    this.#credentialSeconds = credentialSeconds;
    this.store = store;
    this.openId = openId;
    this.browsers = browsers;
    this.passkeys = new Passkeys(store);
    this.#loopback = loopback;
    this.#addresses = addresses;
    this.#open = open;
  }

  /** Whether somebody from beyond this PC has rights without a token. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** What a caller may do who proves nothing: all from this PC, as the originals have it. */
  #standing({ by, hostname = "" }: Arrival): Standing {
    if (by === "program") return standingOf("admin");
    if (isLoopback(hostname) && this.#loopback === "open") return standingOf("admin");
    const mapped = this.#addresses.find(hostname);
    if (mapped !== undefined) return this.store.roles.find(mapped) ?? nobody;
    return this.#open !== undefined && !isLoopback(hostname) ? standingOf(this.#open) : nobody;
  }

  /**
   * Lets somebody in.
   *
   * @param arrival What is known of them.
   * @throws {HeliographError} `no_credential` where the name they give is somebody's who proves it.
   */
  admit<W extends WayIn>(arrival: Arrival<W>): Principal<W> {
    if (arrival.name !== undefined) this.#checkFree(arrival.name);
    return new Principal(arrival, this.#standing(arrival));
  }

  /**
   * Lets in who comes over a connection that stays. Who may do nothing yet has some seconds to give a token.
   *
   * @param by Which wire it speaks.
   * @param connection What carries it.
   * @param sessions What gives it a number.
   */
  admitConnection(
    by: Session["principal"]["by"],
    connection: ClientConnection,
    sessions: Pick<Sessions, "nextId">,
  ): Session["principal"] {
    const { hostname, address, secure = false } = connection;
    const id = sessions.nextId();
    const principal = this.admit({ by, id, hostname, address, secure, gone: () => connection.closed });
    if (!principal.may("read")) {
      const late = setTimeout(() => {
        if (!principal.may("read")) connection.close(new Error(`it gave no token for ${this.#credentialSeconds} s`));
      }, this.#credentialSeconds * 1000);
      Deno.unrefTimer(late);
      void connection.ended.then(() => clearTimeout(late));
    }
    const token = connection.secured?.token;
    if (token !== undefined) this.prove(principal, token);
    return principal;
  }

  /** Whether whoever comes from an address is served without TLS. */
  servesPlain(address: string): boolean {
    return isLoopback(address) || this.isOpen || this.#addresses.find(address) !== undefined;
  }

  /** Who has a token, before anything is asked. @throws {HeliographError} As `prove`. */
  identify(token: string, hostname: string): Principal {
    const principal = this.admit({ by: "http", hostname });
    this.prove(principal, token);
    return principal;
  }

  /** Whether an address may try a secret now. @throws {HeliographError} `too_many_requests` */
  mayTry(hostname: string): void {
    this.#attempts.check(hostname, "");
  }

  /** Counts a secret that was wrong, and tells the log. @param what Which. */
  triedInVain(hostname: string, what: string, reason: string): void {
    this.#attempts.failed(hostname, "");
    log.warning("Refused {what} from {address}: {reason}", { what, address: hostname, reason });
  }

  /**
   * Takes somebody's token: from now on they are whose it is, and may do what that one may.
   *
   * @param principal Who gives it.
   * @param token The token.
   * @param name Whose they say it is. @default they say nothing
   * @throws {HeliographError} `no_credential` where it is wrong; `too_many_requests` where too many were.
   */
  prove(principal: Principal, token: string, name = ""): void {
    this.#mayTry(principal, name);
    const person = this.store.find(token);
    if (person === undefined || (name !== "" && nameKey(name) !== nameKey(person.name))) {
      this.#failed(principal, name);
      throw new HeliographError("no_credential", "The token is wrong, or is not valid any more");
    }
    this.#proved(principal, person);
  }

  /**
   * Takes the one-time secret of a link: they are whom it was made for, and it is used up.
   *
   * @throws {HeliographError} As `prove`.
   */
  async enter(principal: Principal, secret: string): Promise<void> {
    this.#mayTry(principal, "");
    let person: Person;
    try {
      person = await this.store.enter(secret);
    } catch (error) {
      if (error instanceof HeliographError && error.code === "no_credential") this.#failed(principal, "");
      throw error;
    }
    this.#proved(principal, person);
  }

  /** Takes what a passkey has answered: they are whose it is. @throws {HeliographError} As `prove`. */
  async enterByPasskey(principal: Principal, site: Site, answer: PasskeyAnswer): Promise<void> {
    this.#mayTry(principal, "");
    let person: Person;
    try {
      person = await this.passkeys.find(site, answer);
    } catch (error) {
      if (error instanceof HeliographError && error.code === "no_credential") this.#failed(principal, "");
      throw error;
    }
    this.#proved(principal, person);
  }

  /**
   * Takes whom an institute vouches for.
   *
   * @throws {HeliographError} `no_credential` where somebody else proves that name by a token.
   */
  vouched(principal: Principal, person: Person): void {
    if (this.store.isTaken(person.name)) {
      throw new HeliographError(
        "no_credential",
        `${person.name} is the name of somebody who proves it by a token here: an admin revokes that (access revoke), ` +
          "or adds them by another name",
      );
    }
    this.#proved(principal, person);
  }

  #mayTry(principal: Principal, name: string): void {
    try {
      this.#attempts.check(principal.hostname, nameKey(name));
    } catch (error) {
      principal.waitsUntil = performance.now() + wrongTokenPause;
      this.#tell(principal, name, (error as Error).message);
      throw error;
    }
  }

  #failed(principal: Principal, name: string): void {
    this.#attempts.failed(principal.hostname, nameKey(name));
    principal.waitsUntil = performance.now() + wrongTokenPause;
    this.#tell(principal, name, "it is wrong, or not valid any more");
  }

  #proved(principal: Principal, person: Person): void {
    const { hostname } = principal;
    this.#attempts.succeeded(hostname, nameKey(person.name));
    principal.prove(person);
    this.store.used(person, hostname);
    if (principal.by === "http") return;
    log.info("{client} has proved who they are, from {address}", {
      client: principal.label,
      address: principal.address,
    });
  }

  /**
   * Takes the cookie of a browser that has signed in. One that has ended says nothing.
   *
   * @returns Whether they are somebody by it.
   */
  resume(principal: Principal, cookie: string): boolean {
    const session = this.browsers.find(cookie);
    if (session === undefined) return false;
    principal.prove(session);
    this.store.used(session.person, principal.hostname);
    return true;
  }

  /**
   * Takes the name that somebody gives themselves. Who has proved another one keeps that.
   *
   * @throws {HeliographError} `bad_argument` for what is no name; `no_credential` for that of somebody who proves it.
   */
  register(principal: Principal, name: string): void {
    if (principal.person === "") this.#checkFree(checkedName(name));
    principal.register(name);
  }

  /** Ends what is told later. */
  stop(): void {
    clearTimeout(this.#quiet);
    this.#quiet = undefined;
    this.browsers.stop();
  }

  #checkFree(name: string): void {
    if (!this.store.isTaken(name) && !this.browsers.isTaken(name)) return;
    throw new HeliographError(
      "no_credential",
      `${name} is the name of somebody who proves it by a token: give it (register ${name} TOKEN), or take another name`,
    );
  }

  /** A flood of them is no flood of lines. */
  #tell({ address, by }: Principal, name: string, reason: string): void {
    if (this.#quiet !== undefined) return void this.#untold++;
    if (name === "") log.warning("Refused a token from {address} ({by}): {reason}", { address, by, reason });
    else log.warning("Refused a token for {name} from {address} ({by}): {reason}", { name, address, by, reason });
    this.#quiet = setTimeout(() => {
      this.#quiet = undefined;
      const count = this.#untold;
      this.#untold = 0;
      if (count > 0) log.warning("Refused {count} more tokens within a minute", { count });
    }, toldEvery);
    Deno.unrefTimer(this.#quiet);
  }
}

/** What `insecureOpen` says: whether everybody who reaches a server is let in, and as what. */
export type InsecureOpen = boolean | "observer" | "operator";

/** The role of everybody who reaches a server; `undefined` where it is not open. */
export function openRole(insecureOpen: InsecureOpen): Role | undefined {
  if (insecureOpen === false) return undefined;
  return insecureOpen === true ? "observer" : insecureOpen;
}

/** Of servers that know nobody: all on this PC may do everything, and nobody else may do anything. */
const usual = new Access();

/**
 * Lets somebody in as a server does that knows nobody.
 *
 * @param arrival What is known of them.
 */
export function admit<W extends WayIn>(arrival: Arrival<W>): Principal<W> {
  return usual.admit(arrival);
}
