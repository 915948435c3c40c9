/**
 * What the server tells of signing in, and administrators of people and programs: the types of its JSON over HTTP.
 *
 * @module
 */

import type { Identity } from "./description.ts";
import type { Right } from "./vocabulary.ts";

/** Who a browser is to the server, and how it came to be that. */
export interface SignInState {
  /** Who asks; `null` for who has to say first who they are. */
  readonly who: Identity | null;
  /** Whether they have signed in, and can sign out. */
  readonly signedIn: boolean;
  /** Until when, ISO 8601 in UTC; `null` where they have not signed in. */
  readonly until: string | null;
  /** What the institute is called where people can sign in with OpenID Connect; `null` for nowhere. */
  readonly institute: string | null;
}

/** A passkey of somebody. */
export interface PasskeyDescription {
  /** By which it is removed. */
  readonly id: string;
  /** What its owner calls it. */
  readonly title: string;
  /** When it was made, ISO 8601 in UTC. */
  readonly made: string;
}

/** A person or a program that has a token. */
export interface PersonDescription {
  readonly name: string;
  /** The name of their role. */
  readonly role: string;
  /** The names of the instruments that they may drive; `null` for all. */
  readonly instruments: readonly string[] | null;
  /** What it is for, or empty. */
  readonly purpose: string;
  /** When their token was made, ISO 8601 in UTC. */
  readonly made: string;
  /** When it ends; `null` where it does not. */
  readonly until: string | null;
  /** When it was last used, to the minute, or `null`. */
  readonly used: string | null;
  /** From which address, or empty. */
  readonly from: string;
  /** The passkeys by which they sign in. */
  readonly passkeys: readonly PasskeyDescription[];
}

/** Somebody who has signed in with a browser. */
export interface SignedInDescription {
  /** A number that no other session of this server run has. */
  readonly number: number;
  /** Whose it is. */
  readonly name: string;
  /** From which address. */
  readonly from: string;
  /** What the browser says that it is. */
  readonly browser: string;
  /** When they signed in, ISO 8601 in UTC. */
  readonly began: string;
  /** When it was last used. */
  readonly used: string;
  /** When it ends at the latest. */
  readonly until: string;
  /** How many pages of it are open now. */
  readonly pages: number;
  /** Whether it is that of whoever asks. */
  readonly here: boolean;
}

/** Who may do what on a bench, and who has signed in, as administrators are told. */
export interface AccessDescription {
  readonly people: readonly PersonDescription[];
  readonly sessions: readonly SignedInDescription[];
  /** The roles of the bench. */
  readonly roles: readonly { readonly role: string; readonly rights: readonly Right[] }[];
}
