/**
 * `heliograph try`: asks each field of an instrument once.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { printable } from "../../protocol/printable.ts";
import type { BenchField } from "../../server/bench/field.ts";
import type { Instrument } from "../../server/bench/instrument.ts";
import { placeOf } from "../../server/bench/faults.ts";
import { compileFields, compute } from "../../server/expressions/computed_fields.ts";
import { Source } from "../../server/files/source.ts";
import { loadBenchWith } from "../../server/config/bench_file.ts";
import type { Description } from "../../server/devices/described/schema.ts";
import { PortContact } from "../../server/devices/transports/contact.ts";
import { readOnce, type Tried, tryOnce, valueText } from "../../server/devices/try_out.ts";
import { dashboardFlags, parseSeconds, sameServer } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { driverProcesses } from "../driver_processes.ts";
import { exitCodes, failureText } from "../exit_codes.ts";
import { heldBy } from "../held_ports.ts";
import { painter, table, writeJson } from "../output.ts";
import { benchInstrument, whichInstrument } from "./bench_file.ts";

interface TryFlags {
  readonly initialize: boolean;
  readonly timeout: number;
  readonly json: boolean;
  readonly host: string;
  readonly port: number;
}

/** The titles in a bench file, for completion: nothing rather than an error, and no code is run. */
async function titlesIn(file: string): Promise<readonly string[]> {
  try {
    const { value } = Source.read(file, await Deno.readFile(file));
    const { instruments } = value as { readonly instruments: readonly { readonly title: string }[] };
    return instruments.map(({ title }) => title);
  } catch {
    return [];
  }
}

/** `heliograph try FILE INSTRUMENT` */
export const tryCommand = buildCommand({
  docs: {
    brief: "Ask each field of an instrument once, and tell what was asked, answered and understood; sets nothing",
  },
  parameters: {
    flags: {
      initialize: {
        kind: "boolean",
        default: false,
        brief: 'Send what the description has as "initialize" too, after the handshake',
      },
      timeout: {
        kind: "parsed",
        parse: parseSeconds,
        default: "5",
        brief: "How many seconds to wait for what it sends without being asked",
      },
      json: { kind: "boolean", default: false, brief: "Print JSON, for scripts" },
      host: { ...dashboardFlags.host, brief: "The server that is asked whether it holds the port" },
      port: { ...dashboardFlags.port, brief: "That server's port" },
    },
    positional: {
      kind: "tuple",
      parameters: [
        { placeholder: "FILE", brief: "The bench file", parse: String },
        {
          placeholder: "INSTRUMENT",
          brief: "Its name or title",
          parse: String,
          optional: true,
          proposeCompletions(this: CliContext): Promise<readonly string[]> {
            return titlesIn(this.typed.words[0] ?? "");
          },
        },
      ],
    },
  },
  async func(this: CliContext, flags: TryFlags, file: string, named?: string): Promise<void> {
    const checked = new Set<string>();
    const describing = (description: Description, title: string): Description => {
      const { initialize, shutdown: _, handshake, ...rest } = description;
      if (handshake !== undefined) checked.add(title);
      return {
        ...rest,
        ...(handshake === undefined ? {} : { handshake }),
        ...(flags.initialize && initialize !== undefined ? { initialize } : {}),
        // Each is asked once.
        line: { ...rest.line, retries: 0 },
      };
    };
    const bench = await loadBenchWith(driverProcesses(), file, undefined, undefined, describing);
    try {
      if (named === undefined) throw whichInstrument(bench, file);
      const instrument = benchInstrument(bench, file, named);
      const port = bench.ports.get(instrument.title);
      const holding = port === undefined ? undefined : await heldBy(port.address, flags);
      if (holding !== undefined) {
        const { host, port: serverPort } = flags;
        const told = (word: string) => sameServer(this, { host, port: serverPort, json: false }, word, holding.name);
        throw new HeliographError(
          "unavailable",
          `Cannot try ${instrument.title}: ${port!.name} is held by the server on ${host}:${serverPort}, for ` +
            `${holding.title}; "${told("trace")}" tells what goes over it, "${told("off")}" frees it`,
        );
      }
      const greets = checked.has(instrument.title) || flags.initialize;
      const asked = await tried(instrument, greets, flags.timeout);
      show(this, flags, instrument, [...asked, ...computed(instrument, bench.instruments)]);
    } finally {
      await bench.close();
    }
  },
});

function show(context: CliContext, { json }: TryFlags, { title, contact }: Instrument, all: readonly Tried[]): void {
  const { stdout } = context.process;
  if (!all.every(({ understood }) => understood) || all.length === 0) context.process.exitCode = exitCodes.refused.code;
  if (json) return writeJson(context, { instrument: title, address: contact?.address ?? "", fields: all });
  const paint = painter(context.colour);
  if (all.length === 0) return stdout.write(`${printable(title)} has no field that can be read\n`);
  const rows = all.map(({ field, asked, answered, understood, value, seconds }) => [
    field,
    asked,
    answered,
    understood ? "yes" : { text: "no", style: paint.red },
    value,
    `${Math.round(seconds * 1000)} ms`,
  ]);
  stdout.write(table(["field", "asked", "answered", "understood", "value", "time"], rows, paint));
  const reasons = all.flatMap(({ field, reason }) => reason === undefined ? [] : [`${field}: ${reason}`]);
  for (const reason of reasons) stdout.write(`${paint.red(printable(reason))}\n`);
}

/** Asks what can be asked. @param greets Whether the handshake is asked first. @param patience In seconds. */
async function tried(instrument: Instrument, greets: boolean, patience: number): Promise<Tried[]> {
  const { contact } = instrument;
  if (contact instanceof PortContact) {
    return await contact.tryOut(async () => {
      const greeting = greets
        ? [await once(instrument, "(handshake)", () => contact.greet().then(() => "as expected"))]
        : [];
      return [...greeting, ...await eachField(instrument, patience)];
    });
  }
  // A driver of one's own says its own greeting and goodbye.
  const first = Promise.withResolvers<void>();
  await instrument.start(() => {
    if (contact?.state !== "connecting") first.resolve();
  });
  try {
    if (contact?.state === "connecting") await first.promise;
    if (contact?.state === "lost") throw new HeliographError("not_connected", `${instrument.title}: ${contact.reason}`);
    return await eachField(instrument, patience);
  } finally {
    await instrument.stop();
  }
}

async function eachField(instrument: Instrument, patience: number): Promise<Tried[]> {
  const all: Tried[] = [];
  for (const field of instrument.allFields) {
    const { read, listens = false } = field.spec;
    if (read !== undefined) {
      all.push(await once(instrument, field.title, () => readOnce(field, new AbortController().signal)));
    } else if (listens) all.push(await once(instrument, field.title, () => heard(field, patience)));
  }
  return all;
}

/** The fields that are computed from those that were asked. */
function computed(instrument: Instrument, bench: readonly Instrument[]): Tried[] {
  return compileFields(bench).fields.filter((each) => each.instrument === instrument).map((each) => {
    const { field, expression } = each;
    compute(each);
    const others = expression.dependencies.map((other) => other.instrument).filter((other) => other !== instrument);
    // What others say is not asked here: that is no fault of this one.
    const value = others.length > 0 && field.quality !== "good"
      ? `needs ${[...new Set(others.map(({ title }) => title))].join(", ")}, not asked here`
      : field.quality === "good"
      ? valueText(field)
      : "";
    const understood = field.quality === "good" || others.length > 0;
    return {
      field: field.title,
      asked: `= ${field.spec.compute}`,
      answered: "",
      understood,
      value,
      seconds: 0,
      ...(understood ? {} : { reason: field.reason }),
    };
  });
}

/** Waits for what an instrument sends by itself. */
async function heard(field: BenchField, patience: number): Promise<string> {
  for (const until = performance.now() + patience * 1000; performance.now() < until;) {
    if (field.quality === "good") return valueText(field);
    if (field.quality === "error") throw new HeliographError("command_failed", field.reason);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new HeliographError("not_connected", `nothing came within ${patience} s that is understood`);
}

/** Does one thing, and tells what went over the line. */
function once(instrument: Instrument, field: string, ask: () => Promise<string>): Promise<Tried> {
  const reasonOf = (error: unknown) => {
    const place = error instanceof HeliographError ? "" : placeOf(error);
    return failureText(error, false) + (place === "" ? "" : ` (${place})`);
  };
  return tryOnce(instrument, field, ask, { reasonOf });
}
