/**
 * The routes of the HTTP API, version 1, and of monitoring: each with its description.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import {
  arrangementState,
  identity,
  journalEntry,
  overviewDescription,
  serverStatus,
  sessionDescription,
} from "../../../protocol/schemas.ts";
import { journalLevels } from "../../../protocol/vocabulary.ts";
import { version } from "../../../protocol/version.ts";
import type { RequestRunner } from "../../requests/request.ts";
import { arrangementSchema } from "../../records/arrangement_schema.ts";
import { languages } from "../../code/options.ts";
import type { Services } from "../../services.ts";
import { prometheusRoutes } from "./prometheus_routes.ts";
import { asset, assetResponse } from "./assets.ts";
import { exportRoutes } from "./export_routes.ts";
import { historyRoutes } from "./history_routes.ts";
import { imageRoutes } from "./image_routes.ts";
import { instrumentRoutes } from "./instrument_routes.ts";
import { metrics, metricsType } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import { bad, checked, json, root, valueOf } from "./route_parts.ts";
import type { Route } from "./routes.ts";

const codeBody = z.object({
  mode: z.enum(["eval", "exec"], 'Cannot run the code: "mode" must be eval or exec').default("eval")
    .describe("an expression, or statements"),
  // The sandbox says which languages it runs.
  language: z.string('Cannot run the code: "language" must be text').optional()
    .meta({ enum: [...languages], description: "default: python, where the server runs it" }),
  code: z.string('Cannot take the request: "code" must be text'),
});

const evaluated = z.strictObject({
  value: z.unknown(),
  text: z.string().describe("the value as its language prints it"),
  output: z.string().describe("what was printed"),
});

const health = z.strictObject({
  status: z.enum(["ok", "stopping"]),
  version: z.string(),
  uptime: z.number().describe("in seconds"),
  instruments: z.int().min(0),
  notConnected: z.int().min(0).describe("how many of them do not answer"),
}).meta({ id: "Health", description: "Whether the server takes requests" });

function serverRoutes(services: Services, requests: RequestRunner): Route[] {
  return [
    {
      method: "GET",
      path: `${root}/status`,
      operation: {
        summary: "Uptime, listeners, who is connected, and what the instruments are doing",
        answers: json("The status", serverStatus),
      },
      answer: ({ client }) => requests.run({ cmd: "Status" }, client),
    },
    {
      method: "GET",
      path: `${root}/whoami`,
      operation: {
        summary: "Who you are to the server, and what you may do",
        answers: json("You", identity),
      },
      answer: ({ client }) => requests.run({ cmd: "WhoAmI" }, client),
    },
    {
      method: "GET",
      path: `${root}/overview`,
      operation: {
        summary: "The overview drawing of the bench",
        description: "Made of the SVG that the bench file names, without all that would not be harmless in a page.",
        answers: json("The drawing", overviewDescription),
      },
      answer: async ({ request, client }) => {
        const drawn = await requests.run({ cmd: "Overview" }, client);
        const overview = asset("application/json", JSON.stringify(drawn));
        return assetResponse(overview, request.headers);
      },
    },
    {
      method: "GET",
      path: `${root}/clients`,
      operation: {
        summary: "Who is connected; HTTP requests are no connections",
        answers: json("The clients, oldest first", z.array(sessionDescription)),
      },
      answer: ({ client }) => requests.run({ cmd: "Clients" }, client),
    },
    {
      method: "DELETE",
      path: `${root}/clients/{session}`,
      operation: {
        summary: "Disconnect a client; what it asked for and still waits is not started",
        answers: valueOf("It is disconnected"),
        errors: ["unknown_client", "held"],
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
        answers: json("The newest entries, oldest first", z.array(journalEntry)),
      },
      answer: ({ query, client }) => {
        const wanted = query.get("level") ?? "info";
        const level = journalLevels.find((known) => known === wanted);
        if (level === undefined) {
          throw bad(`Cannot tell the journal: "level" must be one of ${journalLevels.join(", ")}`);
        }
        return requests.run({ cmd: "Journal", level }, client);
      },
    },
    {
      method: "POST",
      path: `${root}/eval`,
      operation: {
        summary: "Run code in the sandbox; needs the right to evaluate code",
        body: codeBody,
        answers: json("What it came to", evaluated),
        errors: ["bad_argument", "code_failed", "limit_exceeded", "deadline_exceeded", "unavailable"],
      },
      answer: checked(codeBody, async (body, { client }) => {
        const { mode, code, language = services.evaluator.usualLanguage } = body;
        const cmd = mode === "eval" ? "Eval" : "Exec";
        let output = "";
        const { value, text: shown } = await requests.run({ cmd, code, language, output: true }, client, {
          output: (piece) => output += piece,
        });
        return { value: value ?? null, text: shown, output };
      }),
    },
  ];
}

const plotBody = z.strictObject({
  plot: z.string('Cannot keep the plot: "plot" must be what stands behind #/plots? in the page\'s address').describe(
    "what stands behind #/plots? in the page's address",
  ),
  over: z.boolean().optional().describe("whether it may take the place of another one of that name"),
}, 'Cannot keep the plot: give "plot"');

function arrangementRoutes(requests: RequestRunner): Route[] {
  const path = `${root}/arrangement`;
  return [
    {
      method: "GET",
      path,
      operation: {
        summary: "How the page arranges the instruments",
        answers: json("The arrangement, and how it is kept", arrangementState),
      },
      answer: ({ client }) => requests.run({ cmd: "Arrangement" }, client),
    },
    {
      method: "PUT",
      path,
      operation: {
        summary: "Arrange the page, for everybody",
        body: arrangementSchema,
        answers: json("The arrangement as it is now, and how it is kept", arrangementState),
        errors: ["bad_argument"],
      },
      answer: ({ body, client }) => requests.run({ cmd: "Arrange", arrangement: body }, client),
    },
    {
      method: "PUT",
      path: `${root}/plots/{name}`,
      operation: {
        summary: "Keep a plot by name, for everybody",
        body: plotBody,
        answers: json("The arrangement as it is now, with all plots, and how it is kept", arrangementState),
        errors: ["bad_argument"],
      },
      answer: checked(
        plotBody,
        ({ plot, over = false }, { parameters: { name }, client }) =>
          requests.run({ cmd: "KeepPlot", name: name!, plot, over }, client),
      ),
    },
    {
      method: "DELETE",
      path: `${root}/plots/{name}`,
      operation: {
        summary: "Forget a plot that was kept",
        answers: json("The arrangement as it is now, and how it is kept", arrangementState),
        errors: ["bad_argument"],
      },
      answer: ({ parameters: { name }, client }) =>
        requests.run({ cmd: "KeepPlot", name: name!, plot: null, over: false }, client),
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
        answers: json("It does; 503 while it is stopping", health),
      },
      answer: () => {
        const { uptime, instruments } = services.status();
        const lost = instruments.filter(({ contact }) => contact !== null && contact.state !== "connected");
        return Response.json({
          status: accepting() ? "ok" : "stopping",
          version,
          uptime,
          instruments: instruments.length,
          notConnected: lost.length,
        }, { status: accepting() ? 200 : 503 });
      },
    },
    {
      method: "GET",
      path: "/metrics",
      operation: {
        summary: "What the server and its instruments are doing, for Prometheus",
        answers: { description: "Prometheus' text format", type: metricsType, schema: z.string() },
      },
      answer: ({ client }) => {
        const counts = services.requests.run({ cmd: "Metrics" }, client);
        return new Response(metrics(services, counts), { headers: { "Content-Type": metricsType } });
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
  const { requests } = services;
  // Made when somebody asks for it: it takes a while, and few do.
  let document: Record<string, unknown> | undefined;
  const description: Route = {
    method: "GET",
    path: `${root}/openapi.json`,
    harmless: true,
    operation: { summary: "This description", answers: json("OpenAPI 3.1", z.looseObject({})) },
    answer: () => document ??= openApi(routes),
  };
  const routes = [
    ...instrumentRoutes(requests),
    ...imageRoutes(requests),
    ...serverRoutes(services, requests),
    ...arrangementRoutes(requests),
    ...historyRoutes(requests),
    ...exportRoutes(requests),
    ...prometheusRoutes(requests),
    description,
    ...monitoringRoutes(services, accepting),
    ...others,
  ];
  return routes;
}
