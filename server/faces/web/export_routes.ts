/**
 * The route by which the readings of a range are fetched as a table: CSV, lines of JSON, or Parquet.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import type { RequestRunner } from "../../requests/request.ts";
import { readingColumns, readingRows, recordedFields } from "../../records/export/readings_table.ts";
import { tableFormats, tableTypes, tableWriter } from "../../records/export/table_writer.ts";
import { historyReader } from "./history_reader.ts";
import { moment, momentOf } from "./history_routes.ts";
import { bad, root } from "./route_parts.ts";
import type { Asked, Route } from "./routes.ts";

/** How far is looked back where nobody says so, in milliseconds. */
const usualSpan = 86_400_000;

/** So many rows are written in one go, and as groups of Parquet: the server has others to serve. */
const [rowsAtOnce, rowsOfGroup] = [2500, 5000];

/** A stream of what is made, piece by piece, as somebody reads it. */
function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      for (;;) {
        const { done, value } = await pieces.next();
        if (done) return controller.close();
        if (value.length === 0) continue;
        return controller.enqueue(value);
      }
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

async function answer(requests: RequestRunner, { query, client }: Asked): Promise<Response> {
  const given = query.get("format") ?? "csv";
  const format = tableFormats.find((known) => known === given);
  if (format === undefined) throw bad(`Cannot export: "format" must be one of ${tableFormats.join(", ")}`);
  const until = momentOf(query, "until") ?? Date.now();
  const since = momentOf(query, "since") ?? until - usualSpan;
  if (since >= until) throw bad('Cannot export: "since" must be before "until"');
  const reader = historyReader(requests, client);
  const fields = recordedFields(await reader.fields(), query.getAll("field"));
  const writer = await tableWriter(format, readingColumns(format), true, rowsOfGroup);
  const pieces = async function* () {
    const rows = readingRows((query) => reader.history(query), { fields, since, until }, format);
    for await (const some of rows) {
      for (let at = 0; at < some.length; at += rowsAtOnce) {
        yield writer.write(some.slice(at, at + rowsAtOnce));
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
    yield writer.end();
  };
  const day = new Date(since).toISOString().slice(0, 10);
  return new Response(streamOf(pieces()), {
    headers: {
      "Content-Type": tableTypes[format],
      "Content-Disposition": `attachment; filename="readings-${day}.${format}"`,
    },
  });
}

/**
 * The route that exports readings.
 *
 * @param requests What looks for them.
 */
export function exportRoutes(requests: RequestRunner): Route[] {
  return [{
    method: "GET",
    path: `${root}/export`,
    head: false,
    operation: {
      summary: "The readings of a range as a table",
      description:
        "A row for each reading: time (UTC), instrument, field, value, unit, quality. In Parquet `value` is a " +
        "number, and what is none is in `text`.",
      query: {
        field: {
          schema: { type: "array", items: { type: "string" } },
          description: "an instrument, or a field as in tempcon.camtemp; given again for each; default: all",
        },
        since: { schema: moment, description: "from when on; default: a day before the end" },
        until: { schema: moment, description: "until before when; default: now" },
        format: { schema: { enum: tableFormats }, description: "default: csv" },
      },
      answers: { description: "The table", type: tableTypes.csv, schema: z.string() },
      errors: ["bad_argument", "unavailable"],
    },
    answer: (asked) => answer(requests, asked),
  }];
}
