/**
 * The requests that look back at readings, by the names or titles of instruments and fields.
 *
 * @module
 */

import {
  checkedQuery,
  type FieldName,
  fieldNameOf,
  type HistoryQuery,
  type HistoryWords,
} from "../../protocol/readings.ts";
import type { Principal } from "../access/principal.ts";
import type { Bench } from "../bench/bench.ts";
import { identifierOf } from "../bench/names.ts";
import type { Readings } from "../records/readings/readings.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { historyOfAll } from "./fleet_readings.ts";
import { JsonText, type RequestOf } from "./request.ts";

/** How far is looked back where nobody says so, in milliseconds. */
const usualSpan = 3_600_000;

/** The parts of the server that these requests act on. */
interface ReadingsParts {
  readonly bench: Bench;
  readonly readings: Pick<Readings, "history" | "moment" | "fields">;
  readonly fleet: Pick<Fleet, "ask"> | undefined;
}

/** The name that a field is kept by; one that is on the bench no more is looked for as it is. */
function namedOn(bench: Bench, word: string): FieldName {
  const { instrument, field } = fieldNameOf(word);
  const found = bench.find(instrument);
  return { instrument: found?.name ?? instrument, field: identifierOf(field) };
}

/** The name of the other PC that has a field: `cold-lab` of `cold-lab/tempcon`; `undefined` where it is of this bench. */
function pcOf(bench: Bench, word: string): string | undefined {
  return bench.pcOf(fieldNameOf(word).instrument);
}

function queryOf(bench: Bench, { fields, since, until = Date.now(), points, limit }: HistoryWords): HistoryQuery {
  const query = {
    fields: fields.map((word) => namedOn(bench, word)),
    since: since ?? until - usualSpan,
    until,
    points,
    limit,
  };
  return checkedQuery(query);
}

/** What looks back; whoever only looks on renews nothing of theirs. */
export function readingsRequests(parts: ReadingsParts, dispatcher: Dispatcher) {
  const { bench, readings } = parts;
  return {
    Readings: async ({ cmd, query }: RequestOf<"Readings">, principal: Principal): Promise<JsonText> => {
      dispatcher.allow(principal, "read", cmd);
      const { fleet } = parts;
      const own = (fields: readonly string[]) => readings.history(queryOf(bench, { ...query, fields }));
      if (fleet === undefined || query.fields.every((word) => pcOf(bench, word) === undefined)) {
        return new JsonText(await own(query.fields));
      }
      const whose = Map.groupBy(query.fields, (word) => pcOf(bench, word) ?? "");
      const answer = await historyOfAll(query, whose, {
        own: async (fields) => JSON.parse(await own(fields)),
        there: async (pc, query) => (await fleet.ask(pc, { cmd: "Readings", ...query }, principal)).value,
      });
      return new JsonText(JSON.stringify(answer));
    },
    Moment: async ({ cmd, at }: RequestOf<"Moment">, principal: Principal): Promise<JsonText> => {
      dispatcher.allow(principal, "read", cmd);
      return new JsonText(await readings.moment(at));
    },
    RecordedFields: async ({ cmd }: RequestOf<"RecordedFields">, principal: Principal): Promise<JsonText> => {
      dispatcher.allow(principal, "read", cmd);
      return new JsonText(await readings.fields());
    },
  };
}
