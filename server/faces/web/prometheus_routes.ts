/**
 * The routes under `/prometheus`: a part of Prometheus' HTTP API, for Grafana's own data source.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { HeliographError } from "../../../protocol/errors.ts";
import type { RequestRunner } from "../../requests/request.ts";
import type { JsonObject } from "./body.ts";
import { historyReader } from "./history_reader.ts";
import { statusOf } from "./http_error.ts";
import { type Parameters, prometheusAnswers } from "./prometheus.ts";
import { json } from "./route_parts.ts";
import type { Asked, Method, Route } from "./routes.ts";

const root = "/prometheus/api/v1";

const answerSchema = z.strictObject({
  status: z.enum(["success", "error"]),
  data: z.unknown().optional().describe("what was asked for, as Prometheus tells it"),
  errorType: z.string().optional(),
  error: z.string().optional().describe("what is wrong, and what would be right"),
});

const time = { schema: { type: "string" }, description: "seconds since 1970, or a date and time" };

/** The parameters of the routes, as Prometheus calls them. */
const parameters = {
  query: { schema: { type: "string" }, description: 'a selector: heliograph_field_value{instrument="tempcon"}' },
  time: { ...time, description: `${time.description}; default: now` },
  start: time,
  end: time,
  step: { schema: { type: "string" }, description: "seconds, or a duration such as 30s" },
  "match[]": {
    schema: { type: "array", items: { type: "string" } },
    description: "selectors of the series that are meant; given again for each",
  },
} as const;

type ParameterName = keyof typeof parameters;

function parametersOf(query: URLSearchParams): Record<string, string[]> {
  return Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name)]));
}

/** The parameters of a body: texts, or lists of them. */
function parametersIn(body: JsonObject): Record<string, string[]> {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, [value].flat().map(String)]));
}

/** A form, which Grafana and promtool send. */
function undeclared(text: string): JsonObject {
  return parametersOf(new URLSearchParams(text));
}

async function answer(work: () => unknown): Promise<Response> {
  try {
    return Response.json({ status: "success", data: await work() });
  } catch (error) {
    // Who has to say first who they are is told so as everywhere.
    if (!(error instanceof HeliographError) || error.code === "no_credential") throw error;
    const errorType = error.code === "bad_argument" ? "bad_data" : "execution";
    return Response.json({ status: "error", errorType, error: error.message }, { status: statusOf(error) });
  }
}

/**
 * The routes under `/prometheus`.
 *
 * @param requests What looks for readings.
 */
export function prometheusRoutes(requests: RequestRunner): Route[] {
  const route = (
    method: Method,
    path: string,
    name: string,
    summary: string,
    takes: readonly ParameterName[],
  ): Route => ({
    method,
    path: `${root}/${path}`,
    ...method === "POST" ? { undeclared } : {},
    operation: {
      summary,
      description:
        "As Prometheus' HTTP API has it, for Grafana. Only selectors are offered: no functions or operators.",
      query: Object.fromEntries(takes.map((parameter) => [parameter, parameters[parameter]])),
      ...method === "POST" ? { body: z.looseObject({}) } : {},
      answers: json("As Prometheus answers", answerSchema),
      errors: ["bad_argument", "unavailable"],
    },
    answer: ({ query, body, parameters: { label = "" }, client }: Asked) =>
      answer(() => {
        const given: Parameters = { ...parametersOf(query), ...parametersIn(body) };
        return prometheusAnswers[name]!(historyReader(requests, client), given, label);
      }),
  });
  const both = (path: string, summary: string, ...takes: ParameterName[]) =>
    (["GET", "POST"] as const).map((method) => route(method, path, path, summary, takes));
  return [
    ...both("query", "The value of each series that a selector means, at a time", "query", "time"),
    ...both(
      "query_range",
      "The values of series that a selector means, at equal steps",
      "query",
      "start",
      "end",
      "step",
    ),
    ...both("series", "Which series there are", "match[]"),
    ...both("labels", "Which labels series have", "match[]"),
    route("GET", "label/{label}/values", "values", "Which values a label has", ["match[]"]),
    route("GET", "metadata", "metadata", "What the metric is", []),
  ];
}
