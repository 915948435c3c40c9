/**
 * The HTTP API of version 1, and what monitoring asks: each route with its description.
 *
 * @module
 */

import { type FieldDescription, type InstrumentDescription, journalLevels } from "../../protocol/description.ts";
import { usualControl } from "../../protocol/duration.ts";
import { type ErrorCode, HeliographError } from "../../protocol/errors.ts";
import { version } from "../../protocol/version.ts";
import type { FieldHolder } from "../instruments/field.ts";
import { type Requester, Requests } from "../requests.ts";
import type { Evaluated } from "../sandbox/messages.ts";
import { languages } from "../sandbox/options.ts";
import type { Services } from "../services.ts";
import type { JsonObject } from "./body.ts";
import { nameHeader } from "./http_client.ts";
import { imageRoutes } from "./image_routes.ts";
import { metrics, metricsType } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import type { JsonSchema, Operation, Route } from "./routes.ts";
import { listOf, reference, schemas } from "./schemas.ts";

const root = "/api/v1";
const instrumentPath = `${root}/instruments/{instrument}`;
const fieldPath = `${instrumentPath}/fields/{field}`;
const driving: readonly ErrorCode[] = [
  "unknown_instrument",
  "held",
  "command_failed",
  "not_connected",
  "deadline_exceeded",
];

function json(description: string, schema: JsonSchema): Operation["answers"] {
  return { description, schema };
}

function valueOf(description: string): Operation["answers"] {
  return json(description, { type: "object", properties: { value: {} }, required: ["value"] });
}

function bad(message: string): HeliographError {
  return new HeliographError("bad_message", message);
}

/** A text of a body or a query. */
function text(body: JsonObject, key: string): string {
  const value = body[key];
  if (typeof value === "string") return value;
  throw bad(`Cannot take the request: "${key}" must be text`);
}

function flag(value: unknown, key: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === "boolean") return value;
  throw bad(`Cannot take the request: "${key}" must be true or false`);
}

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

/** Control is held by a name: a request is over when it is answered, and nobody without one would have it then. */
function checkNamed({ name = "" }: Requester): void {
  if (name !== "") return;
  throw new HeliographError(
    "bad_argument",
    `Cannot take control without a name: send ${nameHeader}, with each request`,
  );
}

function fieldRoutes(requests: Requests): Route[] {
  const get = (instrument: string, field: string, client: Requester): FieldDescription => {
    const { name: wanted } = requests.run({ cmd: "Get", instrument, field }, client) as FieldHolder;
    const { fields } = requests.run({ cmd: "Describe", instrument }, client) as InstrumentDescription;
    return fields.find(({ name }) => name === wanted)!;
  };
  return [
    {
      method: "GET",
      path: fieldPath,
      operation: {
        summary: "Read a field from memory",
        answers: json("The field", reference("Field")),
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
        answers: json("Its values with their times", reference("History")),
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
        body: {
          type: "object",
          properties: { value: { type: ["number", "string", "boolean"] } },
          required: ["value"],
        },
        answers: json("The field as it is now", reference("Field")),
        errors: [...driving, "unknown_field", "bad_argument", "out_of_limits", "not_a_setting"],
      },
      answer: async ({ parameters: { instrument, field }, body: { value }, client }) => {
        if (!["string", "number", "boolean"].includes(typeof value)) {
          throw bad('Cannot set the field: "value" must be text, a number or a boolean');
        }
        await requests.run({ cmd: "Set", instrument: instrument!, field: field!, value }, client);
        return get(instrument!, field!, client);
      },
    },
  ];
}

function instrumentRoutes(requests: Requests): Route[] {
  return [
    {
      method: "GET",
      path: `${root}/instruments`,
      operation: {
        summary: "Every instrument, its fields with their values, and its commands",
        answers: json("The instruments", listOf(reference("Instrument"))),
      },
      answer: ({ client }) => requests.run({ cmd: "Describe", instrument: undefined }, client),
    },
    {
      method: "GET",
      path: instrumentPath,
      operation: {
        summary: "One instrument, its fields with their values, and its commands",
        answers: json("The instrument", reference("Instrument")),
        errors: ["unknown_instrument"],
      },
      answer: ({ parameters, client }) => requests.run({ cmd: "Describe", instrument: parameters.instrument! }, client),
    },
    ...fieldRoutes(requests),
    {
      method: "POST",
      path: `${instrumentPath}/confirm`,
      operation: {
        summary: "Apply the settings that wait",
        body: { type: "object" },
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
        body: { type: "object" },
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
        body: { type: "object", properties: { args: { type: "array" }, kwargs: { type: "object" } } },
        answers: valueOf("What it returned; null for nothing"),
        errors: [...driving, "unknown_command", "bad_argument", "out_of_limits"],
      },
      answer: async ({ parameters: { instrument, command }, body: { args = [], kwargs = {} }, client }) => {
        if (!Array.isArray(args)) throw bad('Cannot run the command: "args" must be a list');
        if (typeof kwargs !== "object" || kwargs === null || Array.isArray(kwargs)) {
          throw bad('Cannot run the command: "kwargs" must be an object');
        }
        const keywords = new Map<string, unknown>(Object.entries(kwargs));
        const call = { cmd: "Call", instrument: instrument!, command: command!, args, keywords } as const;
        return { value: await requests.run(call, client) ?? null };
      },
    },
    {
      method: "POST",
      path: `${instrumentPath}/control`,
      operation: {
        summary: "Take control: until it is released, or nothing was asked for some time, others do not drive it",
        description: `Needs ${nameHeader}, which whoever has control sends with each request.`,
        body: {
          type: "object",
          properties: {
            seconds: { type: "number", exclusiveMinimum: 0, maximum: 86_400, default: usualControl },
            force: { type: "boolean", default: false, description: "from somebody else; admins only" },
          },
        },
        answers: json("Whose it is now", reference("Lease")),
        errors: ["unknown_instrument", "held", "bad_argument"],
      },
      answer: ({ parameters, body, client }) => {
        checkNamed(client);
        const { seconds = usualControl } = body;
        if (typeof seconds !== "number") throw bad('Cannot take control: "seconds" must be a number');
        const instrument = parameters.instrument!;
        return requests.run({ cmd: "Take", instrument, seconds, force: flag(body.force, "force") }, client);
      },
    },
    {
      method: "DELETE",
      path: `${instrumentPath}/control`,
      operation: {
        summary: "Release control: everybody may drive the instrument again",
        query: { force: { schema: { type: "boolean" }, description: "also from somebody else; admins only" } },
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
        body: {
          type: "object",
          properties: {
            session: { type: "integer", description: "the client's number" },
            force: { type: "boolean", default: false, description: "also from somebody else; admins only" },
          },
          required: ["session"],
        },
        answers: json("Whose it is now", reference("Lease")),
        errors: ["unknown_instrument", "unknown_client", "held", "bad_argument"],
      },
      answer: ({ parameters, body: { session, force }, client }) => {
        if (typeof session !== "number") throw bad('Cannot hand over: "session" must be the number of a client');
        const instrument = parameters.instrument!;
        return requests.run({ cmd: "HandOver", instrument, session, force: flag(force, "force") }, client);
      },
    },
  ];
}

function serverRoutes(services: Services, requests: Requests): Route[] {
  return [
    {
      method: "GET",
      path: `${root}/status`,
      operation: {
        summary: "Uptime, listeners, who is connected, and what the instruments are doing",
        answers: json("The status", reference("Status")),
      },
      answer: ({ client }) => requests.run({ cmd: "Status" }, client),
    },
    {
      method: "GET",
      path: `${root}/clients`,
      operation: {
        summary: "Who is connected; HTTP requests are no connections",
        answers: json("The clients, oldest first", listOf(reference("Client"))),
      },
      answer: ({ client }) => {
        services.dispatcher.check(client, "observer", "Status");
        return services.sessions.describe();
      },
    },
    {
      method: "DELETE",
      path: `${root}/clients/{session}`,
      operation: {
        summary: "Disconnect a client; what it asked for and still waits is not started",
        answers: valueOf("It is disconnected"),
        errors: ["unknown_client"],
      },
      answer: async ({ parameters, client }) => {
        const session = parameters.session!;
        if (!/^\d+$/.test(session)) throw bad(`Cannot disconnect ${session.slice(0, 50)}: give a client's number`);
        return { value: await requests.run({ cmd: "Disconnect", session: Number(session) }, client) ?? null };
      },
    },
    {
      method: "GET",
      path: `${root}/journal`,
      operation: {
        summary: "What happened lately: commands of everybody that were to change something, and the server's log",
        query: { level: { schema: { enum: journalLevels }, description: "the least that is told; default: info" } },
        answers: json("The newest entries, oldest first", listOf(reference("JournalEntry"))),
      },
      answer: ({ query, client }) => {
        services.dispatcher.allow(client, "observer", "journal");
        const wanted = query.get("level") ?? "info";
        const level = journalLevels.find((known) => known === wanted);
        if (level === undefined) {
          throw bad(`Cannot tell the journal: "level" must be one of ${journalLevels.join(", ")}`);
        }
        return services.dispatcher.journal.kept(level);
      },
    },
    {
      method: "POST",
      path: `${root}/eval`,
      operation: {
        summary: "Run code in the sandbox; admins only",
        body: {
          type: "object",
          properties: {
            code: { type: "string" },
            language: { enum: [...languages], description: "default: python, where the server runs it" },
            mode: { enum: ["eval", "exec"], default: "eval", description: "an expression, or statements" },
          },
          required: ["code"],
        },
        answers: json("What it came to", {
          type: "object",
          properties: {
            value: {},
            text: { type: "string", description: "the value as its language prints it" },
            output: { type: "string", description: "what was printed" },
          },
          required: ["value", "text", "output"],
        }),
        errors: ["bad_argument", "code_failed", "limit_exceeded", "deadline_exceeded", "unavailable"],
      },
      answer: async ({ body, client }) => {
        const { mode = "eval", language = services.evaluator.usualLanguage } = body;
        if (mode !== "eval" && mode !== "exec") throw bad('Cannot run the code: "mode" must be eval or exec');
        if (typeof language !== "string") throw bad('Cannot run the code: "language" must be text');
        const cmd = mode === "eval" ? "Eval" : "Exec";
        let output = "";
        const result = await requests.run({ cmd, code: text(body, "code"), language, output: true }, client, {
          output: (piece) => output += piece,
        });
        const { value, text: shown } = result as Evaluated;
        return { value: value ?? null, text: shown, output };
      },
    },
  ];
}

function arrangementRoutes(services: Services, requests: Requests): Route[] {
  const path = `${root}/arrangement`;
  return [
    {
      method: "GET",
      path,
      operation: {
        summary: "How the page arranges the instruments",
        answers: json("The arrangement, and how it is kept", reference("ArrangementState")),
      },
      answer: ({ client }) => {
        services.dispatcher.check(client, "observer", "arrangement");
        return services.arrangement.state;
      },
    },
    {
      method: "PUT",
      path,
      operation: {
        summary: "Arrange the page, for everybody",
        body: schemas.Arrangement,
        answers: json("The arrangement as it is now, and how it is kept", reference("ArrangementState")),
        errors: ["bad_argument"],
      },
      answer: ({ body, client }) => requests.run({ cmd: "Arrange", arrangement: body }, client),
    },
  ];
}

function monitoringRoutes(services: Services, accepting: () => boolean): Route[] {
  return [
    {
      method: "GET",
      path: "/healthz",
      harmless: true,
      operation: {
        summary: "Whether the server takes requests",
        answers: json("It does; 503 while it is stopping", reference("Health")),
      },
      answer: () => {
        const { uptime, instruments } = services.status();
        const lost = instruments.filter(({ contact }) => contact !== null && contact.state !== "connected");
        return Response.json({
          status: accepting() ? "ok" : "stopping",
          version,
          uptime,
          instruments: instruments.length,
          notConnected: lost.map(({ name }) => name),
        }, { status: accepting() ? 200 : 503 });
      },
    },
    {
      method: "GET",
      path: "/metrics",
      operation: {
        summary: "What the server and its instruments are doing, for Prometheus",
        answers: { description: "Prometheus' text format", type: metricsType, schema: { type: "string" } },
      },
      answer: ({ client }) => {
        services.dispatcher.check(client, "observer", "metrics");
        return new Response(metrics(services), { headers: { "Content-Type": metricsType } });
      },
    },
  ];
}

/**
 * The routes of version 1 and of monitoring.
 *
 * @param services What they act on.
 * @param accepting Whether the server takes requests.
 * @param others Further routes, which the description tells of too.
 * @returns The whole table, those others last.
 */
export function apiRoutes(services: Services, accepting: () => boolean, others: readonly Route[]): Route[] {
  const requests = new Requests(services);
  const description: Route = {
    method: "GET",
    path: `${root}/openapi.json`,
    harmless: true,
    operation: { summary: "This description", answers: json("OpenAPI 3.1", { type: "object" }) },
    answer: () => document,
  };
  const routes = [
    ...instrumentRoutes(requests),
    ...imageRoutes(services),
    ...serverRoutes(services, requests),
    ...arrangementRoutes(services, requests),
    description,
    ...monitoringRoutes(services, accepting),
    ...others,
  ];
  const document = openApi(routes);
  return routes;
}
