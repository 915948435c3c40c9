/**
 * The schemas of what is told of readings over HTTP.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import type {
  FieldAtMoment,
  Held,
  HistoryAnswer,
  HistorySeries,
  MomentAnswer,
  Points,
  RecordedField,
  Samples,
} from "./readings.ts";
import { of, wireValue } from "./schemas.ts";
import { qualities, valueTypes } from "./vocabulary.ts";

const text = z.string();
const time = z.number().describe("in milliseconds since 1970");
const place = z.int().min(0);
const quality = z.enum([...qualities, "none"]).describe("none: nothing was kept from that time on");
const value = wireValue.nullable().describe("null where it was not good");

const names = {
  instrument: text.describe("the name of its instrument"),
  field: text.describe("its own name"),
  title: text,
  instrumentTitle: text,
  unit: text.describe("empty for none"),
  type: z.enum(valueTypes),
};
const held = { time, value, quality };

/** A field whose readings are kept. */
export const recordedField: z.ZodType<RecordedField> = of<RecordedField>()(
  z.strictObject(names).meta({ id: "RecordedField", description: "A field whose readings are kept" }),
);

const samples = of<Samples>()(
  z.strictObject({
    times: z.array(time),
    values: z.array(value),
    qualities: z.array(z.tuple([place, quality]).readonly())
      .describe("from which place on the readings are of which quality"),
  }).meta({ id: "Samples", description: "Readings one by one, as columns" }),
);

const column = z.array(z.number().nullable());

const points = of<Points>()(
  z.strictObject({
    times: z.array(time).describe("when each span begins; one without a reading is left out"),
    lowest: column.describe("null, as the others, where nothing was good"),
    highest: column,
    first: column,
    last: column,
    mean: column,
    count: z.array(place).describe("how many readings were good"),
    gaps: z.array(place).describe("the places of the spans in which something was not good"),
  }).meta({ id: "Points", description: "What a number was in each of equal spans of time, as columns" }),
);

const series = of<HistorySeries>()(
  z.strictObject({
    ...names,
    before: of<Held>()(z.strictObject(held)).nullable().describe("the last reading before; null for none"),
    thinned: z.boolean().describe("whether some of it is known by minutes only"),
    samples: samples.optional(),
    points: points.optional(),
  }).meta({ id: "HistorySeries", description: "What a field was" }),
);

/** What some fields were. */
export const historyAnswer: z.ZodType<HistoryAnswer> = of<HistoryAnswer>()(
  z.strictObject({
    since: time,
    until: time,
    next: time.nullable().describe("the `since` of the next answer; null where this one is all"),
    series: z.array(series),
    unreached: z.record(z.string(), z.string()).optional().describe(
      "why other PCs of the fleet told nothing of their fields, by their names; left out where all did",
    ),
  }).meta({ id: "HistoryAnswer", description: "What fields were" }),
);

/** What the whole bench was at a moment. */
export const momentAnswer: z.ZodType<MomentAnswer> = of<MomentAnswer>()(
  z.strictObject({
    at: time,
    kept: z.boolean().describe("whether a server kept readings then"),
    fields: z.array(of<FieldAtMoment>()(z.strictObject({ ...names, ...held }))),
  }).meta({ id: "MomentAnswer", description: "What the whole bench was at a moment" }),
);
