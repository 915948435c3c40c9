/**
 * What an instrument of a bench file may be made of: the drivers that there are, and what the words mean.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import type { DriverChoice, DriverParameter, EditableBench } from "../../../protocol/bench_edit.ts";
import { fieldSchema } from "../../devices/described/schema.ts";
import { builtInDrivers } from "../../devices/drivers/drivers.ts";
import { readyMade } from "../ready_made.ts";
import { instrumentSchema } from "../schema.ts";

function parametersOf(
  declared: Readonly<Record<string, string | { summary?: string | undefined; default?: string | undefined }>> = {},
): DriverParameter[] {
  return Object.entries(declared).map(([name, spec]) => {
    const { summary = "", default: fallback = "" } = typeof spec === "string" ? { default: spec } : spec;
    return { name, summary, default: fallback };
  });
}

/** The drivers that an instrument can be added with. */
export function driverChoices(): DriverChoice[] {
  const builtIn = Object.entries(builtInDrivers).map(([name, { description, address }]): DriverChoice => ({
    name,
    summary: description.summary ?? "",
    address,
    parameters: parametersOf(description.parameters),
    options: null,
  }));
  const made = Object.entries(readyMade).map(([name, { options, summary }]): DriverChoice => {
    const schema = z.toJSONSchema(options, { io: "input" }) as Record<string, unknown>;
    const none = Object.keys(schema.properties ?? {}).length === 0;
    return { name, summary, address: "", parameters: [], options: none ? null : schema };
  });
  return [...builtIn, ...made];
}

function meanings(shape: Readonly<Record<string, z.ZodType>>): Record<string, string> {
  return Object.fromEntries(Object.entries(shape).map(([word, schema]) => [word, schema.description ?? ""]));
}

/** What each word for an instrument and for a field means. */
export function wordMeanings(): EditableBench["words"] {
  return { instrument: meanings(instrumentSchema.shape), field: meanings(fieldSchema.shape) };
}
