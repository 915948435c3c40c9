/**
 * The routes of the HTTP API for instruments: their fields, settings, commands and control.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import type { FieldDescription } from "../../../protocol/description.ts";
import { usualControl } from "../../../protocol/duration.ts";
import { type ErrorCode, HeliographError } from "../../../protocol/errors.ts";
import { fieldDescription, fieldHistory, instrumentDescription, lease, lineTrace } from "../../../protocol/schemas.ts";
import { describeField } from "../../bench/describe.ts";
import type { Principal } from "../../access/principal.ts";
import type { RequestRunner } from "../../requests/request.ts";
import { nameHeader } from "./http_parties.ts";
import { anyObject, bad, checked, instrumentPath, json, root, valueOf } from "./route_parts.ts";
import type { Route } from "./routes.ts";

const fieldPath = `${instrumentPath}/fields/{field}`;
const driving: readonly ErrorCode[] = [
  "unknown_instrument",
  "held",
  "command_failed",
  "not_connected",
  "deadline_exceeded",
];

/** Whether to do it against somebody else's control. */
const force = z.boolean('Cannot take the request: "force" must be true or false').nullish();

const settingBody = z.object({
  value: z.union(
    [z.number(), z.string(), z.boolean()],
    'Cannot set the field: "value" must be text, a number or a boolean',
  ),
});
const nothing = z.object({});
const callBody = z.object({
  args: z.array(z.unknown(), 'Cannot run the command: "args" must be a list').optional(),
  kwargs: anyObject('Cannot run the command: "kwargs" must be an object').optional(),
});
const takeBody = z.object({
  // Control itself says what is too short or too long.
  seconds: z.number('Cannot take control: "seconds" must be a number').optional()
    .meta({ exclusiveMinimum: 0, maximum: 86_400, default: usualControl }),
  force: force.meta({ default: false, description: "from somebody else; needs the right to take over" }),
});
const handOverBody = z.object({
  session: z.number('Cannot hand over: "session" must be the number of a client')
    .meta({ type: "integer", description: "the client's number" }),
  force: force.meta({ default: false, description: "also from somebody else; needs the right to take over" }),
});

function forced(query: URLSearchParams): boolean {
  const given = query.get("force");
  if (given === null || given === "false") return false;
  if (given === "true" || given === "") return true;
  throw bad('Cannot take the request: "force" must be true or false');
}

function secondsOf(query: URLSearchParams): number | undefined {
  const given = query.get("seconds");
  if (given === null) return undefined;
  if (Number(given) > 0) return Number(given);
  throw bad('Cannot take the request: "seconds" must be a number above 0');
}

function afterOf(query: URLSearchParams): number {
  const given = query.get("after") ?? "0";
  if (/^\d{1,15}$/.test(given)) return Number(given);
  throw bad('Cannot take the request: "after" must be the number of an entry');
}

/** Control is held by a name: a request is over when it is answered, and nobody without one would have it then. */
function checkNamed({ name }: Principal): void {
  if (name !== "") return;
  throw new HeliographError(
    "bad_argument",
    `Cannot take control without a name: send ${nameHeader}, with each request`,
  );
}

function fieldRoutes(requests: RequestRunner): Route[] {
  const get = async (instrument: string, field: string, client: Principal): Promise<FieldDescription> =>
    describeField(await requests.run({ cmd: "Get", instrument, field }, client));
  return [
    {
      method: "GET",
      path: fieldPath,
      operation: {
        summary: "Read a field from memory",
        answers: json("The field", fieldDescription),
        errors: ["unknown_instrument", "unknown_field"],
      },
      answer: ({ parameters: { instrument, field }, client }) => get(instrument!, field!, client),
    },
    {
      method: "GET",
      path: `${fieldPath}/history`,
      operation: {
        summary: "What a number has been during the last hour",
        query: {
          seconds: { schema: { type: "number", exclusiveMinimum: 0 }, description: "how far back; default: all" },
        },
        answers: json("Its values with their times", fieldHistory),
        errors: ["unknown_instrument", "unknown_field", "bad_argument"],
      },
      answer: ({ parameters: { instrument, field }, query, client }) =>
        requests.run({ cmd: "History", instrument: instrument!, field: field!, seconds: secondsOf(query) }, client),
    },
    {
      method: "PUT",
      path: fieldPath,
      operation: {
        summary: "Set a field; a setting that needs it waits for confirm",
        body: settingBody,
        answers: json("The field as it is now", fieldDescription),
        errors: [...driving, "unknown_field", "bad_argument", "out_of_limits", "not_a_setting"],
      },
      answer: checked(settingBody, async ({ value }, { parameters: { instrument, field }, client }) => {
        await requests.run({ cmd: "Set", instrument: instrument!, field: field!, value }, client);
        return await get(instrument!, field!, client);
      }),
    },
  ];
}

/**
 * The routes for instruments.
 *
 * @param requests What runs them.
 */
export function instrumentRoutes(requests: RequestRunner): Route[] {
  return [
    {
      method: "GET",
      path: `${root}/instruments`,
      operation: {
        summary: "Every instrument, its fields with their values, and its commands",
        answers: json("The instruments", z.array(instrumentDescription)),
      },
      answer: ({ client }) => requests.run({ cmd: "Describe", instrument: undefined }, client),
    },
    {
      method: "GET",
      path: instrumentPath,
      operation: {
        summary: "One instrument, its fields with their values, and its commands",
        answers: json("The instrument", instrumentDescription),
        errors: ["unknown_instrument"],
      },
      answer: ({ parameters, client }) => requests.run({ cmd: "Describe", instrument: parameters.instrument! }, client),
    },
    ...fieldRoutes(requests),
    {
      method: "GET",
      path: `${instrumentPath}/trace`,
      operation: {
        summary: "The last exchanges on the instrument's line, and what was made of them",
        query: {
          after: {
            schema: { type: "integer", minimum: 0 },
            description: "the number of the last entry that is known already; default: all that is kept",
          },
        },
        answers: json("The trace, oldest first", lineTrace),
        errors: ["unknown_instrument", "bad_argument", "unavailable"],
      },
      answer: ({ parameters, query, client }) =>
        requests.run({ cmd: "Trace", instrument: parameters.instrument!, after: afterOf(query) }, client),
    },
    {
      method: "POST",
      path: `${instrumentPath}/confirm`,
      operation: {
        summary: "Apply the settings that wait",
        body: nothing,
        answers: valueOf("They are applied"),
        errors: driving,
      },
      answer: async ({ parameters, client }) => ({
        value: await requests.run({ cmd: "Confirm", instrument: parameters.instrument! }, client) ?? null,
      }),
    },
    {
      method: "POST",
      path: `${instrumentPath}/revert`,
      operation: {
        summary: "Put the settings that wait for confirm back to what they were",
        body: nothing,
        answers: valueOf("Nothing waits any more"),
        errors: ["unknown_instrument", "held"],
      },
      answer: async ({ parameters, client }) => ({
        value: await requests.run({ cmd: "Revert", instrument: parameters.instrument! }, client) ?? null,
      }),
    },
    {
      method: "POST",
      path: `${instrumentPath}/commands/{command}`,
      operation: {
        summary: "Run a command, and wait until it is done",
        body: callBody,
        answers: valueOf("What it returned; null for nothing"),
        errors: [...driving, "unknown_command", "bad_argument", "out_of_limits"],
      },
      answer: checked(callBody, async ({ args = [], kwargs = {} }, { parameters: { instrument, command }, client }) => {
        const keywords = new Map<string, unknown>(Object.entries(kwargs));
        const call = { cmd: "Call", instrument: instrument!, command: command!, args, keywords } as const;
        return { value: await requests.run(call, client) ?? null };
      }),
    },
    {
      method: "POST",
      path: `${instrumentPath}/control`,
      operation: {
        summary: "Take control: until it is released, or nothing was asked for some time, others do not drive it",
        description: `Needs ${nameHeader}, which whoever has control sends with each request.`,
        body: takeBody,
        answers: json("Whose it is now", lease),
        errors: ["unknown_instrument", "held", "bad_argument"],
      },
      answer: checked(takeBody, ({ seconds = usualControl, force }, { parameters, client }) => {
        checkNamed(client);
        const instrument = parameters.instrument!;
        return requests.run({ cmd: "Take", instrument, seconds, force: force ?? false }, client);
      }),
    },
    {
      method: "DELETE",
      path: `${instrumentPath}/control`,
      operation: {
        summary: "Release control: everybody may drive the instrument again",
        query: {
          force: { schema: { type: "boolean" }, description: "also from somebody else; needs the right to take over" },
        },
        answers: valueOf("Nobody has it"),
        errors: ["unknown_instrument", "held"],
      },
      answer: async ({ parameters, query, client }) => ({
        value: await requests.run(
          { cmd: "Release", instrument: parameters.instrument!, force: forced(query) },
          client,
        ) ?? null,
      }),
    },
    {
      method: "PUT",
      path: `${instrumentPath}/control`,
      operation: {
        summary: "Hand control over to a client that is connected, without anybody getting in between",
        body: handOverBody,
        answers: json("Whose it is now", lease),
        errors: ["unknown_instrument", "unknown_client", "held", "bad_argument"],
      },
      answer: checked(handOverBody, ({ session, force }, { parameters, client }) => {
        const instrument = parameters.instrument!;
        return requests.run({ cmd: "HandOver", instrument, session, force: force ?? false }, client);
      }),
    },
  ];
}
