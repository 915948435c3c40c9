/**
 * Who has signed in with a browser: sessions that the server keeps, each known by the secret in a cookie.
 *
 * They are kept in memory alone, so that a restart of the server ends them; of each secret, only the SHA-256 is kept.
 *
 * @module
 */

import type { SignedInDescription } from "../../protocol/access_description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { digestOf, nameKey, newSecret } from "./access_file.ts";
import type { Person, Standing } from "./rights.ts";

/** How long a session is good, whatever is done in it, in seconds: thirty days. */
const usualSeconds = 30 * 86_400;
/** After how long a session ends in which nothing was asked for and no page was open, in seconds: three days. */
const usualIdleSeconds = 3 * 86_400;
/** The most sessions of one person; of more, the one that was used longest ago ends. */
const mostOfOne = 20;
/** How often sessions that have ended are looked for, in milliseconds. */
const lookEvery = 60_000;

/** When sessions end. */
export interface WebSessionsOptions {
  /** How long each is good, in seconds. @default thirty days */
  readonly seconds?: number;
  /** After how long one ends that is not used, in seconds. @default three days */
  readonly idleSeconds?: number;
  /** The time, in milliseconds since 1970. @default this PC's clock */
  readonly now?: () => number;
}

/** Somebody in one browser: the person, until the session ends. */
export class SignedIn implements Person {
  /** What no other session of this server run has. */
  readonly number: number;
  /** Whose it is. */
  readonly person: Person;
  /** The SHA-256 of the cookie's secret. */
  readonly digest: string;
  /** From which IP address they signed in. */
  readonly address: string;
  /** What the browser says that it is. */
  readonly browser: string;
  /** When they signed in, in milliseconds since 1970. */
  readonly began: number;
  /** When it was last used. */
  used: number;
  /** How many pages of it are open. */
  open = 0;
  /** Whether they have signed out, or somebody ended it. */
  over = false;
  readonly #isLate: (session: SignedIn) => boolean;

  constructor(
    parts: Pick<SignedIn, "number" | "person" | "digest" | "address" | "browser" | "began">,
    isLate: (session: SignedIn) => boolean,
  ) {
    this.number = parts.number;
    this.person = parts.person;
    this.digest = parts.digest;
    this.address = parts.address;
    this.browser = parts.browser;
    this.began = this.used = parts.began;
    this.#isLate = isLate;
  }

  get name(): string {
    return this.person.name;
  }

  get roleName(): string {
    return this.person.roleName;
  }

  get rights(): Standing["rights"] {
    return this.person.rights;
  }

  get instruments(): Standing["instruments"] {
    return this.person.instruments;
  }

  get ended(): boolean {
    return this.over || this.person.ended || this.#isLate(this);
  }
}

/** The sessions of browsers. */
export class WebSessions {
  readonly #seconds: number;
  readonly #idleSeconds: number;
  readonly #now: () => number;
  readonly #byDigest = new Map<string, SignedIn>();
  readonly #listeners: (() => void)[] = [];
  #last = 0;
  #look: ReturnType<typeof setInterval> | undefined;

  /** Begins with none. */
  constructor(
    { seconds = usualSeconds, idleSeconds = usualIdleSeconds, now = Date.now }: WebSessionsOptions = {},
  ) {
    this.#seconds = seconds;
    this.#idleSeconds = idleSeconds;
    this.#now = now;
  }

  /** For how many seconds a browser keeps the cookie. */
  get seconds(): number {
    return this.#seconds;
  }

  /**
   * Begins a session.
   *
   * @param person Who has proved who they are.
   * @param address From which IP address.
   * @param browser What the browser says that it is.
   * @returns The secret for its cookie, which nobody can tell later.
   */
  begin(person: Person, address: string, browser: string): string {
    const secret = newSecret();
    // Who signs in by a session, as nobody should, gets none that outlives it.
    const whose = person instanceof SignedIn ? person.person : person;
    const ofThem = [...this.#byDigest.values()].filter(({ name, ended }) => name === whose.name && !ended)
      .toSorted((one, other) => one.used - other.used);
    for (const one of ofThem.slice(0, Math.max(0, ofThem.length + 1 - mostOfOne))) one.over = true;
    const session = new SignedIn({
      number: ++this.#last,
      person: whose,
      digest: digestOf(secret),
      address,
      browser: browser.slice(0, 200),
      began: this.#now(),
    }, (each) => this.#isLate(each));
    this.#byDigest.set(session.digest, session);
    if (this.#look === undefined) {
      this.#look = setInterval(() => this.#sweep(), lookEvery);
      Deno.unrefTimer(this.#look);
    }
    this.#sweep();
    return secret;
  }

  /** Whose session a cookie is, which is used by that. @returns `undefined` where it is none, or has ended. */
  find(secret: string): SignedIn | undefined {
    const session = this.#byDigest.get(digestOf(secret));
    if (session === undefined || session.ended) return undefined;
    session.used = this.#now();
    return session;
  }

  /** A page of a session is open from now on, until what is returned is called. */
  hold(person: Person | undefined): () => void {
    if (!(person instanceof SignedIn)) return () => {};
    person.open++;
    return () => {
      person.open--;
      person.used = this.#now();
    };
  }

  /** Ends the session of a cookie. */
  end(secret: string): void {
    const session = this.#byDigest.get(digestOf(secret));
    if (session !== undefined) this.#end(session);
  }

  /** Ends a session by its number. @returns Whose it was. @throws {HeliographError} `bad_argument` where there is none. */
  endNumber(number: number): string {
    const session = this.#open.find((one) => one.number === number);
    if (session === undefined) throw new HeliographError("bad_argument", `No session has the number ${number}`);
    this.#end(session);
    return session.name;
  }

  /** When a person's session ends at the latest, in milliseconds since 1970; `undefined` where they are in none. */
  endOf(person: Person | undefined): number | undefined {
    if (!(person instanceof SignedIn)) return undefined;
    return Math.min(person.began + this.#seconds * 1000, person.person.until ?? Infinity);
  }

  /** Whether a name is that of somebody who has signed in. */
  isTaken(name: string): boolean {
    const key = nameKey(name);
    return this.#open.some((session) => nameKey(session.name) === key);
  }

  /** Those that have not ended, as administrators are told, oldest first. @param mine Who asks. */
  describe(mine: Person | undefined): SignedInDescription[] {
    return this.#open.map((session) => ({
      number: session.number,
      name: session.name,
      from: session.address,
      browser: session.browser,
      began: new Date(session.began).toISOString(),
      used: new Date(session.open > 0 ? this.#now() : session.used).toISOString(),
      until: new Date(this.endOf(session)!).toISOString(),
      pages: session.open,
      here: session === mine,
    }));
  }

  /** Calls the listener whenever sessions have ended. It must not throw. */
  onEnd(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Looks for none any more. */
  stop(): void {
    clearInterval(this.#look);
    this.#look = undefined;
  }

  get #open(): SignedIn[] {
    return [...this.#byDigest.values()].filter(({ ended }) => !ended);
  }

  #isLate({ began, used, open }: SignedIn): boolean {
    const now = this.#now();
    return now >= began + this.#seconds * 1000 || (open === 0 && now >= used + this.#idleSeconds * 1000);
  }

  #end(session: SignedIn): void {
    session.over = true;
    this.#sweep();
  }

  #sweep(): void {
    const over = [...this.#byDigest.values()].filter(({ ended }) => ended);
    if (over.length === 0) return;
    for (const { digest } of over) this.#byDigest.delete(digest);
    for (const listener of this.#listeners) listener();
  }
}
