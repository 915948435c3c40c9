/**
 * azcam's web API: `GET /api/COMMAND?KEY=VALUE` and `POST /api`, answered with message, command and data.
 *
 * azcam answers every request with 200 and `Finished`, and puts the text of an error where the data would be; here the
 * status and the message tell errors apart.
 *
 * @module
 */

import type { Logger } from "npm:@logtape/logtape@2.4.2";
import * as z from "npm:zod@4.6.7";
import type { HeliographError } from "../../../protocol/errors.ts";
import { pythonJson } from "../../../protocol/python_text.ts";
import { answerableError } from "../../bench/wire_error.ts";
import type { RequestRunner } from "../../requests/request.ts";
import type { Principal } from "../../access/principal.ts";
import { HttpError, statusOf } from "./http_error.ts";
import { type JsonObject, parseObject } from "./body.ts";
import { isDeclaredJson, mediaType, onlyReads } from "./request_guard.ts";
import { anyObject, checked } from "./route_parts.ts";
import { type Asked, nothingAt, type Operation, type Route } from "./routes.ts";

/** A command as azcam's web API names it. */
interface WebCommand {
  /** How the answer names it. */
  readonly called: string;
  readonly instrument: string | undefined;
  readonly command: string;
  readonly args: readonly unknown[];
  readonly keywords: ReadonlyMap<string, unknown>;
}

const answerSchema = z.strictObject({
  message: z.string().describe("Finished, or what went wrong"),
  command: z.string().describe("the command as it was given"),
  data: z.unknown().describe("what the command returned; null where it returned nothing or failed"),
});

const noCommand = 'Cannot run the command: "command" must be text, for example "set_filter"';
const commandBody = z.object({
  command: z.string(noCommand).min(1, noCommand),
  tool: z.string('Cannot run the command: "tool" must be text').optional(),
  args: z.array(z.unknown(), 'Cannot run the command: "args" must be a list').optional(),
  kwargs: anyObject('Cannot run the command: "kwargs" must be an object').optional(),
});

/** A body that scripts send as a form: JSON, as `curl -d` sends it, or fields with the command among them. */
function undeclared(text: string, mediaType: string): JsonObject {
  const body = text.trim();
  if (mediaType !== "application/x-www-form-urlencoded" || body === "" || body.startsWith("{")) {
    return parseObject(body);
  }
  const { command, tool, ...kwargs } = Object.fromEntries(new URLSearchParams(body));
  return { command, tool, kwargs };
}

function split(command: string): Pick<WebCommand, "instrument" | "command"> {
  const dot = command.indexOf(".");
  return dot < 0
    ? { instrument: undefined, command }
    : { instrument: command.slice(0, dot), command: command.slice(dot + 1) };
}

/** Floats stay floats, as in Python's own JSON: a client reads -100.0 as a float. */
function answer({ called }: WebCommand, message: string, data: unknown, error?: HeliographError): Response {
  const body = `{"message":${JSON.stringify(message)},"command":${JSON.stringify(called)},"data":${pythonJson(data)}}`;
  return new Response(body, {
    status: error === undefined ? 200 : statusOf(error),
    headers: { "Content-Type": "application/json", ...(error instanceof HttpError ? error.headers : {}) },
  });
}

function fromBody({ tool, command, args = [], kwargs = {} }: z.output<typeof commandBody>): WebCommand {
  const named = tool === undefined ? split(command) : { instrument: tool, command };
  const called = `${named.instrument ?? "api"}.${named.command}`;
  return { called, ...named, args, keywords: new Map(Object.entries(kwargs)) };
}

/**
 * The routes of azcam's web API.
 *
 * @param requests What runs the commands.
 * @param log Where unexpected failures go.
 */
export function azcamRoutes(requests: RequestRunner, log: Logger): Route[] {
  const run = async (command: WebCommand, client: Principal): Promise<Response> => {
    try {
      return answer(command, "Finished", await requests.run({ cmd: "Call", ...command }, client));
    } catch (error) {
      const told = answerableError(error, log);
      return answer(command, told.message, null, told);
    }
  };
  /** Runs a command of what any page can make a browser send: scripts on this PC may set and do, others only read. */
  const guarded = async (
    asked: WebCommand,
    { client, request }: Asked,
    refusal: (name: string, from: string) => HttpError,
  ): Promise<Response> => {
    const from = onlyReads(request.headers, client.hostname);
    if (from === undefined) return await run(asked, client);
    const observing = client.deputy({ role: "observer" });
    try {
      return answer(asked, "Finished", await requests.run({ cmd: "Call", ...asked }, observing));
    } catch (error) {
      let told = answerableError(error, log);
      if (told.code === "not_allowed" && client.role !== "observer") {
        told = refusal(`${asked.instrument ?? "api"}.${asked.command}`, from);
      }
      return answer(asked, told.message, null, told);
    }
  };
  /** azcam's documented way to set something is a GET. */
  const get = (command: WebCommand, asked: Asked): Promise<Response> =>
    guarded({ ...command, keywords: new Map(asked.query) }, asked, (name, from) => {
      const why = `Cannot do ${name} by a GET from ${from}: POST to /api with ` +
        `{"command": "${name}", "kwargs": {…}} as application/json, or use a script on the server's PC`;
      return new HttpError(405, "not_allowed", why, { "Allow": "POST" });
    });
  const post = (command: WebCommand, asked: Asked): Promise<Response> => {
    const { headers } = asked.request;
    if (isDeclaredJson(headers)) return run(command, asked.client);
    return guarded(command, asked, (name, from) => {
      const type = mediaType(headers) || "no Content-Type";
      const why = `Cannot do ${name} by a body of ${type} from ${from}: send it as application/json, or use a script ` +
        "on the server's PC";
      return new HttpError(415, "not_allowed", why);
    });
  };
  const reading = { method: "GET", head: false } as const;
  const operation: Omit<Operation, "summary"> = {
    description: "azcam's web API. Arguments are given by name after the question mark, as text. Browsers and other " +
      "PCs may only read this way (405); scripts on this PC may also set and do.",
    answers: { description: "Done; errors have the same form", schema: answerSchema },
  };
  const none = { args: [], keywords: new Map() };
  return [
    {
      ...reading,
      path: "/api/{command}",
      operation: { ...operation, summary: "Run a command: COMMAND of azcam's api, or INSTRUMENT.COMMAND" },
      answer: (asked) => {
        const called = asked.parameters.command!;
        return get({ called, ...split(called), ...none }, asked);
      },
    },
    {
      ...reading,
      path: "/api/{tool}/{command}",
      operation: { ...operation, summary: "Run a command of an instrument, which azcam calls a tool" },
      answer: (asked) => {
        const { tool, command } = asked.parameters;
        // What /api/v1 does not know is no tool.
        if (tool === "v1") throw nothingAt(`/api/v1/${command}`);
        const called = `${tool}/${command}`;
        // No command has a dot: `/api/cold-lab/tempcon.get_temperatures` is one of another PC's instrument.
        const named = command!.includes(".") ? split(called) : { instrument: tool, command: command! };
        return get({ called, ...named, ...none }, asked);
      },
    },
    {
      method: "POST",
      path: "/api",
      operation: {
        ...operation,
        summary: "Run a command, with positional and named arguments that keep their types",
        description: "azcam's web API. `command` is a command of azcam's `api`, or INSTRUMENT.COMMAND; `tool`, where " +
          "it is given, is the instrument. A body that is not declared as JSON, and a form with the fields `command` and " +
          "the arguments by name, may set and do where it comes from a script on this PC, and only reads otherwise (415).",
        body: commandBody,
      },
      undeclared,
      answer: checked(commandBody, (body, asked) => post(fromBody(body), asked)),
    },
  ];
}
