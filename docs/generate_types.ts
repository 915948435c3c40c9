/**
 * Writes the types for drivers of one's own, cli/driver_types.ts, from the declarations of the source:
 * `deno run --allow-read --allow-write=cli docs/generate_types.ts`. A test compares the two.
 *
 * @module
 */

import { errorCodes } from "../protocol/errors.ts";

/** The declarations that are taken as they are, by file. */
const taken: readonly (readonly [file: string, names: readonly string[]])[] = [
  ["server/devices/driver_process/driver_api.ts", ["DriverApi", "DriverModule", "DriverSetup"]],
  ["server/bench/instrument.ts", ["InstrumentSpec"]],
  ["server/bench/field.ts", ["FieldSpec", "Field"]],
  ["server/bench/command.ts", ["CommandSpec", "CommandContext"]],
  ["server/devices/transports/turn.ts", ["Turn"]],
  ["server/devices/transports/framing.ts", ["Shape"]],
  ["server/devices/transports/contact.ts", ["Routine"]],
  ["server/bench/contact.ts", ["Contact"]],
  ["server/bench/values.ts", ["ValueOf"]],
  ["protocol/description.ts", ["ValueDescription", "WireValue"]],
  ["protocol/vocabulary.ts", ["ValueType", "Role"]],
  ["server/camera/exposure_instrument.ts", ["CameraOptions"]],
  ["server/camera/detector.ts", ["Detector"]],
  ["server/camera/geometry.ts", ["DetectorFormat", "FocalPlane", "AmplifierReadout"]],
  ["server/camera/clock.ts", ["Clock"]],
];

/** What drivers see of classes and functions. A test holds them to the real ones. */
const written = `/** One of heliograph's stable codes for errors. */
export type ErrorCode =
${Object.keys(errorCodes).map((code) => `  | "${code}"`).join("\n")};

/** An error with a stable code. */
export declare class HeliographError extends Error {
  /** The stable code. */
  readonly code: ErrorCode;
  /** The unknown name, where the error is about one. */
  readonly subject: string;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { readonly subject?: string });
}

/** A command as declared; made by \`command\`. */
export interface Command {
  /** What it does, in a line. */
  readonly summary: string;
}

/** An instrument; made by \`defineInstrument\`. */
export interface Instrument {
  /** An identifier: \`uv_light\`. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** Its fields, in the order of the declaration. */
  readonly allFields: readonly Field[];
  /** A field by its name or title. */
  field(name: string): Field;
}

/** The one line to one or several instruments. */
export interface Port {
  /** The path of a serial port, the address of a network one. */
  readonly name: string;
  /** Hears every line that is not an answer, until the returned function is called. */
  listen(listener: (line: string) => boolean): () => void;
  /** Tells when the line breaks by itself, until the returned function is called. */
  onBroken(told: (reason: HeliographError) => void): () => void;
  /** Whether an instrument uses it now. */
  readonly used: boolean;
  /** The last exchanges on it, the oldest first; after the one of a number, where that is given. */
  exchanges(after?: number): {
    readonly number: number;
    /** When it was, ISO 8601 in UTC. */
    readonly time: string;
    /** \`sent\` and \`received\` are bytes; \`note\` is what was made of them, or what else happened. */
    readonly kind: "sent" | "received" | "note";
    /** The bytes as text with escapes; what happened, in words. */
    readonly text: string;
  }[];
  /** Opens it for one more instrument. */
  join(): Promise<void>;
  /** An instrument needs it no more. */
  leave(): void;
  /** Waits for a turn and uses it: nobody else's commands come in between. */
  use<T>(
    urgency: Turn["urgency"],
    signal: AbortSignal | undefined,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T>;
}

/** Keeps an instrument on a port in contact. */
export declare class PortContact implements Contact {
  readonly address: string;
  state: Contact["state"];
  reason: string;
  constructor(port: Port, routine: Routine);
  start(changed: () => void): void;
  stop(): Promise<void>;
  /** It has said something by itself. */
  heard(): void;
  /** Uses the port for this instrument. */
  use<T>(
    urgency: Turn["urgency"],
    signal: AbortSignal | undefined,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T>;
}

/** Declares an instrument. */
declare function defineInstrument<F extends Record<string, ValueType>>(
  spec: InstrumentSpec<F>,
): Instrument & { readonly fields: { readonly [K in keyof F]: Field<ValueOf<F[K]>> } };

/** Declares a command. */
declare function command<A extends Record<string, ValueType>>(spec: CommandSpec<A>): Command;

/** A camera as azcam's \`exposure\`. */
declare function azcamExposure(options: CameraOptions): Instrument;
`;

/** Types that are parts of others in the source. */
const parts: readonly (readonly [part: string | RegExp, type: string])[] = [
  // Compilers before TypeScript 5.7 do not know that arrays of bytes are generic.
  [/\b(\w+Array)<ArrayBuffer>/g, "$1"],
  ['FieldDescription["access"]', '"readout" | "setting"'],
  ['FieldDescription["quality"]', '"good" | "stale" | "error"'],
  [
    'NonNullable<FieldDescription["alarm"]>',
    "{ readonly lowLow?: number; readonly low?: number; readonly high?: number; readonly highHigh?: number }",
  ],
  ['NonNullable<InstrumentDescription["contact"]>["state"]', '"off" | "connecting" | "connected" | "lost"'],
  [/\{@linkcode (\w+)\}/g, "`$1`"],
];

/** A declaration with its comment, as it stands in the source. */
function declaration(source: string, file: string, name: string): string {
  const at = new RegExp(`^export (?:interface|type) ${name}\\b`, "m").exec(source);
  if (at === null) throw new Error(`${file} declares no ${name}`);
  const begin = source.lastIndexOf("/**", at.index);
  const isType = source.startsWith("export type", at.index);
  const end = (isType ? /^\S.*;$/m : /^\}$/m).exec(source.slice(at.index));
  if (end === null) throw new Error(`${name} in ${file} has no end`);
  return source.slice(begin, at.index + end.index + end[0].length);
}

/** What is not for drivers: internal members, and examples with imports that they do not have. */
function cleaned(text: string): string {
  return text
    .replace(/^ *\/\*\*(?:(?!\*\/)[\s\S])*@internal[\s\S]*?\*\/\n[^;]*;\n/gm, "")
    .replace(/\n \*\n \* @example[\s\S]*?```\n(?= \*\/)/g, "\n")
    .replace(/\n \*\n \* @example[\s\S]*?```\n \*\n/g, "\n *\n");
}

/** The types for drivers: the text of a file of declarations. */
export async function driverTypes(): Promise<string> {
  const declared: string[] = [];
  for (const [file, names] of taken) {
    const source = await Deno.readTextFile(new URL(`../${file}`, import.meta.url));
    declared.push(...names.map((name) => cleaned(declaration(source, file, name))));
  }
  let text = declared.map((each) => each.replace(/^type /m, "export type ")).join("\n\n");
  for (const [part, type] of parts) text = text.replaceAll(part, type);
  return `// The types of heliograph for drivers of one's own, for editors; heliograph itself does not read this file.\n` +
    `// \`heliograph types\` writes it anew.\n\nexport {};\n\n${text}\n\n${written}`;
}

/** The module that holds the text. */
export function moduleOf(text: string): string {
  const escaped = text.replace(/[\\`]|\$(?=\{)/g, "\\$&");
  return `/**\n * The types for drivers of one's own, written by docs/generate_types.ts.\n *\n * @module\n */\n\n` +
    `/** The text of a file of declarations. */\nexport const driverTypes = \`${escaped}\`;\n`;
}

if (import.meta.main) {
  const file = new URL("../cli/driver_types.ts", import.meta.url);
  await Deno.writeTextFile(file, moduleOf(await driverTypes()));
}
