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
import { onlyReads } from "./request_guard.ts";
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
  /**
   * azcam's documented way to set something is a GET. Scripts on this PC may go on doing that; others may only read.
   */
  const get = async (command: WebCommand, { query, client, request }: Asked): Promise<Response> => {
    const asked = { ...command, keywords: new Map(query) };
    const from = onlyReads(request.headers, client.hostname);
    if (from === undefined) return await run(asked, client);
    const observing = client.deputy({ role: "observer" });
    try {
      return answer(asked, "Finished", await requests.run({ cmd: "Call", ...asked }, observing));
    } catch (error) {
      let told = answerableError(error, log);
      if (told.code === "not_allowed" && client.role !== "observer") {
        const name = `${asked.instrument ?? "api"}.${asked.command}`;
        const why = `Cannot do ${name} by a GET from ${from}: POST to /api with ` +
          `{"command": "${name}", "kwargs": {…}} as application/json, or use a script on the server's PC`;
        told = new HttpError(405, "not_allowed", why, { "Allow": "POST" });
      }
      return answer(asked, told.message, null, told);
    }
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
        return get({ called: `${tool}/${command}`, instrument: tool, command: command!, ...none }, asked);
      },
    },
    {
      method: "POST",
      path: "/api",
      operation: {
        ...operation,
        summary: "Run a command, with positional and named arguments that keep their types",
        description: "azcam's web API. `command` is a command of azcam's `api`, or INSTRUMENT.COMMAND; `tool`, where " +
          "it is given, is the instrument.",
        body: commandBody,
      },
      answer: checked(commandBody, (body, { client }) => run(fromBody(body), client)),
    },
  ];
}
