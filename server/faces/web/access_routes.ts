/**
 * The routes by which administrators see and change who may do what: people, their tokens, and sessions of browsers.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import type { AccessDescription } from "../../../protocol/access_description.ts";
import { rights } from "../../../protocol/vocabulary.ts";
import type { RequestRunner } from "../../requests/request.ts";
import { bad, checked, json, root, valueOf } from "./route_parts.ts";
import type { Route } from "./routes.ts";

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
    passkeys: z.array(z.strictObject({ id: z.string(), title: z.string(), made: z.string() })),
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

/**
 * The routes.
 *
 * @param requests The one way in, which asks for the right to administer.
 */
export function accessRoutes(requests: RequestRunner): Route[] {
  const person = `${root}/access/people/{name}`;
  return [
    {
      method: "GET",
      path: `${root}/access`,
      operation: {
        summary: "Who may do what, and who has signed in with a browser; needs the right to administer",
        answers: json("People and programs, sessions, and the roles of the bench", description),
      },
      answer: ({ client }) => requests.run({ cmd: "People" }, client),
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
      answer: checked(addBody, (grant, { client }) => requests.run({ cmd: "AddPerson", grant }, client)),
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
      answer: checked(
        renewBody,
        ({ days }, { parameters: { name }, client }) => requests.run({ cmd: "RenewPerson", name: name!, days }, client),
      ),
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
      answer: checked(
        nothing,
        (_, { parameters: { name }, client }) => requests.run({ cmd: "LinkPerson", name: name! }, client),
      ),
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
        await requests.run({ cmd: "RevokePerson", name: name! }, client);
        return { value: null };
      },
    },
    {
      method: "DELETE",
      path: `${person}/passkeys/{passkey}`,
      operation: {
        summary: "Remove a passkey of somebody",
        answers: valueOf("It signs nobody in any more"),
        errors: ["bad_argument"],
      },
      answer: async ({ parameters: { name, passkey }, client }) => {
        await requests.run({ cmd: "RemovePasskey", name: name!, passkey: passkey! }, client);
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
        requests.run({ cmd: "EndSession", session: Number(session) }, client);
        return { value: null };
      },
    },
  ];
}
