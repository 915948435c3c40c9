/**
 * Looks for readings on behalf of whoever asks over HTTP.
 *
 * @module
 */

import type { HistoryAnswer, HistoryQuery, RecordedField } from "../../../protocol/readings.ts";
import type { Principal } from "../../access/principal.ts";
import type { RequestRunner } from "../../requests/request.ts";

/** So many readings are looked at in one go: the server has others to serve. */
const mostAtOnce = 10_000;

/** Where readings are looked for, as somebody may. */
export interface HistoryReader {
  /** What was kept. */
  fields(): Promise<RecordedField[]>;
  /** What some fields were. */
  history(query: HistoryQuery): Promise<HistoryAnswer>;
}

/** Looks for readings as somebody may. @param requests What runs that. */
export function historyReader(requests: RequestRunner, principal: Principal): HistoryReader {
  return {
    fields: async () => JSON.parse((await requests.run({ cmd: "RecordedFields" }, principal)).json),
    history: async ({ fields, ...query }) => {
      const words = fields.map(({ instrument, field }) => `${instrument}.${field}`);
      const limit = Math.min(query.limit ?? mostAtOnce, mostAtOnce);
      const asked = { cmd: "Readings", query: { ...query, fields: words, limit } } as const;
      return JSON.parse((await requests.run(asked, principal)).json);
    },
  };
}
