/**
 * The routes of passkeys: signing in by one, and registering, listing and removing one's own.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import * as z from "npm:zod@4.6.7";
import { HeliographError } from "../../../protocol/errors.ts";
import type { Access } from "../../access/admit.ts";
import { type PasskeyAnswer, siteOf } from "../../access/passkeys.ts";
import type { Principal } from "../../access/principal.ts";
import { checked, json, root, valueOf } from "./route_parts.ts";
import type { Route } from "./routes.ts";
import { beginSession } from "./session_routes.ts";

const log = getLogger(["heliograph", "access"]);

const nothing = z.strictObject({}, "Cannot begin: the body must be {}");
const options = z.looseObject({}).describe("for PublicKeyCredential.parse…OptionsFromJSON");

const text = z.string().min(1).max(20_000);
const credential = z.looseObject({
  id: z.string().min(1).max(2000),
  response: z.looseObject({ clientDataJSON: text }),
}, 'Cannot use the passkey: "credential" must be what the browser answered, as JSON');

const signIn = z.strictObject({ credential }, 'Cannot sign in: give "credential"');
const register = z.strictObject({
  title: z.string('Cannot keep the passkey: "title" must be text').min(1, 'Cannot keep the passkey: give a "title"')
    .max(64, 'Cannot keep the passkey: "title" is longer than 64 characters'),
  credential,
}, 'Cannot keep the passkey: give "title" and "credential"');

const list = z.strictObject({
  passkeys: z.array(z.strictObject({ id: z.string(), title: z.string(), made: z.string() })),
});

/**
 * The routes.
 *
 * @param access What knows people by passkeys.
 */
export function passkeyRoutes(access: Access): Route[] {
  const { passkeys, browsers, store } = access;
  /** Whose they are. A token alone registers none: whoever has seen one must not stay by that. */
  const owner = (client: Principal): string => {
    if (browsers.endOf(client.proof) !== undefined) return client.person;
    throw new HeliographError("bad_argument", "Cannot do that with passkeys: sign in with this browser first");
  };
  const path = `${root}/session/passkeys`;
  return [
    {
      method: "POST",
      path: `${root}/session/passkey/options`,
      unproven: true,
      operation: {
        summary: "Begin to sign in by a passkey: what the browser is to be asked",
        body: nothing,
        answers: json("What it is asked", options),
        errors: ["unavailable"],
      },
      answer: checked(nothing, async (_, { client, request: { headers } }) => {
        access.mayTry(client.hostname);
        return Response.json(await passkeys.challenge(siteOf(headers.get("origin"))));
      }),
    },
    {
      method: "POST",
      path: `${root}/session/passkey`,
      unproven: true,
      operation: {
        summary: "Sign in by a passkey: the answer sets a cookie",
        body: signIn,
        answers: valueOf("Who has signed in"),
        errors: ["no_credential", "unavailable"],
      },
      answer: checked(signIn, async ({ credential }, { client, request: { headers } }) => {
        const site = siteOf(headers.get("origin"));
        await access.enterByPasskey(client, site, credential as unknown as PasskeyAnswer);
        const cookie = beginSession(access, client, headers);
        return Response.json({ value: client.person }, { headers: { "Set-Cookie": cookie } });
      }),
    },
    {
      method: "GET",
      path,
      operation: {
        summary: "The passkeys of who has signed in with this browser",
        answers: json("Them, oldest first", list),
        errors: ["bad_argument"],
      },
      answer: ({ client }) => ({
        passkeys: passkeys.of(owner(client)).map(({ id, title, made }) => ({ id, title, made })),
      }),
    },
    {
      method: "POST",
      path: `${path}/options`,
      operation: {
        summary: "Begin to register a passkey: what the browser is to be asked",
        body: nothing,
        answers: json("What it is asked", options),
        errors: ["bad_argument", "unavailable", "limit_exceeded"],
      },
      answer: checked(
        nothing,
        async (_, { client, request: { headers } }) =>
          Response.json(await passkeys.offer(owner(client), siteOf(headers.get("origin")))),
      ),
    },
    {
      method: "POST",
      path,
      operation: {
        summary: "Register a passkey of who has signed in",
        body: register,
        answers: valueOf("It signs in from now on"),
        errors: ["bad_argument", "no_credential", "unavailable"],
      },
      answer: checked(register, async ({ title, credential }, { client, request: { headers } }) => {
        const site = siteOf(headers.get("origin"));
        await passkeys.register(owner(client), site, title, credential as unknown as PasskeyAnswer);
        log.info("{client} registered a passkey, {title}", { client: client.label, title });
        return { value: null };
      }),
    },
    {
      method: "DELETE",
      path: `${path}/{passkey}`,
      operation: {
        summary: "Remove a passkey of one's own",
        answers: valueOf("It signs nobody in any more"),
        errors: ["bad_argument"],
      },
      answer: async ({ parameters: { passkey }, client }) => {
        const name = owner(client);
        passkeys.of(name);
        await store.removePasskey(name, passkey!);
        log.info("{client} removed a passkey", { client: client.label });
        return { value: null };
      },
    },
  ];
}
