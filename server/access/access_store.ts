/**
 * Knows people and programs by their tokens, keeps them in `lab.access.json`, and takes changes of that file at once.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { didYouMean } from "../bench/names.ts";
import { SecretKeeper } from "../files/secret_keeper.ts";
import {
  type AccessEntry,
  type AccessList,
  accessText,
  added,
  current,
  digestOf,
  emptyList,
  entered,
  type Grant,
  type Invitation,
  invited,
  nameKey,
  newSecret,
  type Passkey,
  readAccess,
  redeemed,
  renewed,
  revoked,
  usesNoted,
  withPasskeys,
} from "./access_file.ts";
import { nobody, type Person, Roles, type Standing } from "./rights.ts";

const log = getLogger(["heliograph", "access"]);

/** How often it is written when tokens were last used, in milliseconds. */
const writeUsesEvery = 60_000;
/** How often a change is tried while another program changes the file as well. */
const tries = 5;
/** The longest time that a timer takes, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

/** A person or program, as it is told to administrators: without anything of the token. */
export type KnownPerson = Omit<AccessEntry, "digest" | "passkeys">;

class TokenHolder implements Person {
  readonly entry: AccessEntry;
  readonly digest: Uint8Array;
  readonly #standing: Standing;
  #revoked = false;

  constructor(entry: AccessEntry, roles: Roles) {
    this.entry = entry;
    this.digest = Buffer.from(entry.digest, "hex");
    this.#standing = roles.find(entry.role) ?? nobody;
    this.instruments = entry.instruments === undefined ? undefined : new Set(entry.instruments);
  }

  readonly instruments: ReadonlySet<string> | undefined;

  get name(): string {
    return this.entry.name;
  }

  get roleName(): string {
    return this.entry.role;
  }

  get rights(): Standing["rights"] {
    return this.#standing.rights;
  }

  get ended(): boolean {
    return this.#revoked || (this.entry.until !== undefined && Date.parse(this.entry.until) <= Date.now());
  }

  revoke(): void {
    this.#revoked = true;
  }
}

/** Where people are kept, and which roles there are. */
export interface AccessStoreOptions {
  /** The absolute path of the file. @default they are kept in memory */
  readonly file?: string | undefined;
  /** The roles of the bench. @default those that every bench has */
  readonly roles?: Roles | undefined;
}

/** People and programs, their tokens, and one-time secrets. */
export class AccessStore {
  /** The roles that people may have. */
  readonly roles: Roles;
  readonly #keeper: SecretKeeper | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #uses = new Map<string, Pick<AccessEntry, "used" | "from">>();
  #list: AccessList = emptyList;
  #people: TokenHolder[] = [];
  #names = new Set<string>();
  #working: Promise<unknown> = Promise.resolve();
  #writeUses: ReturnType<typeof setTimeout> | undefined;
  #end: ReturnType<typeof setTimeout> | undefined;

  /** Makes it, with nobody known. */
  constructor({ file, roles = new Roles() }: AccessStoreOptions = {}) {
    this.roles = roles;
    this.#keeper = file === undefined ? undefined : new SecretKeeper(file, () => void this.#read());
  }

  /** The absolute path of the file; `undefined` where they are kept in memory. */
  get file(): string | undefined {
    return this.#keeper?.file;
  }

  /** Reads the file and watches it from then on; before the server gives up its permissions. It fails for nobody. */
  open(): Promise<void> {
    return this.#read();
  }

  /** Writes what is still to be written, and ends. */
  async stop(): Promise<void> {
    clearTimeout(this.#end);
    this.#end = undefined;
    await this.#noteUses();
    await this.#working.catch(() => {});
    this.#keeper?.stop();
  }

  /**
   * Who has a token. Every known one is compared, whole: how long it takes tells nothing of them.
   *
   * @param token What somebody gave.
   * @returns Whose it is; `undefined` where it is nobody's, or is not valid any more.
   */
  find(token: string): Person | undefined {
    const given = createHash("sha256").update(token).digest();
    let found: TokenHolder | undefined;
    for (const person of this.#people) if (timingSafeEqual(person.digest, given)) found = person;
    return found?.ended === false ? found : undefined;
  }

  /** Whether a name is somebody's who proves it: nobody else may call themselves so. */
  isTaken(name: string): boolean {
    return this.#names.has(nameKey(name));
  }

  /** What somebody may do who has proved that name, whether they are here or not. @returns Nothing any more where they have no token. */
  standingOf(name: string): Standing {
    return this.#people.find((person) => nameKey(person.name) === nameKey(name) && !person.ended) ?? nobody;
  }

  /** Everybody who has a token, in the order in which they were added. */
  get people(): readonly KnownPerson[] {
    return this.#people.map(({ entry: { digest, passkeys: _, ...known } }) => ({
      ...known,
      ...this.#uses.get(digest),
    }));
  }

  /** The one-time secrets of a kind that were not used yet: of each, its SHA-256. */
  invitations(kind: Invitation["kind"]): readonly Invitation[] {
    return current(this.#list.invitations, new Date()).filter((one) => one.kind === kind);
  }

  /** Notes that a token was used. @param address From where. */
  used(person: Person, address: string): void {
    if (!(person instanceof TokenHolder)) return;
    const used = new Date();
    used.setSeconds(0, 0);
    this.#uses.set(person.entry.digest, { used: used.toISOString(), ...address === "" ? {} : { from: address } });
    if (this.#keeper === undefined || this.#writeUses !== undefined) return;
    this.#writeUses = setTimeout(() => void this.#noteUses(), writeUsesEvery);
    Deno.unrefTimer(this.#writeUses);
  }

  /** Adds somebody. @returns Their token, which nobody can tell later. @throws {HeliographError} `bad_argument` */
  async add(grant: Grant): Promise<string> {
    const token = newSecret();
    this.#checkRole(grant.role);
    await this.#change((list) => added(list, grant, token, new Date()));
    return token;
  }

  /** Takes somebody's token from them: their connections end. @throws {HeliographError} `bad_argument` */
  async revoke(name: string): Promise<void> {
    await this.#change((list) => revoked(list, name));
  }

  /** Gives somebody a new token; the old one ends. @param days For how many. @returns The token. */
  async renew(name: string, days?: number): Promise<string> {
    const token = newSecret();
    await this.#change((list) => renewed(list, name, token, new Date(), days));
    return token;
  }

  /**
   * Makes a one-time secret that can be changed for a token.
   *
   * @param grant What whoever has it gets, and for how many seconds it is good.
   * @returns The secret.
   */
  async invite(
    grant: Grant & { readonly kind: Invitation["kind"]; readonly seconds: number },
    secret: string = newSecret(),
  ): Promise<string> {
    this.#checkRole(grant.role);
    await this.#change((list) => invited(list, grant, secret, new Date()));
    return secret;
  }

  /**
   * Takes the one-time secret of a link for a browser, which is used up by that. Whoever has a token keeps it.
   *
   * @returns Whom it was made for.
   * @throws {HeliographError} `no_credential` where it is wrong or has been used.
   */
  async enter(secret: string): Promise<Person> {
    let name = "";
    await this.#change((list) => {
      const next = entered(list, digestOf(secret), newSecret(), new Date());
      name = next.name;
      return next.list;
    });
    const person = this.#people.find((one) => nameKey(one.name) === nameKey(name));
    if (person?.ended === false) return person;
    throw new HeliographError("no_credential", `The access of ${name} has ended`);
  }

  /**
   * Changes a one-time secret for a token. It is used up by that.
   *
   * @param invitation The secret; or its SHA-256, where somebody has proved otherwise that they know it.
   * @throws {HeliographError} `no_credential` where it is wrong or has been used.
   */
  async redeem(invitation: string | { readonly digest: string }): Promise<string> {
    const digest = typeof invitation === "string" ? digestOf(invitation) : invitation.digest;
    const token = newSecret();
    await this.#change((list) => redeemed(list, digest, token, new Date()));
    return token;
  }

  /** Somebody's passkeys; `undefined` where nobody is called so. */
  passkeysOf(name: string): readonly Passkey[] | undefined {
    const entry = this.#list.people.find((one) => nameKey(one.name) === nameKey(name));
    return entry && (entry.passkeys ?? []);
  }

  /** A passkey by its id, and whose it is; `undefined` where it is nobody's, or their access has ended. */
  findPasskey(id: string): { readonly passkey: Passkey; readonly person: Person } | undefined {
    for (const [at, { passkeys = [] }] of this.#list.people.entries()) {
      const passkey = passkeys.find((one) => one.id === id);
      const person = this.#people[at];
      if (passkey !== undefined && person?.ended === false) return { passkey, person };
    }
    return undefined;
  }

  /** Adds a passkey. @throws {HeliographError} `bad_argument` where nobody is called so, or somebody has it. */
  async addPasskey(name: string, passkey: Passkey): Promise<void> {
    await this.#change((list) => {
      if (list.people.some(({ passkeys = [] }) => passkeys.some(({ id }) => id === passkey.id))) {
        throw new HeliographError("bad_argument", "Cannot keep the passkey: somebody has it already");
      }
      return withPasskeys(list, name, (passkeys) => [...passkeys, passkey]);
    });
  }

  /** Removes a passkey of somebody. @throws {HeliographError} `bad_argument` where they have no such. */
  async removePasskey(name: string, id: string): Promise<void> {
    await this.#change((list) =>
      withPasskeys(list, name, (passkeys) => {
        const left = passkeys.filter((one) => one.id !== id);
        if (left.length < passkeys.length) return left;
        throw new HeliographError("bad_argument", `${name} has no such passkey`);
      })
    );
  }

  /**
   * Notes how often a passkey says that it was used.
   *
   * @param before As it was when its answer was verified.
   * @throws {HeliographError} `no_credential` where it was used or removed meanwhile.
   */
  async countPasskey(name: string, before: Passkey, counter: number): Promise<void> {
    await this.#change((list) =>
      withPasskeys(list, name, (passkeys) => {
        if (!passkeys.some(({ id, counter }) => id === before.id && counter === before.counter)) {
          throw new HeliographError("no_credential", "The passkey is refused: it was used or removed meanwhile");
        }
        return passkeys.map((one) => one.id === before.id ? { ...one, counter } : one);
      })
    );
  }

  /** Calls the listener whenever people are other ones: tokens that ended are told as `ended` by then. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #checkRole(role: string): void {
    if (this.roles.find(role) !== undefined) return;
    const known = this.roles.all.map(({ roleName }) => roleName);
    throw new HeliographError(
      "bad_argument",
      `No role is called ${role} on this bench${didYouMean(role, known)}; there are ${known.join(", ")}`,
    );
  }

  /** One change after the other, each of what the file holds then. */
  #change(change: (list: AccessList) => AccessList): Promise<void> {
    const changed = this.#working.catch(() => {}).then(() => this.#exchange(change));
    this.#working = changed;
    return changed;
  }

  async #exchange(change: (list: AccessList) => AccessList): Promise<void> {
    const keeper = this.#keeper;
    if (keeper === undefined) return this.#take(change(this.#list));
    for (let left = tries; left > 0; left--) {
      let text: string | undefined;
      try {
        text = await keeper.read();
        const next = change(readAccess(keeper.file, text));
        if (!await keeper.exchange(text, accessText(next))) continue;
        return this.#take(next);
      } catch (error) {
        if (error instanceof HeliographError) throw error;
        throw new HeliographError("command_failed", `Cannot write ${keeper.file}: ${(error as Error).message}`);
      }
    }
    throw new HeliographError("command_failed", `Cannot write ${keeper.file}: other programs change it all the time`);
  }

  /** Reads the file. @throws {Error} Where it cannot be read or understood. */
  async load(): Promise<void> {
    const keeper = this.#keeper;
    if (keeper !== undefined) this.#take(readAccess(keeper.file, await keeper.read()));
  }

  async #read(): Promise<void> {
    try {
      await this.load();
    } catch (error) {
      // What is not understood takes nothing from anybody, and gives nobody anything.
      log.error("Cannot read who may do what; what was known stays: {reason}", { reason: (error as Error).message });
    }
  }

  #take(list: AccessList): void {
    const before = new Map(this.#people.map((person) => [person.entry.digest, person]));
    this.#list = list;
    this.#people = list.people.map((entry) => {
      const known = before.get(entry.digest);
      if (known !== undefined && sameGrant(known.entry, entry)) {
        before.delete(entry.digest);
        return known;
      }
      if (this.roles.find(entry.role) === undefined) {
        log.warning("{name} may do nothing: no role is called {role} on this bench", {
          name: entry.name,
          role: entry.role,
        });
      }
      return new TokenHolder(entry, this.roles);
    });
    this.#names = new Set(list.people.map(({ name }) => nameKey(name)));
    for (const person of before.values()) person.revoke();
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
    clearTimeout(this.#end);
    this.#end = undefined;
    const ends = this.#people.flatMap(({ ended, entry: { until } }) => ended || !until ? [] : [Date.parse(until)]);
    if (ends.length === 0) return;
    const wait = Math.min(longestTimer, Math.max(0, Math.min(...ends) - Date.now()) + 1);
    this.#end = setTimeout(() => this.#tell(), wait);
    Deno.unrefTimer(this.#end);
  }

  async #noteUses(): Promise<void> {
    clearTimeout(this.#writeUses);
    this.#writeUses = undefined;
    if (this.#keeper === undefined || this.#uses.size === 0) return;
    const uses = new Map(this.#uses);
    try {
      await this.#change((list) => usesNoted(list, uses));
      for (const [digest, use] of uses) if (this.#uses.get(digest) === use) this.#uses.delete(digest);
    } catch (error) {
      log.warning("Cannot note when tokens were used: {reason}", { reason: (error as Error).message });
    }
  }
}

/** Whether an entry still gives the same; when it was used does not matter. */
function sameGrant(one: AccessEntry, other: AccessEntry): boolean {
  const text = ({ used: _used, from: _from, passkeys: _passkeys, ...grant }: AccessEntry) => JSON.stringify(grant);
  return text(one) === text(other);
}
