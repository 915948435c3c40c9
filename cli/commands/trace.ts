/**
 * `heliograph trace`: the last exchanges on an instrument's line.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import type { TraceEntry } from "../../protocol/description.ts";
import { printable } from "../../protocol/printable.ts";
import { traceLine, traceRows } from "../../protocol/trace_rows.ts";
import { type ConnectionFlags, dashboardClient, dashboardFlags, instrumentParameter } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { painter, preciseClock, writeJson } from "../output.ts";

/** How often it is asked whether there is more, in milliseconds. */
const followMilliseconds = 200;

interface TraceFlags extends ConnectionFlags {
  readonly follow: boolean;
}

/** `heliograph trace INSTRUMENT` */
export const traceCommand = buildCommand({
  docs: { brief: "Show the last exchanges on an instrument's line: what was sent, what came, what was made of it" },
  parameters: {
    flags: {
      ...dashboardFlags,
      follow: { kind: "boolean", default: false, brief: "Go on, and show more as it comes, until Ctrl-C" },
    },
    positional: { kind: "tuple", parameters: [instrumentParameter] },
  },
  async func(this: CliContext, flags: TraceFlags, instrument: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    await showTrace(this, client, instrument, flags);
  },
});

/**
 * Shows the trace of an instrument.
 *
 * @param options Whether to go on, and whether as JSON.
 * @param signal Ends the going on.
 */
export async function showTrace(
  context: CliContext,
  client: ReturnType<typeof dashboardClient>,
  instrument: string,
  { follow, json }: Pick<TraceFlags, "follow" | "json">,
  signal?: AbortSignal,
): Promise<void> {
  const { entries } = await client.trace(instrument);
  if (json && !follow) return writeJson(context, entries);
  writeEntries(context, entries, json);
  if (entries.length === 0 && !json) {
    context.process.stderr.write(`Nothing has gone over the line of ${printable(instrument)} so far\n`);
  }
  let last = entries.at(-1)?.number ?? 0;
  while (follow && !(signal?.aborted ?? false)) {
    await new Promise((resolve) => setTimeout(resolve, followMilliseconds));
    const { entries } = await client.trace(instrument, last);
    writeEntries(context, entries, json);
    last = entries.at(-1)?.number ?? last;
  }
}

/** Writes what is in a trace, a line for each. */
function writeEntries(context: CliContext, entries: readonly TraceEntry[], json: boolean): void {
  if (json) return entries.forEach((entry) => writeJson(context, entry));
  const paint = painter(context.colour);
  for (const row of traceRows(entries)) {
    context.process.stdout.write(`${paint.dim(preciseClock(row.time))}  ${printable(traceLine(row))}\n`);
  }
}
