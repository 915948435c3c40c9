/**
 * `heliograph datalog`: begins and ends PyOpticon's data log, and tells how it stands.
 *
 * @module
 */

import { type DataLogState, parseInterval, usualInterval } from "../../protocol/data_log.ts";
import { printable } from "../../protocol/printable.ts";
import { type ConnectionFlags, dashboardClient, dashboardFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { writeJson } from "../output.ts";
import { buildCommand, notOneOf } from "../usage.ts";

interface DataLogFlags extends ConnectionFlags {
  readonly every?: string;
  readonly fields?: string;
}

function interval(text: string): string {
  parseInterval(text);
  return text;
}

/** `heliograph datalog [start [NAME] | stop]` */
export const dataLogCommand = buildCommand({
  docs: {
    brief: "Begin or end a data log as PyOpticon's, a CSV file with a row again and again; alone: how it stands",
  },
  parameters: {
    flags: {
      ...dashboardFlags,
      every: {
        kind: "parsed",
        parse: interval,
        optional: true,
        brief: `How often a row is written; default ${usualInterval}`,
        placeholder: "H:MM:SS",
      },
      fields: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "INSTRUMENT or INSTRUMENT.FIELD, several with commas; default all that belong into a log",
        placeholder: "FIELDS",
      },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "ACTION",
        brief: "start or stop",
        parse: String,
        optional: true,
        proposeCompletions: () => ["start", "stop"],
      }, {
        placeholder: "NAME",
        brief:
          "For start: a file of the server's folder for logs, continued where it is there; default PyOpticon's name",
        parse: String,
        optional: true,
      }],
    },
  },
  async func(this: CliContext, flags: DataLogFlags, action?: string, name?: string): Promise<void> {
    if (action !== undefined && action !== "start" && action !== "stop") {
      throw notOneOf(action, "the data log", ["start", "stop"]);
    }
    if (action !== "start" && (flags.every ?? flags.fields ?? name) !== undefined) {
      throw new UsageError("NAME, --every and --fields go with datalog start");
    }
    await using client = dashboardClient(this, flags);
    const { every, fields } = flags;
    const given = Object.entries({ name, every, fields }).filter(([, value]) => value !== undefined);
    const command = action === undefined ? "datalog" : `datalog_${action}`;
    const state = await client.call("api", command, [], Object.fromEntries(given)) as DataLogState;
    if (flags.json) return writeJson(this, state);
    this.process.stdout.write(`${printable(told(state))}\n`);
    if (state.problem !== "") this.process.stderr.write(`${printable(state.problem)}\n`);
  },
});

function told({ running, file, folder, every, rows }: DataLogState): string {
  const count = `${rows} row${rows === 1 ? "" : "s"}`;
  if (running) {
    return file === ""
      ? `A data log is begun in ${folder}, a row every ${every}`
      : `The data log is written into ${file}, a row every ${every}; ${count} so far`;
  }
  return file === "" ? "No data log is written" : `No data log is written; the last was ${file}, ${count}`;
}
