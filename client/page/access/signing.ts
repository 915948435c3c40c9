/**
 * Signs in and out, and asks the server for what administrators do with people: over HTTP, with the cookie that the
 * browser keeps.
 *
 * @module
 */

import type { SignInState } from "../../../protocol/access_description.ts";
import { type ErrorCode, HeliographError } from "../../../protocol/errors.ts";
import { place } from "../shell/place.ts";

/**
 * Asks the server.
 *
 * @param path Behind `/api/v1/`.
 * @param body Sent as JSON. @default nothing is sent
 * @throws {HeliographError} What the server answered with, or `connection_lost`.
 */
export async function ask<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
  const sent = body === undefined
    ? {}
    : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  let answer: { readonly error?: { readonly code: string; readonly message: string } };
  try {
    const response = await fetch(`/api/v1/${path}`, { method, ...sent });
    answer = await response.json();
  } catch {
    throw new HeliographError("connection_lost", "The server does not answer");
  }
  if (answer.error !== undefined) throw new HeliographError(answer.error.code as ErrorCode, answer.error.message);
  return answer as T;
}

/** Who this browser is to the server. */
export function signInState(): Promise<SignInState> {
  return ask("GET", "session");
}

/** Signs in. @param credential A token, or the one-time secret of a link. */
export function signIn(credential: { readonly token: string } | { readonly secret: string }): Promise<SignInState> {
  return ask("POST", "session", credential);
}

/** Goes to where one signs in at one's institute, which leads back here. */
export async function goToInstitute(): Promise<void> {
  const { url } = await ask<{ readonly url: string }>("POST", "session/openid", {});
  location.assign(url);
}

/** Signs out. What the page knows of the bench is forgotten with it. */
export async function signOut(): Promise<void> {
  await ask("DELETE", "session");
  location.reload();
}

/** Begins the page anew, as whoever has signed in: where it was, unless that was where one signs in. */
export function begin(): void {
  if (place.value.name === "sign-in") history.replaceState(null, "", location.pathname + location.search);
  location.reload();
}

/** The address by which a browser signs in, once. */
export function linkOf(secret: string): string {
  return `${location.origin}/#/sign-in?secret=${encodeURIComponent(secret)}`;
}

/**
 * Takes the secret out of the address, where a link brought it: nobody who looks at the window, or goes back, sees it.
 * What stands behind the `#` is sent to no server, so that it is in no log either.
 *
 * @returns The secret; `undefined` where there is none.
 */
export function takeSecret(): string | undefined {
  const { name, query } = place.value;
  const secret = name === "sign-in" ? query.get("secret") : null;
  if (secret === null) return undefined;
  history.replaceState(null, "", `${location.pathname}${location.search}#/sign-in`);
  dispatchEvent(new HashChangeEvent("hashchange"));
  return secret;
}
