/**
 * The routes of the HTTP API that look back: at the readings of some fields, at all of them at a moment, and at the
 * records of the journal.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { historyAnswer, momentAnswer, recordedField } from "../../../protocol/readings_schemas.ts";
import { mostFields, mostPoints, mostSamples } from "../../../protocol/readings.ts";
import type { JsonText, RequestRunner } from "../../requests/request.ts";
import { mostRecords } from "../../../protocol/records.ts";
import { journalRecord } from "../../../protocol/schemas.ts";
import { journalLevels } from "../../../protocol/vocabulary.ts";
import { bad, json, root } from "./route_parts.ts";
import type { Route } from "./routes.ts";

/** A moment as a query has it: milliseconds since 1970, or ISO 8601. */
export const moment = { anyOf: [{ type: "number" }, { type: "string", format: "date-time" }] };

/** @returns Milliseconds since 1970; `undefined` where it is not given. */
export function momentOf(query: URLSearchParams, name: string): number | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  const time = /^\d+(\.\d+)?$/.test(given) ? Number(given) : Date.parse(given);
  if (!Number.isNaN(time)) return time;
  throw bad(
    `Cannot look back: "${name}" must be milliseconds since 1970, or a time as in 2026-11-27T03:12:40Z`,
  );
}

function countOf(query: URLSearchParams, name: string): number | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  if (/^\d{1,9}$/.test(given)) return Number(given);
  throw bad(`Cannot look back: "${name}" must be a whole number`);
}

function answerOf({ json }: JsonText): Response {
  return new Response(json, { headers: { "Content-Type": "application/json" } });
}

/**
 * The routes that look back.
 *
 * @param requests What runs them.
 */
export function historyRoutes(requests: RequestRunner): Route[] {
  return [
    {
      method: "GET",
      path: `${root}/history`,
      operation: {
        summary: "What fields were, as far back as there are records",
        description:
          "With `points`, of each of so many equal spans the lowest, highest, first and last value and the " +
          "mean: a plot that loses no spike. Without, each reading; where they are too many for an answer, `next` is " +
          "the `since` of the next one. A field that was never kept is left out; one that had another unit or type " +
          "is told once with each.",
        query: {
          field: {
            schema: { type: "array", items: { type: "string" }, minItems: 1, maxItems: mostFields },
            description: "a field, as in tempcon.camtemp; given again for each",
          },
          since: { schema: moment, description: "from when on; default: an hour before the end" },
          until: { schema: moment, description: "until before when; default: now" },
          points: {
            schema: { type: "integer", minimum: 1, maximum: mostPoints },
            description: "how many spans; default: each reading is told",
          },
          limit: {
            schema: { type: "integer", minimum: 1, maximum: mostSamples },
            description: "the most readings of an answer, of all fields together",
          },
        },
        answers: json("The fields with their readings", historyAnswer),
        errors: ["bad_argument", "unavailable"],
      },
      answer: async ({ query, client }) =>
        answerOf(
          await requests.run({
            cmd: "Readings",
            query: {
              fields: query.getAll("field"),
              since: momentOf(query, "since"),
              until: momentOf(query, "until"),
              points: countOf(query, "points"),
              limit: countOf(query, "limit"),
            },
          }, client),
        ),
    },
    {
      method: "GET",
      path: `${root}/history/fields`,
      operation: {
        summary: "Which fields have readings that are kept, also those that are on the bench no more",
        answers: json("The fields", z.array(recordedField)),
        errors: ["unavailable"],
      },
      answer: async ({ client }) => answerOf(await requests.run({ cmd: "RecordedFields" }, client)),
    },
    {
      method: "GET",
      path: `${root}/journal/records`,
      operation: {
        summary: "What happened, as far back as there are records: of what is found the newest, oldest first",
        query: {
          since: { schema: moment, description: "from when on" },
          until: { schema: moment, description: "until before when" },
          level: { schema: { enum: journalLevels }, description: "the least that is told" },
          instrument: { schema: { type: "string" }, description: "of which instrument" },
          who: { schema: { type: "string" }, description: "a part of who asked" },
          find: { schema: { type: "string" }, description: "a part of the text or of the answer" },
          before: { schema: { type: "integer", minimum: 0 }, description: "only records with a smaller number" },
          limit: {
            schema: { type: "integer", minimum: 1, maximum: mostRecords },
            description: "the most records; default: 1000",
          },
        },
        answers: json("The records", z.array(journalRecord)),
        errors: ["bad_argument", "unavailable"],
      },
      answer: async ({ query, client }) => {
        const wanted = query.get("level");
        const level = journalLevels.find((known) => known === wanted);
        if (wanted !== null && level === undefined) {
          throw bad(`Cannot look back: "level" must be one of ${journalLevels.join(", ")}`);
        }
        const text = (name: string) => query.get(name) ?? undefined;
        const found = await requests.run({
          cmd: "SearchJournal",
          query: {
            since: momentOf(query, "since"),
            until: momentOf(query, "until"),
            level,
            instrument: text("instrument"),
            who: text("who"),
            find: text("find"),
            before: countOf(query, "before"),
            limit: countOf(query, "limit"),
          },
        }, client);
        return answerOf(found);
      },
    },
    {
      method: "GET",
      path: `${root}/moment`,
      operation: {
        summary: "What every field was at a moment",
        query: { at: { schema: moment, description: "when; default: now" } },
        answers: json("The fields as they were last read before", momentAnswer),
        errors: ["bad_argument", "unavailable"],
      },
      answer: async ({ query, client }) =>
        answerOf(await requests.run({ cmd: "Moment", at: momentOf(query, "at") ?? Date.now() }, client)),
    },
  ];
}
