/**
 * Metrics of the server and its instruments, in Prometheus' text format.
 *
 * @module
 */

import { wires } from "../../../protocol/vocabulary.ts";
import type { Instrument } from "../../bench/instrument.ts";
import type { CommandCounts } from "../../requests/dispatcher.ts";
import type { Services } from "../../services.ts";

type Labels = Readonly<Record<string, string>>;

/** The media type of the text format. */
export const metricsType = "text/plain; version=0.0.4; charset=utf-8";

function escaped(label: string): string {
  return label.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

/** Collects samples of one name after the other. */
class Page {
  text = "";

  add(name: string, type: "gauge" | "counter", help: string, samples: Iterable<readonly [Labels, number]>): void {
    this.text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const [labels, value] of samples) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      this.text += `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
    }
  }
}

const qualities = { good: 0, stale: 1, error: 2 } as const;

function numericFields(instruments: readonly Instrument[]) {
  return instruments.flatMap((instrument) =>
    instrument.allFields
      .filter(({ spec: { type } }) => type === "float" || type === "int")
      .map((field) => {
        const labels = { instrument: instrument.name, field: field.name, unit: field.spec.unit ?? "" };
        return { field, labels };
      })
  );
}

/**
 * Makes the page that Prometheus reads.
 *
 * @param services What it tells of.
 * @param counts How many commands were answered, by the instrument's name.
 * @returns The text.
 */
export function metrics(services: Services, counts: ReadonlyMap<string, CommandCounts>): string {
  const page = new Page();
  const { uptime, version, sessions } = services.status();
  const { instruments } = services.bench;
  const each = (value: (instrument: Instrument) => number | undefined) =>
    instruments.flatMap((instrument) => {
      const number = value(instrument);
      return number === undefined ? [] : [[{ instrument: instrument.name }, number] as const];
    });
  page.add("heliograph_info", "gauge", "Always 1; the version is in its label.", [[{ version }, 1]]);
  page.add("heliograph_uptime_seconds", "gauge", "For how long the server has been running.", [[{}, uptime]]);
  page.add(
    "heliograph_sessions",
    "gauge",
    "Client connections, by what they speak.",
    wires.map((protocol) =>
      [{ protocol }, sessions.filter((session) => session.protocol === protocol).length] as const
    ),
  );
  page.add(
    "heliograph_commands_total",
    "counter",
    "Commands that were answered, those that were refused among the failed.",
    [...counts].flatMap(([instrument, { succeeded, failed }]) => [
      [{ instrument, outcome: "succeeded" }, succeeded] as const,
      [{ instrument, outcome: "failed" }, failed] as const,
    ]),
  );
  page.add(
    "heliograph_instrument_waiting",
    "gauge",
    "Commands that wait in the instrument's queue.",
    each(({ queue }) => queue.waiting),
  );
  page.add(
    "heliograph_instrument_connected",
    "gauge",
    "Whether the instrument answers: 1 or 0. Those that need no contact are left out.",
    each(({ contact }) => contact === undefined ? undefined : Number(contact.state === "connected")),
  );
  const fields = numericFields(instruments);
  page.add(
    "heliograph_field_value",
    "gauge",
    "What a number field holds, where its quality is good.",
    fields.filter(({ field }) => field.quality === "good" && field.value !== undefined)
      .map(({ field, labels }) => [labels, Number(field.value)] as const),
  );
  page.add(
    "heliograph_field_quality",
    "gauge",
    "Whether to trust a number field: 0 good, 1 stale, 2 error.",
    fields.map(({ field, labels }) => [labels, qualities[field.quality]] as const),
  );
  const { rss, heapUsed } = Deno.memoryUsage();
  page.add("process_resident_memory_bytes", "gauge", "Memory that the process occupies.", [[{}, rss]]);
  page.add("heliograph_heap_used_bytes", "gauge", "Memory that is in use inside it.", [[{}, heapUsed]]);
  return page.text;
}
