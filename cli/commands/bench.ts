/**
 * The subcommands that read the bench: `list`, `describe`, `status`, `watch`.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { printable } from "../../protocol/printable.ts";
import type {
  ArgumentDescription,
  ContactDescription,
  FieldDescription,
  HolderDescription,
  InstrumentDescription,
  ServerStatus,
  ValueDescription,
} from "../../protocol/description.ts";
import {
  type ConnectionFlags,
  dashboardClient,
  dashboardFlags,
  fieldParameter,
  instrumentParameter,
} from "../connection.ts";
import type { CliContext } from "../context.ts";
import { describeOriginal, listOriginal, watchOriginal } from "../original_dashboard.ts";
import { type Cell, clock, duration, type Paint, painter, qualityStyle, table, writeJson } from "../output.ts";

/** The holder of an instrument as text: `alice (127.0.0.1) until 14:05:10`. */
function holderText({ name, session, address, until }: HolderDescription): string {
  // `ana (of reactor-lab)` says it already.
  const from = address === "" || name.endsWith(`(of ${address})`) ? "" : ` (${address})`;
  return `${name === "" ? `client ${session}` : printable(name)}${from} until ${clock(until)}`;
}

/** `heliograph list` */
export const listCommand = buildCommand({
  docs: { brief: "List the instruments" },
  parameters: { flags: dashboardFlags },
  async func(this: CliContext, flags: ConnectionFlags): Promise<void> {
    await using client = dashboardClient(this, flags);
    if (await client.isOriginal()) return await listOriginal(this, client, flags.json);
    const instruments = await client.describe();
    if (flags.json) {
      return writeJson(
        this,
        instruments.map(({ name, title, caption, summary, holder }) => ({ name, title, caption, summary, holder })),
      );
    }
    const anyHeld = instruments.some(({ holder }) => holder !== null);
    const anyCaption = instruments.some(({ title, caption }) => caption !== title);
    const rows = instruments.map(({ name, title, caption, summary, fields, commands, holder }) => [
      name,
      title,
      ...(anyCaption ? [caption === title ? "" : caption] : []),
      String(fields.length),
      String(commands.length),
      ...(anyHeld ? [holder === null ? "" : holderText(holder)] : []),
      summary,
    ]);
    const head = [
      "name",
      "title",
      ...(anyCaption ? ["caption"] : []),
      "fields",
      "commands",
      ...(anyHeld ? ["held by"] : []),
      "what it is",
    ];
    this.process.stdout.write(table(head, rows, painter(this.colour)));
  },
});

function allowed({ choices, minimum, maximum, type }: ValueDescription): string {
  if (choices !== undefined) return choices.join("|");
  if (minimum !== undefined && maximum !== undefined) return `${type} ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `${type} at least ${minimum}`;
  return maximum === undefined ? type : `${type} at most ${maximum}`;
}

/** The field by which the device says what it made of a setting: `Device Setpoint ± 0.1 within 10 s`. */
function readbackText({ readback }: FieldDescription, fields: readonly FieldDescription[]): string {
  if (readback === undefined) return "";
  const { field, tolerance, within } = readback;
  const title = fields.find(({ name }) => name === field)?.title ?? field;
  return `${title}${tolerance === 0 ? "" : ` ± ${tolerance}`} within ${within} s`;
}

function fieldRow(field: FieldDescription, paint: Paint): Cell[] {
  const access = field.needsConfirm
    ? `${field.access}, needs confirm`
    : field.compute === undefined
    ? field.access
    : `computed: ${field.compute}`;
  const value = { text: `${field.text}${field.staged ? " (staged)" : ""}`, style: qualityStyle(field.quality, paint) };
  return [field.title, value, field.unit ?? "", access, allowed(field)];
}

function argumentText({ name, default: fallback }: ArgumentDescription): string {
  if (fallback === undefined) return name.toUpperCase();
  return fallback === "" ? `[${name.toUpperCase()}]` : `[${name.toUpperCase()}=${fallback}]`;
}

/** The contact of an instrument as text. */
function contactText({ state, address, reason }: ContactDescription): string {
  return `${state} on ${printable(address)}${reason === "" ? "" : `: ${printable(reason)}`}`;
}

/** An instrument for people. */
export function describeText(instrument: InstrumentDescription, paint: Paint): string {
  const { name, title, summary, fields, commands, holder, contact, fault } = instrument;
  const held = holder === null ? "" : `held by ${holderText(holder)}\n`;
  const where = contact === null ? "" : `${contactText(contact)}\n`;
  const heading = `${paint.bold(printable(title))}${name === title ? "" : ` (${name})`}${
    summary === "" ? "" : `: ${printable(summary)}`
  }\n${where}${held}${fault === undefined ? "" : `${paint.red(printable(fault))}\n`}`;
  const anyReadback = fields.some(({ readback }) => readback !== undefined);
  const fieldTable = table(
    ["field", "value", "unit", "access", "allowed", ...(anyReadback ? ["read back by"] : [])],
    fields.map((field) => [...fieldRow(field, paint), ...(anyReadback ? [readbackText(field, fields)] : [])]),
    paint,
  );
  const commandRows = commands.map((command) => [
    [command.name, ...command.arguments.map(argumentText), ...(command.takesMore ? ["…"] : [])].join(" "),
    command.summary,
  ]);
  const commandTable = table(["command", "what it does"], commandRows, paint);
  return [heading, fieldTable, commandTable].filter((part) => part !== "").join("\n");
}

/** `heliograph describe INSTRUMENT` */
export const describeCommand = buildCommand({
  docs: { brief: "Tell an instrument's fields, values and commands" },
  parameters: { flags: dashboardFlags, positional: { kind: "tuple", parameters: [instrumentParameter] } },
  async func(this: CliContext, flags: ConnectionFlags, instrument: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    if (await client.isOriginal()) return await describeOriginal(this, client, instrument, flags.json);
    const described = await client.describe(instrument);
    if (flags.json) writeJson(this, described);
    else this.process.stdout.write(describeText(described, painter(this.colour)));
  },
});

/** `heliograph status` */
export const statusCommand = buildCommand({
  docs: { brief: "Tell uptime, listeners, who is connected, and what the instruments are doing" },
  parameters: { flags: dashboardFlags },
  async func(this: CliContext, flags: ConnectionFlags): Promise<void> {
    await using client = dashboardClient(this, flags);
    const status = await client.status();
    if (flags.json) return writeJson(this, status);
    this.process.stdout.write(statusText(status, painter(this.colour)));
  },
});

/** How messages are doing, in a line. */
function messagesLine({ sent, waiting, failed }: NonNullable<ServerStatus["messages"]>, paint: Paint): string {
  const last = sent === null ? "none sent since the start" : `the last to ${sent.to} at ${clock(sent.time)}`;
  const waits = waiting === 0 ? "none waits" : `${waiting} ${waiting === 1 ? "waits" : "wait"}`;
  const wrong = failed === null
    ? ""
    : `; ${paint.red("failed last")}: ${printable(`${failed.to} at ${clock(failed.time)}: ${failed.reason}`)}`;
  return `Messages: ${printable(last)}; ${waits}${wrong}\n`;
}

/** How publishing by MQTT is doing, in a line. */
function mqttLine({ broker, connected, reason, waiting }: NonNullable<ServerStatus["mqtt"]>, paint: Paint): string {
  if (!connected) return `${paint.red("Not published by MQTT")}: ${printable(reason)}\n`;
  return `Published by MQTT: ${printable(broker)}${waiting === 0 ? "" : `; ${waiting} on their way`}\n`;
}

/** The state of a server for people. */
export function statusText(status: ServerStatus, paint: Paint): string {
  const parts = [`${paint.bold(status.server)} ${status.version}, up for ${duration(status.uptime)}\n`];
  if (status.simulated) parts.push("Simulated: simulators stand in the place of the instruments\n");
  const { tripped = [], bypassed = [], expired = [] } = status.guards ?? {};
  for (
    const [what, titles] of [["Tripped", tripped], ["Bypassed", bypassed], ["Watchdogs expired", expired]] as const
  ) {
    if (titles.length > 0) parts.push(`${paint.red(what)}: ${printable(titles.join(", "))}\n`);
  }
  if (status.messages !== undefined) parts.push(messagesLine(status.messages, paint));
  if (status.mqtt !== undefined) parts.push(mqttLine(status.mqtt, paint));
  const listeners = status.listeners.map(({ protocol, host, port }) => [protocol, `${host}:${port}`]);
  parts.push(table(["listener", "address"], listeners, paint));
  const sessions = status.sessions.map((session) => [
    String(session.session),
    printable(session.name),
    session.address,
    session.protocol,
    session.role,
    clock(session.connected),
    clock(session.lastRequestTime),
    printable(session.lastRequest),
  ]);
  const head = ["client", "name", "address", "wire", "role", "since", "asked", "last request"];
  parts.push(table(head, sessions, paint));
  const busy = status.instruments.filter(({ running, waiting }) => running !== "" || waiting > 0);
  const rows = busy.map((
    { name, running, runningFor, waiting },
  ) => [name, running, duration(runningFor), String(waiting)]);
  const lost = status.instruments.flatMap(({ name, contact }) =>
    contact === null || contact.state === "connected" ? [] : [[name, contact.address, printable(contact.reason)]]
  );
  parts.push(table(["not connected", "on", "because"], lost, paint));
  const held = status.instruments.flatMap(({ name, holder }) => holder === null ? [] : [[name, holderText(holder)]]);
  parts.push(table(["held", "by"], held, paint));
  parts.push(table(["busy", "with", "for", "waiting"], rows, paint));
  return parts.filter((part) => part !== "").join("\n");
}

/** `heliograph watch [INSTRUMENT [FIELD]]` */
export const watchCommand = buildCommand({
  docs: { brief: "Show fields as they are and as they change, until Ctrl-C" },
  parameters: {
    flags: dashboardFlags,
    positional: {
      kind: "tuple",
      parameters: [{ ...instrumentParameter, optional: true }, { ...fieldParameter, optional: true }],
    },
  },
  async func(this: CliContext, flags: ConnectionFlags, instrument?: string, field?: string): Promise<void> {
    await using client = dashboardClient(this, flags);
    await watch(this, client, flags.json, instrument, field);
  },
});

/** Writes fields as they are and as they change, until the signal. */
export async function watch(
  context: CliContext,
  client: ReturnType<typeof dashboardClient>,
  json: boolean,
  instrument?: string,
  field?: string,
  signal?: AbortSignal,
): Promise<void> {
  if (await client.isOriginal()) return await watchOriginal(context, client, json, instrument, field, signal);
  const paint = painter(context.colour);
  const described = instrument === undefined ? await client.describe() : [await client.describe(instrument)];
  const nameWidth = Math.max(...described.map(({ name }) => name.length));
  const titleWidth = Math.max(
    0,
    ...described.flatMap(({ fields }) => fields.map(({ title }) => printable(title).length)),
  );
  for await (const update of client.watch(instrument, field, signal === undefined ? {} : { signal })) {
    // That is for pages.
    if (update.event === "arrangement" || update.event === "guard" || update.event === "runs") continue;
    if (json) {
      writeJson(context, update);
      continue;
    }
    if (update.event === "disconnected") {
      context.process.stderr.write(`${paint.red(`${printable(update.reason)}; trying again`)}\n`);
    }
    if (update.event === "control") {
      const { instrument: name, holder } = update;
      const text = holder === null ? "nobody has control of it" : `held by ${holderText(holder)}`;
      context.process.stdout.write(`${" ".repeat(8)}  ${name.padEnd(nameWidth)}  ${paint.yellow(text)}\n`);
    }
    if (update.event === "contact") {
      const { instrument: name, contact } = update;
      context.process.stdout.write(
        `${" ".repeat(8)}  ${name.padEnd(nameWidth)}  ${
          (contact.state === "connected" ? String : paint.yellow)(contactText(contact))
        }\n`,
      );
    }
    if (update.event !== "field") continue;
    const unit = update.quality === "good" ? update.unit ?? "" : "";
    const notes = [
      update.staged ? "staged" : "",
      update.quality === "good" ? "" : `${update.quality}: ${printable(update.reason ?? "")}`,
    ]
      .filter((note) => note !== "").join(", ");
    const value = qualityStyle(update.quality, paint)(printable(`${update.text}${unit === "" ? "" : ` ${unit}`}`));
    const line =
      `${clock(update.time).padEnd(8)}  ${update.instrument.padEnd(nameWidth)}  ${
        printable(update.field).padEnd(titleWidth)
      }  ` +
      `${value}${notes === "" ? "" : paint.yellow(`  (${notes})`)}`;
    context.process.stdout.write(`${line.trimEnd()}\n`);
  }
}
