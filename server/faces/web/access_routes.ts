/**
 * The routes by which administrators see and change who may do what: people, their tokens, and sessions of browsers.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import * as z from "npm:zod@4.6.7";
import type { AccessDescription, PersonDescription } from "../../../protocol/access_description.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { rights } from "../../../protocol/vocabulary.ts";
import { nameKey } from "../../access/access_file.ts";
import type { KnownPerson } from "../../access/access_store.ts";
import type { Access } from "../../access/admit.ts";
import { bad, checked, json, root, valueOf } from "./route_parts.ts";
import type { Route } from "./routes.ts";

const log = getLogger(["heliograph", "access"]);

/** For how long a link for a browser is good, in seconds: a day. */
const linkSeconds = 86_400;
/** The longest that access is given for, in days: a hundred years. */
const mostDays = 36_500;

const days = z.number('Cannot give access: "days" must be a number').positive(
  'Cannot give access: "days" must be above 0',
).max(mostDays, `Cannot give access: "days" must be at most ${mostDays}`);

const addBody = z.strictObject({
  name: z.string('Cannot add somebody: "name" must be text'),
  role: z.string('Cannot add somebody: "role" must be text'),
  instruments: z.array(z.string().min(1), 'Cannot add somebody: "instruments" must be a list of names').optional(),
  days: days.optional(),
  purpose: z.string().max(200, 'Cannot add somebody: "purpose" is longer than 200 characters').optional(),
}, "Cannot add somebody: give a name and a role");

const renewBody = z.strictObject({ days: days.optional() }, 'Cannot renew a token: give nothing, or "days"');

const nothing = z.strictObject({}, "Cannot make a link: the body must be {}");

const made = z.strictObject({ token: z.string().describe("nobody can tell it later") });

const link = z.strictObject({
  secret: z.string().describe("for /#/sign-in?secret=…, once"),
  until: z.string().describe("ISO 8601 in UTC"),
});

const description = z.strictObject({
  people: z.array(z.strictObject({
    name: z.string(),
    role: z.string(),
    instruments: z.array(z.string()).nullable().describe("which they may drive; null for all"),
    purpose: z.string(),
    made: z.string(),
    until: z.string().nullable(),
    used: z.string().nullable(),
    from: z.string(),
  })),
  sessions: z.array(z.strictObject({
    number: z.int(),
    name: z.string(),
    from: z.string(),
    browser: z.string(),
    began: z.string(),
    used: z.string(),
    until: z.string(),
    pages: z.int(),
    here: z.boolean(),
  })),
  roles: z.array(z.strictObject({ role: z.string(), rights: z.array(z.enum(rights)) })),
}).meta({ id: "Access", description: "Who may do what, and who has signed in" }) satisfies z.ZodType<AccessDescription>;

function describePerson({ name, role, instruments, purpose, made, until, used, from }: KnownPerson): PersonDescription {
  return {
    name,
    role,
    instruments: instruments ?? null,
    purpose: purpose ?? "",
    made,
    until: until ?? null,
    used: used ?? null,
    from: from ?? "",
  };
}

/**
 * The routes.
 *
 * @param access Whose people and sessions they are about.
 */
export function accessRoutes(access: Access): Route[] {
  const { store, browsers } = access;
  const person = `${root}/access/people/{name}`;
  const known = (name: string): KnownPerson => {
    const found = store.people.find((one) => nameKey(one.name) === nameKey(name));
    if (found === undefined) throw new HeliographError("bad_argument", `Nobody is called ${name.slice(0, 64)} here`);
    return found;
  };
  const rows: Omit<Route, "needs">[] = [
    {
      method: "GET",
      path: `${root}/access`,
      operation: {
        summary: "Who may do what, and who has signed in with a browser; admins only",
        answers: json("People and programs, sessions, and the roles of the bench", description),
      },
      answer: ({ client }): AccessDescription => ({
        people: store.people.map(describePerson),
        sessions: browsers.describe(client.proof),
        roles: store.roles.all.map(({ roleName, rights }) => ({ role: roleName, rights: [...rights] })),
      }),
    },
    {
      method: "POST",
      path: `${root}/access/people`,
      operation: {
        summary: "Add a person or a program, and make their token",
        body: addBody,
        answers: json("Their token", made),
        errors: ["bad_argument", "command_failed"],
      },
      answer: checked(addBody, async (grant, { client }) => {
        const token = await store.add(grant);
        const which = grant.instruments === undefined ? "" : ` of ${grant.instruments.join(", ")}`;
        log.info("{client} gave access to {name}, as {role}", {
          client: client.label,
          name: grant.name,
          role: `${grant.role}${which}`,
        });
        return { token };
      }),
    },
    {
      method: "POST",
      path: `${person}/renew`,
      operation: {
        summary: "Make somebody a new token; the old one, and what was begun with it, ends",
        body: renewBody,
        answers: json("The token", made),
        errors: ["bad_argument", "command_failed"],
      },
      answer: checked(renewBody, async ({ days }, { parameters: { name }, client }) => {
        const { name: whose } = known(name!);
        const told = client.label;
        const token = await store.renew(whose, days);
        log.info("{client} renewed the token of {name}", { client: told, name: whose });
        return { token };
      }),
    },
    {
      method: "POST",
      path: `${person}/link`,
      operation: {
        summary: "Make a link by which somebody signs in with a browser, once, within a day; their token stays",
        body: nothing,
        answers: json("The secret of the link", link),
        errors: ["bad_argument", "command_failed"],
      },
      answer: checked(nothing, async (_, { parameters: { name }, client }) => {
        const { name: whose, role } = known(name!);
        const until = new Date(Date.now() + linkSeconds * 1000).toISOString();
        const secret = await store.invite({ name: whose, role, kind: "link", seconds: linkSeconds });
        log.info("{client} made a link for {name} to sign in", { client: client.label, name: whose });
        return { secret, until };
      }),
    },
    {
      method: "DELETE",
      path: person,
      operation: {
        summary: "Take somebody's token away, and end what was begun with it",
        answers: valueOf("They have no access any more"),
        errors: ["bad_argument", "command_failed"],
      },
      answer: async ({ parameters: { name }, client }) => {
        const { name: whose } = known(name!);
        const told = client.label;
        await store.revoke(whose);
        log.info("{client} took the access of {name} away", { client: told, name: whose });
        return { value: null };
      },
    },
    {
      method: "DELETE",
      path: `${root}/access/sessions/{session}`,
      operation: {
        summary: "End the session of a browser: whoever it is has to sign in again",
        answers: valueOf("It has ended"),
        errors: ["bad_argument"],
      },
      answer: ({ parameters: { session }, client }) => {
        if (!/^\d{1,9}$/.test(session!)) throw bad(`Cannot end the session ${session!.slice(0, 50)}: give its number`);
        const told = client.label;
        const name = browsers.endNumber(Number(session));
        log.info("{client} ended a session of {name}", { client: told, name });
        return { value: null };
      },
    },
  ];
  return rows.map((route) => ({ ...route, needs: "administer" }));
}
