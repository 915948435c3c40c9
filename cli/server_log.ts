/**
 * The log of `heliograph server`.
 *
 * @module
 */

import { configure, getTextFormatter, jsonLinesFormatter, type LogRecord } from "npm:@logtape/logtape@2.4.2";
import { withoutSecrets } from "../protocol/secrets.ts";
import { printable } from "../protocol/printable.ts";
import type { ProgramSettings } from "../server/config/server_settings.ts";
import type { Journal } from "../server/records/journal.ts";
import type { CliContext } from "./context.ts";
import { painter } from "./output.ts";

/**
 * Starts the log. It goes to standard error, so that standard output holds only the ready lines, and to whoever follows
 * the journal.
 *
 * @param context Where standard error is, and whether it has colours.
 * @param flags How it is told.
 * @param journal Where it is told as well.
 */
export async function startServerLog(
  { process, colour }: CliContext,
  { logLevel, jsonLogs }: Pick<ProgramSettings, "logLevel" | "jsonLogs">,
  journal: Journal,
): Promise<void> {
  const plain = getTextFormatter({
    timestamp: "rfc3339",
    value: (value) => typeof value === "string" ? value : Deno.inspect(value),
  });
  const format = jsonLogs ? jsonLinesFormatter : (record: LogRecord) => {
    const line = oneLine(plain(record));
    const paint = painter(colour);
    return record.level === "error" ? paint.red(line) : record.level === "warning" ? paint.yellow(line) : line;
  };
  await configure({
    reset: true,
    sinks: {
      stderr: (record: LogRecord) => process.stderr.write(withoutSecrets(format(record))),
      journal: journal.log,
    },
    loggers: [
      { category: "heliograph", lowestLevel: logLevel, sinks: ["stderr", "journal"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
}

/** Escapes line ends in a log message, so that no client can forge a log line. */
function oneLine(text: string): string {
  return `${printable(text.trimEnd())}\n`;
}
