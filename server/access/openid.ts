/**
 * Signs people in whom their institute knows: OpenID Connect, by the authorization code with PKCE.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type * as Client from "npm:openid-client@6.9.0";
import { HeliographError } from "../../protocol/errors.ts";
import { isLoopback } from "../network/loopback.ts";
import { digestOf, newSecret } from "./access_file.ts";
import { checkedName } from "./principal.ts";
import type { Person, Roles, Standing } from "./rights.ts";

const log = getLogger(["heliograph", "access"]);

/** Where the institute sends browsers back to, behind the page's address. */
export const openIdPath = "/api/v1/session/openid";
/** For how long somebody may take to sign in at their institute, in seconds. */
export const flowSeconds = 600;
/** The most that are signing in at once; of more, the first ends. */
const mostFlows = 1000;
/** How long an answer of the institute may take, in seconds. */
const answerSeconds = 15;
/** For how many hours somebody is signed in where nobody says it: their groups may be others tomorrow. */
const usualHours = 12;

/** What a bench file says of it. */
export interface OpenIdWords {
  /** The address of the institute's provider, as `https://login.example.edu/realms/staff`. */
  readonly issuer: string;
  /** What the provider calls this server. */
  readonly clientId: string;
  /** The absolute path of the file with the secret that the provider gave for it. @default there is none */
  readonly clientSecretFile?: string | undefined;
  /** By which address people reach the page, as `https://lab-pc.example.edu:2403`. */
  readonly page: string;
  /** Which role each group has; of several, the first one here counts. */
  readonly groups: Readonly<Record<string, string>>;
  /** The claim that holds the groups. @default "groups" */
  readonly groupsClaim?: string | undefined;
  /** The claim that holds what somebody is called. @default preferred_username, else email, else sub */
  readonly nameClaim?: string | undefined;
  /** What is asked for. @default openid profile email */
  readonly scope?: string | undefined;
  /** What the page calls the institute. @default the host of its provider */
  readonly title?: string | undefined;
  /** After how many hours they have to sign in again. @default 12 */
  readonly hours?: number | undefined;
}

/** What must be the same when the browser comes back. */
interface Flow {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly until: number;
}

/** Somebody whom the institute vouched for. */
class Member implements Person {
  readonly name: string;
  readonly roleName: string;
  readonly rights: Standing["rights"];
  readonly instruments = undefined;
  readonly until: number;

  constructor(name: string, { roleName, rights }: Standing, until: number) {
    this.name = name;
    this.roleName = roleName;
    this.rights = rights;
    this.until = until;
  }

  get ended(): boolean {
    return Date.now() >= this.until;
  }
}

/** The provider of an institute. */
export class OpenId {
  readonly #words: OpenIdWords;
  readonly #roles: Roles;
  readonly #flows = new Map<string, Flow>();
  #client: typeof Client | undefined;
  #secret: string | undefined;
  #provider: Promise<Client.Configuration> | undefined;

  /** Asks for nothing yet. @param roles Those of the bench. */
  constructor(words: OpenIdWords, roles: Roles) {
    this.#words = words;
    this.#roles = roles;
  }

  /** What the page calls the institute. */
  get title(): string {
    return this.#words.title ?? new URL(this.#words.issuer).host;
  }

  /**
   * Loads what it needs, before the server gives up its permissions.
   *
   * @throws {HeliographError} `bad_argument` where the secret's file cannot be read.
   */
  async open(): Promise<void> {
    const { clientSecretFile: file } = this.#words;
    if (file !== undefined) {
      try {
        this.#secret = (await Deno.readTextFile(file)).trim();
      } catch (error) {
        const reason = (error as Error).message;
        throw new HeliographError("bad_argument", `Cannot read the secret of openid in ${file}: ${reason}`);
      }
      if (this.#secret === "") {
        throw new HeliographError("bad_argument", `The file of openid's secret is empty: ${file}`);
      }
    }
    this.#client = await import("npm:openid-client@6.9.0");
  }

  /**
   * Begins to sign somebody in.
   *
   * @returns Where their browser goes, and the secret by which it is known when it comes back.
   * @throws {HeliographError} `not_connected` where the provider does not answer.
   */
  async begin(): Promise<{ readonly url: string; readonly secret: string }> {
    const client = this.#client!;
    const provider = await this.#reach();
    const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
    const url = client.buildAuthorizationUrl(provider, {
      redirect_uri: this.#back,
      scope: this.#words.scope ?? "openid profile email",
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
    });
    const secret = newSecret();
    const [first] = this.#flows.keys();
    if (this.#flows.size >= mostFlows) this.#flows.delete(first!);
    this.#flows.set(digestOf(secret), { state, nonce, verifier, until: performance.now() + flowSeconds * 1000 });
    return { url: url.href, secret };
  }

  /**
   * Takes what the provider says of somebody.
   *
   * @param query What stands behind the question mark of the address that their browser came back to.
   * @param secret By which the browser is known.
   * @returns Who they are.
   * @throws {HeliographError} `no_credential` for what the provider does not vouch for; `not_allowed` where none of their
   * groups has a role; `not_connected` where it does not answer.
   */
  async finish(query: string, secret: string | undefined): Promise<Person> {
    const flow = secret === undefined ? undefined : this.#flows.get(digestOf(secret));
    if (secret !== undefined) this.#flows.delete(digestOf(secret));
    if (flow === undefined || performance.now() >= flow.until) {
      throw new HeliographError(
        "no_credential",
        `This browser has not begun to sign in at ${this.title} within the last ${
          flowSeconds / 60
        } minutes: begin again`,
      );
    }
    const client = this.#client!;
    const provider = await this.#reach();
    let claims: Readonly<Record<string, unknown>>;
    try {
      const tokens = await client.authorizationCodeGrant(provider, new URL(this.#back + query), {
        pkceCodeVerifier: flow.verifier,
        expectedNonce: flow.nonce,
        expectedState: flow.state,
        idTokenExpected: true,
      });
      claims = tokens.claims()!;
      // Many providers tell groups only there.
      if (!(this.#groupsClaim in claims) && provider.serverMetadata().userinfo_endpoint !== undefined) {
        claims = { ...await client.fetchUserInfo(provider, tokens.access_token, tokens.claims()!.sub), ...claims };
      }
    } catch (error) {
      throw new HeliographError("no_credential", `${this.title} does not say who you are: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    return this.#member(claims);
  }

  #member(claims: Readonly<Record<string, unknown>>): Person {
    const { groups: roles, nameClaim, hours = usualHours } = this.#words;
    const name = [nameClaim, "preferred_username", "email", "sub"].map((claim) => claim && claims[claim])
      .find((value) => typeof value === "string" && value !== "") as string;
    const has = claims[this.#groupsClaim];
    const groups = (Array.isArray(has) ? has : [has]).filter((group) => typeof group === "string");
    const group = Object.keys(roles).find((each) => groups.includes(each));
    const standing = group === undefined ? undefined : this.#roles.find(roles[group]!);
    if (standing === undefined) {
      log.warning("{title} vouches for {name}, whose groups have no role here: {groups}", {
        title: this.title,
        name,
        groups: groups.join(", ") || "none",
      });
      throw new HeliographError(
        "not_allowed",
        `${name} may do nothing on this bench: ` +
          (groups.length === 0
            ? `${this.title} tells no groups in “${this.#groupsClaim}”`
            : `none of your groups has a role here (${groups.slice(0, 20).join(", ")})`),
      );
    }
    return new Member(checkedName(name), standing, Date.now() + hours * 3_600_000);
  }

  get #groupsClaim(): string {
    return this.#words.groupsClaim ?? "groups";
  }

  get #back(): string {
    return new URL(openIdPath, this.#words.page).href;
  }

  /** What the provider says of itself is asked for once, when somebody needs it; again where it did not answer. */
  async #reach(): Promise<Client.Configuration> {
    const { issuer, clientId } = this.#words;
    const client = this.#client!;
    const url = new URL(issuer);
    this.#provider ??= client.discovery(
      url,
      clientId,
      undefined,
      this.#secret === undefined ? client.None() : client.ClientSecretPost(this.#secret),
      {
        timeout: answerSeconds,
        execute: isLoopback(url.hostname) ? [client.allowInsecureRequests] : [],
      },
    );
    try {
      return await this.#provider;
    } catch (error) {
      this.#provider = undefined;
      throw new HeliographError("not_connected", `${this.title} does not answer: ${reasonOf(error)}`, { cause: error });
    }
  }
}

/** What went wrong, without what was sent. */
function reasonOf(error: unknown): string {
  const { message, error: code, error_description: description, cause } = error as Error & {
    readonly error?: string;
    readonly error_description?: string;
  };
  if (typeof description === "string") return description;
  if (typeof code === "string") return code;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
