/**
 * Registers people's passkeys, and knows people by them (WebAuthn). Of a passkey only its public key is kept.
 *
 * @module
 */

import { isIP } from "node:net";
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "npm:@simplewebauthn/server@13.2.2";
import { HeliographError } from "../../protocol/errors.ts";
import type { Passkey } from "./access_file.ts";
import type { AccessStore } from "./access_store.ts";
import type { Person } from "./rights.ts";

/** For how long a challenge may be answered, in milliseconds. */
const challengeTime = 300_000;
/** The most challenges that wait for an answer; of more, the oldest ends. */
const mostChallenges = 10_000;
/** The most passkeys of one person. */
const mostOfOne = 20;

/** The page by which somebody comes. */
export interface Site {
  /** As browsers tell it, `https://lab-pc.example.edu:2403`. */
  readonly origin: string;
  /** Its host, for which a passkey is good. */
  readonly id: string;
}

/**
 * The site of a page.
 *
 * @param origin As the browser tells it.
 * @throws {HeliographError} `unavailable` where browsers use no passkeys.
 */
export function siteOf(origin: string | null): Site {
  const url = URL.parse(origin ?? "");
  const id = url?.hostname ?? "";
  if (url !== null && id !== "" && isIP(id.replace(/^\[|\]$/g, "")) === 0) {
    if (url.protocol === "https:" || id === "localhost") return { origin: url.origin, id };
  }
  throw new HeliographError(
    "unavailable",
    "Browsers use passkeys only on localhost, or on a name by https with a certificate that they trust",
  );
}

/** What a browser answers: only its form is known here, what it says is verified. */
export type PasskeyAnswer = AuthenticationResponseJSON | RegistrationResponseJSON;

/** It is large, and most servers never need it. */
const library = () => import("npm:@simplewebauthn/server@13.2.2");

function refused(reason: string): HeliographError {
  return new HeliographError("no_credential", `The passkey is refused: ${reason}`);
}

/** The passkeys of a bench. */
export class Passkeys {
  readonly #store: AccessStore;
  /** What was asked, of whom (nobody for who signs in), and until when it may be answered. */
  readonly #challenges = new Map<string, { readonly name: string; readonly until: number }>();

  /** Asks nobody yet. @param store Where they are kept. */
  constructor(store: AccessStore) {
    this.#store = store;
  }

  /** The passkeys of somebody. @throws {HeliographError} `bad_argument` where they have no token here. */
  of(name: string): readonly Passkey[] {
    const passkeys = this.#store.passkeysOf(name);
    if (passkeys !== undefined) return passkeys;
    throw new HeliographError(
      "bad_argument",
      `${name || "Whoever has not signed in"} has no token here, and no passkeys`,
    );
  }

  /** Begins to register one. @returns The options for the browser. */
  async offer(name: string, { id }: Site): Promise<unknown> {
    const has = this.of(name);
    if (has.length >= mostOfOne) {
      throw new HeliographError("limit_exceeded", `Nobody has more than ${mostOfOne} passkeys: remove one first`);
    }
    const { generateRegistrationOptions } = await library();
    const options = await generateRegistrationOptions({
      rpName: "heliograph",
      rpID: id,
      userName: name,
      excludeCredentials: has.map(({ id }) => ({ id })),
      attestationType: "none",
      // It stands for the token, and for the name.
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    });
    this.#ask(options.challenge, name);
    return options;
  }

  /** Registers one. @param title What its owner calls it. @throws {HeliographError} `no_credential` */
  async register(name: string, { origin, id }: Site, title: string, answer: PasskeyAnswer): Promise<void> {
    this.of(name);
    const { verifyRegistrationResponse } = await library();
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: answer as RegistrationResponseJSON,
      expectedChallenge: (challenge) => this.#answered(challenge, name),
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
    }).catch((error: Error) => {
      throw refused(error.message);
    });
    if (!verified) throw refused("its signature is wrong");
    const { credential } = registrationInfo;
    await this.#store.addPasskey(name, {
      id: credential.id,
      key: btoa(String.fromCharCode(...credential.publicKey)),
      counter: credential.counter,
      title,
      made: new Date().toISOString(),
    });
  }

  /** Begins to sign somebody in. @returns The options for the browser. */
  async challenge({ id }: Site): Promise<unknown> {
    const { generateAuthenticationOptions } = await library();
    const options = await generateAuthenticationOptions({ rpID: id, userVerification: "required" });
    this.#ask(options.challenge, "");
    return options;
  }

  /** Whose passkey it is. @throws {HeliographError} `no_credential` where it is nobody's, or the answer is wrong. */
  async find({ origin, id }: Site, answer: PasskeyAnswer): Promise<Person> {
    const found = this.#store.findPasskey(answer.id);
    if (found === undefined) throw refused("nobody has it here");
    const { verifyAuthenticationResponse } = await library();
    const { passkey, person } = found;
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: answer as AuthenticationResponseJSON,
      expectedChallenge: (challenge) => this.#answered(challenge, ""),
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
      credential: {
        id: passkey.id,
        publicKey: Uint8Array.from(atob(passkey.key), (letter) => letter.charCodeAt(0)),
        counter: passkey.counter,
      },
    }).catch((error: Error) => {
      throw refused(error.message);
    });
    if (!verified) throw refused("its signature is wrong");
    const { newCounter } = authenticationInfo;
    // Most passkeys count nothing, so that their counter stays 0.
    if (newCounter !== passkey.counter) await this.#store.countPasskey(person.name, passkey, newCounter);
    if (person.ended) throw refused(`the access of ${person.name} has ended`);
    return person;
  }

  #ask(challenge: string, name: string): void {
    const now = performance.now();
    for (const [old, { until }] of this.#challenges) {
      if (until > now && this.#challenges.size < mostChallenges) break;
      this.#challenges.delete(old);
    }
    this.#challenges.set(challenge, { name, until: now + challengeTime });
  }

  /** Whether that was asked of them; it is answered once. */
  #answered(challenge: string, name: string): boolean {
    const asked = this.#challenges.get(challenge);
    this.#challenges.delete(challenge);
    return asked !== undefined && asked.name === name && asked.until > performance.now();
  }
}
