/**
 * The routes of signing in at one's institute: the browser is sent there, and comes back with a code.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import * as z from "npm:zod@4.6.7";
import type { Access } from "../../access/admit.ts";
import { flowSeconds, openIdPath } from "../../access/openid.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { answerableError } from "../../bench/wire_error.ts";
import { errorResponse } from "./http_error.ts";
import { json } from "./route_parts.ts";
import type { Route } from "./routes.ts";
import { beginSession, cookieNamed, setCookie } from "./session_routes.ts";

const log = getLogger(["heliograph", "access"]);

/** Its cookie comes back with the browser, which another site sends: no other is so lax. */
const flowCookie = "heliograph-openid";

/**
 * The routes.
 *
 * @param access What takes people, and keeps their sessions.
 */
export function openIdRoutes(access: Access): Route[] {
  const institute = () => {
    if (access.openId !== undefined) return access.openId;
    throw new HeliographError("unavailable", 'Nobody signs in at an institute here: the bench file says no "openid"');
  };
  return [
    {
      method: "POST",
      path: openIdPath,
      unproven: true,
      operation: {
        summary: "Begin to sign in at one's institute, with OpenID Connect: where the browser goes",
        body: z.strictObject({}),
        answers: json("Where it goes", z.strictObject({ url: z.string() })),
        errors: ["unavailable", "not_connected"],
      },
      answer: async ({ client, request: { headers } }) => {
        access.mayTry(client.hostname);
        const { url, secret } = await institute().begin();
        const cookie = setCookie(headers, flowCookie, secret, { seconds: flowSeconds, sameSite: "Lax" });
        return Response.json({ url }, { headers: { "Set-Cookie": cookie } });
      },
    },
    {
      method: "GET",
      path: openIdPath,
      unproven: true,
      sentFromElsewhere: true,
      head: false,
      operation: {
        summary: "Where the institute sends the browser back to: the answer sets a cookie, and leads to the page",
        answers: {
          description: "A page that says why one is not signed in; whoever is comes to the page itself",
          type: "text/html",
        },
        errors: ["no_credential", "not_allowed", "unavailable", "not_connected"],
      },
      answer: async ({ client, request }) => {
        const { headers, url } = request;
        const over = setCookie(headers, flowCookie, "", { seconds: 0, sameSite: "Lax" });
        try {
          const person = await institute().finish(new URL(url).search, cookieNamed(headers, flowCookie));
          access.vouched(client, person);
          const answer = new Response(null, { status: 303, headers: { Location: "/" } });
          answer.headers.append("Set-Cookie", over);
          answer.headers.append("Set-Cookie", beginSession(access, client, headers));
          return answer;
        } catch (error) {
          const told = answerableError(error, log);
          const { status } = errorResponse(told);
          return new Response(page(told.message), {
            status,
            headers: { "Content-Type": "text/html; charset=utf-8", "Set-Cookie": over },
          });
        }
      },
    },
  ];
}

/** A page for a person whose browser has come back in vain. */
function page(message: string): string {
  const text = message.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<!doctype html><meta charset="utf-8"><title>heliograph</title><p>You are not signed in: ${text}.` +
    `<p><a href="/">Back to the page</a>`;
}
