/**
 * The routes of signing in with a browser: by a token or the one-time secret of a link, and out again.
 *
 * A session is known by a cookie that no script can read, and that only this server's own pages send. Browsers keep it
 * over TLS, and on 127.0.0.1 and localhost also without (Chromium and Firefox: tests/client/page/sign_in_test.ts).
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import * as z from "npm:zod@4.6.7";
import type { SignInState } from "../../../protocol/access_description.ts";
import { identity } from "../../../protocol/schemas.ts";
import type { Access } from "../../access/admit.ts";
import { type Principal, whoIs } from "../../access/principal.ts";
import { checked, json, root, valueOf } from "./route_parts.ts";
import type { Route } from "./routes.ts";

const log = getLogger(["heliograph", "access"]);

const signIn = z.strictObject({
  token: z.string().min(1).max(200).optional(),
  secret: z.string().min(1).max(200).optional(),
}, 'Cannot sign in: give "token" or "secret", as text')
  .refine(
    ({ token, secret }) => (token === undefined) !== (secret === undefined),
    'Cannot sign in: give a "token", or the "secret" of a link',
  );

const state = z.strictObject({
  who: identity.nullable().describe("who asks; null for who has to say first who they are"),
  signedIn: z.boolean().describe("whether they have signed in, and can sign out"),
  until: z.string().nullable().describe("until when, ISO 8601 in UTC"),
  institute: z.string().nullable().describe("where people can sign in with OpenID Connect; null for nowhere"),
}) satisfies z.ZodType<SignInState>;

/** The cookie of who has signed in. */
const sessionCookie = "heliograph";

/**
 * The name of a cookie. Browsers send a cookie to every port of a PC: the port is in it, so that two servers of one PC
 * do not sign people out of each other.
 */
function cookieName(headers: Headers, name: string): string {
  const port = /:(\d+)$/.exec(headers.get("host") ?? "")?.[1];
  return `__Host-${name}${port === undefined ? "" : `-${port}`}`;
}

/** The secret in the cookie of a request by which who has signed in is known, or `undefined`. */
export function cookieOf(headers: Headers): string | undefined {
  return cookieNamed(headers, sessionCookie);
}

/** The value of a cookie of this server, or `undefined`. */
export function cookieNamed(headers: Headers, name: string): string | undefined {
  const given = headers.get("cookie");
  if (given === null) return undefined;
  const begin = `${cookieName(headers, name)}=`;
  return given.split(";").map((each) => each.trim()).find((each) => each.startsWith(begin))?.slice(begin.length);
}

/** The header field that makes a browser keep a cookie. @param headers Of the request. */
export function setCookie(
  headers: Headers,
  name: string,
  value: string,
  { seconds, sameSite = "Strict" }: { readonly seconds: number; readonly sameSite?: "Strict" | "Lax" },
): string {
  return `${cookieName(headers, name)}=${value}; Path=/; Max-Age=${seconds}; Secure; HttpOnly; SameSite=${sameSite}`;
}

/** Begins the session of who has proved who they are. @returns The header field that sets its cookie. */
export function beginSession(access: Access, client: Principal, headers: Headers): string {
  const { browsers } = access;
  const before = cookieOf(headers);
  if (before !== undefined) browsers.end(before);
  const cookie = browsers.begin(client.proof!, client.hostname, headers.get("user-agent") ?? "");
  access.resume(client, cookie);
  log.info("{client} signed in", { client: client.label });
  return setCookie(headers, sessionCookie, cookie, { seconds: browsers.seconds });
}

/**
 * The routes.
 *
 * @param access What takes tokens, and keeps sessions.
 */
export function sessionRoutes(access: Access): Route[] {
  const path = `${root}/session`;
  const { browsers } = access;
  const stateOf = (client: Principal): SignInState => {
    const end = browsers.endOf(client.proof);
    return {
      who: client.may("read") ? whoIs(client) : null,
      signedIn: end !== undefined,
      until: end === undefined ? null : new Date(end).toISOString(),
      institute: access.openId?.title ?? null,
    };
  };
  return [
    {
      method: "GET",
      path,
      unproven: true,
      operation: {
        summary: "Who this browser is to the server, and whether it has to sign in",
        answers: json("Who it is", state),
      },
      answer: ({ client }) => stateOf(client),
    },
    {
      method: "POST",
      path,
      unproven: true,
      operation: {
        summary: "Sign in, with a token or the one-time secret of a link: the answer sets a cookie",
        description:
          "For browsers; programs send their token with each request. Sessions end when the server restarts.",
        body: signIn,
        answers: json("Who you are now", state),
        errors: ["no_credential"],
      },
      answer: checked(signIn, async ({ token, secret }, { client, request: { headers } }) => {
        if (token !== undefined) access.prove(client, token);
        else await access.enter(client, secret!);
        const cookie = beginSession(access, client, headers);
        return Response.json(stateOf(client), { headers: { "Set-Cookie": cookie } });
      }),
    },
    {
      method: "DELETE",
      path,
      unproven: true,
      operation: {
        summary: "Sign out: the session ends, and the connections of its pages",
        answers: valueOf("Nobody is signed in by this browser"),
      },
      answer: ({ client, request: { headers } }) => {
        const cookie = cookieOf(headers);
        if (cookie !== undefined) {
          const told = client.label;
          browsers.end(cookie);
          if (client.proof !== undefined) log.info("{client} signed out", { client: told });
        }
        return Response.json({ value: null }, {
          headers: { "Set-Cookie": setCookie(headers, sessionCookie, "", { seconds: 0 }) },
        });
      },
    },
  ];
}
